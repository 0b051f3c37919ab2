"""Every saved query: well-formed, honest, and the same rows in every engine."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from pyoxigraph import Literal
from rdflib import Graph

from kg.endpoint import EndpointStore
from kg.project import Project
from kg.queries import SavedQuery, list_queries, run
from kg.results import Boolean, Table, Triples
from kg.sparql import slots, tokens
from kg.store import MemoryStore, Store
from kg.terms import PREFIXES, expand

Ask = Callable[[Graph, str], Table | Triples]
QUERIES = list_queries(Project())
each_query = pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.id)
NUMBERS = {f"{PREFIXES['xsd']}{name}" for name in ("integer", "decimal", "boolean")}


def plain(answer: object) -> list[tuple[str, ...]]:
    """Rows in a form that does not depend on how an engine writes numbers and booleans.

    A graph has one row a triple, in order.
    """
    if isinstance(answer, Triples):
        return sorted(tuple(map(str, triple)) for triple in answer.triples)
    assert isinstance(answer, Table)

    def cell(term: object) -> str:
        if isinstance(term, Literal) and term.datatype.value in NUMBERS:
            value = {"1": "true", "0": "false"}.get(term.value, term.value)
            return value if term.datatype.value.endswith("boolean") else str(float(term.value))
        return str(term)

    return [tuple(cell(term) for term in row) for row in answer.rows]


@each_query
def test_what_stands_behind_is_sought_up_a_scheme_on_a_path_of_its_own(query: SavedQuery) -> None:
    """Both ends of a path may be given there, and then Virtuoso may find nothing."""
    assert not {"*", "|"} <= {token.text for token in tokens(query.why)}


@pytest.fixture(scope="module")
def reference(project: Project) -> Graph:
    graph = Graph()
    for path in project.graph_files():
        graph.parse(path)
    return graph


@pytest.fixture(scope="module")
def server(serve: Callable[[MemoryStore], EndpointStore], store: MemoryStore) -> EndpointStore:
    return serve(store)


def test_there_are_queries() -> None:
    assert len(QUERIES) >= 36


@each_query
def test_same_rows_in_rdflib(
    query: SavedQuery, store: Store, reference: Graph, ask_rdflib: Ask
) -> None:
    assert plain(run(query, store)) == plain(ask_rdflib(reference, query.text))


@each_query
def test_same_rows_from_a_server(query: SavedQuery, store: Store, server: EndpointStore) -> None:
    assert plain(run(query, server)) == plain(run(query, store))


CHECKS = [query for query in QUERIES if query.id.startswith("check-")]
EXAMPLES = sorted((Path(__file__).parent / "checks").glob("*/*.ttl"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_check_finds_the_bad_example_and_not_the_ok_one(path: Path) -> None:
    query = next(query for query in CHECKS if query.id == path.parent.name)
    answer = run(query, MemoryStore([path]))
    assert isinstance(answer, Table)
    assert answer.columns[:2] == ("focus", "message")
    assert bool(answer.rows) is path.stem.startswith("bad-")


@pytest.mark.parametrize("query", CHECKS, ids=lambda query: query.id)
def test_a_check_has_examples_and_finds_nothing_in_the_shipped_graph(
    query: SavedQuery, store: Store
) -> None:
    kinds = {path.stem[:3] for path in EXAMPLES if path.parent.name == query.id}
    assert kinds == {"bad", "ok-"}
    answer = run(query, store)
    assert isinstance(answer, Table)
    assert [row[0] for row in answer.rows] == []


@pytest.mark.parametrize("word", ["workloads", "delete", "insert"])
def test_words_in_comments_do_not_make_an_update(server: EndpointStore, word: str) -> None:
    for lines in (1, 2, 3):
        assert server.query(f"# high {word}\n" * lines + "ASK { ?s ?p ?o }") == Boolean(True)


ALL_OPTIONS = [
    ("challenge-crossing-agencies", {"theme": ["serious-case-reviews"]}),
    ("challenge-crossing-agencies", {"implied": ["false"], "kind": ["any"]}),
    ("challenge-crossing-agencies", {"minAgencies": ["4"], "kind": ["Challenge", "Finding"]}),
    ("statement-by-theme", {"theme": ["any"], "kind": ["supporting-factor", "kg:Gap"]}),
    ("statement-by-theme", {"theme": ["communication-information-sharing"]}),
    ("statement-by-theme", {"theme": ["any"], "evidence": ["cited"]}),
    ("challenge-crossing-agencies", {"evidence": ["first-hand"]}),
    ("challenge-by-theme", {"theme": ["capacity-recruitment"], "evidence": ["cited"]}),
    ("challenge-and-response", {"theme": ["policy-context"]}),
    ("statement-by-agency", {"agency": ["any"], "named": ["true"], "kind": ["Gap"]}),
    ("statement-by-trend", {"trend": ["worsened", "unchanged"]}),
    ("statement-uncited", {"theme": ["serious-case-reviews"]}),
    ("statement-contrasting", {"statement": ["martin-2010-001"]}),
    ("instrument-in-statement", {"instrument": ["local-auditing", "supervision"]}),
    ("gap-by-theme", {"theme": ["quality-assurance-monitoring"]}),
    ("citation-chain", {"source": ["hunter-2009", "laming-2009"]}),
    ("statement-detail", {"statement": ["martin-2010-044"]}),
    ("statement-by-source", {"source": ["holmes-2010", "source:ofsted-2009"]}),
]


@pytest.mark.parametrize(("name", "values"), ALL_OPTIONS)
def test_same_rows_with_other_values(
    name: str,
    values: dict[str, list[str]],
    store: Store,
    reference: Graph,
    server: EndpointStore,
    ask_rdflib: Ask,
) -> None:
    query = next(query for query in QUERIES if query.id == name)
    rows = plain(run(query, store, values))
    assert rows, "the values should find something, or the test says nothing"
    assert rows == plain(ask_rdflib(reference, query.bind(values, store)))
    assert rows == plain(run(query, server, values))


# When data end, when the baseline was, and whether the data may be older than it.
DATES = [
    ("2008", "2009-03-12", True),
    ("2009", "2009-03-12", True),
    ("2009-02", "2009-03-12", True),
    ("2009-03", "2009-03-12", True),
    ("2009-03-11", "2009-03-12", True),
    ("2009-03-12", "2009-03-12", False),
    ("2009-03-11Z", "2009-03-12", True),
    ("2009-03-12", "2009-03-12Z", False),
    ("2009-03-12", "2009-03-12+01:00", False),
    ("2009-04", "2009-03-12", False),
    ("2010", "2009-03-12", False),
    # Of a baseline whose day is not known, anything in its month or year may stand before it.
    ("2009-03", "2009-03", True),
    ("2009-03-05", "2009-03", True),
    ("2009-04-01", "2009-03", False),
    ("2009", "2009", True),
    ("2009-03", "2009", True),
    ("2009-03", "2009Z", True),
    ("2009-03-12", "2009", True),
    ("2010-01", "2009", False),
]


@pytest.mark.parametrize(("until", "baseline", "older"), DATES)
def test_data_before_the_baseline_are_told_from_dates_of_any_precision(
    until: str, baseline: str, older: bool, tmp_path: Path, ask_rdflib: Ask
) -> None:
    kinds = {4: "gYear", 7: "gYearMonth", 10: "date"}
    bare = re.compile(r"Z$|\+\d\d:\d\d$")
    until_, baseline_ = (
        f'"{text}"^^<{PREFIXES["xsd"]}{kinds[len(bare.sub("", text))]}>'
        for text in (until, baseline)
    )
    path = tmp_path / "graph.ttl"
    path.write_text(
        "".join(f"PREFIX {name}: <{PREFIXES[name]}>\n" for name in ("dcterms", "kg", "rdfs"))
        + f"""BASE <{PREFIXES["kg"].removesuffix("ontology#")}>
        <statement/a-001> rdfs:label "A" ; kg:trend <trend/improved> ; kg:statedIn <source/a> ;
          kg:evidence <evidence/a-001> .
        <evidence/a-001> kg:original <source/b> .
        <source/a> kg:baseline <event/a> .
        <event/a> dcterms:date {baseline_} .
        <source/b> rdfs:label "B" ; kg:evidenceUntil {until_} .
        <trend/improved> rdfs:label "improved" ."""
    )
    query = next(query for query in QUERIES if query.id == "evidence-before-baseline")
    rows = plain(run(query, MemoryStore([path])))
    assert bool(rows) is older
    # rdflib writes a date without its time zone: the rows are held against each other up to there.
    other = plain(ask_rdflib(Graph().parse(path), query.text))
    assert [row[:-2] for row in rows] == [row[:-2] for row in other]


@each_query
def test_expected_facts_are_there(query: SavedQuery, store: Store) -> None:
    """Facts that were checked against the review before the query was written down."""
    for fact in query.expect:
        values = {name: [str(value)] for name, value in fact.get("params", {}).items()}
        answer = run(query, store, values)
        if isinstance(answer, Triples):
            answer = Table(("subject", "predicate", "object"), [*map(tuple, answer.triples)])
        assert isinstance(answer, Table)
        wanted = {
            column: expand(value) if ":" in str(value) else str(value)
            for column, value in fact["row"].items()
        }
        rows = [
            {name: getattr(term, "value", "") for name, term in row.items()}
            for row in answer.records()
        ]
        assert any(wanted.items() <= row.items() for row in rows) is not fact.get("absent", False)
        assert fact["section"]


def test_every_question_of_the_review_expects_something() -> None:
    """Checks have good and bad examples instead, since the review should have no problem."""
    asked = [query for query in QUERIES if not query.id.startswith("check-")]
    assert [query.id for query in asked if not query.expect] == []


@each_query
def test_head_says_what_a_reader_needs(query: SavedQuery) -> None:
    assert query.question.endswith("?")
    assert query.description
    assert query.tags
    assert {param.name for param in query.params} <= slots(query.text).keys()


@each_query
def test_prefixes_are_ours(query: SavedQuery) -> None:
    declared = dict(re.findall(r"PREFIX (\w+): <([^>]+)>", query.text))
    assert declared
    assert declared == {name: PREFIXES[name] for name in declared}


@each_query
def test_rows_about_statements_begin_with_statement_and_label(
    query: SavedQuery, store: Store
) -> None:
    answer = run(query, store)
    if isinstance(answer, Triples):
        assert answer.triples
        return
    assert isinstance(answer, Table)
    if "statement" in answer.columns:
        assert answer.columns[:2] == ("statement", "label")


@each_query
def test_order_is_total(query: SavedQuery, store: Store) -> None:
    """Sorting by the named expressions leaves no two different rows level."""
    answer = run(query, store)
    if isinstance(answer, Triples):
        return  # a graph has no order
    assert isinstance(answer, Table)
    order = query.text.rpartition("ORDER BY")[2]
    # A key that is worked out once for each row is what it is made of.
    for key in set(re.findall(r"\?(\w+)", order)) - {*answer.columns}:
        made = query.text.partition(f" AS ?{key})")[0].rpartition("CONCAT(")[2]
        order = order.replace(f"?{key}", made)
    names = re.findall(r"\?(\w+)", order)
    assert names
    keys = [tuple(str(row[answer.columns.index(n)]) for n in names) for row in answer.rows]
    assert len(set(keys)) == len(set(map(str, answer.rows)))
