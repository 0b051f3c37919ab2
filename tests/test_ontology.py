"""The ontology says what it means, contradicts nothing, and is all that is used."""

import re
from pathlib import Path
from unittest.mock import patch

import pytest
import rdflib.term
from owlrl import DeductiveClosure, OWLRL_Semantics
from rdflib import OWL, RDF, RDFS, SKOS, Graph, Literal, URIRef

from kg.project import Project
from kg.terms import KINDS, PREFIXES, expand

ROOT = Path(__file__).parent.parent
KG = PREFIXES["kg"]
ERROR = URIRef("http://www.daml.org/2002/03/agents/agent-ont#error")
KIND_NAMES = "|".join(("kg", *KINDS))
# Written by people outside Turtle: saved queries, rules, views, and the code itself.
TEXTS = [
    *ROOT.glob("queries/*.rq"),
    *ROOT.glob("ontology/rules/*.rq"),
    *ROOT.glob("viz/*.toml"),
    *ROOT.glob("src/kg/*.py"),
]


def load(*files: Path) -> Graph:
    graph = Graph()
    for path in files:
        graph.parse(path)
    return graph


@pytest.fixture(scope="module")
def ontology() -> Graph:
    return load(*Project().files("ontology", "kg.ttl"))


@pytest.fixture(scope="module")
def everything() -> Graph:
    return load(*Project().graph_files())


def terms(graph: Graph) -> set[URIRef]:
    kinds = (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty, RDF.Property)
    return {
        term
        for kind in kinds
        for term in graph.subjects(RDF.type, kind)
        if isinstance(term, URIRef)
    }


def test_every_name_of_the_contract_is_declared(ontology: Graph) -> None:
    names = {str(term).removeprefix(KG) for term in terms(ontology)}
    assert names >= set(
        "Source Statement Finding Challenge SupportingFactor Gap Recommendation PolicyAction "
        "Limitation Background EvidenceLine Passage UncodedSpan Disagreement Quantity "
        "PolicyEvent Agency Theme Organisation Profession PopulationGroup Instrument statedIn "
        "passage mainTheme theme agency agenciesImplied concerns trend since valence quantity "
        "lowerBound upperBound lowerOpen upperOpen unit population evidence voice original "
        "relayedBy locator isQuotation supports qualifies elaborates followsFrom respondsTo "
        "repeats between differsIn sector until design bibliographicStatus evidenceFrom "
        "evidenceUntil baseline textDigest start end firstWords lastWords passageDigest "
        "section page piece reason basedOn contrastsWith".split()
    )


def test_every_term_is_explained(ontology: Graph) -> None:
    found = terms(ontology)
    assert found
    for term in found:
        for need in (RDFS.label, SKOS.definition, RDFS.isDefinedBy):
            assert len(list(ontology.objects(term, need))) == 1, (term, need)
        definition = str(ontology.value(term, SKOS.definition))
        assert definition.endswith(".")
        assert definition.count(". ") == 0, f"{term}: one sentence"


def test_the_ontology_names_version_and_licence(ontology: Graph) -> None:
    (head,) = ontology.subjects(RDF.type, OWL.Ontology)
    assert ontology.value(head, OWL.versionIRI)
    assert "creativecommons.org" in str(
        ontology.value(head, URIRef(PREFIXES["dcterms"] + "license"))
    )


def contradictions(graph: Graph) -> list[str]:
    """What an OWL RL reasoner objects to."""
    closed = Graph()
    for triple in graph:
        closed.add(triple)
    # It changes how the whole of rdflib reads dates, and does not change all of it back.
    with patch.dict(rdflib.term._toPythonMapping):
        DeductiveClosure(OWLRL_Semantics).expand(closed)
    return [
        str(message)
        for node in closed.subjects(RDF.type, URIRef(str(ERROR).replace("#error", "#ErrorMessage")))
        for message in closed.objects(node, None)
    ]


def test_nothing_is_contradicted(everything: Graph) -> None:
    assert contradictions(everything) == []


def test_a_contradiction_would_be_found(ontology: Graph) -> None:
    graph = Graph() + ontology
    node = URIRef(expand("statement:x-001"))
    graph.add((node, RDF.type, URIRef(KG + "Finding")))
    graph.add((node, RDF.type, URIRef(KG + "Challenge")))
    assert contradictions(graph)


def test_every_term_used_in_data_is_declared(everything: Graph) -> None:
    base = KG.removesuffix("ontology#")
    used = {
        term
        for triple in everything
        for term in triple
        if isinstance(term, URIRef) and str(term).startswith(base)
    }
    declared = set(everything.subjects())
    versions = {URIRef(f"{base}ontology/0.1.0"), URIRef(base), URIRef(KG)}
    assert len(used) > 200
    assert used - declared - versions == set()


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_every_term_used_elsewhere_is_declared(path: Path, everything: Graph) -> None:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".rq":
        text = re.sub(r"^PREFIX.*$", "", text, flags=re.MULTILINE)
    names = re.findall(rf"(?<![\w?:/-])((?:{KIND_NAMES}):[A-Za-z][\w-]*)", text)
    # What stands as an example of a name, in help and docstrings, is a name of nothing.
    examples = {"statement:REVIEW-NNN", "passage:review-2000-001", "kg:theme"}
    known = set(everything.subjects())
    for name in set(names) - examples:
        assert URIRef(expand(name)) in known, name


def test_texts_are_found() -> None:
    assert len(TEXTS) > 20


@pytest.mark.parametrize("path", Project().graph_files(), ids=lambda path: path.stem)
def test_files_use_the_common_prefixes(path: Path) -> None:
    found = dict(re.findall(r"@prefix (\w+): <([^>]+)> \.", path.read_text(encoding="utf-8")))
    assert found == {name: PREFIXES[name] for name in found}


def test_labels_are_english(everything: Graph) -> None:
    labels = list(everything.objects(None, RDFS.label))
    assert labels
    assert {label.language for label in labels if isinstance(label, Literal)} == {"en"}
