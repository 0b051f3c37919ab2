"""Views: a `viz/*.toml` file and a query's rows become one web page that needs no network."""

import tomllib
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

from kg import __version__
from kg.errors import KgError
from kg.network import EdgeRule, NodeRule, build_network
from kg.project import Project
from kg.queries import load_query, run
from kg.results import Table
from kg.store import Store
from kg.terms import nearest_of

if TYPE_CHECKING:
    import networkx

SHAPES = ("dot", "square", "diamond", "triangle", "triangleDown", "hexagon", "star")
_MANY_EDGES = 2000  # above this pyvis's own add_edge, which looks for duplicates, takes seconds
_NODE_KEYS = {"id", "label", "kind", "kind_from", "details"}
_EDGE_KEYS = {"from", "to", "label", "text", "dashed"}
_KEYS = {"title", "description", "query", "params", "node", "edge", "kinds"}


@dataclass(frozen=True)
class Kind:
    """How nodes of one kind are drawn: a shape and a colour, so that neither is needed alone."""

    shape: str
    colour: str


@dataclass(frozen=True)
class View:
    """What a view file says."""

    id: str
    where: str
    title: str
    description: str
    query: str
    nodes: tuple[NodeRule, ...]
    edges: tuple[EdgeRule, ...]
    kinds: Mapping[str, Kind]
    params: Mapping[str, Sequence[str]] = field(default_factory=dict)


def list_views(project: Project) -> list[View]:
    """Read every view of the project, in order of id.

    Example:
        >>> [view.id for view in list_views(Project())]
        ['cross-agency-challenges', 'overview']
    """
    return [_read(path, project) for path in project.files("viz", "*.toml")]


def load_view(project: Project, name: str) -> View:
    """Read one view by its id.

    Raises:
        UnknownName: there is no such view.
        KgError: its file is not as views are written (file, key, how to mend).
    """
    return _read(project.named_file("viz", name, ".toml"), project)


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
        KgError: the view does not fit the query, or the query finds nothing.
    """
    view = load_view(project, name)
    query = load_query(project, view.query)
    table = run(query, store, {**view.params, **(params or {})})
    if not isinstance(table, Table):
        raise KgError("its query gives no table", where=view.where, fix="name a SELECT query")
    if not table.rows:
        raise KgError(
            "there is nothing to draw: the query finds no row",
            where=f"view {name}",
            fix=f"widen the parameters; kg query show {view.query} lists them",
        )
    graph = build_network(table, view.nodes, view.edges, view.where)
    return _page(view, query.question, graph)


def _page(view: View, question: str, graph: "networkx.DiGraph[str]") -> str:
    from jinja2 import Environment, PackageLoader
    from markupsafe import Markup
    from pyvis.network import Network

    unknown = {str(kind) for _, kind in graph.nodes(data="kind")} - view.kinds.keys()
    if unknown:
        raise KgError(
            f"the kind {min(unknown)!r} has no shape and colour",
            where=view.where,
            fix=f"add it under [kinds], like {min(view.kinds, default='theme')}",
        )
    net = Network(directed=True, notebook=False)
    for name in sorted(graph):
        node = graph.nodes[name]
        kind = view.kinds[node["kind"]]
        # What many things point to is a landmark, and its name is written larger.
        incoming = int(graph.in_degree(name))
        net.add_node(
            name,
            label=fill(node["label"], 24),
            full=node["label"],
            kind=node["kind"],
            details=node["details"],
            shape=kind.shape,
            color=kind.colour,
            size=10 + min(14, int(graph.degree(name))),
            font={"size": 22 if incoming > 1 else 15},
            x=node["x"],
            y=node["y"],
        )
    edges = [
        {"source": source, "to": target, "rel": edge["label"], "dashes": edge["dashed"]}
        for source, target, edge in sorted(graph.edges(data=True), key=lambda e: e[:2])
    ]
    if len(edges) <= _MANY_EDGES:
        for edge in edges:
            net.add_edge(**edge)
    else:
        net.edges += [{"from": edge.pop("source"), "arrows": "to", **edge} for edge in edges]

    static = files("kg") / "static"
    scripts = [
        (static / name).read_text(encoding="utf-8")
        for name in ("vendor/vis-network.min.js", "network.js")
    ]
    # pyvis fills the template; ours escapes all that comes from the graph, its own does not.
    net.templateEnv = Environment(
        loader=PackageLoader("kg", "templates"), autoescape=True, trim_blocks=True
    )
    net.templateEnv.globals.update(
        view=view,
        question=question,
        version=__version__,
        rows=_rows(net.nodes, net.edges),
        counts=_counts(view, net.nodes),
        style=Markup((static / "network.css").read_text(encoding="utf-8")),
        scripts=[Markup(script) for script in scripts],
        hashes=" ".join(f"'sha256-{_hash(script)}'" for script in scripts),
    )
    net.path = "network.html.j2"
    return str(net.generate_html())


def _hash(script: str) -> str:
    return b64encode(sha256(script.encode()).digest()).decode()


def _counts(view: View, nodes: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Count the nodes of each kind, in the view's order, leaving out kinds that have none."""
    counts = {kind: sum(node["kind"] == kind for node in nodes) for kind in view.kinds}
    return {kind: number for kind, number in counts.items() if number}


def _rows(
    nodes: Sequence[Mapping[str, Any]], edges: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Give every node with its links in words: the table that says what the picture shows."""
    by_id = {node["id"]: node for node in nodes}
    links: dict[str, list[tuple[str, Mapping[str, Any], bool]]] = {name: [] for name in by_id}
    for edge in edges:
        source, target, dashed = edge["from"], edge["to"], bool(edge["dashes"])
        links[source].append((edge["rel"], by_id[target], dashed))
        backwards = f"{by_id[source]['kind']} that {edge['rel']} this"
        links[target].append((backwards, by_id[source], dashed))
    # What says something stands first, then what it points to.
    says = {edge["from"] for edge in edges}
    ordered = sorted(
        nodes, key=lambda node: (node["id"] not in says, node["kind"], node["full"], node["id"])
    )
    return [{"node": node, "links": links[node["id"]]} for node in ordered]


def _read(path: Path, project: Project) -> View:
    where = project.shown(path)
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise KgError(
            f"the view cannot be read: {error}", where=where, fix="correct its TOML"
        ) from error
    _check_keys(said, _KEYS, {"title", "description", "query", "node", "edge", "kinds"}, where)
    for rule in said["node"]:
        _check_keys(rule, _NODE_KEYS, {"id", "label"}, f"{where}, [[node]]")
        if ("kind" in rule) == ("kind_from" in rule):
            raise KgError(
                "a node does not have exactly one of kind and kind_from",
                where=f"{where}, [[node]]",
                fix='write kind = "theme", or kind_from = a column',
            )
    for rule in said["edge"]:
        _check_keys(rule, _EDGE_KEYS, {"from", "to"}, f"{where}, [[edge]]")
    for name, kind in said["kinds"].items():
        _check_keys(kind, {"shape", "colour"}, {"shape", "colour"}, f"{where}, kinds.{name}")
        if kind["shape"] not in SHAPES:
            raise KgError(
                f"{kind['shape']!r} is no shape",
                where=f"{where}, kinds.{name}",
                fix=f"use one of {', '.join(SHAPES)}",
            )
    return View(
        id=path.stem,
        where=where,
        title=said["title"],
        description=said["description"],
        query=said["query"],
        nodes=tuple(NodeRule(**rule) for rule in said["node"]),
        edges=tuple(
            EdgeRule(
                rule["from"], rule["to"], *(rule.get(k, "") for k in ("label", "text", "dashed"))
            )
            for rule in said["edge"]
        ),
        kinds={name: Kind(**kind) for name, kind in said["kinds"].items()},
        params={
            name: [str(v) for v in (value if isinstance(value, list) else [value])]
            for name, value in said.get("params", {}).items()
        },
    )


def _check_keys(said: Mapping[str, Any], known: set[str], needed: set[str], where: str) -> None:
    for key in sorted(said.keys() - known):
        raise KgError(f"unknown key {key!r}", where=where, fix=f"use {nearest_of(key, known)}")
    for key in sorted(needed - said.keys()):
        raise KgError(f"the key {key!r} is missing", where=where, fix=f"add {key} = …")
