"""The saved queries as RDF: true to their files, in SHACL's terms, and themselves queryable."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, parse
from pyshacl import validate
from rdflib import RDF, RDFS, SH, Graph, URIRef

from kg.catalogue import DATASET, describe, terms_used
from kg.errors import KgError
from kg.project import Project
from kg.queries import Param, SavedQuery, list_queries
from kg.results import Table, render
from kg.sparql import slots
from kg.store import MemoryStore
from kg.terms import PREFIXES, curie

Run = Callable[..., subprocess.CompletedProcess[str]]
QUERIES = list_queries(Project())
# What the SIB asks of an example, in our words: one text, a comment, a target, tidy keywords.
SHAPE = r"""
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix schema: <https://schema.org/> .
[] a sh:NodeShape ; sh:targetClass sh:SPARQLExecutable ;
  sh:property [ sh:path [ sh:alternativePath ( sh:select sh:ask sh:construct ) ] ;
    sh:minCount 1 ; sh:maxCount 1 ] ;
  sh:property [ sh:path rdfs:comment ; sh:minCount 1 ; sh:datatype rdf:langString ] ;
  sh:property [ sh:path schema:target ; sh:minCount 1 ; sh:nodeKind sh:IRI ] ;
  sh:property [ sh:path schema:keywords ; sh:minCount 1 ; sh:pattern "^\\S.*\\S$" ] ;
  sh:property [ sh:path sh:parameter ; sh:class sh:Parameter ] .
"""


@pytest.fixture(scope="module")
def described() -> Graph:
    return Graph().parse(data=render(describe(QUERIES), "ttl"), format="turtle")


def test_every_query_is_an_example_as_the_sib_wants_it(described: Graph) -> None:
    assert len(set(described.subjects(RDF.type, SH.SPARQLExecutable))) == len(QUERIES)
    conforms, _, text = validate(described, shacl_graph=Graph().parse(data=SHAPE))
    assert conforms, text


def test_the_parameters_are_well_formed_shacl(described: Graph) -> None:
    conforms, _, text = validate(Graph(), shacl_graph=described, meta_shacl=True)
    assert conforms, text


def test_a_description_without_its_text_is_seen(described: Graph) -> None:
    broken = Graph() + described
    broken.remove((None, SH.select, None))
    assert not validate(broken, shacl_graph=Graph().parse(data=SHAPE))[0]


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.id)
def test_the_text_told_gives_the_rows_of_the_file(
    query: SavedQuery, described: Graph, store: MemoryStore
) -> None:
    this = URIRef(f"{PREFIXES['query']}{query.id}")
    told = described.value(this, SH.select) or described.value(this, SH.construct)

    def rows(text: str) -> list[bytes]:
        return sorted(render(store.query(text), "tsv").splitlines())

    assert rows(str(told)) == rows(query.text)


def test_a_parameter_says_what_it_may_be(described: Graph) -> None:
    def told(name: str, predicate: URIRef) -> list[str]:
        place = URIRef(f"{PREFIXES['query']}challenge-crossing-agencies#{name}")
        return [str(value) for value in described.objects(place, predicate)]

    assert told("theme", SH["class"]) == [f"{PREFIXES['kg']}Theme"]
    assert told("theme", SH.defaultValue) == []
    assert told("theme", SH.maxCount) == []
    assert told("minAgencies", SH.datatype) == [f"{PREFIXES['xsd']}integer"]
    assert told("minAgencies", SH.defaultValue) == ["2"]
    assert told("minAgencies", SH.maxCount) == ["1"]
    assert told("kind", SH.defaultValue) == [f"{PREFIXES['kg']}Challenge"]
    (hung,) = told("kind", SH.property)
    assert described.value(URIRef(hung), SH.path) == RDFS.subClassOf
    evidence = URIRef(f"{PREFIXES['query']}challenge-crossing-agencies#evidence")
    choices = described.value(evidence, SH["in"])
    assert choices
    assert [str(value) for value in described.items(choices)] == ["any", "cited", "first-hand"]


def test_terms_are_resolved_by_the_prefixes_of_the_query() -> None:
    text = (
        "PREFIX ours: <https://w3id.org/evidence-kg/ontology#>\n"
        "SELECT * { ?s a ours:Gap ; ours:theme/<https://w3id.org/evidence-kg/ontology#page> ?kg }"
    )
    query = SavedQuery("q", Project().home, text, "Q?", "Q")
    assert [curie(term) for term in terms_used(query)] == [
        *("rdf:type", "kg:Gap", "kg:page", "kg:theme"),
    ]


@pytest.mark.parametrize("role", ["analyst", "policy team", "data steward"])
def test_every_role_has_questions(role: str) -> None:
    assert sum(role in query.users for query in QUERIES) >= 3


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.id)
def test_every_question_is_somebodys_and_names_terms_of_ours(query: SavedQuery) -> None:
    assert query.users
    assert query.description
    names_ours = any(term.startswith(PREFIXES["kg"]) for term in terms_used(query))
    # These ask of persons, of what is ours and undeclared, and of what the W3C's org: tells.
    others = {"check-person", "check-undeclared-term", "organisation-succession"}
    assert names_ours or query.id in others


def test_the_description_is_asked_from_the_command_line(kg: Run) -> None:
    text = (
        "PREFIX dcterms: <http://purl.org/dc/terms/> PREFIX sh: <http://www.w3.org/ns/shacl#> "
        "PREFIX kg: <https://w3id.org/evidence-kg/ontology#> "
        "SELECT ?query { ?query dcterms:references kg:Gap ; sh:parameter/sh:class kg:Theme } "
    )
    ended = kg("sparql", "--queries", "-f", "json", stdin=text)
    rows = json.loads(ended.stdout)["results"]["bindings"]
    assert f"{PREFIXES['query']}gap-by-theme" in {row["query"]["value"] for row in rows}


@pytest.mark.parametrize("form", ["ttl", "nt", "jsonld"])
def test_the_list_is_written_as_rdf(kg: Run, form: str) -> None:
    kinds = {"ttl": RdfFormat.TURTLE, "nt": RdfFormat.N_TRIPLES, "jsonld": RdfFormat.JSON_LD}
    ended = kg("--endpoint", "http://127.0.0.1:9/sparql", "query", "list", "-f", form)
    quads = list(parse(ended.stdout, format=kinds[form]))
    targets = {str(q.object) for q in quads if q.predicate.value == "https://schema.org/target"}
    assert targets == {"<http://127.0.0.1:9/sparql>"}


def test_without_an_endpoint_the_dataset_is_asked() -> None:
    answer = MemoryStore([], describe(QUERIES).triples).query(
        "SELECT DISTINCT ?target { ?query <https://schema.org/target> ?target }"
    )
    assert isinstance(answer, Table)
    assert [[term.value for term in row if term] for row in answer.rows] == [[DATASET]]


def test_a_target_that_is_no_iri_is_told(kg: Run) -> None:
    with pytest.raises(KgError, match="no IRI"):
        describe(QUERIES, "not an address")
    assert kg("query", "list", "-f", "ttl", "--endpoint", "a b").returncode == 2


def test_a_malformed_default_is_told(tmp_path: Path) -> None:
    text = "SELECT ?s { VALUES ?n { 1 , 2 } ?s ?p ?n }"
    param = Param("n", "N", "integer", slots(text)["n"])
    query = SavedQuery("q", tmp_path / "q.rq", text, "Q?", "Q", params=(param,))
    with pytest.raises(KgError, match="default of n"):
        describe([query])


def test_an_undeclared_prefix_is_told(tmp_path: Path) -> None:
    query = SavedQuery("q", tmp_path / "q.rq", "SELECT * { ?s a theme:x }", "Q?", "Q")
    with pytest.raises(KgError, match="prefix theme: is not declared"):
        terms_used(query)
