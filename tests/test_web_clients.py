"""Real clients against `kg serve`: SPARQLWrapper, and the command line itself as a client."""

import csv
import io
import json
from typing import Any

import pytest
from conftest import Run, Served
from rdflib import Graph
from rdflib.compare import isomorphic
from SPARQLWrapper import CSV, GET, JSON, N3, POST, POSTDIRECTLY, TSV, TURTLE, URLENCODED, XML
from SPARQLWrapper import SPARQLWrapper as Client
from SPARQLWrapper.SPARQLExceptions import QueryBadFormed

from kg.endpoint import EndpointStore
from kg.project import Project
from kg.queries import load_query
from kg.results import Table, Triples
from kg.store import MemoryStore

SELECT = """
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX kg: <https://w3id.org/evidence-kg/ontology#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT ?theme ?label { ?theme a kg:Theme ; rdfs:label ?label } ORDER BY ?theme ?label"""
WAYS = [(GET, URLENCODED), (POST, URLENCODED), (POST, POSTDIRECTLY)]
SAVED = ["challenge-crossing-agencies", "source-contribution", "disagreement-list", "agency-map"]


def asked(server: Served, query: str, form: str, way: tuple[str, str] = WAYS[0]) -> Any:
    client = Client(f"{server.url}sparql", returnFormat=form)
    client.setMethod(way[0])
    client.setRequestMethod(way[1])
    client.setQuery(query)
    return client.query().convert()


@pytest.fixture(scope="module")
def themes(store: MemoryStore) -> list[tuple[str, str]]:
    table = store.query(SELECT)
    assert isinstance(table, Table)
    rows = [(theme.value, label.value) for theme, label in table.rows]  # type: ignore[union-attr]
    assert len(rows) > 9
    return rows


@pytest.mark.parametrize("way", WAYS)
def test_sparqlwrapper_reads_the_same_rows_in_each_format(
    server: Served, themes: list[tuple[str, str]], way: tuple[str, str]
) -> None:
    bindings = asked(server, SELECT, JSON, way)["results"]["bindings"]
    assert [(row["theme"]["value"], row["label"]["value"]) for row in bindings] == themes
    assert all(row["theme"]["type"] == "uri" for row in bindings)
    results = asked(server, SELECT, XML, way).getElementsByTagName("result")
    cells = [
        [b.getElementsByTagName("*")[0] for b in r.getElementsByTagName("binding")] for r in results
    ]
    assert [tuple(cell.firstChild.data for cell in row) for row in cells] == themes
    lines = list(csv.reader(io.StringIO(asked(server, SELECT, CSV, way).decode())))
    assert [tuple(line) for line in lines] == [("theme", "label"), *themes]
    head, *lines = asked(server, SELECT, TSV, way).decode().splitlines()
    assert head == "?theme\t?label"
    assert [line.partition("\t")[0] for line in lines] == [f"<{theme}>" for theme, _ in themes]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "query",
    [
        "CONSTRUCT { ?s a ?c } { ?s a ?c }",
        "DESCRIBE ?s { ?s a <https://w3id.org/evidence-kg/ontology#Disagreement> }",
    ],
)
def test_sparqlwrapper_reads_the_same_graph(
    server: Served, store: MemoryStore, query: str, way: tuple[str, str]
) -> None:
    answer = store.query(query)
    assert isinstance(answer, Triples)
    expected = Graph().parse(
        data="".join(f"{triple} .\n" for triple in answer.triples), format="nt"
    )
    assert len(expected) > 10
    for form in (TURTLE, N3):  # all Turtle is N3
        given = Graph().parse(asked(server, query, form, way), format="turtle")
        assert isomorphic(given, expected)


@pytest.mark.parametrize("way", WAYS)
def test_sparqlwrapper_is_told_yes_or_no(server: Served, way: tuple[str, str]) -> None:
    assert asked(server, "ASK { ?s ?p ?o }", JSON, way)["boolean"] is True
    assert asked(server, "ASK { ?s ?p 'nobody' }", JSON, way)["boolean"] is False
    document = asked(server, "ASK { ?s ?p ?o }", XML, way)
    assert document.getElementsByTagName("boolean")[0].firstChild.data == "true"


def test_sparqlwrapper_is_told_what_is_wrong(server: Served) -> None:
    with pytest.raises(QueryBadFormed, match="SERVICE asks another server"):
        asked(server, "SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", JSON)
    client = Client(f"{server.url}sparql")
    client.setMethod(POST)
    client.setQuery("DELETE WHERE { ?s ?p ?o }")
    with pytest.raises(OSError, match="403"):
        client.query()


@pytest.mark.parametrize("name", SAVED)
def test_a_saved_question_has_the_same_answer_from_afar(
    server: Served, store: MemoryStore, project: Project, kg: Run, name: str
) -> None:
    query = load_query(project, name)
    text = query.bind({}, store)
    here, there = store.query(text), EndpointStore(f"{server.url}sparql").query(text)
    assert isinstance(here, Table)
    assert here.rows
    assert there == here
    run = ["query", "run", name, "--format", "json"]
    local, remote = kg(*run), kg(*run, "--endpoint", f"{server.url}sparql")
    assert (remote.returncode, remote.stdout) == (0, local.stdout)
    assert len(json.loads(remote.stdout)["results"]["bindings"]) == len(here.rows)
