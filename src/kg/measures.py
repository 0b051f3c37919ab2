"""Named measures over a view's network, in numbers and in words."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from pyoxigraph import Literal, NamedNode

from kg.errors import KgError, UnknownName
from kg.results import Table
from kg.terms import Term, expand

if TYPE_CHECKING:
    import networkx

    from kg.network import Network

    Plain = networkx.Graph[str]

MEANINGS = {
    "degree": "How many other items an item is linked to, whatever the links say.",
    "betweenness": (
        "How often an item lies on the shortest way between two others, from 0 (never) to 1 "
        "(always), after Freeman (1977). What has much of it holds parts of the network together."
    ),
    "communities": (
        "Which items are linked more closely to one another than to the rest: groups of the "
        "greatest modularity, found greedily after Clauset, Newman and Moore (2004). A group is "
        "called after its best linked item."
    ),
    "bridging": (
        "Which front-line agencies an item brings together: a claim, those that it concerns; a "
        "work or an event, those of the claims that are linked to it. An agency is named where a "
        "passage names it, and implied where a rule of the codebook fills it in. Themes are left "
        "out: they gather claims and make none."
    ),
}
# As the view files call them.
_AGENCY, _IMPLIED = "front-line agency", "implied agency"
_BEHIND = ("work", "review", "policy event")


def measure(graph: "Network", name: str) -> Table:
    """Measure every item of a network: its nodes, and the claims that its edges stand for.

    Args:
        graph: what `kg.views.view_network` gives; its links are taken without direction, and
            several between the same two items as one.
        name: one of `MEANINGS`, which says what each means.

    Returns:
        One row an item, the highest first: `item`, `itemLabel`, `kind`, numbers, and `reading`,
        which says the numbers in words.

    Raises:
        UnknownName: there is no such measure.
        KgError: `bridging` of a network whose claims are not linked to agencies.

    Example:
        >>> import networkx
        >>> graph = networkx.MultiDiGraph()
        >>> for name in "abc":
        ...     graph.add_node(name, label=name.upper(), kind="claim")
        >>> graph.add_edges_from([("a", "b"), ("b", "c")])
        [0, 0]
        >>> measure(graph, "degree").rows[0][4].value
        'Linked to 2 other items.'
    """
    if name not in _MEASURES:
        raise UnknownName(
            f"there is no measure {name!r}",
            where="--measure",
            fix=f"use one of {', '.join(_MEASURES)}",
        )
    return _MEASURES[name](graph)


def _plain(graph: "Network") -> "Plain":
    """Give the network without directions, each claim that edges stand for an item of its own."""
    import networkx

    plain: Plain = networkx.Graph()
    for name, node in graph.nodes(data=True):
        plain.add_node(name, label=node["label"], kind=node["kind"])
    for source, target, edge in graph.edges(data=True):
        if claim := edge.get("claim"):
            plain.add_node(claim, label=edge["label"], kind=edge["kind"])
            plain.add_edges_from([(source, claim), (claim, target)])
        elif source != target:
            plain.add_edge(source, target)
    return plain


def _row(plain: "Plain", name: str, *told: float | str) -> tuple[Term | None, ...]:
    item = NamedNode(expand(name)) if ":" in name else Literal(name)
    node = plain.nodes[name]
    return (item, Literal(node["label"]), Literal(node["kind"]), *map(Literal, told))


def _table(
    plain: "Plain", columns: tuple[str, ...], told: dict[str, tuple[float | str, ...]]
) -> Table:
    # Level items stand in order of their name, so that the same network gives the same rows.
    names = sorted(told, key=lambda name: (*(-_number(v) for v in told[name]), name))
    columns = ("item", "itemLabel", "kind", *columns)
    return Table(columns, [_row(plain, name, *told[name]) for name in names])


def _number(value: float | str) -> float:
    return 0.0 if isinstance(value, str) else value


def _degree(graph: "Network") -> Table:
    plain = _plain(graph)
    told: dict[str, tuple[float | str, ...]] = {}
    for name, degree in plain.degree():
        told[name] = (degree, f"Linked to {degree} other {'item' if degree == 1 else 'items'}.")
    return _table(plain, ("degree", "reading"), told)


def _betweenness(graph: "Network") -> Table:
    import networkx

    plain = _plain(graph)
    told: dict[str, tuple[float | str, ...]] = {}
    for name, share in networkx.betweenness_centrality(plain).items():
        shown = f"{share:.1%}" if share >= 0.0005 else "none or almost none"
        told[name] = (round(share, 6), f"On {shown} of the shortest ways between two others.")
    return _table(plain, ("betweenness", "reading"), told)


def _communities(graph: "Network") -> Table:
    from networkx.algorithms.community import greedy_modularity_communities

    plain = _plain(graph)
    found = [sorted(group) for group in greedy_modularity_communities(plain)] if plain.edges else []
    rows: list[tuple[Term | None, ...]] = []
    for number, group in enumerate(sorted(found, key=lambda g: (-len(g), g)), 1):
        group.sort(key=lambda name: (-plain.degree(name), name))
        called = plain.nodes[group[0]]["label"]
        for name in group:
            inside = sum(other in group for other in plain[name])
            reading = f"In group {number}, of {len(group)} items about “{called}”: {inside} of "
            reading += f"its {plain.degree(name)} links stay inside."
            rows.append(_row(plain, name, number, reading))
    return Table(("item", "itemLabel", "kind", "community", "reading"), rows)


def _bridging(graph: "Network") -> Table:
    plain = _plain(graph)
    kinds = {name: str(node["kind"]) for name, node in plain.nodes.items()}
    agencies = {name for name, kind in kinds.items() if kind == _AGENCY}
    direct: dict[str, dict[str, bool]] = {}
    for source, target, edge in graph.edges(data=True):
        if target in agencies and "link" in edge:
            named = edge["link"] != _IMPLIED
            joined = direct.setdefault(source, {})
            joined[target] = joined.get(target, False) or named
    if not direct:
        raise KgError(
            "no item of this view is linked to a front-line agency as named or implied",
            where="--measure bridging",
            fix="measure the view overview or cross-agency-challenges",
        )
    told: dict[str, tuple[float | str, ...]] = {}
    for name, kind in kinds.items():
        if name in direct:
            through = [direct[name]]
        elif kind in _BEHIND:
            through = [direct[other] for other in plain[name] if other in direct]
        else:
            continue
        joined = {}
        for one in through:
            for agency, named in one.items():
                joined[agency] = joined.get(agency, False) or named
        if len(joined) > 1:
            claims = 0 if name in direct else len(through)
            told[name] = (len(joined), sum(joined.values()), _bridges(plain, joined, claims))
    return _table(plain, ("agencies", "named", "reading"), told)


def _bridges(plain: "Plain", joined: dict[str, bool], claims: int) -> str:
    def labels(wanted: bool) -> Iterator[str]:
        return (plain.nodes[name]["label"] for name in sorted(joined) if joined[name] is wanted)

    parts = [("named", ", ".join(labels(True))), ("implied", ", ".join(labels(False)))]
    how = f", through {claims} {'claim' if claims == 1 else 'claims'}" if claims else ""
    said = "; ".join(f"{word} {names}" for word, names in parts if names)
    return f"Brings together {len(joined)} front-line agencies{how}: {said}."


_MEASURES: dict[str, Callable[["Network"], Table]] = {
    "degree": _degree,
    "betweenness": _betweenness,
    "communities": _communities,
    "bridging": _bridging,
}
