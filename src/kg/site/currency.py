"""What time has done to a claim: data from before its baseline, and bodies since replaced."""

from dataclasses import dataclass

from kg.site.dates import before
from kg.site.evidence import Claim, Evidence
from kg.terms import expand

_NOT_STATED = expand("trend:not-stated")


@dataclass(frozen=True)
class Older:
    """A work behind a claim whose data end before the baseline of its review, or may do so.

    `sure` says whether they do: of data that end in the month of the baseline nobody can tell.
    """

    work: str
    until: str
    sure: bool


@dataclass(frozen=True)
class Ended:
    """A body that a claim is about and that another has replaced.

    `until` is when the change was complete, where it took a while; `side` says whether it ended
    before or after the review came out, where that can be told; `notes` are the graph's own
    reservations about the change.
    """

    body: str
    date: str
    side: str
    until: str
    successor: str
    event: str
    notes: tuple[str, ...]


def before_baseline(evidence: Evidence, claim: Claim) -> list[Older]:
    """Find the works of a claim whose data end before the baseline of its review, or may do so.

    Example:
        >>> from kg.project import Project
        >>> from kg.store import open_store
        >>> evidence = Evidence.of(open_store(Project()))
        >>> claim = evidence.by_iri[expand("statement:martin-2010-010")]
        >>> [(each.until, each.sure) for each in before_baseline(evidence, claim)]
        [('2009-03', False)]
    """
    baseline = baseline_date(evidence, claim.review)
    ends = ((work, evidence.one(work, "kg:evidenceUntil")) for work in claim.works)
    return [
        Older(work, until, sure=bool(is_before))
        for work, until in ends
        if baseline and until and (is_before := before(until, baseline)) is not False
    ]


def baseline_date(evidence: Evidence, review: str) -> str:
    """Give the date of the event against which a review measures its trends, or nothing."""
    return evidence.one(evidence.one(review, "kg:baseline"), "dcterms:date")


def tells_of_change(claim: Claim) -> bool:
    """Whether a claim says that something changed, or not, since the baseline of its review."""
    return claim.trend not in ("", _NOT_STATED) and not claim.since


def ended(evidence: Evidence, claim: Claim) -> list[Ended]:
    """Find the bodies that a claim is about and that another has replaced.

    A review or an inquiry ends when its work is done. Nothing takes its place, and a claim about
    it is no older for that; so what counts is a change of bodies, not the last day of one.

    Example:
        >>> from kg.project import Project
        >>> from kg.store import open_store
        >>> evidence = Evidence.of(open_store(Project()))
        >>> claim = evidence.by_iri[expand("statement:martin-2010-021")]
        >>> [(evidence.label(each.successor), each.date) for each in ended(evidence, claim)]
        [('Department for Education', '2010-05-12')]
    """
    issued = evidence.one(claim.review, "dcterms:issued")
    return [each for body in claim.concerns for each in _ends(evidence, body, issued)]


def _ends(e: Evidence, body: str, issued: str) -> list[Ended]:
    return [
        Ended(
            body,
            date,
            _side(date, issued),
            e.one(event, "kg:until"),
            successor,
            event,
            e.links(event, "skos:editorialNote"),
        )
        for event in e.of_class("org:ChangeEvent")
        if body in e.links(event, "org:originalOrganization")
        for date in e.links(event, "dcterms:date")
        for successor in e.links(event, "org:resultingOrganization")
    ]


def _side(date: str, issued: str) -> str:
    return "before" if before(date, issued) else "after" if before(issued, date) else ""
