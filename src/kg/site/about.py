"""The page about the graph: what it is, who made it and how, how to cite it, and its files."""

from datetime import date

from kg.catalogue import DATASET
from kg.site.downloads import write_downloads
from kg.site.evidence import Evidence
from kg.site.pages import THINGS, Site
from kg.terms import local_name

_LICENCES = {
    "https://creativecommons.org/licenses/by/4.0/": "Creative Commons Attribution 4.0 (CC BY 4.0)"
}
# What BibTeX takes for something other than the character.
_ESCAPES = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{char: f"\\{char}" for char in "{}%&_#$"},
}


def write_about(site: Site) -> None:
    """Write the page about the graph, and the files that it offers."""
    e = site.evidence
    dataset = next(iter(e.of_class("dcat:Dataset")), DATASET)
    licence = e.one(dataset, "dcterms:license")
    site.page(
        "about.html",
        "about",
        "About this graph",
        iri=dataset,
        licence=_LICENCES.get(licence, ""),
        licence_address=licence,
        creators=creators(e, dataset),
        citation=citation(e, dataset),
        bibtex=bibtex(e, dataset),
        reviews=sorted({claim.review for claim in e.claims}, key=e.label),
        rounds=_rounds(e),
        day=in_words,
        counts=[
            ("Claims", "claims.html", len(e.claims)),
            ("Disagreements", "disagreements.html", len(e.disagreements)),
            *((THINGS[p][2], f"{p}-list.html", len(iris)) for p, iris in site.things.items()),
        ],
        downloads=write_downloads(site),
    )


def in_words(day: str) -> str:
    """Write a day as people do; what is less exact stays as it is.

    Example:
        >>> in_words("2026-11-23"), in_words("2026")
        ('23 November 2026', '2026')
    """
    try:
        found = date.fromisoformat(day)
    except ValueError:
        return day
    return f"{found.day} {found:%B %Y}"


def creators(e: Evidence, dataset: str) -> list[str]:
    """List who made the graph, by name."""
    return [e.label(who) if who in e.told else who for who in e.links(dataset, "dcterms:creator")]


def citation(e: Evidence, dataset: str) -> str:
    """Write in one line how to cite the graph; what is not known is left out.

    Example:
        >>> from kg.project import Project
        >>> from kg.store import open_store
        >>> citation(Evidence.of(open_store(Project())), DATASET)[:33]
        'The evidence-kg maintainers (2026'
    """
    who = " and ".join(creators(e, dataset))
    year = e.one(dataset, "dcterms:issued")[:4]
    version = e.one(dataset, "dcat:version")
    head = f"{who} ({year}). " if who and year else f"{who}. " if who else ""
    title = e.label(dataset) + (f", version {version}" if version else "")
    return f"{head}{title} [data set]. {dataset}"


def bibtex(e: Evidence, dataset: str) -> str:
    """Write how to cite the graph as a BibTeX entry."""
    told = {
        "author": " and ".join(f"{{{_escaped(who)}}}" for who in creators(e, dataset)),
        "title": f"{{{_escaped(e.label(dataset))}}}",
        "year": _escaped(e.one(dataset, "dcterms:issued")[:4]),
        "version": _escaped(e.one(dataset, "dcat:version")),
        "note": "Data set",
        "url": dataset,
    }
    lines = "".join(f"  {name} = {{{value}}},\n" for name, value in told.items() if value)
    return f"@misc{{{local_name(dataset)},\n{lines}}}\n"


def _escaped(text: str) -> str:
    return "".join(_ESCAPES.get(char, char) for char in text)


def _rounds(e: Evidence) -> list[str]:
    """List the rounds in which claims were coded, the first before the later ones."""
    found = {r for claim in e.claims for r in e.links(claim.iri, "prov:wasGeneratedBy")}
    return sorted(found, key=lambda iri: (e.one(iri, "prov:endedAtTime"), iri))
