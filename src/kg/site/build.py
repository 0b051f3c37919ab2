"""Write the site: one folder of pages that opens from a memory stick, with no network."""

from pathlib import Path

from kg.errors import KgError
from kg.project import Project
from kg.site.about import write_about
from kg.site.briefing import write_briefings
from kg.site.claim_pages import write_claims
from kg.site.home_pages import write_home
from kg.site.map_pages import write_map
from kg.site.network_pages import write_networks
from kg.site.pages import Site
from kg.site.quality import write_quality
from kg.site.question_pages import write_questions
from kg.site.questions import questions
from kg.site.sparql_page import write_sparql
from kg.site.thing_pages import write_things
from kg.site.timeline import write_timeline
from kg.site.vocabulary import write_vocabulary
from kg.site.work_pages import write_works
from kg.store import Store


def build_site(
    project: Project,
    store: Store,
    folder: Path,
    *,
    with_sparql: bool = False,
    served: bool = False,
) -> list[Path]:
    """Write every page of the site into a folder.

    Args:
        project: whose graph and views.
        store: the graph to ask.
        folder: where the site goes; pages that are there are written over.
        with_sparql: whether its page of SPARQL comes with an engine and the graph.
        served: whether a server shows it, which answers questions itself.

    Returns:
        The files, in the order in which they were written; `index.html` is the first.

    Raises:
        KgError: the graph holds no statement, or a file cannot be written.
    """
    site = Site(project, store, folder, served=served)
    if not site.evidence.claims:
        raise KgError(
            "the graph holds no statement, so there is nothing to tell",
            where=project.home.as_posix(),
            fix="add a review first: docs/add-a-review.md says how",
        )
    asked = questions(project, store)
    write_home(site, asked)
    site.copy(["vendor/govuk.css", "site.css", "site.js"])
    cells = write_map(site)
    write_claims(site, asked)
    write_works(site)
    site.page("disagreements.html", "disagreements", "Disagreements")
    write_things(site, cells, write_networks(site, asked))
    write_questions(site, asked)
    write_quality(site)
    write_vocabulary(site)
    write_about(site)
    write_briefings(site)
    write_timeline(site)
    write_sparql(site, with_engine=with_sparql)
    if served:
        site.copy(["served.css"])
    site.finish()
    return list(site.written)
