"""The rows of a query as a network: what is a node, what is an edge, how large, and where."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kg.errors import KgError, UnknownName
from kg.results import Table, shown
from kg.terms import Term, nearest_of

if TYPE_CHECKING:
    import networkx
    from numpy import float64
    from numpy.typing import NDArray

    Network = networkx.MultiDiGraph[str]
    Places = NDArray[float64]

SEED = 7
_SPACE = 115.0  # canvas units a node has to itself, on average
_ROOM = (90.0, 66.0)  # canvas units between two nodes, across and down
_CORE = 400  # nodes laid out by springs; networkx needs SciPy above 500, and minutes
_EVENNESS = 0.55  # 0 keeps the distances the springs gave, 1 only the order
_ROUNDS = 300
_GOLDEN = 2.399963  # radians; turning by it each time fills a disc evenly

Row = Mapping[str, Term | None]


@dataclass(frozen=True)
class NodeRule:
    """What in a row is a node.

    Each value is `?column`, or a text that is the same in every row. `facts` maps a heading to a
    value; `when` keeps the rule to rows whose columns hold these values; `where` is what an error
    names.
    """

    id: str
    label: str = ""
    kind: str = ""
    description: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    when: Mapping[str, str] = field(default_factory=dict)
    where: str = ""


@dataclass(frozen=True)
class ClaimRule(NodeRule):
    """What in a row is a claim that edges stand for: a `NodeRule` that is drawn as a line.

    `work` is a work that the claim rests on; `second_hand` tells, as `when` does, the rows whose
    work the review knows only through another.
    """

    work: str = ""
    second_hand: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class EdgeRule:
    """What in a row is an edge, in the same terms as a `NodeRule`.

    `link` says what joins the two ends; or `claim` is the claim that does.
    """

    source: str
    target: str
    link: str = ""
    claim: str = ""
    when: Mapping[str, str] = field(default_factory=dict)
    where: str = ""


def build_network(
    table: Table,
    nodes: Sequence[NodeRule],
    edges: Sequence[EdgeRule],
    details: Iterable[tuple[NodeRule, Table]] = (),
    claims: Sequence[ClaimRule] = (),
) -> "Network":
    """Turn rows into a directed graph whose nodes are CURIEs and whose edges are links or claims.

    Node attributes are plain: `label`, `kind`, `description`, `size` (by degree), `x` and `y`
    (canvas units), and one for each fact, its several values joined by `; `. An edge has a `link`,
    which is its key; or a `claim`, the CURIE of a statement, which is its key, and of that claim
    `label`, `kind`, `description`, facts, `works` (how many works it rests on) and `second_hand`
    (whether the review knows all of them only through others). The same rows give the same graph.

    Args:
        table: the rows.
        nodes: what is a node.
        edges: what is an edge.
        details: further rules, each with rows of its own, that only add to nodes and claims
            already there.
        claims: what is a claim.

    Raises:
        UnknownName: a rule names a column that its rows do not have.
        KgError: a node has no kind, or an edge ends at something that no rule makes a node.

    Example:
        >>> from pyoxigraph import Literal, NamedNode
        >>> row = (NamedNode("urn:a"), Literal("A"), NamedNode("urn:b"), Literal("B"))
        >>> rules = [NodeRule("?s", "?sl", "claim"), NodeRule("?t", "?tl", "theme")]
        >>> about = EdgeRule("?s", "?t", "is about")
        >>> graph = build_network(Table(("s", "sl", "t", "tl"), [row]), rules, [about])
        >>> sorted(graph.nodes(data="label")), list(graph.edges(data="link"))
        ([('urn:a', 'A'), ('urn:b', 'B')], [('urn:a', 'urn:b', 'is about')])
    """
    import networkx

    graph: Network = networkx.MultiDiGraph()
    told: dict[str, dict[str, Any]] = {}
    facts: dict[tuple[str, str], dict[str, None]] = {}
    rules: list[NodeRule | EdgeRule] = [*nodes, *claims, *edges]
    for each in rules:
        _check_columns(each, table)
    for row in table.records():
        for rule in nodes:
            name = _value(rule.id, row)
            if name and _applies(rule.when, row):
                if name not in graph:
                    graph.add_node(name, label="", kind="", description="")
                _describe(name, graph.nodes[name], rule, row, facts)
        for claim in claims:
            name = _value(claim.id, row)
            if name and _applies(claim.when, row):
                _add_claim(name, told, claim, row, facts)
    for rule, rows in details:
        _check_columns(rule, rows)
        for row in rows.records():
            name = _value(rule.id, row)
            found = graph.nodes[name] if name in graph else told.get(name)
            if found is not None and _applies(rule.when, row):
                _describe(name, found, rule, row, facts)
    for (name, heading), values in facts.items():
        (graph.nodes[name] if name in graph else told[name])[heading] = "; ".join(values)
    for each_claim in told.values():
        each_claim["works"] = len(each_claim["works"])
        each_claim["second_hand"] = bool(each_claim["works"]) and each_claim["second_hand"]
    for row in table.records():
        for link in edges:
            _add_edge(graph, link, row, told)
    items: dict[str, dict[str, Any]] = {**dict(graph.nodes.items()), **told}
    for name, item in items.items():
        if not item["kind"]:
            where = nodes[0].where
            raise KgError(f"{name} has no kind", where=where, fix="give its rule a kind")
    for name, node in graph.nodes(data=True):
        node["size"] = round(7 + 2.2 * min(int(graph.degree(name)), 60) ** 0.5, 1)
    for name, (x, y) in _layout(graph).items():
        graph.nodes[name].update(x=x, y=y)
    return graph


def _check_columns(rule: NodeRule | EdgeRule, table: Table) -> None:
    """Hold the columns that a rule names against those of its rows."""
    facts = {f"facts.{key}": value for key, value in getattr(rule, "facts", {}).items()}
    named = {key: value for key, value in vars(rule).items() if isinstance(value, str)}
    for table_key in ("when", "second_hand"):
        columns = getattr(rule, table_key, {})
        named |= {f"{table_key}.{column}": f"?{column}" for column in columns}
    named |= facts
    for key, value in named.items():
        if value.startswith("?") and value[1:] not in table.columns:
            nearest = ", ".join(f"?{c}" for c in nearest_of(value[1:], table.columns).split(", "))
            raise UnknownName(
                f"the query gives no column {value}",
                where=f"{rule.where}, {key}",
                fix=f"use {nearest}",
            )


def _value(value: str, row: Row) -> str:
    return shown(row[value[1:]]) if value.startswith("?") else value


def _applies(wanted: Mapping[str, str], row: Row) -> bool:
    return all(shown(row[column]) == value for column, value in wanted.items())


def _describe(
    name: str,
    attributes: dict[str, Any],
    rule: NodeRule,
    row: Row,
    facts: dict[tuple[str, str], dict[str, None]],
) -> None:
    for key in ("label", "kind", "description"):
        attributes[key] = attributes[key] or _value(getattr(rule, key), row)
    attributes["label"] = attributes["label"] or name
    for heading, value in rule.facts.items():
        if text := _value(value, row):
            facts.setdefault((name, heading), {})[text] = None


def _add_claim(
    name: str,
    told: dict[str, dict[str, Any]],
    rule: ClaimRule,
    row: Row,
    facts: dict[tuple[str, str], dict[str, None]],
) -> None:
    empty = {"label": "", "kind": "", "description": "", "works": set(), "second_hand": True}
    claim = told.setdefault(name, empty)
    _describe(name, claim, rule, row, facts)
    if work := _value(rule.work, row):
        claim["works"].add(work)
        claim["second_hand"] &= bool(rule.second_hand) and _applies(rule.second_hand, row)


def _add_edge(
    graph: "Network", rule: EdgeRule, row: Row, told: Mapping[str, Mapping[str, Any]]
) -> None:
    source, target = _value(rule.source, row), _value(rule.target, row)
    if not source or not target or not _applies(rule.when, row):
        return
    for name in (source, target):
        if name not in graph:
            raise KgError(
                f"an edge ends at {name}, which no [[node]] of the view makes a node",
                where=rule.where,
                fix="add a [[node]] for that column",
            )
    if claim := _value(rule.claim, row):
        if claim not in told:
            raise KgError(
                f"an edge is {claim}, which no [[claim]] of the view makes a claim",
                where=rule.where,
                fix="add a [[claim]] for that column",
            )
        graph.add_edge(source, target, key=claim, claim=claim, **told[claim])
    elif link := _value(rule.link, row):
        graph.add_edge(source, target, key=link, link=link)


def _layout(graph: "Network") -> dict[str, tuple[int, int]]:
    """Place each node: springs for the best linked, the others about what they are linked to."""
    import networkx
    import numpy

    if not graph:
        return {}
    plain: networkx.Graph[str] = networkx.Graph(graph)
    by_degree = sorted(plain, key=lambda name: -plain.degree(name))
    core, rest = by_degree[:_CORE], by_degree[_CORE:]
    springs = plain.subgraph(core).copy()
    # A faint pull to a common centre keeps unconnected parts from drifting away.
    springs.add_weighted_edges_from(("", name, 0.04) for name in core)
    found = networkx.spring_layout(springs, seed=SEED, k=2.1 / len(core) ** 0.5, iterations=200)
    places = numpy.array([found[name] for name in core])
    # Claims are lines with marks on them, which need room between the few things that they join.
    lines = sum("claim" in edge for *_, edge in graph.edges(data=True))
    stretch = max(1.0, lines / (3 * len(plain))) ** 0.5
    places = _spread(places) * _SPACE * stretch * len(plain) ** 0.5 * numpy.array([1.15, 1.0])
    _part(places)
    placed = {name: (float(x), float(y)) for name, (x, y) in zip(core, places, strict=True)}
    _gather(plain, rest, placed)
    return {name: (round(x), round(y)) for name, (x, y) in placed.items()}


def _spread(places: "Places") -> "Places":
    """Lay the longer way across, and thin out the crowded middle; each axis runs from -½ to ½."""
    import numpy

    centred = places - places.mean(axis=0)
    across, down = numpy.linalg.eigh(centred.T @ centred)[1][:, ::-1].T
    # An axis has no direction of its own: the first node settles which end comes first.
    turned = numpy.stack([centred @ across, centred @ down], axis=1)
    turned *= numpy.where(turned[0] < 0, -1.0, 1.0)
    ranks = turned.argsort(axis=0, kind="stable").argsort(axis=0) / max(len(places) - 1, 1) - 0.5
    sides = numpy.ptp(turned, axis=0)
    even = turned / numpy.where(sides > 0, sides, 1.0)
    even -= (even.max(axis=0) + even.min(axis=0)) / 2
    spread: Places = (1 - _EVENNESS) * even + _EVENNESS * ranks
    return spread


def _part(places: "Places") -> None:
    """Push nodes that are too close apart, each pair along the shorter way, in place."""
    import numpy

    room = numpy.array(_ROOM)
    order = numpy.arange(len(places))
    tie = numpy.sign(order[:, None] - order[None, :])[:, :, None]
    for _ in range(_ROUNDS):
        apart = places[:, None, :] - places[None, :, :]
        lacking = room - abs(apart)
        close = (lacking > 0).all(axis=2) & (tie[:, :, 0] != 0)
        if not close.any():
            return
        shorter = lacking == lacking.min(axis=2, keepdims=True)
        way = numpy.where(apart == 0, tie, numpy.sign(apart))
        places += (way * (lacking / 4 + 0.5) * shorter * close[:, :, None]).sum(axis=1)


def _gather(
    plain: "networkx.Graph[str]",
    rest: Sequence[str],
    placed: dict[str, tuple[float, float]],
) -> None:
    """Place each remaining node in a disc about the middle of its neighbours, in `placed`."""
    from math import cos, sin

    discs: dict[tuple[float, float], int] = {}
    for name in rest:
        near = [placed[other] for other in plain[name] if other in placed] or [(0.0, 0.0)]
        middle = (sum(x for x, _ in near) / len(near), sum(y for _, y in near) / len(near))
        turn = discs[middle] = discs.get(middle, 0) + 1
        reach = _ROOM[0] * turn**0.5
        placed[name] = (
            middle[0] + reach * cos(turn * _GOLDEN),
            middle[1] + reach * sin(turn * _GOLDEN),
        )
