"""The figures of agreement as data: `data/triples/martin-2010/agreement.ttl`.

They are told in W3C's Data Quality Vocabulary (<https://www.w3.org/TR/vocab-dqv/>): one metric for
each way of counting, one measurement for each figure, computed on the round in which both coded.
"""

from collections.abc import Iterator

from agreement import FOLDER, PROPERTIES, SETS, agreement, match, read_coding, read_graph, unitising
from pyoxigraph import Literal, NamedNode, Triple

from kg.project import Project
from kg.terms import expand
from kg.turtle import write_turtle

REVIEW = "martin-2010"
ROUND = "whole-review"
DATA = FOLDER.parents[1] / "data" / "triples" / REVIEW / "agreement.ttl"
_HEAD = "# How well the two coders agreed. Written by `make docs` from docs/coding/: do not edit."
_ALPHA = "is 1 for full agreement and 0 for what chance would give"

# What each metric is called, and what it counts.
METRICS = {
    "claims-of-coder-a": (
        "Claims found by coder A",
        "The number of claims that coder A marked in the text.",
    ),
    "claims-of-coder-b": (
        "Claims found by coder B",
        "The number of claims that coder B marked in the text.",
    ),
    "claims-matched": (
        "Claims found by both",
        "The number of pairs of claims, one of each coder, that have at least half of the "
        "characters of either in common.",
    ),
    "claim-f1": (
        "Agreement on where claims are",
        "Twice the claims found by both, divided by all claims of both coders: 1 is full "
        "agreement, 0 is none.",
    ),
    "claim-overlap": (
        "Overlap of claims found by both",
        "The share of the characters of either claim that stand in both, as a mean.",
    ),
    "character-f1": (
        "Agreement on what to code",
        "Twice the characters that stand in claims of both coders, divided by those of each "
        "together: 1 is full agreement, 0 is none.",
    ),
    "same-value": (
        "Same value",
        "The number of claims found by both to which both gave the same value.",
    ),
    "same-value-share": (
        "Share with the same value",
        "The share of the claims found by both to which both gave the same value.",
    ),
    "krippendorff-alpha": (
        "Krippendorff's alpha",
        f"Agreement beyond chance, which {_ALPHA}; two values are the same or they are not.",
    ),
    "krippendorff-alpha-masi": (
        "Krippendorff's alpha for sets",
        f"Agreement beyond chance, which {_ALPHA}; sets that overlap agree in part, by MASI.",
    ),
    "statements-of-coder-a": (
        "Claims of the graph that coder A had",
        "The number of statements of the graph that match a claim of coder A.",
    ),
    "statements-of-coder-b": (
        "Claims of the graph that coder B had",
        "The number of statements of the graph that match a claim of coder B.",
    ),
}
# The metric of each figure on where the claims are.
_UNITISING = {
    "units of coder A": "claims-of-coder-a",
    "units of coder B": "claims-of-coder-b",
    "units matched": "claims-matched",
    "overlap F1 of units": "claim-f1",
    "mean overlap of matched units": "claim-overlap",
    "F1 of coded characters": "character-f1",
}
# The property of the model that each compared property is.
SUBJECTS = {
    "kind": "rdf:type",
    "trend": "kg:trend",
    "valence": "kg:valence",
    "voice": "kg:voice",
    "main theme": "kg:mainTheme",
    "agencies": "kg:agency",
    "works": "kg:original",
}


def figures(project: Project) -> Iterator[tuple[str, str, int | float]]:
    """Compute each figure: its metric, the property that it is about if any, and its value."""
    a, b = (read_coding(FOLDER / f"{coder}.csv") for coder in "ab")
    graph = read_graph(project, REVIEW)
    yield from ((_UNITISING[name], "", value) for name, value in unitising(a, b).items())
    yield "statements-of-coder-a", "", len(match(a, graph))
    yield "statements-of-coder-b", "", len(match(b, graph))
    pairs = match(a, b)
    for name in PROPERTIES:
        same, share, alpha = agreement(pairs, name)
        yield "same-value", name, same
        yield "same-value-share", name, share
        yield f"krippendorff-alpha{'-masi' if name in SETS else ''}", name, alpha


def agreement_data(project: Project) -> str:
    """Write every figure, and the metrics, as Turtle."""
    told: list[tuple[str, str, NamedNode | Literal]] = []
    for name, (label, definition) in METRICS.items():
        metric = f"metric:{name}"
        told.append((metric, "rdf:type", _iri("dqv:Metric")))
        told.append((metric, "rdfs:label", Literal(label, language="en")))
        told.append((metric, "skos:definition", Literal(definition, language="en")))
    for metric, name, value in figures(project):
        end = f"-{name.replace(' ', '-')}" if name else ""
        measurement = f"measurement:{ROUND}-{metric}{end}"
        label = METRICS[metric][0] + (f": {name}" if name else "")
        number = str(value) if isinstance(value, int) else f"{value:.3f}"
        datatype = _iri("xsd:integer" if isinstance(value, int) else "xsd:decimal")
        told.append((measurement, "rdf:type", _iri("dqv:QualityMeasurement")))
        told.append((measurement, "rdfs:label", Literal(label, language="en")))
        told.append((measurement, "dqv:computedOn", _iri(f"coding:{ROUND}")))
        told.append((measurement, "dqv:isMeasurementOf", _iri(f"metric:{metric}")))
        told.append((measurement, "dqv:value", Literal(number, datatype=datatype)))
        if name:
            told.append((measurement, "dcterms:subject", _iri(SUBJECTS[name])))
    triples = [Triple(_iri(subject), _iri(predicate), value) for subject, predicate, value in told]
    return write_turtle(triples, {"": [_HEAD]})


def _iri(name: str) -> NamedNode:
    return NamedNode(expand(name))
