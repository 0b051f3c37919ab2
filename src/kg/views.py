"""Views: a view file and a query's rows become one web page that needs no network."""

import tomllib
from base64 import b64encode
from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from kg import __version__
from kg.errors import KgError, UnknownName
from kg.network import build_network
from kg.project import Project
from kg.queries import SavedQuery, load_query, run
from kg.results import Table, shown
from kg.store import Store
from kg.terms import PREFIXES, nearest_of
from kg.view_files import View, read_view

if TYPE_CHECKING:
    from kg.network import Network

_MANY_EDGES = 2000  # above this, pyvis's add_edge takes seconds: it looks through all nodes


def list_views(project: Project) -> list[View]:
    """Read every view of the project, in order of id.

    Raises:
        KgError: a file is not as views are written (file, key, how to mend).

    Example:
        >>> [view.id for view in list_views(Project())]
        ['cross-agency-challenges', 'overview']
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
    project: Project, store: Store, name: str, params: Mapping[str, Sequence[str]] | None = None
) -> str:
    """Ask a view's query and draw its rows as one self-contained web page.

    Args:
        project: where the view and its query are.
        store: the graph to ask.
        name: the view's id.
        params: parameter values for the query, over those of the view.

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
    rows = _rows(query, store, values, view)
    if not rows.rows:
        raise KgError(
            "there is nothing to draw: the query finds no row",
            where=f"view {name}",
            fix=f"give other values with -p; kg query show {view.query} lists them",
        )
    details = [
        (rule, _rows(load_query(project, other), store, {}, view)) for other, rule in view.details
    ]
    graph = build_network(rows, view.nodes, view.edges, details)
    return _page(view, query, values, graph, _datasets(store))


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


def _page(
    view: View,
    query: SavedQuery,
    values: Mapping[str, Sequence[str]],
    graph: "Network",
    datasets: Sequence[Mapping[str, str]],
) -> str:
    from jinja2 import Environment, PackageLoader
    from markupsafe import Markup

    for named, drawn, table in (
        ({str(kind) for _, kind in graph.nodes(data="kind")}, view.kinds, "kinds"),
        ({str(edge["link"]) for *_, edge in graph.edges(data=True)}, view.links, "links"),
    ):
        for name in sorted(named - drawn.keys()):
            raise UnknownName(
                f"the rows hold {name!r}, and [{table}] does not say how to draw it",
                where=view.where,
                fix=f"add it there, or correct one of {nearest_of(name, drawn)}",
            )
    net = _drawn(view, graph)
    static = files("kg") / "static"
    # Line ends are normalised as a browser does before it compares a hash.
    style, vis, script = (
        "\n".join((static / name).read_text(encoding="utf-8").splitlines())
        for name in ("network.css", "vendor/vis-network.min.js", "network.js")
    )
    vendor = tomllib.loads((static / "vendor.toml").read_text(encoding="utf-8"))
    # pyvis fills our template: it escapes all that comes from the graph, pyvis's own does not.
    net.templateEnv = Environment(
        loader=PackageLoader("kg", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    kinds = Counter(str(node["kind"]) for _, node in graph.nodes(data=True))
    links = Counter(str(edge["link"]) for *_, edge in graph.edges(data=True))
    net.templateEnv.globals.update(
        view=view,
        query=query,
        values=values,
        version=__version__,
        datasets=datasets,
        groups=_groups(view, graph),
        kinds={name: kinds[name] for name in view.kinds if name in kinds},
        links={name: links[name] for name in view.links if name in links},
        scope=_scope(view, graph),
        backs={name: link.back for name, link in view.links.items()},
        svg={name: Markup(kind.form[1]) for name, kind in view.kinds.items()},
        style=Markup(style),
        scripts=[Markup(vis), Markup(script)],
        script_hashes=[_hash(vis), _hash(script)],
        style_hashes=[_hash(style), *vendor["vis-network"]["styles"]],
    )
    net.path = "network.html.j2"
    return str(net.generate_html())


def _drawn(view: View, graph: "Network") -> Any:
    """Hand the graph to pyvis, each node and edge with its shape, colour and place."""
    from pyvis.network import Network as Pyvis

    net = Pyvis(directed=True)
    for name, node in graph.nodes(data=True):
        kind = view.kinds[node["kind"]]
        net.add_node(
            name,
            label=node["label"],
            shape=kind.form[0],
            color=kind.colour,
            hollow=kind.hollow,
            landmark=kind.landmark,
            facts=[[heading, node[heading]] for heading in view.facts if heading in node],
            **{key: node[key] for key in ("kind", "description", "size", "x", "y")},
        )
    # In the order of the file, so that the details list links as the key does.
    order = list(view.links)
    for source, target, joined in sorted(
        graph.edges(data=True), key=lambda edge: order.index(edge[2]["link"])
    ):
        link = view.links[joined["link"]]
        arrows, dashes = "to" if link.arrow else "", list(link.dashes) or False
        edge = {**joined, "color": link.colour, "dashes": dashes, "arrows": arrows}
        if graph.number_of_edges() <= _MANY_EDGES:
            net.add_edge(source, target, **edge)
        else:
            net.edges.append({"from": source, "to": target, **edge})
    # pyvis's set_options would take the spaces out of every text.
    net.options = {"physics": {"enabled": False}}
    return net


def _hash(text: str) -> str:
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()


def _groups(view: View, graph: "Network") -> dict[str, dict[str, Any]]:
    """Gather the nodes by group for the tables: each with its outward links, by link."""
    groups: dict[str, dict[str, Any]] = {
        kind.group: {"landmark": kind.landmark, "rows": []} for kind in view.kinds.values()
    }
    for name, node in graph.nodes(data=True):
        links: dict[str, list[dict[str, str]]] = {link: [] for link in view.links}
        for _, other, edge in graph.out_edges(name, data=True):
            links[edge["link"]].append({"id": other, "label": graph.nodes[other]["label"]})
        outward = {link: others for link, others in links.items() if others}
        row = {"id": name, **node, "links": outward, "incoming": graph.in_degree(name)}
        groups[view.kinds[node["kind"]].group]["rows"].append(row)
    # What the head of the page says of all of them is not said again of each.
    said = {fact for fact, found in _scope(view, graph).items() if len(found) == 1}
    for group in groups.values():
        rows = group["rows"]
        told = {fact for row in rows for fact in row} - said
        group["facts"] = [fact for fact in view.facts if fact in told]
        # Claims stay in the order of the query; what they point to is looked up by name.
        if group["landmark"]:
            rows.sort(key=lambda row: (row["label"], row["id"]))
    return {name: group for name, group in groups.items() if group["rows"]}


def _scope(view: View, graph: "Network") -> dict[str, list[str]]:
    """List every value of the facts that say what the view covers."""
    return {
        fact: sorted({node[fact] for _, node in graph.nodes(data=True) if fact in node})
        for fact in view.scope
    }
