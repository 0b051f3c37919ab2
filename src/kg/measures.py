"""Named measures over a view's network, in numbers and in words."""

from collections.abc import Callable, Collection, Iterator, Sequence
from importlib.util import find_spec
from random import Random
from typing import TYPE_CHECKING

from pyoxigraph import Literal, NamedNode

from kg.errors import KgError, UnknownName
from kg.layout import MANY, SEED
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
        "(always), after Freeman (1977). What has much of it holds parts of the network together. "
        "In a large network it is estimated from the ways out of a sample of items, and says so."
    ),
    "communities": (
        "Which items are linked more closely to one another than to the rest: groups of the "
        "greatest modularity, found greedily after Clauset, Newman and Moore (2004), or among more "
        f"than {MANY:,} items after Blondel and others (2008). A group is called after its best "
        "linked item."
    ),
    "bridging": (
        "Which front-line agencies an item brings together: a claim, those that it concerns; a "
        "work or an event, those of the claims that are linked to it. An agency is named where a "
        "passage names it, and implied where a rule of the codebook fills it in. Themes are left "
        "out: they gather claims and make none."
    ),
}
# What takes about ten seconds: the items from which ways are followed, times the links.
_STEPS = {"networkx": 2_000_000, "igraph": 150_000_000}
_FEWEST = 30  # items in a sample, however many links there are
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
    check_measure(name)
    return _MEASURES[name](graph)


def check_measure(name: str) -> None:
    """Refuse what is no measure, before the network is asked for.

    Raises:
        UnknownName: there is no such measure.

    Example:
        >>> check_measure("degree")
    """
    if name not in _MEASURES:
        raise UnknownName(
            f"there is no measure {name!r}",
            where="--measure",
            fix=f"use one of {', '.join(_MEASURES)}",
        )


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
    engine = "networkx"
    if len(plain) > _sample(plain, engine) and find_spec("igraph"):
        engine = "igraph"
    many = _sample(plain, engine)
    if engine == "igraph":
        shares = _betweenness_by_igraph(plain, many)
    else:
        shares = networkx.betweenness_centrality(plain, k=many, seed=SEED)
    told: dict[str, tuple[float | str, ...]] = {}
    for name, share in shares.items():
        shown = f"{share:.1%}" if share >= 0.0005 else "none or almost none"
        reading = f"On {shown} of the shortest ways between two others."
        if many < len(plain):
            on = "" if share < 0.0005 else "about "
            reading = f"Estimated from {many:,} of {len(plain):,} items: on {on}{reading[3:]}"
        told[name] = (round(share, 6), reading)
    return _table(plain, ("betweenness", "reading"), told)


def _sample(plain: "Plain", engine: str) -> int:
    """Say from how many items ways can be followed in good time: of a small network, all."""
    steps = _STEPS[engine] // max(1, plain.number_of_edges())
    return min(len(plain), max(_FEWEST, steps))


def _betweenness_by_igraph(plain: "Plain", many: int) -> dict[str, float]:
    import igraph

    numbers = {name: number for number, name in enumerate(plain)}
    edges = [(numbers[one], numbers[other]) for one, other in plain.edges]
    sources = Random(SEED).sample(range(len(plain)), many)
    found = igraph.Graph(len(plain), edges).betweenness(sources=sources)
    pairs = (len(plain) - 1) * (len(plain) - 2) / 2 * many / len(plain)
    return {name: found[number] / pairs for name, number in numbers.items()}


def _communities(graph: "Network") -> Table:
    from networkx.algorithms import community

    plain = _plain(graph)
    found: Sequence[Collection[str]] = []
    if plain.edges and len(plain) > MANY:
        found = community.louvain_communities(plain, seed=SEED)
    elif plain.edges:
        found = community.greedy_modularity_communities(plain)
    rows: list[tuple[Term | None, ...]] = []
    for number, group in enumerate(sorted(found, key=lambda g: (-len(g), min(g))), 1):
        names = sorted(group, key=lambda name: (-plain.degree(name), name))
        called = plain.nodes[names[0]]["label"]
        for name in names:
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
