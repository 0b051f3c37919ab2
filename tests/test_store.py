from pathlib import Path

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from kg.endpoint import EndpointStore
from kg.errors import EndpointFailed, QueryRefused, UnreadableFile
from kg.project import Project
from kg.results import Boolean
from kg.store import MemoryStore, open_store


def test_an_endpoint_is_a_web_address(project: Project) -> None:
    with pytest.raises(EndpointFailed, match="no address"):
        open_store(project, "file:///etc/hostname")


@pytest.mark.parametrize("store", [MemoryStore([]), EndpointStore("http://127.0.0.1:9/")])
def test_updates_never_reach_a_store(store: MemoryStore | EndpointStore) -> None:
    with pytest.raises(QueryRefused):
        store.query("DELETE WHERE { ?s ?p ?o }")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("SELECT * { ?s ?p }", "stops being SPARQL: after 'SELECT"),
        ("SELECT * { ?s ?p ?o } ORDER", "o } ORDER'"),
        ("SELECT * { ?s foo:bar ?o }", "prefix"),
        ("SELECT * { ?s ?p <a b> }", "stops being SPARQL: IRI parsing failed"),
        ("ASK { ?s ?p '\u2028', 1 2 }", "', 1 2 }"),
        ("SELECT ?x (COUNT(*) AS ?n) { ?s ?p ?o }", "unbound"),
    ],
)
def test_a_malformed_query_names_its_place(text: str, what: str) -> None:
    with pytest.raises(QueryRefused, match=what) as error:
        MemoryStore([]).query(text)
    assert error.value.where.startswith("line 1")


def test_a_faulty_data_file_is_named(tmp_path: Path) -> None:
    bad = tmp_path / "bad.ttl"
    bad.write_text("<u:a> <u:b> .", encoding="utf-8")
    with pytest.raises(UnreadableFile) as error:
        MemoryStore([bad])
    assert "bad.ttl:1:" in error.value.where


def test_ask(store: MemoryStore) -> None:
    assert store.query("ASK { ?s ?p ?o }") == Boolean(True)


def test_triples_are_taken_in_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kg.store._AT_ONCE", 2)
    a, b, nameless = NamedNode("x:a"), NamedNode("x:b"), BlankNode("here")
    ends = (
        a,
        nameless,
        Literal('a "text"\n', language="en"),
        Literal("01", datatype=b),
        Literal(5),
    )
    given = [Triple(start, b, end) for start in (a, nameless) for end in ends]
    assert {quad.triple for quad in MemoryStore([], given).graph} == set(given)
