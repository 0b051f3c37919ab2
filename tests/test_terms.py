import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import BlankNode, Literal, NamedNode, QueryResultsFormat, Store, parse_query_results
from rdflib import Graph

from kg.errors import KgError, UnknownName
from kg.terms import BASE, KINDS, PREFIXES, curie, expand, to_sparql

# What has broken term writers: quotes, backslashes, escapes that are no escapes, line ends, tabs.
HOSTILE = st.text(alphabet=st.sampled_from("\\\"'uU0022\n\r\t\b\f{}<>#é😀 "), max_size=20)
ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


def read_back(text: str) -> tuple[str, str]:
    """The literal as Oxigraph and as rdflib read it from a query."""
    query = f"SELECT ?x {{ VALUES ?x {{ {text} }} }}"
    mine = next(iter(Store().query(query)))[0].value  # type: ignore[arg-type,index,union-attr]
    body = Graph().query(query).serialize(format="json")
    assert body
    answer = parse_query_results(body, format=QueryResultsFormat.JSON)
    return mine, next(iter(answer))[0].value  # type: ignore[arg-type,index,union-attr]


@given(HOSTILE | ANY_TEXT)
def test_any_text_comes_back_as_it_was_from_both_engines(text: str) -> None:
    assert read_back(to_sparql(Literal(text))) == (text, text)


def test_language_and_datatype_are_kept() -> None:
    assert to_sparql(Literal("a", language="en")) == '"a"@en'
    assert to_sparql(Literal(2)) == '"2"^^<http://www.w3.org/2001/XMLSchema#integer>'


@pytest.mark.parametrize("term", [BlankNode("x"), Literal("a\0b")])
def test_what_cannot_be_asked_is_refused(term: BlankNode | Literal) -> None:
    with pytest.raises(KgError):
        to_sparql(term)


@pytest.mark.parametrize("prefix", sorted(PREFIXES))
def test_curies_come_back(prefix: str) -> None:
    iri = f"{PREFIXES[prefix]}name-1"
    assert curie(iri) == f"{prefix}:name-1"
    assert expand(f"{prefix}:name-1") == iri


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_its_folder(kind: str) -> None:
    assert PREFIXES[kind] == f"{BASE}{kind}/"


@pytest.mark.parametrize("iri", ["https://w3id.org/evidence-kg/source/a/b", "urn:x:y", "x:é"])
def test_what_no_prefix_fits_stays_an_iri(iri: str) -> None:
    assert curie(iri) == iri


@pytest.mark.parametrize(
    ("name", "fix"),
    [("agancy:health", "agency"), ("health", "full IRI"), ("https://a b", "spaces")],
)
def test_unknown_names_are_told_what_would_do(name: str, fix: str) -> None:
    with pytest.raises(UnknownName) as unknown:
        expand(name)
    assert fix in unknown.value.fix


def test_angle_brackets_are_taken_off() -> None:
    assert NamedNode(expand("<https://example.org/a>")).value == "https://example.org/a"
