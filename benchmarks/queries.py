"""How long each saved query takes, as multiples of a plain scan of the same graph.

    python benchmarks/queries.py [--triples 1000000] [QUERY ...]

It asks rdflib and Oxigraph on the shipped graph, and Oxigraph on a large one of the same shape
(see graph.py). Growth is how many times longer Oxigraph takes on the large graph, over how many
times more triples that has: 1 is linear. Nothing passes or fails.
"""

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import pyoxigraph
import rdflib
from graph import write_graph

from kg.project import Project
from kg.queries import list_queries

DEADLINE = 60
ROUNDS = 5
ENOUGH = 10  # seconds after which no further round begins
MEMORY = 8 << 30
SCAN = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
Engine = Callable[[str], int]


def oxigraph(path: Path) -> Engine:
    store = pyoxigraph.Store()
    store.load(path=path, format=pyoxigraph.RdfFormat.N_TRIPLES)
    return lambda text: sum(1 for _ in store.query(text))  # type: ignore[union-attr, misc]


def in_rdflib(path: Path) -> Engine:
    graph = rdflib.Graph().parse(path, format="nt")
    return lambda text: sum(1 for _ in graph.query(text))


def answer(pipe: Connection, load: Callable[[Path], Engine], path: Path) -> None:
    # A runaway query shall end here and not with the whole machine.
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    ask = load(path)
    pipe.send("ready")
    while text := pipe.recv():
        begin = time.perf_counter()
        rows, took = 0, list[float]()
        while len(took) < ROUNDS and time.perf_counter() - begin < ENOUGH:
            start = time.perf_counter()
            rows = ask(text)
            took.append(time.perf_counter() - start)
        pipe.send((rows, statistics.median(took)))


class Asker:
    """A child process that holds a graph; where a query gets no answer, the next has a new one."""

    def __init__(self, load: Callable[[Path], Engine], path: Path) -> None:
        self.load, self.path = load, path
        self.start()

    def start(self) -> None:
        self.pipe, other = get_context("spawn").Pipe()
        self.child = get_context("spawn").Process(
            target=answer, args=(other, self.load, self.path), daemon=True
        )
        self.child.start()
        other.close()
        self.pipe.recv()

    def seconds(self, text: str) -> tuple[int, float] | None:
        self.pipe.send(text)
        try:
            if self.pipe.poll(DEADLINE):
                return self.pipe.recv()  # type: ignore[no-any-return]
        except EOFError:
            pass
        self.child.kill()
        self.child.join()
        self.start()
        return None


def row(name: str, *cells: object) -> str:
    texts = [f"{cell:,.2f}" if isinstance(cell, float) else str(cell) for cell in cells]
    return f"{name:34}" + "".join(f"{text:>13}" for text in texts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--triples", type=int, default=1_000_000)
    parser.add_argument("query", nargs="*")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        small, large = Path(name) / "shipped.nt", Path(name) / "large.nt"
        triples = write_graph(0, small)
        more = write_graph(given.triples, large)
        askers = [Asker(in_rdflib, small), Asker(oxigraph, small), Asker(oxigraph, large)]
        scans = [asker.seconds(SCAN) for asker in askers]
        assert all(scans), "a plain scan took too long"
        print(f"Oxigraph in memory and rdflib on {triples:,} triples, Oxigraph on {more:,}.")
        print("Times are multiples of a plain scan by the same engine of the same graph.\n")
        print(row("", "rdflib", "Oxigraph", "on the large", "growth", "rows there"))
        texts = {query.id: query.text for query in list_queries(Project())}
        for query in ["scan", *(given.query or texts)]:
            found = [asker.seconds(texts.get(query, SCAN)) for asker in askers]
            cells: list[object] = [
                result[1] / scan[1] if result and scan else f"> {DEADLINE} s"
                for result, scan in zip(found, scans, strict=True)
            ]
            here, there = found[1:]
            growth = there[1] / here[1] / (more / triples) if here and there else "-"
            print(row(query, *cells, growth, f"{there[0]:,}" if there else "-"), flush=True)
        for asker in askers:
            asker.pipe.send("")


if __name__ == "__main__":
    main()
