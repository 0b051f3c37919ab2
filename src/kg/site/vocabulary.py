"""The page of the vocabulary: the concepts that claims are told with, and the ontology's terms."""

from collections.abc import Iterator
from dataclasses import dataclass

from kg.results import Table
from kg.site.evidence import Evidence
from kg.site.pages import Site
from kg.store import Store
from kg.terms import PREFIXES, curie, expand, local_name

_KINDS = {
    "Classes": ("owl:Class", "rdfs:Class"),
    "Properties": ("owl:ObjectProperty", "owl:DatatypeProperty", "rdf:Property"),
}
_ALIGNMENTS = {
    "rdfs:subClassOf": "A kind of",
    "rdfs:subPropertyOf": "A kind of",
    "owl:equivalentClass": "The same as",
    "owl:equivalentProperty": "The same as",
    "skos:exactMatch": "The same as",
    "skos:closeMatch": "Close to",
}
# A class, or the members of a union, which has no name of its own.
_ENDS = (
    f"PREFIX rdfs: <{PREFIXES['rdfs']}> PREFIX owl: <{PREFIXES['owl']}> "
    f"PREFIX rdf: <{PREFIXES['rdf']}> SELECT ?term ?end ?class WHERE {{ "
    "VALUES ?end { rdfs:domain rdfs:range } "
    "{ ?term ?end ?class } UNION { ?term ?end ?any . ?any owl:unionOf/rdf:rest*/rdf:first ?class } "
    "FILTER(ISIRI(?class)) } ORDER BY STR(?term) STR(?end) STR(?class)"
)


@dataclass(frozen=True)
class Concept:
    """A concept of a scheme, and how deep it stands below a top concept."""

    iri: str
    depth: int


@dataclass(frozen=True)
class Scheme:
    """A concept scheme with its concepts, each after the one that it is narrower than."""

    iri: str
    concepts: tuple[Concept, ...]


@dataclass(frozen=True)
class Term:
    """A class or property of the ontology: its alignments, and what it leads from and to."""

    iri: str
    alignments: tuple[tuple[str, str], ...]
    domain: tuple[str, ...]
    range: tuple[str, ...]


def anchor(iri: str) -> str:
    """Give the id that a concept or term has on the page.

    Example:
        >>> anchor("https://w3id.org/evidence-kg/trend/improved")
        'trend-improved'
    """
    return curie(iri).replace(":", "-", 1) if "//" not in curie(iri) else local_name(iri)


def write_vocabulary(site: Site) -> None:
    """Write the page of all concept schemes and of the ontology."""
    site.copy(["reference.css"])
    e = site.evidence
    ends = _ends(site.store)
    schemes = [Scheme(iri, tuple(_concepts(e, iri))) for iri in e.of_class("skos:ConceptScheme")]
    terms = {
        name: [_term(e, iri, ends) for iri in _declared(e, *kinds)]
        for name, kinds in _KINDS.items()
    }
    shown = {c.iri for scheme in schemes for c in scheme.concepts} | {s.iri for s in schemes}
    shown |= {term.iri for found in terms.values() for term in found}
    site.page(
        "vocabulary.html",
        "vocabulary",
        "Vocabulary",
        schemes=schemes,
        collections=e.of_class("skos:Collection"),
        terms=terms,
        anchor=anchor,
        shown=shown,
        is_old=lambda iri: e.one(iri, "owl:deprecated") == "true",
    )


def _concepts(e: Evidence, scheme: str) -> Iterator[Concept]:
    """Walk down a scheme: each concept once, and those on a ring at the end."""
    members = [
        iri
        for iri in sorted(e.told, key=lambda iri: (e.label(iri).casefold(), iri))
        if scheme in e.links(iri, "skos:inScheme")
    ]
    seen: set[str] = set()

    def below(iri: str, depth: int) -> Iterator[Concept]:
        if iri not in seen:
            seen.add(iri)
            yield Concept(iri, depth)
            for other in members:
                if iri in e.links(other, "skos:broader"):
                    yield from below(other, depth + 1)

    tops = [iri for iri in members if not set(e.links(iri, "skos:broader")) & set(members)]
    for iri in (*tops, *members):
        yield from below(iri, 0)


def _declared(e: Evidence, *kinds: str) -> list[str]:
    found = {iri for kind in kinds for iri in e.of_class(kind) if e.links(iri, "rdfs:isDefinedBy")}
    return sorted(found, key=lambda iri: (e.label(iri).casefold(), iri))


def _term(e: Evidence, iri: str, ends: dict[tuple[str, str], list[str]]) -> Term:
    return Term(
        iri,
        tuple((text, other) for name, text in _ALIGNMENTS.items() for other in e.links(iri, name)),
        tuple(ends.get((iri, expand("rdfs:domain")), ())),
        tuple(ends.get((iri, expand("rdfs:range")), ())),
    )


def _ends(store: Store) -> dict[tuple[str, str], list[str]]:
    answer = store.query(_ENDS)
    assert isinstance(answer, Table)
    found: dict[tuple[str, str], list[str]] = {}
    for term, end, cls in answer.rows:
        assert term and end and cls
        found.setdefault((term.value, end.value), []).append(cls.value)
    return found
