"""Every concept scheme: whole, in two-way agreement with itself, one file a scheme."""

from pathlib import Path

import pytest
from rdflib import DCTERMS, RDF, RDFS, SKOS, Graph, URIRef

from kg.project import Project
from kg.terms import PREFIXES, expand

FILES = Project().files("ontology", "vocab/*.ttl")
each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def concepts(graph: Graph) -> list[URIRef]:
    return [c for c in graph.subjects(RDF.type, SKOS.Concept) if isinstance(c, URIRef)]


def test_every_scheme_is_there() -> None:
    assert {path.stem for path in FILES} == set(
        "agency theme trend valence voice difference design status unit place profession group "
        "instrument".split()
    )


@each_file
def test_a_file_holds_one_whole_scheme(path: Path) -> None:
    graph = Graph().parse(path)
    scheme = URIRef(expand(f"scheme:{path.stem}"))
    assert list(graph.subjects(RDF.type, SKOS.ConceptScheme)) == [scheme]
    assert graph.value(scheme, DCTERMS.description)
    found = concepts(graph)
    assert len(found) >= 3
    for concept in found:
        assert str(concept).startswith(PREFIXES[path.stem])
        assert graph.value(concept, SKOS.inScheme) == scheme
        assert graph.value(concept, SKOS.prefLabel) == graph.value(concept, RDFS.label)
        assert str(graph.value(concept, SKOS.definition)).endswith(".")
    tops = set(graph.subjects(SKOS.topConceptOf, scheme))
    assert tops == set(graph.objects(scheme, SKOS.hasTopConcept))
    assert tops == {c for c in found if graph.value(c, SKOS.broader) is None}


@each_file
def test_broader_leads_up_and_never_round(path: Path) -> None:
    graph = Graph().parse(path)
    found = set(concepts(graph))
    assert not list(graph.subject_objects(SKOS.narrower))
    for concept in found:
        above = set(graph.transitive_objects(concept, SKOS.broader)) - {concept}
        assert above <= found
        assert all(concept not in graph.transitive_objects(up, SKOS.broader) for up in above)


def test_labels_within_a_scheme_differ() -> None:
    for path in FILES:
        graph = Graph().parse(path)
        labels = [str(graph.value(concept, SKOS.prefLabel)) for concept in concepts(graph)]
        assert len(labels) == len(set(labels)), path.stem


def test_front_line_agencies_are_the_five() -> None:
    graph = Graph().parse(Project().home / "ontology" / "vocab" / "agency.ttl")
    members = graph.objects(URIRef(expand("collection:front-line-agencies")), SKOS.member)
    assert {str(m).rpartition("/")[2] for m in members} == {
        *("social-care", "health", "education", "police", "third-sector")
    }


def test_no_mapping_to_an_outside_thesaurus_is_guessed() -> None:
    for path in FILES:
        graph = Graph().parse(path)
        for match in (SKOS.exactMatch, SKOS.closeMatch, SKOS.broadMatch, SKOS.narrowMatch):
            assert not list(graph.subject_objects(match)), path.stem
