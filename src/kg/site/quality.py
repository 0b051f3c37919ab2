"""The page on quality: checks, how much was read, how two coders agreed, what claims rest on."""

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode

from kg.errors import KgError
from kg.project import Project
from kg.queries import list_queries
from kg.reports import Report, grouped, summary
from kg.sections import section_in_words
from kg.site.evidence import Claim, Evidence
from kg.site.pages import Site
from kg.site.words import in_claims
from kg.terms import expand, local_name
from kg.turtle import read_turtle
from kg.validation import validate


@dataclass(frozen=True)
class Group:
    """Claims or works that are counted together, and what they have in common."""

    slug: str
    label: str
    short: str
    about: str
    claims: tuple[Claim, ...] = ()
    works: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """Where the page is that lists them, from the top of the site."""
        return f"quality/{self.slug}.html"


@dataclass(frozen=True)
class Section:
    """Of a section of a review: characters in passages and left out, and its claims."""

    coded: int
    left_out: int
    group: Group

    @property
    def share(self) -> float:
        """How much of what was read stands in passages, of 1."""
        return self.coded / (self.coded + self.left_out)


@dataclass(frozen=True)
class Reason:
    """Why something is left out, and where.

    Each run has its section, where it begins, and how many of its characters are in no passage.
    """

    text: str
    runs: tuple[tuple[str, str, int], ...]

    @property
    def characters(self) -> int:
        """How much is left out for it."""
        return sum(many for _, _, many in self.runs)


@dataclass(frozen=True)
class Reading:
    """How much of a review was read, as far as the graph can tell, in characters.

    `reasons` has why something is left out, what most is left out for first. `between`
    is what lies between the runs.
    """

    review: str
    sections: tuple[Section, ...]
    reasons: tuple[Reason, ...]
    between: int

    @property
    def address(self) -> str:
        """Where the page is that lists what is left out, from the top of the site."""
        return f"quality/left-out-{local_name(self.review)}.html"

    @property
    def coded(self) -> int:
        """How much stands in passages."""
        return sum(section.coded for section in self.sections)

    @property
    def left_out(self) -> int:
        """How much is left out on purpose."""
        return sum(section.left_out for section in self.sections)


@dataclass(frozen=True)
class Agreement:
    """The figures on a coding round.

    `whole` has a label, a definition and a value; `columns` and `rows` are those on one property
    of a claim each, with an empty text where there is none.
    """

    activity: str
    whole: tuple[tuple[str, str, str], ...]
    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


def write_quality(site: Site) -> None:
    """Write the page on quality, and the lists of what it counts."""
    site.copy(["reference.css"])
    e = site.evidence
    voices, support, works = _by_voice(e), _by_support(e), _by_status(e)
    readings = [reading(e, review) for review in _reviews(e)]
    report = _report(site.project)
    checks = [q for q in list_queries(site.project) if q.id.startswith("check-")]
    site.page(
        "quality.html",
        "quality",
        "How far can you trust this?",
        report=report,
        summary=summary(report) if report else "",
        problems=grouped(report) if report else [],
        shapes=_shape_labels(site.project),
        checks=checks,
        readings=readings,
        agreements=_agreements(e),
        voices=voices,
        support=support,
        works=works,
    )
    sections = [section.group for each in readings for section in each.sections]
    for group in (*voices, *support, *works, *sections):
        site.page(group.address, "quality-list", group.label, group=group)
    for each in readings:
        site.page(each.address, "left-out", f"Left out of {e.label(each.review)}", reading=each)


def _report(project: Project) -> Report | None:
    """Validate the files of the project; where there are none, there is nothing to tell."""
    try:
        return validate(project)
    except KgError:
        if project.data_files():
            raise
        return None


def _shape_labels(project: Project) -> dict[str, str]:
    label = NamedNode(expand("rdfs:label"))
    return {
        triple.subject.value: triple.object.value
        for path in project.shape_files()
        for triple in read_turtle(path).triples
        if triple.predicate == label
        and isinstance(triple.subject, NamedNode)
        and isinstance(triple.object, Literal)
    }


def _reviews(e: Evidence) -> list[str]:
    return sorted({claim.review for claim in e.claims}, key=lambda iri: (e.label(iri), iri))


def reading(e: Evidence, review: str) -> Reading:
    """Count from the graph's offsets what of a review is coded, and what is left out and why.

    What several passages share is counted once; what a passage holds is not left out. White space
    between runs cannot be told from text that nobody read: the text itself is not in the graph.

    Example:
        >>> from kg.project import Project
        >>> from kg.store import open_store
        >>> found = reading(Evidence.of(open_store(Project())), expand("source:martin-2010"))
        >>> found.sections[0].group.short
        'front'
    """
    held: dict[int, tuple[str, str, str]] = {}
    runs: dict[str, list[str]] = {}
    # Passages last: where one holds what is left out, it counts as coded.
    for kind in ("kg:UncodedSpan", "kg:Passage"):
        for run in e.of_class(kind):
            if e.one(run, "oa:hasSource") != review:
                continue
            reason = e.one(run, "kg:reason")
            place = (e.one(run, "kg:section"), reason, run)
            ends = e.one(run, "kg:start"), e.one(run, "kg:end")
            if reason:
                runs.setdefault(reason, []).append(run)
            if all(end.isdecimal() for end in ends):
                held |= dict.fromkeys(range(*map(int, ends)), place)
    sections: dict[str, Counter[bool]] = {}
    many_of: Counter[str] = Counter()
    for _, (section, reason, run) in sorted(held.items()):
        sections.setdefault(section, Counter())[bool(reason)] += 1
        many_of[run] += 1
    reasons = [Reason(reason, _places(e, of, many_of)) for reason, of in runs.items()]
    return Reading(
        review,
        tuple(
            Section(many[False], many[True], _in_section(e, review, name))
            for name, many in sections.items()
        ),
        tuple(sorted(reasons, key=lambda reason: (-reason.characters, reason.text))),
        max(held) + 1 - min(held) - len(held) if held else 0,
    )


def _places(e: Evidence, runs: list[str], many: Counter[str]) -> tuple[tuple[str, str, int], ...]:
    """Tell in which section each run is, where it begins, and how much it adds, in their order."""
    found = [(e.one(run, "kg:section"), e.one(run, "kg:start"), many[run]) for run in runs]
    return tuple(sorted(found, key=lambda run: (len(run[1]), run[1])))


def _in_section(e: Evidence, review: str, section: str) -> Group:
    return Group(
        f"section-{local_name(review)}-{section}",
        f"Claims in: {section_in_words(section)}",
        section,
        f"They stand in {e.label(review)}, whole or in part in this section.",
        tuple(
            claim
            for claim in e.claims
            if claim.review == review and section in [at.section for at in claim.places]
        ),
    )


def _agreements(e: Evidence) -> list[Agreement]:
    """Gather the measurements by the coding round that they are computed on."""
    by_round: dict[str, list[str]] = {}
    for iri in e.of_class("dqv:QualityMeasurement"):
        by_round.setdefault(e.one(iri, "dqv:computedOn"), []).append(iri)
    return [_agreement(e, activity, found) for activity, found in sorted(by_round.items())]


def _agreement(e: Evidence, activity: str, measurements: Iterable[str]) -> Agreement:
    whole: list[tuple[str, str, str]] = []
    rows: dict[str, dict[str, str]] = {}
    metrics: dict[str, None] = {}
    # Counts before shares.
    for iri in sorted(measurements, key=lambda iri: "." in _figure(e, iri)):
        metric, value = e.one(iri, "dqv:isMeasurementOf"), _figure(e, iri)
        if e.one(iri, "dcterms:subject"):
            # The label ends in what the figure is about.
            name = e.label(iri).rpartition(": ")[2]
            rows.setdefault(name, {})[metric] = value
            metrics[metric] = None
        else:
            whole.append((e.label(metric), in_claims(e.says(metric)), value))
    columns = sorted(metrics, key=lambda metric: sum(metric not in row for row in rows.values()))
    return Agreement(
        activity,
        tuple(whole),
        tuple((e.label(metric), in_claims(e.says(metric))) for metric in columns),
        tuple((name, tuple(row.get(m, "") for m in columns)) for name, row in sorted(rows.items())),
    )


def _figure(e: Evidence, measurement: str) -> str:
    """Write a count as it is and a share with three places, of which stores keep what they like."""
    values = e.told[measurement].get(expand("dqv:value"), [Literal("")])
    if isinstance(values[0], Literal) and values[0].datatype.value == expand("xsd:decimal"):
        with suppress(ValueError):  # what is no number stays as it is: the checks tell of it
            return f"{float(values[0].value):.3f}"
    return values[0].value


def _by_voice(e: Evidence) -> list[Group]:
    """Gather the claims by who speaks in them, the most frequent first."""
    voices = [v for v in e.told if expand("scheme:voice") in e.links(v, "skos:inScheme")]
    groups = [
        Group(
            f"voice-{local_name(voice)}",
            f"Who says so: {e.label(voice).lower()}",
            e.label(voice),
            e.says(voice),
            tuple(c for c in e.claims if voice in [line.voice for line in c.lines]),
        )
        for voice in voices
    ]
    return sorted(groups, key=lambda group: (-len(group.claims), group.slug))


def _by_support(e: Evidence) -> list[Group]:
    """Gather the claims by how many works they rest on, and those known only through others."""
    by_works: dict[int, list[Claim]] = {0: [], 1: [], 2: []}
    for claim in e.claims:
        by_works[min(len(claim.works), 2)].append(claim)
    relayed = tuple(claim for claim in e.claims if claim.only_relayed)
    rest = "Claims that rest on"
    told = (
        ("no-work", f"{rest} no work", "No work", "The review credits no work with them."),
        ("one-work", f"{rest} one work alone", "One work", "No second work bears them out."),
        ("several-works", f"{rest} two works or more", "Two or more", "Each work counts once."),
    )
    return [
        *(Group(*words, tuple(by_works[many])) for many, words in enumerate(told)),
        Group(
            "second-hand",
            "Claims known only through another work",
            "Only through another work",
            "The review knows the work that each rests on only as another work tells of it.",
            relayed,
        ),
    ]


def _by_status(e: Evidence) -> list[Group]:
    """Gather the works by how sure their facts are."""
    statuses = [s for s in e.told if expand("scheme:status") in e.links(s, "skos:inScheme")]
    return [
        Group(
            f"works-{local_name(status)}",
            f"Works whose facts are {e.label(status).lower()}",
            e.label(status),
            e.says(status),
            works=tuple(
                w for w in e.of_class("kg:Source") if e.one(w, "kg:bibliographicStatus") == status
            ),
        )
        for status in sorted(statuses)
    ]
