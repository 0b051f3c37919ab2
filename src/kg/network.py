"""A query's rows as a network: what is a node, what is an edge, and where each is drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING

from kg.errors import KgError
from kg.results import Table, shown
from kg.terms import Term, nearest_of

if TYPE_CHECKING:
    import networkx

SEED = 7
_SPACE = 75.0  # canvas units between neighbours, before labels are parted
_LABEL = (185.0, 105.0)  # canvas units that a shape takes up with its label
_FEW = 150  # up to this many nodes labels are parted
_ROUNDS = 200


@dataclass(frozen=True)
class NodeRule:
    """Which columns of a row make a node; `kind` is fixed or comes from the column `kind_from`."""

    id: str
    label: str
    kind: str = ""
    kind_from: str = ""
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class EdgeRule:
    """Which columns of a row make an edge; `dashed` is a column that holds true or false."""

    source: str
    target: str
    label: str = ""
    text: str = ""
    dashed: str = ""


def build_network(
    table: Table, nodes: Sequence[NodeRule], edges: Sequence[EdgeRule], where: str = "the view"
) -> "networkx.DiGraph[str]":
    """Turn rows into a directed graph whose nodes are CURIEs.

    Node attributes: `label`, `kind`, `details` (a dictionary of shown texts), `x` and `y` (canvas
    units, the same for the same rows). Edge attributes: `label`, `dashed`.

    Args:
        table: the rows of a query.
        nodes: what is a node.
        edges: what is an edge.
        where: what to name in an error, such as the view's file.

    Raises:
        KgError: a rule names a column that the rows do not have.

    Example:
        >>> from pyoxigraph import Literal, NamedNode
        >>> row = (NamedNode("urn:a"), Literal("A"), NamedNode("urn:b"), Literal("B"))
        >>> rules = [NodeRule("s", "sl", "claim"), NodeRule("t", "tl", "theme")]
        >>> graph = build_network(Table(("s", "sl", "t", "tl"), [row]), rules, [EdgeRule("s", "t")])
        >>> sorted(graph.nodes(data="label"))
        [('urn:a', 'A'), ('urn:b', 'B')]
    """
    import networkx

    for column in _columns(nodes, edges):
        if column not in table.columns:
            raise KgError(
                f"the query gives no column {column!r}",
                where=where,
                fix=f"use {nearest_of(column, table.columns)}",
            )
    graph: networkx.DiGraph[str] = networkx.DiGraph()
    for row in table.records():
        for rule in nodes:
            _add_node(graph, rule, row)
        for link in edges:
            source, target = row[link.source], row[link.target]
            if source is not None and target is not None:
                label = shown(row[link.label]) if link.label else link.text
                dashed = bool(link.dashed) and shown(row[link.dashed]) == "true"
                graph.add_edge(shown(source), shown(target), label=label, dashed=dashed)
    for name, (x, y) in _positions(graph).items():
        graph.nodes[name].update(x=x, y=y)
    return graph


def _columns(nodes: Sequence[NodeRule], edges: Sequence[EdgeRule]) -> list[str]:
    named = [c for rule in nodes for c in (rule.id, rule.label, rule.kind_from, *rule.details)]
    named += [c for rule in edges for c in (rule.source, rule.target, rule.label, rule.dashed)]
    return [column for column in named if column]


def _add_node(
    graph: "networkx.DiGraph[str]", rule: NodeRule, row: Mapping[str, Term | None]
) -> None:
    term = row[rule.id]
    if term is None:
        return
    details = {
        title: shown(row[column])
        for column, title in rule.details.items()
        if row[column] is not None
    }
    graph.add_node(
        shown(term),
        label=shown(row[rule.label]) or shown(term),
        kind=rule.kind or shown(row[rule.kind_from]),
        details=details,
    )


def _positions(graph: "networkx.DiGraph[str]") -> dict[str, tuple[float, float]]:
    import networkx

    if not graph:
        return {}
    # The order of nodes and edges decides where the seeded layout puts them.
    plain: networkx.Graph[str] = networkx.Graph()
    plain.add_nodes_from(sorted(graph))
    plain.add_edges_from(sorted((min(edge), max(edge)) for edge in graph.edges()))
    rounds = 300 if len(plain) <= _FEW else 50
    scale = _SPACE * len(plain) ** 0.5
    found = networkx.spring_layout(
        plain, seed=SEED, k=2.2 / len(plain) ** 0.5, iterations=rounds, scale=scale
    )
    # Wider than high, as screens are.
    places = {name: (float(x) * 1.6, float(y)) for name, (x, y) in found.items()}
    if len(places) <= _FEW:
        _part_labels(places)
    return {name: (round(x), round(y)) for name, (x, y) in places.items()}


def _part_labels(places: dict[str, tuple[float, float]]) -> None:
    """Push nodes apart until no label lies on another, each time along the shorter way."""
    pairs = list(combinations(places, 2))
    for _ in range(_ROUNDS):
        still = True
        for one, other in pairs:
            (x1, y1), (x2, y2) = places[one], places[other]
            across, down = _LABEL[0] - abs(x1 - x2), _LABEL[1] - abs(y1 - y2)
            if across <= 0 or down <= 0:
                continue
            still = False
            if across < down:
                step = (across / 2 + 1) * (1 if x1 < x2 else -1)
                places[one], places[other] = (x1 - step, y1), (x2 + step, y2)
            else:
                step = (down / 2 + 1) * (1 if y1 < y2 else -1)
                places[one], places[other] = (x1, y1 - step), (x2, y2 + step)
        if still:
            return
