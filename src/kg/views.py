"""Views: a view file's query is asked, and its rows become a network and a web page of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from kg.errors import KgError
from kg.network import build_network
from kg.project import Project
from kg.queries import ANY, Param, SavedQuery, label_of, load_query, run
from kg.results import Table, shown
from kg.store import Store
from kg.terms import PREFIXES
from kg.view_files import View, read_view
from kg.view_pages import Surroundings, view_page

if TYPE_CHECKING:
    from kg.network import Network


def list_views(project: Project) -> list[View]:
    """Read every view of the project, in order of id.

    Raises:
        KgError: a file is not as views are written (file, key, how to mend).

    Example:
        >>> [view.id for view in list_views(Project())][:2]
        ['agency', 'citation-chains']
    """
    return [read_view(path, project) for path in project.files("viz", "*.toml")]


def load_view(project: Project, name: str) -> View:
    """Read one view by its id.

    Raises:
        UnknownName: there is no such view.
        KgError: its file is not as views are written (file, key, how to mend).

    Example:
        >>> load_view(Project(), "overview").query
        'statement-network'
    """
    return read_view(project.named_file("viz", name, ".toml"), project)


def build_view(
    project: Project,
    store: Store,
    name: str,
    params: Mapping[str, Sequence[str]] | None = None,
    site: Surroundings | None = None,
) -> str:
    """Ask a view's query and draw its rows as one web page, self-contained or part of a site.

    Args:
        project: where the view and its query are.
        store: the graph to ask.
        name: the view's id.
        params: parameter values for the query, over those of the view.
        site: the site that the page is part of; without one the page holds all that it needs.

    Returns:
        HTML; the same graph and values give the same text.

    Raises:
        KgError: the view does not fit its query or the graph, or the query finds nothing.

    Example:
        >>> from kg.store import open_store
        >>> build_view(Project(), open_store(Project()), "overview").startswith("<!doctype html>")
        True
    """
    view = load_view(project, name)
    query = load_query(project, view.query)
    values = {**view.params, **(params or {})}
    graph = view_network(project, store, name, params)
    titled = replace(view, title=title_of(view, query, values, store))
    asked = {
        param.label.lower(): _called(param, values[param.name], store)
        for param in query.params
        if param.name in values
    }
    return view_page(titled, query, asked, graph, _datasets(store), site)


def view_network(
    project: Project, store: Store, name: str, params: Mapping[str, Sequence[str]] | None = None
) -> "Network":
    """Ask a view's query and give its rows as a networkx graph (see `build_network`).

    Args:
        project: where the view and its query are.
        store: the graph to ask.
        name: the view's id.
        params: parameter values for the query, over those of the view.

    Raises:
        KgError: the view does not fit its query, or the query finds nothing.

    Example:
        >>> from kg.store import open_store
        >>> graph = view_network(Project(), open_store(Project()), "overview")
        >>> graph.nodes["theme:interagency-working"]["kind"]
        'theme'
    """
    view = load_view(project, name)
    rows = _rows(load_query(project, view.query), store, {**view.params, **(params or {})}, view)
    if not rows.rows:
        raise KgError(
            "there is nothing to draw: the query finds no row",
            where=f"view {name}",
            fix=f"give other values with -p; kg query show {view.query} lists them",
        )
    details = [
        (rule, _rows(load_query(project, other), store, {}, view)) for other, rule in view.details
    ]
    return build_network(rows, view.nodes, view.edges, details, view.claims)


def title_of(
    view: View, query: SavedQuery, values: Mapping[str, Sequence[str]], store: Store
) -> str:
    """Put the labels of parameter values where the title names the parameters in braces."""
    title = view.title
    for param in query.params:
        if f"{{{param.name}}}" in title:
            names = _called(param, values.get(param.name, [param.default]), store)
            title = title.replace(f"{{{param.name}}}", " and ".join(names))
    return title


def _called(param: Param, given: Sequence[str], store: Store) -> list[str]:
    """Give the labels of parameter values."""
    anything = f"Any {param.label.lower()}"
    return [anything if value == ANY else label_of(param, value, store) or value for value in given]


def _rows(
    query: SavedQuery, store: Store, values: Mapping[str, Sequence[str]], view: View
) -> Table:
    answer = run(query, store, values)
    if not isinstance(answer, Table):
        raise KgError(
            f"its query {query.id} gives no table", where=view.where, fix="name a SELECT query"
        )
    return answer


def _datasets(store: Store) -> list[dict[str, str]]:
    """Ask the graph what it says of itself: title, version, description, licence."""
    answer = store.query(
        f"PREFIX dcat: <{PREFIXES['dcat']}> PREFIX dcterms: <{PREFIXES['dcterms']}> "
        f"PREFIX rdfs: <{PREFIXES['rdfs']}> SELECT ?title ?version ?description ?licence WHERE {{ "
        "?dataset a dcat:Dataset ; rdfs:label ?title . OPTIONAL { ?dataset dcat:version ?version } "
        "OPTIONAL { ?dataset dcterms:description ?description } "
        "OPTIONAL { ?dataset dcterms:license ?licence } } "
        "ORDER BY STR(?dataset) STR(?version) STR(?description) STR(?licence)"
    )
    assert isinstance(answer, Table)
    return [{key: shown(term) for key, term in row.items()} for row in answer.records()]
