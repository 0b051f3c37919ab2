"""The pages of claims: one for each, and one that lists them all."""

from kg.site.evidence import RELATIONS, Claim
from kg.site.pages import Site

# How a relation reads, and how it reads from its other end.
_AHEAD = {
    "supports": "Supports",
    "qualifies": "Qualifies",
    "elaborates": "Elaborates",
    "followsFrom": "Follows from",
    "respondsTo": "Responds to",
    "repeats": "Says again",
}
_BACK = {
    "supports": "Supported by",
    "qualifies": "Qualified by",
    "elaborates": "Elaborated by",
    "followsFrom": "What follows from it",
    "respondsTo": "Answered by",
    "repeats": "Said again in",
}


def write_claims(site: Site) -> None:
    """Write a page for every claim, and one that lists all of them."""
    e = site.evidence
    site.page("claims.html", "claims", "All claims", claims=e.claims, kinds=e.kinds)
    for claim in e.claims:
        site.page(
            site.addresses[claim.iri],
            "claim",
            claim.label,
            claim=claim,
            relations=_relations(site, claim),
            disagreements=[d for d in e.disagreements if claim.iri in d.between],
        )


def _relations(site: Site, claim: Claim) -> list[tuple[str, list[str]]]:
    found: dict[str, list[str]] = {}
    for relation, other in claim.links:
        found.setdefault(_AHEAD[relation], []).append(other)
    for other_claim in site.evidence.claims:
        for relation, other in other_claim.links:
            if other == claim.iri:
                found.setdefault(_BACK[relation], []).append(other_claim.iri)
    order = [*map(_AHEAD.get, RELATIONS), *map(_BACK.get, RELATIONS)]
    return sorted(found.items(), key=lambda pair: order.index(pair[0]))
