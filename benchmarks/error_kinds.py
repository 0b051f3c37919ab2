"""The kinds of error that validation finds, and how each is made: one for each constraint of a
shape, such as Statement-trend/minCount, and one for each check query.

An error is a thing that is right but for one change: other values of a property or a few. What they
are follows from the constraint and its path; `OWN_WAY` tells it for the constraints that hang on
several properties. One of which neither tells is refused, so that no kind is left out unseen.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

from maker import Group, local, node
from pyoxigraph import BlankNode, Literal, NamedNode, Triple
from rdflib import RDF, RDFS, SH, BNode, Graph
from rdflib.term import Node

from kg.errors import KgError
from kg.project import Project
from kg.terms import curie, expand, local_name

# What a shape says that is no constraint.
SAID = {RDF.type, RDFS.label, SH.path, SH.property, SH.message, SH.description, SH.severity}
SAID |= {SH.targetClass, SH.targetSubjectsOf, SH.targetObjectsOf, SH.qualifiedValueShape}
# What shapes without a class apply to, and check queries other than those of statements.
CLASSES = {
    "CodingRoundShape": "prov:Activity",
    "ConceptClass": "kg:Theme",
    "ConceptIri": "kg:Theme",
    "ConceptPlace": "kg:Theme",
    "ConceptShape": "kg:Theme",
    "LabelShape": "kg:Statement",
    "NegativeKindShape": "kg:Statement",
    "NeutralKindShape": "kg:Statement",
    "OrganisationPeriod": "kg:Organisation",
    "PolicyEventPeriod": "kg:PolicyEvent",
    "PositiveKindShape": "kg:Statement",
    "SinceShape": "kg:Statement",
    "SourcePeriod": "kg:Source",
    "ThingShape": "kg:Statement",
    "check-orphan": "kg:Organisation",
    "check-piece-number": "kg:Passage",
}
CONCEPTS = ("Agency", "Theme", "Profession", "PopulationGroup", "Instrument")

UNKNOWN, GERMAN = node("unknown/thing"), Literal("falsch", language="de")
YEAR = NamedNode(expand("xsd:gYear"))
EARLIER, LATER = Literal("2001", datatype=YEAR), Literal("2002", datatype=YEAR)

# By path, the values that a thing is given in place of its own; or another name.
Change = dict[str, list[Any]] | NamedNode | BlankNode
Way = Callable[["Sample"], Change]


class Kind(NamedTuple):
    """A kind of error: its name, the class of what is made wrong, and how."""

    name: str
    of: str
    way: Change | Way


def iri(name: Any) -> Any:
    return NamedNode(expand(str(name))) if isinstance(name, str) else name


def values(triples: Group, path: str, of: Any = None) -> list[Any]:
    """Give the values of a property, or of one that is followed backwards: `^kg:evidence`."""
    prop = iri(path.removeprefix("^"))
    found = [t for t in triples if t.predicate == prop]
    if path.startswith("^"):
        return [t.subject for t in found if of in (None, t.object)]
    return [t.object for t in found if of in (None, t.subject)]


class Sample:
    """A thing that is right, with the triples that come with it, to be made wrong."""

    def __init__(self, focus: NamedNode, triples: Group, around: Group) -> None:
        self.focus: NamedNode | BlankNode = focus
        self.triples = triples
        self.around = around  # the graph that it will stand in, as far as it is needed here

    def values(self, path: str) -> list[Any]:
        return values(self.triples, path, self.focus)

    def break_(self, way: Change | Way) -> None:
        """Make it wrong."""
        change = way(self) if callable(way) else way
        if isinstance(change, dict):
            for path, wanted in change.items():
                self.put(path, wanted)
        else:
            old, self.focus = self.focus, change
            self.triples = [
                Triple(*(change if term == old else term for term in triple))
                for triple in self.triples
            ]

    def put(self, path: str, wanted: list[Any]) -> None:
        prop = iri(path.removeprefix("^"))

        def of(value: Any) -> Triple:
            ends = (value, self.focus) if path.startswith("^") else (self.focus, value)
            return Triple(ends[0], prop, ends[1])

        gone = [of(value) for value in self.values(path)]
        self.triples = [triple for triple in self.triples if triple not in gone]
        self.triples += [of(iri(value)) for value in wanted]

    def others(self, path: str) -> list[Any]:
        """Give what other things have as values of a path, each once."""
        return list(dict.fromkeys(values(self.around, path)))

    def statements(self) -> list[Any]:
        """Give other statements that repeat nothing."""
        return [s for s in self.others("^kg:statedIn") if s not in self.others("^kg:repeats")]

    def two(self, path: str) -> list[Any]:
        """Give a value of a path, its own if it has one, and another of the same sort."""
        first = [*self.values(path), *self.others(path)][0]
        if isinstance(first, Literal):
            return [first, another(first)]
        folder = first.value.rpartition("/")[0]
        things = (t.subject for t in self.around if t.subject.value.rpartition("/")[0] == folder)
        return [first, next(thing for thing in things if thing not in (first, self.focus))]


def another(literal: Literal) -> Literal:
    """Change a literal into one that is as well-formed."""
    text = literal.value
    if text in {"true", "false"}:
        text = "false" if text == "true" else "true"
    else:
        first = "12" if text[0].isdigit() else "ab"
        text = first.replace(text[0], "")[0] + text[1:]
    if literal.language:
        return Literal(text, language=literal.language)
    return Literal(text, datatype=literal.datatype)


def english(text: str) -> Literal:
    return Literal(text, language="en")


# How to break a constraint, by its parameter: a sample's new values, with the parameter's own.
WAYS: dict[str, Callable[[Sample, str, Any], Change]] = {
    "and": lambda sample, path, value: {path: [UNKNOWN]},
    "class": lambda sample, path, value: {path: [UNKNOWN]},
    "datatype": lambda sample, path, value: {path: [GERMAN]},
    "disjoint": lambda sample, path, value: dict.fromkeys((path, value), sample.two(path)[:1]),
    "equals": lambda sample, path, value: {path: [english("another")]},
    "hasValue": lambda sample, path, value: {
        path: [each for each in sample.values(path) if each != iri(value)]
    },
    "in": lambda sample, path, value: {path: [UNKNOWN]},
    "languageIn": lambda sample, path, value: {path: [GERMAN]},
    "lessThan": lambda sample, path, value: {path: [Literal(1)], value: [Literal(0)]},
    "lessThanOrEquals": lambda sample, path, value: {path: [Literal(1)], value: [Literal(0)]},
    "maxCount": lambda sample, path, value: {path: sample.two(path) if int(value) else [UNKNOWN]},
    "maxLength": lambda sample, path, value: {path: [english("x" * (int(value) + 1))]},
    "minCount": lambda sample, path, value: {path: sample.values(path)[: int(value) - 1]},
    "minInclusive": lambda sample, path, value: {path: [Literal(int(value) - 1)]},
    "nodeKind": lambda sample, path, value: {path: [Literal("https://example.org/")]},
    "or": lambda sample, path, value: {path: [GERMAN]},
    "pattern": lambda sample, path, value: {path: [Literal("none of the words wanted")]},
}


def typed(kind: str, valence: str) -> Change:
    return {"rdf:type": ["kg:Statement", kind], "kg:valence": [valence]}


def related(*relations: str) -> Way:
    return lambda sample: dict.fromkeys(relations, sample.statements()[:1])


def voiced(voice: str, original: int = 0, relayed: int = 0) -> Way:
    """Give evidence so many originals and works that relay them."""

    def change(sample: Sample) -> Change:
        works = sample.others("kg:original")
        rest = works[original : original + relayed]
        return {"kg:voice": [voice], "kg:original": works[:original], "kg:relayedBy": rest}

    return change


def reviewed(voice: str, path: str) -> Way:
    """Let evidence rest on the review that states the claim."""
    return lambda sample: {"kg:voice": [voice], path: values(sample.triples, "kg:statedIn")[:1]}


def turned(begin: str, end: str) -> Change:
    return {begin: [LATER], end: [EARLIER]}


def with_sub_theme(sample: Sample) -> Change:
    sub_theme = next(s for s in sample.others("^skos:broader") if "/theme/" in s.value)
    return {"kg:mainTheme": [sub_theme], "kg:theme": [sub_theme]}


def with_supported(sample: Sample) -> Change:
    first = sample.others("^kg:supports")[0]
    return {"kg:between": [first, values(sample.around, "kg:supports", first)[0]]}


def without_main_theme(sample: Sample) -> Change:
    themes = sample.values("kg:theme")
    return {"kg:theme": [each for each in themes if each not in sample.values("kg:mainTheme")]}


def with_piece_of_another(sample: Sample) -> Change:
    pieces = values(sample.triples, "kg:piece")
    return {"kg:piece": [each for each in pieces if each not in sample.values("kg:piece")][:1]}


# How to break the constraints that hang on more than one property, and what check queries look for.
OWN_WAY: dict[str, Change | Way] = {
    **{
        f"ConceptClass/not-{number}": {
            "rdf:type": ["skos:Concept", f"kg:{kind}"],
            "skos:inScheme": ["scheme:place"],
        }
        for number, kind in enumerate(CONCEPTS, start=1)
    },
    "ConceptPlace/or": {"skos:broader": [], "skos:topConceptOf": []},
    "Disagreement-relation/disjoint": with_supported,
    "DisagreementUnknown/or": {"kg:differsIn": ["difference:unknown", "difference:period"]},
    "EvidenceLine-review/disjoint-1": reviewed("voice:reported", "kg:original"),
    "EvidenceLine-review/disjoint-2": reviewed("voice:relayed", "kg:relayedBy"),
    "EvidenceLineNeedsOriginal/or": voiced("voice:reported"),
    "EvidenceLineNeedsRelay/or": voiced("voice:relayed", original=1),
    "EvidenceLineNoRelay/or": voiced("voice:reported", original=1, relayed=1),
    "EvidenceLineNoWork/or": voiced("voice:uncited", original=1),
    "NegativeKind-valence/or": typed("kg:Challenge", "valence:positive"),
    "NeutralKind-valence/or": typed("kg:Background", "valence:negative"),
    "OrganisationPeriod/sparql": turned("schema:foundingDate", "schema:dissolutionDate"),
    "PassagePieces/or": {"kg:piece": []},
    "PassageSameSource/or": lambda sample: {"oa:hasSource": sample.others("kg:original")[:1]},
    "PolicyEventPeriod/sparql": turned("dcterms:date", "kg:until"),
    "PositiveKind-valence/or": typed("kg:SupportingFactor", "valence:negative"),
    "QuantityBound/or": {"kg:lowerBound": [], "kg:upperBound": []},
    "QuantityShare/or": {
        "kg:unit": ["unit:share"],
        "kg:lowerBound": [],
        "kg:upperBound": [Literal(50)],
    },
    "Since-trend/in": {"kg:since": [EARLIER], "kg:trend": ["trend:not-stated"]},
    "Source-creator/maxCount": {"dc:creator": [Literal("One"), Literal("Another")]},
    "SourceCoded/or": lambda sample: {"^kg:statedIn": sample.statements()[:1]},
    "SourceNote/or": {
        "kg:bibliographicStatus": ["status:unconfirmed"],
        "skos:editorialNote": [],
    },
    "SourcePeriod/sparql": turned("kg:evidenceFrom", "kg:evidenceUntil"),
    "Statement-kind/qualifiedMaxCount": {"rdf:type": ["kg:Statement", "kg:Gap", "kg:Limitation"]},
    "Statement-kind/qualifiedMinCount": {"rdf:type": ["kg:Statement"]},
    "Statement-qualifies/disjoint-1": related("kg:qualifies", "kg:repeats"),
    "Statement-qualifies/disjoint-2": related("kg:qualifies", "kg:supports"),
    "Statement-repeats-first/maxCount": lambda sample: {
        "kg:repeats": sample.others("^kg:repeats")[:1]
    },
    "Statement-supports/disjoint": related("kg:supports", "kg:repeats"),
    "StatementImpliedAgencies/or": {
        "kg:agenciesImplied": [Literal(True)],
        "kg:agency": [],
    },
    "StatementThemes/or": without_main_theme,
    "StatementTopTheme/or": with_sub_theme,
    "Thing-address/pattern": {"rdfs:seeAlso": [NamedNode("ftp://example.org/")]},
    "check-child-named": {"skos:editorialNote": [english("The case of Baby P.")]},
    "check-orphan": {"skos:editorialNote": [], "skos:scopeNote": []},
    "check-part-id": lambda sample: {"kg:passage": sample.others("kg:passage")[:1]},
    "check-person": {"schema:name": [Literal("Somebody")]},
    "check-piece-number": with_piece_of_another,
    "check-related-to-itself": lambda sample: {"kg:elaborates": [sample.focus]},
    "check-undeclared-term": {"kg:undeclared": [UNKNOWN]},
}


# How to break a constraint on the name of a thing: the name that it is given.
NAMES: dict[str, Way] = {
    "nodeKind": lambda sample: BlankNode(local(sample.focus)),
    "pattern": lambda sample: NamedNode(f"{sample.focus.value}_X"),
}


def kinds(project: Project) -> Iterator[Kind]:
    """Give every kind of error that the shapes and the check queries of a project find.

    Raises:
        KgError: it is not told how to make one.
    """
    shapes = Graph()
    for path in project.shape_files():
        shapes.parse(path)
    for shape in sorted(set(shapes.subjects(RDF.type)) & set(shapes.subjects(SH.severity))):
        for parameter in sorted(set(shapes.predicates(shape)) - SAID):
            given = sorted(shapes.objects(shape, parameter))
            for number, value in enumerate(given, start=1):
                name = f"{local_name(shape)}/{local_name(parameter)}"
                name = f"{name}-{number}" if len(given) > 1 else name
                derived = derived_way(shapes, shape, parameter, value)
                yield Kind(name, class_of(shapes, shape), known(name, derived))
    for path in project.files("queries", "check-*.rq"):
        yield Kind(path.stem, CLASSES.get(path.stem, "kg:Statement"), known(path.stem))


def class_of(shapes: Graph, shape: Node) -> str:
    """Give the class of the things that a shape applies to."""
    top = shapes.value(None, SH.property, shape) or shape
    return CLASSES.get(local_name(str(top))) or curie(str(shapes.value(top, SH.targetClass)))


def known(name: str, derived: Way | None = None) -> Change | Way:
    way = OWN_WAY.get(name, derived)
    if way is None:
        raise KgError(
            f"nothing tells how to make an error of the kind {name}",
            where="benchmarks/error_kinds.py",
            fix="add it to OWN_WAY",
        )
    return way


def derived_way(shapes: Graph, shape: Node, parameter: Node, value: Node) -> Way | None:
    """Say how a constraint is broken, if it hangs on one property or on the name of a thing."""
    path = shapes.value(shape, SH.path)
    if path is None:
        return NAMES.get(local_name(parameter))
    if isinstance(path, BNode):
        backwards = shapes.value(path, SH.inversePath)
        first = next(shapes.items(shapes.value(path, SH.alternativePath)), None)
        path = f"^{backwards}" if backwards else first
    way = WAYS.get(local_name(parameter))
    return partial(way, path=str(path), value=value) if way and path else None
