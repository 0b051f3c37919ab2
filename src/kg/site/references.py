"""What the graph knows of works and claims, as references: never more than it says."""

from dataclasses import replace

from kg.sections import section_in_words
from kg.site.cite import Reference, footnote
from kg.site.evidence import Claim, Evidence, Line
from kg.terms import expand, local_name

_UNKNOWN = expand("design:unknown")
_CONFIRMED = expand("status:confirmed")


def work_reference(evidence: Evidence, iri: str) -> Reference:
    """Say how a work is cited.

    Args:
        evidence: what the graph says.
        iri: the work.

    Returns:
        The reference; where its facts are not confirmed, or it is known only from a citation,
        the note says so.

    Example:
        >>> from kg.project import Project
        >>> from kg.store import open_store
        >>> evidence = Evidence.of(open_store(Project()))
        >>> work_reference(evidence, expand("source:munro-2010")).authors
        ('Munro, Eileen',)
    """
    e = evidence
    design = e.one(iri, "kg:design")
    return Reference(
        key=local_name(iri),
        authors=tuple(filter(None, map(str.strip, e.one(iri, "dc:creator").split(";")))),
        title=e.one(iri, "dcterms:title"),
        issued=e.one(iri, "dcterms:issued"),
        publisher="; ".join(_called(e, each) for each in e.links(iri, "dcterms:publisher")),
        kind=e.label(design) if design and design != _UNKNOWN else "",
        number=e.one(iri, "dcterms:identifier"),
        isbn=e.one(iri, "schema:isbn"),
        note=_how_sure(e, iri),
    )


def beside_label(evidence: Evidence, iri: str) -> str:
    """Write a footnote for a work that stands behind its label, which is not said again.

    Example:
        >>> from kg.project import Project
        >>> from kg.store import open_store
        >>> evidence = Evidence.of(open_store(Project()))
        >>> beside_label(evidence, expand("source:cqc-2009"))
        'Safeguarding children: A review of arrangements in the NHS for safeguarding children.'
    """
    return footnote(work_reference(evidence, iri)).removeprefix(f"{evidence.label(iri)}. ")


def claim_reference(evidence: Evidence, claim: Claim) -> Reference:
    """Say how a claim is cited as a part of the dataset; its note says where it stands.

    Example:
        >>> from kg.project import Project
        >>> from kg.store import open_store
        >>> evidence = Evidence.of(open_store(Project()))
        >>> claim_reference(evidence, evidence.claims[0]).within
        'Claim martin-2010-001 of Evidence graph on safeguarding children, version 0.1.0'
    """
    e = evidence
    dataset = next(iter(e.of_class("dcat:Dataset")), "")
    version = e.one(dataset, "dcat:version") or e.one(dataset, "owl:versionInfo")
    of = f" of {e.one(dataset, 'dcterms:title') or e.label(dataset)}" if dataset else ""
    return Reference(
        key=claim.name,
        authors=tuple(_called(e, each) for each in e.links(dataset, "dcterms:creator")),
        title=claim.label,
        issued=e.one(dataset, "dcterms:issued"),
        within=f"Claim {claim.name}{of}{f', version {version}' if version else ''}",
        address=claim.iri,
        note=f"It stands in: {_stands_in(e, claim)}",
    )


def claim_footnote(evidence: Evidence, claim: Claim) -> str:
    """Write a footnote for a claim: the review and the place in it, then the claim as recorded."""
    own = claim_reference(evidence, claim)
    return f"{_stands_in(evidence, claim)} {own.within}. {own.address}"


def _stands_in(e: Evidence, claim: Claim) -> str:
    """The review as far as it is known, the sections and pages, and the works rested on."""
    review = replace(work_reference(e, claim.review), isbn="")  # it would part title from page
    places = dict.fromkeys(
        f"{section_in_words(at.section)}{f', p. {at.page}' if at.page else ''}"
        for at in claim.places
    )
    at = "; ".join(places)
    rests = "; ".join(dict.fromkeys(_rests_on(e, line) for line in claim.lines if line.work))
    parts = [f"{at[:1].upper()}{at[1:]}", f"Citing {rests}" if rests else ""]
    return " ".join([footnote(review), *(f"{part}." for part in parts if part)])


def _rests_on(e: Evidence, line: Line) -> str:
    through = f", as cited in {e.label(line.relayed_by)}" if line.relayed_by else ""
    locator = f", {line.locator}" if line.locator else ""
    return f"{e.label(line.work)}{locator}{through}"


def _how_sure(e: Evidence, iri: str) -> str:
    """Nothing where the facts are confirmed; else what is doubtful, and who cites the work."""
    status = e.one(iri, "kg:bibliographicStatus")
    if not status or status == _CONFIRMED:
        return ""
    says = e.says(status)
    citation = e.one(iri, "dcterms:bibliographicCitation")
    reviews = "; ".join(dict.fromkeys(e.label(c.review) for c in e.naming(iri) if c.review != iri))
    cited = f" Cited as “{citation}” in {reviews}." if citation and reviews else ""
    return f"{e.label(status)}: {says[:1].lower()}{says[1:]}{cited}"


def _called(e: Evidence, value: str) -> str:
    """The name of a person or body, be it a thing of the graph or a text."""
    return e.label(value) if value in e.told else value
