"""What the graph says, gathered once: claims with all that hangs from them, and things by IRI."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from pyoxigraph import Literal, NamedNode, Triple

from kg.errors import KgError
from kg.results import Table
from kg.site.words import in_claims
from kg.store import Store
from kg.terms import PREFIXES, curie, expand, local_name

RELATIONS = ("supports", "qualifies", "elaborates", "followsFrom", "respondsTo", "repeats")
# The kinds of statements, in the order in which a reader wants them; any others come after.
_KINDS = (
    "Finding",
    "Challenge",
    "SupportingFactor",
    "Gap",
    "Recommendation",
    "PolicyAction",
    "Limitation",
)
# What hangs from a claim and has no page of its own.
_PARTS = ("kg:passage", "kg:evidence", "kg:quantity")
_DEFINES = ("skos:definition", "skos:scopeNote")


@dataclass(frozen=True)
class Line:
    """On what a claim rests: in whose voice, on which work, and through which it is known."""

    voice: str
    work: str
    relayed_by: str
    locator: str
    quoted: bool


@dataclass(frozen=True)
class Place:
    """Where a piece of a claim's passage stands, and by which words it is found."""

    section: str
    page: str
    piece: int
    first_words: str
    last_words: str


@dataclass(frozen=True)
class Claim:
    """A statement with its parts; other things stand in it by IRI."""

    iri: str
    label: str
    description: str
    kind: str
    trend: str
    valence: str
    review: str
    main_theme: str
    themes: tuple[str, ...]
    agencies: tuple[str, ...]
    implied: bool
    concerns: tuple[str, ...]
    since: str
    note: str
    lines: tuple[Line, ...]
    places: tuple[Place, ...]
    figures: tuple[str, ...]
    links: tuple[tuple[str, str], ...]
    repeats: bool = False

    @property
    def name(self) -> str:
        """The id, by which people cite it."""
        return local_name(self.iri)

    @property
    def works(self) -> tuple[str, ...]:
        """The works that it rests on, each once."""
        return tuple(dict.fromkeys(line.work for line in self.lines if line.work))

    @property
    def only_relayed(self) -> bool:
        """Whether the review knows every work that it rests on only through another."""
        return bool(self.works) and all(line.relayed_by for line in self.lines if line.work)


@dataclass(frozen=True)
class Disagreement:
    """Claims that pull apart, and in what they differ."""

    iri: str
    label: str
    description: str
    between: tuple[str, ...]
    differs_in: tuple[str, ...]
    note: str


@dataclass
class Evidence:
    """Everything that pages are made from.

    Example:
        >>> from kg.project import Project
        >>> from kg.store import open_store
        >>> evidence = Evidence.of(open_store(Project()))
        >>> evidence.claims[0].name
        'martin-2010-001'
    """

    told: dict[str, dict[str, list[NamedNode | Literal]]] = field(default_factory=dict)

    @classmethod
    def of(cls, store: Store) -> "Evidence":
        """Read a graph whole, but for blank nodes, which the data never hold."""
        answer = store.query(
            "SELECT ?s ?p ?o WHERE { ?s ?p ?o FILTER(ISIRI(?s) && !ISBLANK(?o)) } "
            "ORDER BY STR(?s) STR(?p) STR(?o)"
        )
        assert isinstance(answer, Table)
        found = cls()
        for subject, predicate, value in answer.rows:
            if subject and predicate and isinstance(value, NamedNode | Literal):
                told = found.told.setdefault(subject.value, {})
                told.setdefault(predicate.value, []).append(value)
        return found

    def links(self, iri: str, name: str) -> tuple[str, ...]:
        """List the values of a property, as IRIs or texts."""
        return tuple(v.value for v in self.told.get(iri, {}).get(expand(name), ()))

    def one(self, iri: str, name: str) -> str:
        """Give the value of a property, or nothing."""
        return next(iter(self.links(iri, name)), "")

    def label(self, iri: str) -> str:
        """Give what a thing is called."""
        return self.one(iri, "rdfs:label") or local_name(iri)

    def says(self, iri: str) -> str:
        """Give what is said of a thing, be it described, defined or scoped in terms of claims."""
        defined = next(filter(None, (self.one(iri, name) for name in _DEFINES)), "")
        return self.one(iri, "dcterms:description") or in_claims(defined)

    def triples(self, iri: str) -> list[Triple]:
        """List what the graph says of a thing and of its parts, as it is written there."""
        parts = [part for name in _PARTS for part in self.links(iri, name)]
        return [
            Triple(NamedNode(subject), NamedNode(predicate), value)
            for subject in (iri, *parts)
            for predicate, values in self.told.get(subject, {}).items()
            for value in values
        ]

    def of_class(self, name: str) -> list[str]:
        """List the things of a class, by label."""
        found = self._by_class.get(expand(name), [])
        return sorted(found, key=lambda iri: (self.label(iri).casefold(), iri))

    @cached_property
    def _by_class(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for iri in self.told:
            for kind in self.links(iri, "rdf:type"):
                found.setdefault(kind, []).append(iri)
        return found

    @cached_property
    def kinds(self) -> list[str]:
        """The kinds of statements: what is found first, what the evidence cannot say last."""
        wanted = expand("kg:Statement")
        found = [i for i in self.told if wanted in self.links(i, "rdfs:subClassOf")]
        rank = {expand(f"kg:{name}"): number for number, name in enumerate(_KINDS)}
        return sorted(found, key=lambda iri: (rank.get(iri, len(rank)), self.label(iri)))

    @cached_property
    def claims(self) -> list[Claim]:
        """Every statement, by id."""
        return [self._claim(iri) for iri in sorted(self.of_class("kg:Statement"))]

    @cached_property
    def by_iri(self) -> dict[str, Claim]:
        """Every statement by its IRI."""
        return {claim.iri: claim for claim in self.claims}

    @cached_property
    def disagreements(self) -> list[Disagreement]:
        """Every disagreement, by id."""
        return [
            Disagreement(
                iri,
                self.label(iri),
                self.one(iri, "dcterms:description"),
                self.links(iri, "kg:between"),
                self.links(iri, "kg:differsIn"),
                self.one(iri, "skos:editorialNote"),
            )
            for iri in sorted(self.of_class("kg:Disagreement"))
        ]

    @cached_property
    def top_themes(self) -> list[str]:
        """The themes that stand under no other; narrower ones are told with them."""
        return [iri for iri in self.of_class("kg:Theme") if not self.links(iri, "skos:broader")]

    def above(self, concept: str) -> list[str]:
        """List a concept and all that are broader."""
        found = [concept]
        for each in found:
            found += [b for b in self.links(each, "skos:broader") if b not in found]
        return found

    def told_under(self, claim: Claim, theme: str) -> bool:
        """Whether a claim is told under a theme or one that is narrower."""
        return any(theme in self.above(each) for each in claim.themes)

    def naming(self, iri: str) -> list[Claim]:
        """List the claims that name a thing: as agency, theme, work, or what they concern."""
        return self._by_named.get(iri, [])

    @cached_property
    def _by_named(self) -> dict[str, list[Claim]]:
        found: dict[str, list[Claim]] = {}
        for claim in self.claims:
            for iri in self._named(claim):
                found.setdefault(iri, []).append(claim)
        return found

    def _named(self, claim: Claim) -> set[str]:
        themes = {broader for theme in claim.themes for broader in self.above(theme)}
        works = {work for line in claim.lines for work in (line.work, line.relayed_by)}
        rest = {*claim.agencies, *claim.concerns, claim.since, claim.review}
        return themes | works | rest

    def _claim(self, iri: str) -> Claim:
        kind = next((k for k in self.links(iri, "rdf:type") if k in self.kinds), "")
        if not kind:
            raise KgError(
                f"{curie(iri)} has no kind",
                where="the graph",
                fix="run kg validate, which says more",
            )
        lines = [
            Line(
                self.one(line, "kg:voice"),
                self.one(line, "kg:original"),
                self.one(line, "kg:relayedBy"),
                self.one(line, "kg:locator"),
                self.one(line, "kg:isQuotation") == "true",
            )
            for line in self.links(iri, "kg:evidence")
        ]
        places = [
            Place(
                self.one(at, "kg:section"),
                self.one(at, "kg:page"),
                _whole(self.one(at, "kg:piece")),
                self.one(at, "kg:firstWords"),
                self.one(at, "kg:lastWords"),
            )
            for at in self.links(iri, "kg:passage")
        ]
        return Claim(
            iri=iri,
            label=self.label(iri),
            description=self.one(iri, "dcterms:description"),
            kind=kind,
            trend=self.one(iri, "kg:trend"),
            valence=self.one(iri, "kg:valence"),
            review=self.one(iri, "kg:statedIn"),
            main_theme=self.one(iri, "kg:mainTheme"),
            themes=self.links(iri, "kg:theme"),
            agencies=self.links(iri, "kg:agency"),
            implied=self.one(iri, "kg:agenciesImplied") == "true",
            concerns=self.links(iri, "kg:concerns"),
            since=self.one(iri, "kg:since"),
            note=self.one(iri, "skos:editorialNote"),
            lines=tuple(lines),
            places=tuple(sorted(places, key=lambda at: at.piece)),
            figures=tuple(map(self._figure, self.links(iri, "kg:quantity"))),
            links=tuple(
                (relation, other)
                for relation in RELATIONS
                for other in self.links(iri, f"kg:{relation}")
            ),
            repeats=bool(self.links(iri, "kg:repeats")),
        )

    def _figure(self, iri: str) -> str:
        return f"{self.label(iri)} ({self.one(iri, 'kg:population')})"


def _whole(text: str) -> int:
    """Read the number of a piece; validation tells of one that is none."""
    return int(text) if text.isdecimal() else 1


def folder_of(iri: str) -> str:
    """Give the kind of a thing of ours, as its IRI has it: agency, theme, source; else nothing."""
    prefix, _, name = curie(iri).partition(":")
    return prefix if name and prefix in PREFIXES and not prefix.startswith("kg") else ""


def distinct(claims: Iterable[Claim]) -> list[Claim]:
    """Leave out the claims that tell another one again."""
    return [claim for claim in claims if not claim.repeats]
