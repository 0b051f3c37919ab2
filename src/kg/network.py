"""The rows of a query as a network: what is a node, what is an edge, and how large."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kg.errors import KgError, UnknownName
from kg.layout_cache import places_of
from kg.results import Table, shown
from kg.terms import Term, nearest_of

if TYPE_CHECKING:
    import networkx

    Network = networkx.MultiDiGraph[str]

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
    for name, (x, y) in places_of(graph).items():
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
