"""The evidence map: what is said of each agency under each theme, and why where nothing is."""

from collections import Counter
from dataclasses import dataclass

from kg.site.evidence import Claim, Evidence, distinct
from kg.terms import expand, local_name

# Why a cell holds no evidence of the review's own reading, in the order in which they are asked.
REASONS = {
    "outside": "Outside what the review covers",
    "nothing": "Nothing found",
    "gap": "Gap named by the authors",
    "second-hand": "Relayed: known only through another work",
    "unsourced": "Said, but on no work that the review read",
}
# Kinds of claims that stand together in a bubble, with what they are called.
GROUPS = {
    "found": ("Findings and background", ("Finding", "Background")),
    "hinders": ("Challenges, gaps and limitations", ("Challenge", "Gap", "Limitation")),
    "helps": ("Supporting factors", ("SupportingFactor",)),
    "done": ("Recommendations and policy actions", ("Recommendation", "PolicyAction")),
}
# Who speaks in claims, the best founded first, with what the label of each means.
VOICES = {
    "reported": "by a work that the review read",
    "relayed": "known only through another work",
    "own-view": "the review speaks for itself",
    "uncited": "no work is named",
}


@dataclass(frozen=True)
class Summary:
    """What some claims say together: how many of each kind, trend and voice there are.

    Kinds stand by IRI, trends and voices by label. Agencies are `named` by the passage or `implied`
    by a rule; a claim without any is neither.
    """

    claims: tuple[Claim, ...]
    kinds: tuple[tuple[str, int], ...]
    trends: tuple[tuple[str, int], ...]
    voices: tuple[tuple[str, int], ...]
    named: int
    implied: int
    disputed: int

    @property
    def no_agency(self) -> int:
        """How many of the claims concern no agency."""
        return len(self.claims) - self.named - self.implied


@dataclass(frozen=True)
class Cell(Summary):
    """What is said of an agency under a theme."""

    agency: str
    theme: str
    reason: str

    @property
    def groups(self) -> tuple[tuple[str, int], ...]:
        """How many claims there are of each of `GROUPS` that has some."""
        kinds = Counter(local_name(claim.kind) for claim in self.claims)
        many = ((name, sum(kinds[kind] for kind in of)) for name, (_, of) in GROUPS.items())
        return tuple((name, number) for name, number in many if number)

    @property
    def address(self) -> str:
        """Where its page is, from the top of the site."""
        return f"map/{local_name(self.agency)}--{local_name(self.theme)}.html"


def cell(evidence: Evidence, agency: str, theme: str) -> Cell:
    """Sum up the distinct claims on an agency under a theme.

    Example:
        >>> from kg.project import Project
        >>> from kg.store import open_store
        >>> evidence = Evidence.of(open_store(Project()))
        >>> cell(evidence, expand("agency:police"), expand("theme:serious-case-reviews")).reason
        'unsourced'
    """
    named = {claim.iri for claim in evidence.naming(theme)}
    claims = [c for c in distinct(evidence.naming(agency)) if c.iri in named]
    reason = _reason(evidence, agency, theme, claims)
    return Cell(**vars(summed(evidence, claims)), agency=agency, theme=theme, reason=reason)


def summed(evidence: Evidence, claims: list[Claim]) -> Summary:
    """Sum up claims, none of which repeats another."""
    trends = [claim.trend for claim in claims if local_name(claim.trend) != "not-stated"]
    disputed = {iri for each in evidence.disagreements for iri in each.between}
    return Summary(
        claims=tuple(claims),
        kinds=tuple(Counter(claim.kind for claim in claims).most_common()),
        trends=_counted(evidence, trends),
        voices=_counted(evidence, [voice for c in claims for voice in {x.voice for x in c.lines}]),
        named=sum(bool(claim.agencies) and not claim.implied for claim in claims),
        implied=sum(bool(claim.agencies) and claim.implied for claim in claims),
        disputed=sum(claim.iri in disputed for claim in claims),
    )


def _reason(evidence: Evidence, agency: str, theme: str, claims: list[Claim]) -> str:
    if any(line.work and not line.relayed_by for claim in claims for line in claim.lines):
        return ""
    if not evidence.naming(agency) or not evidence.naming(theme):
        return "outside"
    if not claims:
        return "nothing"
    if all(claim.only_relayed for claim in claims):
        return "second-hand"
    return "gap" if all(claim.kind == expand("kg:Gap") for claim in claims) else "unsourced"


def _counted(evidence: Evidence, iris: list[str]) -> tuple[tuple[str, int], ...]:
    return tuple((evidence.label(iri), many) for iri, many in Counter(iris).most_common())
