"""Where the nodes of a network are drawn: by springs, or by igraph where there are many."""

import random
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import networkx
    from numpy import float64
    from numpy.typing import NDArray

    Positions = NDArray[float64]

Places = dict[str, tuple[int, int]]

SEED = 7
MANY = 1000  # nodes; above, igraph lays them out, where it is installed
_VERSION = 1  # of what is done here: another gives other places
_SPACE = 115.0  # canvas units a node has to itself, on average
_ROOM = (90.0, 66.0)  # canvas units between two nodes, across and down
_CORE = 400  # nodes laid out by springs; networkx needs SciPy above 500, and minutes
_EVENNESS = 0.55  # 0 keeps the distances the springs gave, 1 only the order
_ROUNDS = 300
_STEPS = 500  # of igraph; fewer leave knots, more change little
_GOLDEN = 2.399963  # radians; turning by it each time fills a disc evenly


def method_for(size: int) -> str:
    """Name the method by which so many nodes are laid out, and its version.

    It says on stderr where igraph, which many nodes want, is not installed.

    Example:
        >>> method_for(10).split()[:2]
        ['springs', '1']
    """
    by_igraph = size > MANY and find_spec("igraph") is not None
    if size > MANY and not by_igraph:
        print(
            f"{size:,} nodes are placed about the {_CORE} best linked of them: igraph, which "
            "places each by its own links, is not installed (pip install 'evidence-kg[layout]')",
            file=sys.stderr,
        )
    packages = ("igraph", "numpy") if by_igraph else ("networkx", "numpy")
    versions = " ".join(f"{name} {version(name)}" for name in packages)
    return f"{'igraph' if by_igraph else 'springs'} {_VERSION} {versions}"


def lay_out(graph: "networkx.MultiDiGraph[str]", method: str) -> Places:
    """Place each node of a network; the same network and method give the same places.

    Args:
        graph: edges with a `claim` are lines that have marks on them, and want more room.
        method: as `method_for` names it.

    Returns:
        Canvas units across and down, by node.

    Example:
        >>> import networkx
        >>> graph = networkx.MultiDiGraph([("a", "b"), ("b", "c")])
        >>> sorted(lay_out(graph, method_for(3)))
        ['a', 'b', 'c']
    """
    import networkx
    import numpy

    if not graph:
        return {}
    plain: networkx.Graph[str] = networkx.Graph(graph)
    by_degree = sorted(plain, key=lambda name: -plain.degree(name))
    whole = method.startswith("igraph")
    core, rest = (by_degree, []) if whole else (by_degree[:_CORE], by_degree[_CORE:])
    places = _by_igraph(plain, core) if whole else _by_springs(plain, core)
    # Claims are lines with marks on them, which need room between the few things that they join.
    lines = sum("claim" in edge for *_, edge in graph.edges(data=True))
    stretch = max(1.0, lines / (3 * len(plain))) ** 0.5
    places = _spread(places) * _SPACE * stretch * len(plain) ** 0.5 * numpy.array([1.15, 1.0])
    if not whole:
        _part(places)
    placed = {name: (float(x), float(y)) for name, (x, y) in zip(core, places, strict=True)}
    gather(plain.adj, rest, placed)
    return {name: (round(x), round(y)) for name, (x, y) in placed.items()}


def _by_springs(plain: "networkx.Graph[str]", core: Sequence[str]) -> "Positions":
    import networkx
    import numpy

    springs = plain.subgraph(core).copy()
    # A faint pull to a common centre keeps unconnected parts from drifting away.
    springs.add_weighted_edges_from(("", name, 0.04) for name in core)
    found = networkx.spring_layout(springs, seed=SEED, k=2.1 / len(core) ** 0.5, iterations=200)
    return numpy.array([found[name] for name in core])


def _by_igraph(plain: "networkx.Graph[str]", names: Sequence[str]) -> "Positions":
    import igraph
    import numpy

    numbers = {name: number for number, name in enumerate(names)}
    edges = [(numbers[one], numbers[other]) for one, other in plain.edges]
    igraph.set_random_number_generator(random.Random(SEED))
    try:
        found = igraph.Graph(len(names), edges).layout_fruchterman_reingold(niter=_STEPS, grid=True)
    finally:
        igraph.set_random_number_generator(random)  # what it draws from unless told otherwise
    return numpy.array(found.coords)


def _spread(places: "Positions") -> "Positions":
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
    spread: Positions = (1 - _EVENNESS) * even + _EVENNESS * ranks
    return spread


def _part(places: "Positions") -> None:
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


def gather(
    linked: Mapping[str, Iterable[str]],
    rest: Iterable[str],
    placed: dict[str, tuple[float, float]],
) -> None:
    """Place further items, each in a disc about the middle of what it is linked to.

    Args:
        linked: what each is linked to.
        rest: what is to be placed.
        placed: the places of the others, to which these are added.

    Example:
        >>> placed = {"a": (0.0, 0.0), "b": (400.0, 0.0)}
        >>> gather({"c": ["a", "b"]}, ["c"], placed)
        >>> 100 < placed["c"][0] < 300
        True
    """
    from math import cos, sin

    discs: dict[tuple[float, float], int] = {}
    for name in rest:
        near = [placed[other] for other in linked[name] if other in placed] or [(0.0, 0.0)]
        middle = (sum(x for x, _ in near) / len(near), sum(y for _, y in near) / len(near))
        turn = discs[middle] = discs.get(middle, 0) + 1
        reach = _ROOM[0] * turn**0.5
        placed[name] = (
            middle[0] + reach * cos(turn * _GOLDEN),
            middle[1] + reach * sin(turn * _GOLDEN),
        )
