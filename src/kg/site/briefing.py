"""Briefings: two printed pages on an agency or a theme, and by which rule they choose."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil

from kg.sections import section_in_words
from kg.site.cells import VOICES, Summary, summed
from kg.site.currency import before_baseline
from kg.site.dates import spoken
from kg.site.evidence import Claim, Disagreement, Evidence, Line, distinct, folder_of
from kg.site.pages import THINGS, Site
from kg.site.references import beside_label
from kg.terms import expand, local_name

# The parts of a briefing that hold claims of one kind, in the order in which they are read.
_KINDS = {
    "findings": ("kg:Finding", "Main findings"),
    "gaps": ("kg:Gap", "What is missing"),
    "challenges": ("kg:Challenge", "Challenges, and what answers them"),
    "helps": ("kg:SupportingFactor", "What helps"),
    "recommendations": ("kg:Recommendation", "Recommendations"),
    "actions": ("kg:PolicyAction", "What has been done"),
    "context": ("kg:Background", "Context"),
    "limits": ("kg:Limitation", "What the evidence cannot say"),
}
_ANSWERS = frozenset(map(expand, ("kg:Recommendation", "kg:PolicyAction", "kg:SupportingFactor")))
# What two printed pages hold, in lines of one of their two columns, and how wide a line is. Both
# are on the safe side of what a wide typeface takes; the tests print every briefing.
_ROOM = 228.0
_WIDTH = 46


@dataclass(frozen=True)
class Part:
    """A section of a briefing: what there is to show, the most important first, and what is."""

    key: str
    title: str
    every: tuple[Claim | Disagreement, ...]
    shown: tuple[Claim | Disagreement, ...]


@dataclass(frozen=True)
class Briefing:
    """What is told of an agency or a theme, chosen to fit on two pages."""

    subject: str
    claims: tuple[Claim, ...]
    parts: Mapping[str, Part]
    answers: Mapping[str, tuple[Claim, ...]]
    reviews: tuple[str, ...]
    works: tuple[str, ...]
    cited: tuple[str, ...]
    summary: Summary
    voices: Mapping[str, tuple[Claim, ...]]
    trends: Mapping[str, int]
    older: tuple[Claim, ...]
    across: tuple[tuple[str, int], ...]
    coding: str

    @property
    def address(self) -> str:
        """Where its page is, from the top of the site."""
        return f"briefing/{folder_of(self.subject)}--{local_name(self.subject)}.html"


def write_briefings(site: Site) -> None:
    """Write a briefing for every agency and top theme that has claims, and their list."""
    site.copy(["briefing.css"])
    e = site.evidence
    subjects = {"agency": e.of_class("kg:Agency"), "theme": e.top_themes}
    told = {
        prefix: [briefing(e, iri) for iri in iris if e.naming(iri)]
        for prefix, iris in subjects.items()
    }
    site.page("briefing/index.html", "briefings", "Briefings", told=told, things=THINGS)
    for prefix, briefings in told.items():
        for each in briefings:
            site.page(
                each.address,
                "briefing",
                f"{e.label(each.subject)}: what the evidence says",
                b=each,
                singular=THINGS[prefix][1].lower(),
                spoken=spoken,
                reference=lambda work: beside_label(e, work),
                whose=lambda claim: whose(e, claim),
                page_of=page_of,
                voices=VOICES,
            )


def briefing(evidence: Evidence, subject: str) -> Briefing:
    """Choose what to tell of an agency or a theme.

    Args:
        evidence: what the graph says.
        subject: the agency or theme.

    Returns:
        The briefing, whose parts take turns until two pages are full.

    Example:
        >>> from kg.project import Project
        >>> from kg.store import open_store
        >>> evidence = Evidence.of(open_store(Project()))
        >>> police = briefing(evidence, expand("agency:police"))
        >>> len(police.claims), police.address
        (14, 'briefing/agency--police.html')
    """
    claims = distinct(evidence.naming(subject))
    told = {claim.iri for claim in claims}
    apart = [d for d in evidence.disagreements if told & set(d.between)]
    disputed = {iri for d in evidence.disagreements for iri in d.between}
    answers = {claim.iri: _answers(evidence, claim) for claim in claims}
    ranked: dict[str, list[Claim | Disagreement]] = {
        key: [*_ranked([c for c in claims if c.kind == expand(kind)], disputed, answers)]
        for key, (kind, _) in _KINDS.items()
    }
    reviews = tuple(dict.fromkeys(claim.review for claim in claims))
    # What a review cannot say, it cannot say of any agency or theme.
    limits = [c for c in distinct(evidence.claims) if c.kind == expand("kg:Limitation")]
    others = [c for c in limits if c.review in reviews and c.iri not in told]
    ranked["limits"] += _ranked(others, disputed, answers)
    ranked["disagreements"] = [*apart]
    titles = {key: title for key, (_, title) in _KINDS.items()}
    titles["disagreements"] = "Where claims disagree"
    coding = _coding(evidence, claims)
    across = _across(evidence, subject, claims)
    head = [
        evidence.label(subject),
        coding,
        *map(evidence.says, evidence.of_class("dcat:Dataset")),
        *(f"{evidence.label(review)} {beside_label(evidence, review)}" for review in reviews),
        ", ".join(f"{evidence.label(iri)} {many}" for iri, many in across),
    ]
    room = _ROOM - sum(map(_lines, head))
    shown = _chosen(evidence, ranked, answers, room)
    chosen = [claim for items in shown.values() for claim in _claims_of(evidence, items, answers)]
    return Briefing(
        subject=subject,
        claims=tuple(claims),
        parts={
            key: Part(key, titles[key], tuple(items), tuple(shown[key]))
            for key, items in ranked.items()
        },
        answers=answers,
        reviews=reviews,
        works=_by_label(evidence, (work for claim in claims for work in claim.works)),
        cited=_by_label(evidence, (work for claim in chosen for work in _credited(claim))),
        summary=summed(evidence, claims),
        voices={
            voice: tuple(claim for claim in claims if _voice(claim) == voice) for voice in VOICES
        },
        trends=Counter(local_name(claim.trend) for claim in claims),
        older=tuple(claim for claim in claims if before_baseline(evidence, claim)),
        across=across,
        coding=coding,
    )


def whose(evidence: Evidence, claim: Claim) -> str:
    """Say on whose word a claim stands, as short as it can be looked up.

    Example:
        >>> from kg.project import Project
        >>> from kg.store import open_store
        >>> evidence = Evidence.of(open_store(Project()))
        >>> whose(evidence, evidence.by_iri[expand("statement:martin-2010-044")])
        'Hunter 2009 in Burton 2009'
    """
    return ", ".join(dict.fromkeys(_word(evidence, line) for line in claim.lines))


def page_of(claim: Claim) -> str:
    """Say where in its review a claim begins: the page as printed, else the section."""
    at = next(iter(claim.places), None)
    if not at:
        return "place not recorded"
    return f"p. {at.page}" if at.page else section_in_words(at.section)


def _ranked(
    claims: Iterable[Claim], disputed: set[str], answers: Mapping[str, tuple[Claim, ...]]
) -> list[Claim]:
    """Put first what is answered, most works say, changed, is in dispute, and is sure.

    Change and dispute stand before sureness: were only one side at first hand, a briefing would
    else tell of that side alone.
    """

    def rank(claim: Claim) -> tuple[object, ...]:
        return (
            not answers.get(claim.iri),
            -len(claim.works),
            local_name(claim.trend) == "not-stated",
            claim.iri not in disputed,
            _sureness(claim),
            any(relation == "elaborates" for relation, _ in claim.links),
            claim.iri,
        )

    return sorted(claims, key=rank)


def _voice(claim: Claim) -> str:
    """Tell in which voice a claim is made at best."""
    voices = {local_name(line.voice) for line in claim.lines}
    return next((voice for voice in VOICES if voice in voices), "uncited")


def _sureness(claim: Claim) -> int:
    return [*VOICES].index(_voice(claim))


def _chosen(
    evidence: Evidence,
    ranked: Mapping[str, list[Claim | Disagreement]],
    answers: Mapping[str, tuple[Claim, ...]],
    room: float,
) -> dict[str, list[Claim | Disagreement]]:
    """Let the parts take turns, each with its next item, until the pages are full."""
    shown: dict[str, list[Claim | Disagreement]] = {key: [] for key in ranked}
    cited: set[str] = set()
    full: set[str] = set()
    for turn in range(max(map(len, ranked.values()))):
        for key, items in ranked.items():
            if turn >= len(items) or key in full:
                continue
            item = items[turn]
            told = _claims_of(evidence, [item], answers)
            works = {work for claim in told for work in _credited(claim)} - cited
            lines = [f"{c.label} {whose(evidence, c)} {page_of(c)} {c.name}" for c in told]
            if isinstance(item, Disagreement):
                lines += [item.label, *map(evidence.label, item.differs_in)]
            lines += [f"{evidence.label(work)} {beside_label(evidence, work)}" for work in works]
            needed = sum(map(_lines, lines))
            if needed > room:
                full.add(key)
                continue
            room -= needed
            cited |= works
            shown[key].append(item)
    return shown


def _lines(text: str) -> float:
    return ceil(len(text) / _WIDTH) + 0.3


def _claims_of(
    evidence: Evidence,
    items: Iterable[Claim | Disagreement],
    answers: Mapping[str, tuple[Claim, ...]],
) -> list[Claim]:
    """List the claims that are told with items: their answers, or both sides."""
    found: list[Claim] = []
    for item in items:
        if isinstance(item, Disagreement):
            found += [evidence.by_iri[iri] for iri in item.between]
        else:
            found += [item, *answers.get(item.iri, ())]
    return found


def _answers(evidence: Evidence, claim: Claim) -> tuple[Claim, ...]:
    """List what the review gives as an answer to a challenge or gap, or draws from it."""
    if claim.kind not in (expand("kg:Challenge"), expand("kg:Gap")):
        return ()
    return tuple(
        other
        for other in evidence.claims
        if other.kind in _ANSWERS
        and {("respondsTo", claim.iri), ("followsFrom", claim.iri)} & set(other.links)
    )


def _across(evidence: Evidence, subject: str, claims: list[Claim]) -> tuple[tuple[str, int], ...]:
    """Count the claims by what the map sets the subject against: themes, or agencies."""
    agency = folder_of(subject) == "agency"
    found: Counter[str] = Counter()
    for other in evidence.top_themes if agency else evidence.of_class("kg:Agency"):
        named = {claim.iri for claim in evidence.naming(other)}
        found[other] = sum(claim.iri in named for claim in claims)
    return tuple((iri, many) for iri, many in found.most_common() if many)


def _coding(evidence: Evidence, claims: list[Claim]) -> str:
    """Tell who took the claims from the reviews."""
    rounds = {iri for claim in claims for iri in evidence.links(claim.iri, "prov:wasGeneratedBy")}
    agents = {iri for each in rounds for iri in evidence.links(each, "prov:wasAssociatedWith")}
    told = dict.fromkeys(evidence.one(iri, "dcterms:description") for iri in sorted(agents))
    return " ".join(filter(None, told))


def _word(evidence: Evidence, line: Line) -> str:
    if not line.work:
        return "own view" if local_name(line.voice) == "own-view" else "no work cited"
    through = f" in {_short(evidence, line.relayed_by)}" if line.relayed_by else ""
    return _short(evidence, line.work) + through


def _short(evidence: Evidence, work: str) -> str:
    return re.sub(r" \((\d{4}[a-z]?)\)$", r" \1", evidence.label(work))


def _credited(claim: Claim) -> list[str]:
    """List the works that a short reference names, those in between too."""
    return [work for line in claim.lines for work in (line.work, line.relayed_by) if work]


def _by_label(evidence: Evidence, works: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(works), key=lambda work: (evidence.label(work).casefold(), work)))
