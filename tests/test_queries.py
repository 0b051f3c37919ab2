from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Quad

from kg.errors import KgError, UnknownName
from kg.project import Project
from kg.queries import SavedQuery, choices, load_query, read_query, run
from kg.results import Table
from kg.store import MemoryStore

HEAD = "#+ summary: A\n#+ question: B?\n"
LABEL = NamedNode("http://www.w3.org/2000/01/rdf-schema#label")


def write(folder: Path, text: str) -> SavedQuery:
    path = folder / "q.rq"
    path.write_text(text, encoding="utf-8")
    return read_query(path, Project())


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("SELECT * { ?s ?p ?o }", "no head"),
        ("#+ summary: A\nSELECT * {}", "no question"),
        (HEAD + "#+ sumary: A\nSELECT * {}", "unknown key 'sumary'"),
        (HEAD + "#+ view: pie\nSELECT * {}", "'pie' is no view"),
        (HEAD + "#+ params: { a: { type: text } }\nSELECT * {}", "no slot"),
        (HEAD + "#+ params: { a: { type: word } }\nSELECT * { VALUES ?a { 1 } }", "is no type"),
        (HEAD + "#+ params: { a: { type: iri } }\nSELECT * { VALUES ?a { 1 } }", "what it may be"),
        (HEAD + "#+ tags: [a\nSELECT * {}", "YAML"),
        (HEAD + "SELECT * { VALUES ?a { 1 } VALUES ?a { 2 } }", "two VALUES"),
    ],
)
def test_a_faulty_head_is_told(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(KgError, match=what) as error:
        write(tmp_path, text)
    assert "q.rq" in error.value.where
    assert error.value.fix


def test_windows_line_ends_and_byte_order_mark_are_read(tmp_path: Path) -> None:
    path = tmp_path / "q.rq"
    path.write_bytes(b"\xef\xbb\xbf" + HEAD.replace("\n", "\r\n").encode() + b"ASK {}\r\n")
    assert read_query(path, Project()).question == "B?"


def test_unknown_query_is_answered_with_the_nearest(project: Project) -> None:
    with pytest.raises(UnknownName) as error:
        load_query(project, "statement-by-them")
    assert "statement-by-theme" in error.value.fix


@pytest.mark.parametrize(
    ("name", "values", "what"),
    [
        ("them", ["x"], "no parameter"),
        ("theme", ["interagncy-working"], "not one of"),
        ("theme", ["agency:health"], "not one of"),
        ("theme", ["nope:health"], "no known prefix"),
        ("minAgencies", ["two"], "no whole number"),
        ("minAgencies", ["2", "3"], "only one value"),
        ("minAgencies", ["any"], "needs a value"),
        ("implied", ["perhaps"], "neither true nor false"),
        ("theme", [], "no value"),
        ("theme", ["any", "policy-context"], "beside another"),
    ],
)
def test_a_wrong_value_is_an_error_and_never_an_empty_answer(
    project: Project, store: MemoryStore, name: str, values: list[str], what: str
) -> None:
    with pytest.raises(KgError, match=what) as error:
        run(load_query(project, "challenge-crossing-agencies"), store, {name: values})
    assert error.value.fix


def test_nearest_value_is_named(project: Project, store: MemoryStore) -> None:
    with pytest.raises(UnknownName) as error:
        run(load_query(project, "statement-by-theme"), store, {"theme": ["interagncy-working"]})
    assert "interagency-working" in error.value.fix


@pytest.mark.parametrize(
    "value",
    [
        "supporting-factor",
        "SupportingFactor",
        "kg:SupportingFactor",
        "https://w3id.org/evidence-kg/ontology#SupportingFactor",
    ],
)
def test_a_value_may_be_written_in_four_ways(
    project: Project, store: MemoryStore, value: str
) -> None:
    answer = run(
        load_query(project, "statement-by-theme"), store, {"theme": ["any"], "kind": [value]}
    )
    assert isinstance(answer, Table)
    found = {row[0].value.rpartition("/")[2] for row in answer.rows if row[0]}
    assert "martin-2010-005" in found
    assert not found & {"martin-2010-001", "martin-2010-002", "martin-2010-006", "martin-2010-008"}


def test_a_text_with_choices_is_one_of_them(project: Project, store: MemoryStore) -> None:
    query = load_query(project, "challenge-by-theme")
    (evidence,) = [param for param in query.params if param.name == "evidence"]
    assert evidence.default == "any"
    assert [*choices(evidence, store)] == ["any", "cited", "first-hand"]
    every, cited = (run(query, store, {"evidence": [level]}) for level in ("any", "cited"))
    assert isinstance(every, Table) and isinstance(cited, Table)
    assert every.rows == run(query, store).rows  # type: ignore[union-attr]
    assert 0 < len(cited.rows) < len(every.rows)
    with pytest.raises(UnknownName, match="not one of the choices"):
        run(query, store, {"evidence": ["quoted"]})


def test_choices_come_from_the_graph(project: Project, store: MemoryStore) -> None:
    kind = next(p for p in load_query(project, "statement-by-theme").params if p.name == "kind")
    assert len(choices(kind, store)) == 8


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_text_finds_what_a_filter_in_python_finds(value: str) -> None:
    """Injection: whatever the value, only the literal that equals it is found."""
    store = MemoryStore([])
    texts = ["a", value, value + "x", '" || true) } #', "any"]
    for number, text in enumerate(texts):
        store.graph.add(Quad(NamedNode(f"urn:n{number}"), LABEL, Literal(text)))
    path = Path(__file__).parent / "data" / "text-parameter.rq"
    answer = run(read_query(path, Project()), store, {"text": [value]})
    assert isinstance(answer, Table)
    assert len(answer.rows) == sum(text == value for text in texts)


def test_date_is_bound_as_a_date(tmp_path: Path) -> None:
    query = write(
        tmp_path,
        HEAD + "#+ params: { d: { type: date } }\n"
        "SELECT ?d { VALUES ?d { '2000-01-01'^^<http://www.w3.org/2001/XMLSchema#date> } }",
    )
    assert '"2009-03-12"^^<http://www.w3.org/2001/XMLSchema#date>' in query.bind(
        {"d": ["2009-03-12"]}, MemoryStore([])
    )
    with pytest.raises(KgError, match="no date"):
        query.bind({"d": ["12/3/2009"]}, MemoryStore([]))
