"""The pages of claims: one for each with files to download, and one that lists them all."""

from kg.site.cite import bibtex, ris
from kg.site.currency import baseline_date, before_baseline, ended, tells_of_change
from kg.site.dates import when
from kg.site.evidence import Claim, distinct
from kg.site.pages import Site
from kg.site.questions import Answered, Question
from kg.site.references import claim_footnote, claim_reference, work_reference
from kg.turtle import write_turtle

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
# The relations whose two ends say the same; the others only have to do with each other.
_AGREE = ("supports", "repeats")

Asked = list[tuple[Question, list[Answered]]]


def write_claims(site: Site, asked: list[Question]) -> None:
    """Write a page and files for every claim, and a page that lists all of them.

    Args:
        site: where they go.
        asked: the saved questions, of which a claim's page names those that return it.
    """
    site.copy(["claims.css"])
    e = site.evidence
    site.page("claims.html", "claims", "All claims", distinct=distinct(e.claims))
    returned = _returned(asked)
    reading = sorted(e.claims, key=lambda claim: (claim.review, _start(site, claim), claim.iri))
    turns = zip([None, *reading[:-1]], reading, [*reading[1:], None], strict=True)
    for before, claim, after in turns:
        references = [claim_reference(e, claim), work_reference(e, claim.review)]
        own = {
            "bib": "\n".join(map(bibtex, references)),
            "ris": "".join(map(ris, references)),
            "ttl": write_turtle(e.triples(claim.iri)),
        }
        address = site.addresses[claim.iri]
        for form, content in own.items():
            site.write(f"{address.removesuffix('html')}{form}", content)
        agreeing, related = _relations(site, claim)
        site.page(
            address,
            "claim",
            claim.label,
            claim=claim,
            own=own,
            footnote=claim_footnote(e, claim),
            before=before if before and before.review == claim.review else None,
            after=after if after and after.review == claim.review else None,
            agreeing=agreeing,
            related=related,
            disagreements=[d for d in e.disagreements if claim.iri in d.between],
            older=before_baseline(e, claim),
            changes=tells_of_change(claim),
            baseline=baseline_date(e, claim.review),
            ended=ended(e, claim),
            asked=returned.get(claim.iri, []),
            when=when,
        )


def _relations(site: Site, claim: Claim) -> tuple[list[tuple[str, list[str]]], ...]:
    """The claims that agree with one, and the others that have to do with it, by relation."""
    found: dict[tuple[str, str], list[str]] = {}
    for relation, other in claim.links:
        found.setdefault((relation, _AHEAD[relation]), []).append(other)
    for other_claim in site.evidence.claims:
        for relation, other in other_claim.links:
            if other == claim.iri:
                found.setdefault((relation, _BACK[relation]), []).append(other_claim.iri)
    order = [*_AHEAD.items(), *_BACK.items()]
    ordered = sorted(found.items(), key=lambda item: order.index(item[0]))
    return (
        [(name, iris) for (relation, name), iris in ordered if relation in _AGREE],
        [(name, iris) for (relation, name), iris in ordered if relation not in _AGREE],
    )


def _returned(asked: list[Question]) -> dict[str, Asked]:
    """The questions that return each claim, with the choices; the narrowest answers come first."""
    found: dict[str, Asked] = {}
    for question in asked:
        for answer in sorted(question.answers, key=lambda each: len(each.rows)):
            if "statement" not in answer.table.columns:
                continue
            at = answer.table.columns.index("statement")
            for iri in {term.value for row in answer.table.rows if (term := row[at])}:
                told = found.setdefault(iri, [])
                if not told or told[-1][0] is not question:
                    told.append((question, []))
                told[-1][1].append(answer)
    for told in found.values():
        told.sort(key=lambda pair: len(pair[1][0].rows))
    return found


def _start(site: Site, claim: Claim) -> int:
    """Where its passage begins in the text of the review."""
    e = site.evidence
    starts = (e.one(at, "kg:start") for at in e.links(claim.iri, "kg:passage"))
    return min(map(int, filter(None, starts)), default=0)
