"""The network pages: each view of `viz/`, for each of its choices, with a list of them all."""

from collections.abc import Iterable
from dataclasses import dataclass

from kg.large_networks import FILES as FILES_OF_LARGE
from kg.project import Project
from kg.queries import Param, choices, load_query, run
from kg.results import Table
from kg.site.pages import Site
from kg.site.questions import Question
from kg.store import Store
from kg.terms import curie, local_name
from kg.view_files import View
from kg.view_pages import FILES, Surroundings
from kg.views import build_view, list_views

_INDEX = "network/index.html"


@dataclass(frozen=True)
class Network:
    """A view, with one choice made where it has any."""

    view: View
    param: Param | None
    choice: str
    label: str

    @property
    def address(self) -> str:
        """Where its page is, from the top of the site."""
        return f"network/{self.view.id}{self._choice}.html"

    @property
    def question(self) -> str:
        """Where the same is told in rows: the page of its saved question, with this choice."""
        return f"question/{self.view.query}{self._choice}.html"

    @property
    def _choice(self) -> str:
        return f"--{local_name(self.choice)}" if self.choice else ""


def networks(project: Project, store: Store) -> list[Network]:
    """List the networks that hold something: of each view one, or one for each choice.

    A view has choices where its title names a parameter in braces.

    Example:
        >>> from kg.store import open_store
        >>> found = networks(Project(), open_store(Project()))
        >>> [each.address for each in found if each.view.id == "agency"][0]
        'network/agency--central-government.html'
    """
    found = []
    for view in list_views(project):
        query = load_query(project, view.query)
        param = next((p for p in query.params if f"{{{p.name}}}" in view.title), None)
        chosen = choices(param, store) if param else {"": ""}
        for choice, label in sorted(chosen.items(), key=lambda pair: pair[1].casefold()):
            given = {**view.params, **({param.name: [choice]} if param else {})}
            table = run(query, store, given)
            if isinstance(table, Table) and table.rows:
                found.append(Network(view, param, choice, label))
    return found


def write_networks(site: Site, asked: Iterable[Question]) -> dict[str, list[Network]]:
    """Write a page for every network and one that lists them, and give them by what is chosen."""
    found = networks(site.project, site.store)
    answered = {answer.address for question in asked for answer in question.answers}
    pages = {curie(iri): address for iri, address in site.addresses.items()}
    by_choice: dict[str, list[Network]] = {}
    for network in found:
        if network.choice:
            by_choice.setdefault(network.choice, []).append(network)
        around = Surroundings(
            up="../",
            frame=site.frame(network.address),
            ways=_ways(site, network),
            pages=pages,
            question=network.question if network.question in answered else "",
        )
        given = {network.param.name: [network.choice]} if network.param else None
        text = build_view(site.project, site.store, network.view.id, given, around)
        site.write(network.address, text)
    views = sorted(list_views(site.project), key=lambda view: "{" not in view.title)
    site.page(_INDEX, "networks", "Networks", views=views, networks=found)
    site.copy(dict.fromkeys((*FILES, *FILES_OF_LARGE)))
    return by_choice


def _ways(site: Site, network: Network) -> list[tuple[str, str]]:
    """List where a page leads beside head and foot: to the page of what is chosen."""
    if network.choice not in site.addresses:
        return []
    return [(f"Claims on {network.label}", site.addresses[network.choice])]
