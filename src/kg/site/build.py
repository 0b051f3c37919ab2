"""Write the site: one folder of pages that opens from a memory stick, with no network."""

from pathlib import Path

from kg.errors import KgError
from kg.project import Project
from kg.site.cells import Cell
from kg.site.claim_pages import write_claims
from kg.site.evidence import distinct
from kg.site.map_pages import write_map
from kg.site.pages import THINGS, Site
from kg.site.question_pages import write_questions
from kg.site.questions import Question, questions
from kg.site.sparql_page import write_sparql
from kg.store import Store
from kg.terms import expand


def build_site(
    project: Project, store: Store, folder: Path, *, with_sparql: bool = False
) -> list[Path]:
    """Write every page of the site into a folder.

    Args:
        project: whose graph and views.
        store: the graph to ask.
        folder: where the site goes; pages that are there are written over.
        with_sparql: whether its page of SPARQL comes with an engine and the graph.

    Returns:
        The files, in the order in which they were written; `index.html` is the first.

    Raises:
        KgError: the graph holds no statement, or a file cannot be written.
    """
    site = Site(project, store, folder)
    if not site.evidence.claims:
        raise KgError(
            "the graph holds no statement, so there is nothing to tell",
            where=project.home.as_posix(),
            fix="add a review first: docs/add-a-review.md says how",
        )
    asked = questions(project, store)
    _write_home(site, asked)
    cells = write_map(site)
    write_claims(site)
    site.page("disagreements.html", "disagreements", "Disagreements")
    _write_things(site, cells)
    write_questions(site, asked)
    write_sparql(site, with_engine=with_sparql)
    site.copy(["vendor/govuk.css", "site.css"])
    return site.written


def _write_home(site: Site, asked: list[Question]) -> None:
    e = site.evidence
    site.page(
        "index.html",
        "home",
        "What the evidence says",
        things=site.things,
        questions=[each for each in asked if "policy team" in each.query.users],
        limits=[c for c in distinct(e.claims) if c.kind == expand("kg:Limitation")],
    )


def _write_things(site: Site, cells: dict[str, dict[str, Cell]]) -> None:
    """Write a page for every agency, theme, work, body, event and concept, and their lists."""
    e = site.evidence
    for prefix, iris in site.things.items():
        _, singular, plural = THINGS[prefix]
        site.page(f"{prefix}-list.html", "list", plural, iris=iris)
        for iri in iris:
            site.page(
                site.addresses[iri],
                "thing",
                e.label(iri),
                iri=iri,
                singular=singular,
                prefix=prefix,
                claims=distinct(e.naming(iri)),
                row=cells.get(iri, {}),
            )
