"""What the page of a large network holds: short lists, in which numbers stand for names."""

from collections.abc import Mapping
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from kg.layout import gather
from kg.view_files import View

if TYPE_CHECKING:
    from kg.network import Network

LARGE = 2000  # items; of more, vis-network is slow to draw, and tables long to read
FILES = (
    "network.css",
    "vendor/sigma.js",
    "picture.js",
    "explore.js",
    "details.js",
    "finder.js",
    "controls.js",
    "large-network.js",
)
_CLAIM_SIZE = 7.0  # of one that edges stand for: as large as a node with no link
_BY_KIND = -1  # what links a claim to what it joins is told by the kind of that


def large_data(
    view: View,
    graph: "Network",
    claims: Mapping[str, Mapping[str, Any]],
    pages: Mapping[str, str],
) -> tuple[dict[str, Any], list[list[Any]]]:
    """Give all that the page of a large network draws, and what it tells once that is drawn.

    A claim that edges stand for is an item like any node, placed amid what it joins.

    Args:
        view: how to draw it.
        graph: the network.
        claims: those that edges stand for, by id.
        pages: where an item has a page of its own, by its id.

    Returns:
        What is drawn: `marks`, by kind, and which of them are `landmarks`; `links`, each with how
        it reads from its other end and its colour; `items`, each a list of id, label, number of its
        kind, place across and down, and size; and `edges`, of which each is three numbers in a row:
        from, to, link. What is told of each item: its description, facts and page.
    """
    items = {**dict(graph.nodes.items()), **claims}
    numbers = {name: number for number, name in enumerate(items)}
    kinds = {name: number for number, name in enumerate(view.kinds)}
    links = {name: number for number, name in enumerate(view.links)}
    joined: dict[str, dict[str, None]] = {name: {} for name in claims}
    edges: list[tuple[int, int, int]] = []
    for source, target, edge in graph.edges(data=True):
        if claim := edge.get("claim"):
            joined[claim] |= {source: None, target: None}
        else:
            edges.append((numbers[source], numbers[target], links[edge["link"]]))
    for claim, ends in joined.items():
        edges += [(numbers[claim], numbers[end], _BY_KIND) for end in ends]
    edges.sort(key=itemgetter(2))  # as the key has them
    placed = {name: (float(node["x"]), float(node["y"])) for name, node in graph.nodes.items()}
    gather(joined, list(joined), placed)
    drawn = {
        "marks": [[name, kind.mark] for name, kind in view.kinds.items()],
        "landmarks": [kind.landmark for kind in view.kinds.values()],
        "links": [[name, link.back, link.colour] for name, link in view.links.items()],
        "items": [
            [
                name,
                item["label"],
                kinds[item["kind"]],
                *map(round, placed[name]),
                item.get("size", _CLAIM_SIZE),
            ]
            for name, item in items.items()
        ],
        "edges": [number for edge in edges for number in edge],
    }
    told = [
        [item["description"], view.facts_of(item), pages.get(name, "")]
        for name, item in items.items()
    ]
    return drawn, told
