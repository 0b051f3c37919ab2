"""The page about the graph: what it is, who made it and how, how to cite it, and its files."""

from kg.catalogue import DATASET
from kg.site.cite import Reference, bibtex, footnote
from kg.site.dates import spoken
from kg.site.downloads import write_downloads
from kg.site.evidence import Evidence
from kg.site.pages import THINGS, Site
from kg.terms import local_name

_LICENCES = {
    "https://creativecommons.org/licenses/by/4.0/": "Creative Commons Attribution 4.0 (CC BY 4.0)"
}


def write_about(site: Site) -> None:
    """Write the page about the graph, and the files that it offers."""
    site.copy(["reference.css"])
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
        citation=footnote(reference(e, dataset)),
        bibtex=bibtex(reference(e, dataset)),
        reviews=sorted({claim.review for claim in e.claims}, key=e.label),
        rounds=_rounds(e),
        day=spoken,
        counts=[
            ("claim", "claims", "claims.html", len(e.claims)),
            ("disagreement", "disagreements", "disagreements.html", len(e.disagreements)),
            *((*THINGS[p][1:], f"{p}-list.html", len(iris)) for p, iris in site.things.items()),
        ],
        downloads=write_downloads(site),
    )


def creators(e: Evidence, dataset: str) -> list[str]:
    """List who made the graph, by name."""
    return [e.label(who) if who in e.told else who for who in e.links(dataset, "dcterms:creator")]


def reference(e: Evidence, dataset: str) -> Reference:
    """Give what is known of the graph to whoever cites it.

    Example:
        >>> from kg.project import Project
        >>> from kg.store import open_store
        >>> reference(Evidence.of(open_store(Project())), DATASET).authors
        ('The evidence-kg maintainers',)
    """
    version = e.one(dataset, "dcat:version")
    return Reference(
        key=local_name(dataset),
        authors=tuple(creators(e, dataset)),
        title=e.label(dataset),
        issued=e.one(dataset, "dcterms:issued"),
        number=f"Version {version}" if version else "",
        address=dataset,
        note="Data set.",
    )


def _rounds(e: Evidence) -> list[str]:
    """List the rounds in which claims were coded, the first before the later ones."""
    found = {r for claim in e.claims for r in e.links(claim.iri, "prov:wasGeneratedBy")}
    return sorted(found, key=lambda iri: (e.one(iri, "prov:endedAtTime"), iri))
