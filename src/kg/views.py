"""Views: a view file and a query's rows become one web page that needs no network."""

import tomllib
from base64 import b64encode
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from kg import __version__
from kg.errors import KgError, UnknownName
from kg.network import build_network
from kg.project import Project
from kg.queries import ANY, Param, SavedQuery, label_of, load_query, run
from kg.results import Table, shown
from kg.store import Store
from kg.terms import PREFIXES, nearest_of
from kg.view_files import LINES, View, read_view

if TYPE_CHECKING:
    from kg.network import Network

_TOLD = ("label", "kind", "description", "works", "second_hand")
_MANY_EDGES = 2000  # above this, pyvis's add_edge takes seconds: it looks through all nodes


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
    graph = view_network(project, store, name, params)
    titled = replace(view, title=_title(view, query, values, store))
    asked = {
        param.label.lower(): _called(param, values[param.name], store)
        for param in query.params
        if param.name in values
    }
    return _page(titled, query, asked, graph, _datasets(store))


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


def _title(view: View, query: SavedQuery, values: Mapping[str, Sequence[str]], store: Store) -> str:
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


def _page(
    view: View,
    query: SavedQuery,
    values: Mapping[str, Sequence[str]],
    graph: "Network",
    datasets: Sequence[Mapping[str, str]],
) -> str:
    from jinja2 import Environment, PackageLoader
    from markupsafe import Markup

    claims = {edge["claim"]: edge for *_, edge in graph.edges(data=True) if "claim" in edge}
    kinds = Counter(str(item["kind"]) for item in (*graph.nodes.values(), *claims.values()))
    links = Counter(str(edge["link"]) for *_, edge in graph.edges(data=True) if "link" in edge)
    for named, drawn, table in ((kinds, view.kinds, "kinds"), (links, view.links, "links")):
        for name in sorted(named.keys() - drawn.keys()):
            raise UnknownName(
                f"the rows hold {name!r}, and [{table}] does not say how to draw it",
                where=view.where,
                fix=f"add it there, or correct one of {nearest_of(name, drawn)}",
            )
    net = _drawn(view, graph)
    static = files("kg") / "static"
    # Line ends are normalised as a browser does before it compares a hash.
    style, *scripts = (
        "\n".join((static / name).read_text(encoding="utf-8").splitlines())
        for name in ("network.css", "vendor/vis-network.min.js", "picture.js", "network.js")
    )
    vendor = tomllib.loads((static / "vendor.toml").read_text(encoding="utf-8"))
    # pyvis fills our template: it escapes all that comes from the graph, pyvis's own does not.
    net.templateEnv = Environment(
        loader=PackageLoader("kg", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    net.templateEnv.globals.update(
        view=view,
        query=query,
        values=values,
        version=__version__,
        datasets=datasets,
        groups=_groups(view, graph, claims),
        claims=[
            {"id": name, "facts": _facts(view, claim), **{k: claim[k] for k in _TOLD}}
            for name, claim in claims.items()
        ],
        # Pairs, since the order is that of the key, and JSON objects are written in alphabetical.
        marks=[
            (name, {"path": kind.path, "colour": kind.colour, "hollow": kind.hollow})
            for name, kind in view.kinds.items()
            if name in kinds
        ],
        kinds={name: kinds[name] for name in view.kinds if name in kinds},
        links={name: links[name] for name in view.links if name in links},
        scope=_scope(view, graph, claims),
        foot=" ".join(
            f"{d['title']}{', version ' + d['version'] if d['version'] else ''}." for d in datasets
        ),
        backs={name: link.back for name, link in view.links.items()},
        style=Markup(style),
        scripts=[Markup(script) for script in scripts],
        script_hashes=[_hash(script) for script in scripts],
        style_hashes=[_hash(style), *vendor["vis-network"]["styles"]],
    )
    net.path = "network.html.j2"
    return str(net.generate_html())


def _drawn(view: View, graph: "Network") -> Any:
    """Hand the graph to pyvis, each node and edge with its shape, colour and place."""
    from pyvis.network import Network as Pyvis

    net = Pyvis(directed=True)
    for name, node in graph.nodes(data=True):
        net.add_node(
            name,
            shape="custom",
            landmark=view.kinds[node["kind"]].landmark,
            facts=_facts(view, node),
            **{key: node[key] for key in ("label", "kind", "description", "size", "x", "y")},
        )
    # In the order of the file, so that the details list links as the key does.
    order = list(view.links)
    for source, target, joined in sorted(
        graph.edges(data=True), key=lambda edge: order.index(edge[2].get("link", order[0]))
    ):
        if "claim" in joined:
            edge = {
                "claim": joined["claim"],
                "color": view.kinds[joined["kind"]].colour,
                "dashes": list(LINES["dashed"]) if joined["second_hand"] else False,
                "width": _width(joined["works"]),
                "arrows": "",
            }
        else:
            link = view.links[joined["link"]]
            edge = {
                "link": joined["link"],
                "color": link.colour,
                "dashes": list(link.dashes) or False,
                "width": _width(0),
                "arrows": "to" if link.arrow else "",
            }
        if graph.number_of_edges() <= _MANY_EDGES:
            net.add_edge(source, target, **edge)
        else:
            net.edges.append({"from": source, "to": target, **edge})
    # pyvis's set_options would take the spaces out of every text.
    net.options = {"physics": {"enabled": False}}
    return net


def _hash(text: str) -> str:
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()


def _width(works: int) -> float:
    """How wide the line of a claim is, in pixels: the more works it rests on, the wider."""
    return 1.2 + 1.8 * min(works, 3)


def _facts(view: View, item: Mapping[str, Any]) -> list[list[str]]:
    return [[heading, item[heading]] for heading in view.facts if heading in item]


def _groups(
    view: View, graph: "Network", claims: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Gather claims and nodes by group for the tables: each with what it is linked to, by link."""
    groups: dict[str, dict[str, Any]] = {
        kind.group: {"landmark": kind.landmark, "rows": []} for kind in view.kinds.values()
    }
    linked: dict[str, dict[str, dict[str, str]]] = {name: {} for name in (*claims, *graph)}
    incoming: Counter[str] = Counter()

    def link(name: str, how: str, other: str, label: str) -> None:
        linked[name].setdefault(how, {})[other] = label

    # In the order of the file, as in the key.
    order = list(view.links)
    for source, target, edge in sorted(
        graph.edges(data=True), key=lambda edge: order.index(edge[2].get("link", order[0]))
    ):
        if claim := edge.get("claim"):
            for end in (source, target):
                link(claim, graph.nodes[end]["kind"], end, graph.nodes[end]["label"])
                link(end, edge["kind"], claim, edge["label"])
        else:
            link(source, edge["link"], target, graph.nodes[target]["label"])
            incoming[target] += 1
    items: dict[str, Mapping[str, Any]] = {**claims, **dict(graph.nodes.items())}
    for name, item in items.items():
        links = {
            how: [{"id": other, "label": label} for other, label in others.items()]
            for how, others in linked[name].items()
        }
        row = {**item, "id": name, "links": links, "incoming": incoming[name]}
        groups[view.kinds[item["kind"]].group]["rows"].append(row)
    # What the head of the page says of all of them is not said again of each.
    said = {fact for fact, found in _scope(view, graph, claims).items() if len(found) == 1}
    for group in groups.values():
        rows = group["rows"]
        told = {fact for row in rows for fact in row} - said
        group["facts"] = [fact for fact in view.facts if fact in told]
        # Claims stay in the order of the query; what they point to is looked up by name.
        if group["landmark"]:
            rows.sort(key=lambda row: (row["label"], row["id"]))
    return {name: group for name, group in groups.items() if group["rows"]}


def _scope(
    view: View, graph: "Network", claims: Mapping[str, Mapping[str, Any]]
) -> dict[str, list[str]]:
    """List every value of the facts that say what the view covers."""
    items = [*graph.nodes.values(), *claims.values()]
    return {fact: sorted({item[fact] for item in items if fact in item}) for fact in view.scope}
