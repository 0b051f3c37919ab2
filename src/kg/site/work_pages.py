"""The pages of works: how sure their facts are, how to cite them, and what rests on them."""

from kg.site.cite import bibtex, footnote, ris
from kg.site.currency import baseline_date
from kg.site.dates import before, spoken
from kg.site.evidence import Claim, distinct
from kg.site.pages import Site
from kg.site.references import work_reference
from kg.terms import expand

# What a reader looks for in a reference, and by which properties the graph says it.
_FACTS = {
    "its title": ["dcterms:title"],
    "who wrote or published it": ["dc:creator", "dcterms:publisher"],
    "when it came out": ["dcterms:issued"],
    "what kind of work it is": ["kg:design"],
    "from when its data are": ["kg:evidenceFrom", "kg:evidenceUntil"],
}


def write_works(site: Site) -> None:
    """Write a page for every work, and how to cite it as files."""
    site.copy(["claims.css"])
    e = site.evidence
    for iri in site.things["source"]:
        reference = work_reference(e, iri)
        own = {"bib": bibtex(reference), "ris": ris(reference)}
        address = site.addresses[iri]
        for form, content in own.items():
            site.write(f"{address.removesuffix('html')}{form}", content)
        named = distinct(e.naming(iri))
        until = e.one(iri, "kg:evidenceUntil")
        reviews = list(dict.fromkeys(claim.review for claim in named))
        site.page(
            address,
            "work",
            e.label(iri),
            iri=iri,
            own=own,
            footnote=footnote(reference),
            missing=_missing(site, iri),
            told=[claim for claim in named if claim.review == iri],
            reported=_resting(named, iri, relayed=False),
            relayed=_resting(named, iri, relayed=True),
            passed_on=[c for c in named if any(line.relayed_by == iri for line in c.lines)],
            baselines=[
                (review, date, before(until, date))
                for review in reviews
                if until and (date := baseline_date(e, review))
            ],
            spoken=spoken,
        )


def _missing(site: Site, iri: str) -> list[str]:
    unknown = expand("design:unknown")
    return [
        name
        for name, properties in _FACTS.items()
        if not {v for each in properties for v in site.evidence.links(iri, each)} - {unknown}
    ]


def _resting(claims: list[Claim], iri: str, relayed: bool) -> list[Claim]:
    return [
        claim
        for claim in claims
        if any(line.work == iri and bool(line.relayed_by) == relayed for line in claim.lines)
    ]
