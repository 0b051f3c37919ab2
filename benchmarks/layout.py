"""How long the nodes of large networks take to place, anew and from the cache, and to measure.

    python benchmarks/layout.py

The networks are overviews of graphs made by generate.py. Seconds are of the processor, for one
round: what is measured takes seconds, and is always the same. Aim: no measure takes over 10 s at
100,000 edges. Nothing passes or fails.
"""

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from generate import make_home
from told import tell

from kg import measures
from kg.layout import lay_out
from kg.layout_cache import places_of
from kg.measures import measure
from kg.project import Project
from kg.results import Table
from kg.store import open_store
from kg.views import view_network

if TYPE_CHECKING:
    from kg.network import Network

TRIPLES = [60_000, 250_000, 1_000_000]
NODES_COLUMNS = ("nodes", "edges", "springs, s", "igraph, s", "from the cache, s")
MEASURES_COLUMNS = (
    *(
        "nodes",
        "edges",
        "betweenness by networkx, s",
        "out of items",
        "by igraph, s",
        "out of items",
    ),
    *("communities, s", "degree, s"),
)


def overview(triples: int) -> "Network":
    with tempfile.TemporaryDirectory() as folder:
        project = Project(make_home(Path(folder), triples))
        return view_network(project, open_store(project), "overview")


def seconds(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


def placed(graph: "Network") -> tuple[float, ...]:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["KG_CACHE"] = folder
        places_of(graph)
        kept = seconds(lambda: places_of(graph))
    return (*(seconds(lambda by=by: lay_out(graph, by)) for by in ("springs", "igraph")), kept)


def betweenness(graph: "Network", *, igraph: bool) -> tuple[float, str]:
    """Give the seconds, and out of how many items it is estimated."""
    found: list[Table] = []
    find_spec = measures.find_spec
    measures.find_spec = find_spec if igraph else lambda name: None
    taken = seconds(lambda: found.append(measure(graph, "betweenness")))
    measures.find_spec = find_spec
    reading = found[0].rows[0][-1]
    told = reading.value if reading else ""
    return taken, told.split()[2] if told.startswith("Estimated") else "all"


def main() -> None:
    nodes, measured = [], []
    for triples in TRIPLES:
        graph = overview(triples)
        size = (len(graph), graph.number_of_edges())
        nodes.append((*size, *placed(graph)))
        measured.append(
            (
                *size,
                *betweenness(graph, igraph=False),
                *betweenness(graph, igraph=True),
                *(
                    seconds(lambda graph=graph, name=name: measure(graph, name))
                    for name in ("communities", "degree")
                ),
            )
        )
        print(nodes[-1], measured[-1], flush=True)
    tell(
        "Large networks",
        "Networks are overviews of graphs made by `benchmarks/generate.py`. Seconds are of the "
        "processor. From the cache, places are read and the network is hashed. Betweenness follows "
        "the shortest ways out of all items, or of a sample as large as about ten seconds allow, "
        "and of thirty at least.",
        [(NODES_COLUMNS, nodes), (MEASURES_COLUMNS, measured)],
        ["networkx", "igraph", "numpy"],
    )


if __name__ == "__main__":
    main()
