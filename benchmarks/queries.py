"""How long each saved query takes: here, in raw pyoxigraph, on disk, in rdflib; at several sizes.

    python benchmarks/queries.py [--triples 100000 --triples 1000000] [QUERY ...]

Graphs are made by generate.py. Our way and raw pyoxigraph ask one store turn about, and read all
rows; rdflib is asked of graphs of up to 100,000 triples. Times are those of the processor, which
tell less of what else the machine does. A query is as good as n log n where its time grows at most
so much faster than its graph, or than its rows where these are what grows; in memory and on disk.

Aims: at most 1.2 times raw pyoxigraph; at a million triples none over 1 s in memory and 2 s on
disk; at 100,000 at least 10 times faster than rdflib; growth no worse than n log n. Missed ones are
told by name.
"""

import argparse
import math
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import pyoxigraph
import rdflib
from generate import kg, made, make_home
from told import spread, tell

from kg.project import Project
from kg.queries import SavedQuery, list_queries
from kg.results import Table
from kg.store import DiskStore, LocalStore, MemoryStore

DEADLINE = 120
ROUNDS = 5
ENOUGH = 5  # seconds after which no further round begins
LARGEST_FOR_RDFLIB = 100_000
# From which graph size on an aim holds.
LARGE = 1_000_000
# Of a query that takes less, most is what any takes: to look the text through, to hand rows over.
FAST = 0.002
DETAIL = "statement-detail"
COLUMNS = (
    "query",
    "rows",
    "s in memory",
    "over raw",
    "s on disk",
    "rdflib over memory",
    "growth",
    "growth on disk",
)

Asked = Callable[[str], int]


def rows_of(store: LocalStore) -> Asked:
    def ask(text: str) -> int:
        answer = store.query(text)
        return len(answer.rows if isinstance(answer, Table) else answer.triples)  # type: ignore[union-attr]

    return ask


def in_memory(home: Path, disk: Path) -> list[Asked]:
    store = MemoryStore(Project(home).graph_files())
    raw = store.graph
    return [
        rows_of(store),
        lambda text: len([tuple(row) for row in raw.query(text)]),  # type: ignore[union-attr, arg-type]
    ]


def on_disk(home: Path, disk: Path) -> list[Asked]:
    return [rows_of(DiskStore(disk))]


def in_rdflib(home: Path, disk: Path) -> list[Asked]:
    graph = rdflib.Graph()
    for path in Project(home).graph_files():
        graph.parse(path, format="turtle")
    return [lambda text: len(list(graph.query(text)))]


def answer(pipe: Connection, load: Callable[[Path, Path], list[Asked]], *where: Path) -> None:
    # A runaway query shall end here and not with the whole machine.
    resource.setrlimit(resource.RLIMIT_AS, (16 << 30, 16 << 30))
    ways = load(*where)
    pipe.send("ready")
    while text := pipe.recv():
        begin = time.perf_counter()
        rows: list[int] = []
        took: list[list[float]] = [[] for _ in ways]
        while len(took[0]) < ROUNDS and time.perf_counter() - begin < ENOUGH:
            rows.clear()
            for way, times in zip(ways, took, strict=True):
                start = time.process_time()
                rows.append(way(text))
                times.append(time.process_time() - start)
        assert len(set(rows)) == 1, "two ways give other numbers of rows"
        pipe.send((rows[0], took))


@dataclass
class Asker:
    """A child process that holds a graph; where a query gets no answer, the next has a new one."""

    load: Callable[[Path, Path], list[Asked]]
    home: Path
    disk: Path
    failed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        spawn = get_context("spawn")
        self.pipe, other = spawn.Pipe()
        self.child = spawn.Process(
            target=answer, args=(other, self.load, self.home, self.disk), daemon=True
        )
        self.child.start()
        other.close()
        self.pipe.recv()

    def times(self, text: str) -> tuple[int, list[list[float]]] | None:
        """Give the rows, and the seconds of each round of each way; nothing after the deadline."""
        self.pipe.send(text)
        try:
            if self.pipe.poll(DEADLINE):
                return self.pipe.recv()  # type: ignore[no-any-return]
        except EOFError:
            pass
        self.end()
        self.__post_init__()
        return None

    def end(self) -> None:
        self.child.kill()
        self.child.join()


class Measured:
    """What came of one size."""

    def __init__(self, size: int, texts: dict[str, str], folder: Path) -> None:
        self.missed: list[str] = []
        self.small: list[str] = []
        self.grown: list[list[str]] = [[], []]
        home, disk = make_home(folder / str(size), size), folder / f"{size}.store"
        store = pyoxigraph.Store(str(disk))
        for path in Project(home).graph_files():
            store.bulk_load(path=str(path), format=pyoxigraph.RdfFormat.TURTLE)
        self.triples = len(store)
        del store
        self.size = size
        # The rows of each query, and its seconds in memory and on disk.
        self.found: dict[str, tuple[int, list[float]]] = {}
        self.rows: list[list[object]] = []
        ways = [in_memory, on_disk, *([in_rdflib] if size <= LARGEST_FOR_RDFLIB else [])]
        askers = [Asker(way, home, disk) for way in ways]
        for name, text in texts.items():
            self.rows.append(self.row(name, [asker.times(text) for asker in askers]))
            print(*self.rows[-1], sep="\t", flush=True)
        for asker in askers:
            asker.end()

    def row(self, name: str, told: list[tuple[int, list[list[float]]] | None]) -> list[object]:
        late = f"over {DEADLINE}"
        memory, disk, other = (*told, None)[:3]
        if memory is None:
            self.missed.append(f"{name}: no answer in {DEADLINE} s")
            return [name, "", late, "", "", "", "", ""]
        count, (ours, raw) = memory
        took = statistics.median(ours)
        over = statistics.median(a / b for a, b in zip(ours, raw, strict=True))
        if over > 1.2 and took > FAST:
            self.missed.append(f"{name}: {over:.2f} times raw pyoxigraph")
        elif over > 1.2:
            more = 1000 * (took - statistics.median(raw))
            self.small.append(f"{name} {over:.2f} ({more:.1f} ms more)")
        there = statistics.median(disk[1][0]) if disk else None
        self.found[name] = (count, [took] if there is None else [took, there])
        if self.size == LARGE:
            if took > 1:
                self.missed.append(f"{name}: {took:.1f} s in memory")
            if there is None or there > 2:
                self.missed.append(f"{name}: {there or DEADLINE:.1f} s on disk")
        slower: object = ""
        if self.size <= LARGEST_FOR_RDFLIB:
            slower = statistics.median(other[1][0]) / took if other else f"{late} s"
            if isinstance(slower, float) and slower < 10:
                self.missed.append(f"{name}: {slower:.1f} times faster than rdflib")
        return [name, count, spread(ours), over, there or late, slower, "", ""]

    def compare(self, smaller: "Measured") -> None:
        """Tell how much faster than n log n each query grew, by its graph or its rows."""
        for row in self.rows:
            name = str(row[0])
            if name not in self.found or name not in smaller.found:
                continue
            (rows, times), (fewer, before) = self.found[name], smaller.found[name]
            graph = self.triples / smaller.triples
            most = max(graph, rows / max(fewer, 1))
            logs = math.log(self.triples) / math.log(smaller.triples)
            for home, (took, base) in enumerate(zip(times, before, strict=False)):
                growth = took / max(base, FAST / 10) / (most * logs)
                row[home - 2] = growth
                if round(growth, 2) > 1 and took > FAST:
                    self.grown[home].append(f"{name} {growth:.2f}")

    def told(self) -> str:
        """Tell the aims that were missed."""
        lines = list(self.missed)
        if self.small:
            lines.append(
                f"under {FAST * 1000:.0f} ms, over raw pyoxigraph: {', '.join(self.small)}"
            )
        for home, grown in zip(("in memory", "on disk"), self.grown, strict=True):
            if grown:
                lines.append(f"grew faster than n log n {home}: {', '.join(grown)}")
        return "\n".join(f"- {line}" for line in lines or ["none"])


def text_of(query: SavedQuery) -> str:
    """Give a query with its defaults; a claim that is asked for is one that was made."""
    if query.id != DETAIL:
        return query.text
    claim = next(triple for triple in made(LARGE) if triple.object == kg("Statement"))
    return query.bind({"statement": [claim.subject.value]}, MemoryStore([], [claim]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--triples", type=int, action="append", help="again for another size")
    parser.add_argument("query", nargs="*")
    given = parser.parse_args()
    saved = {query.id: text_of(query) for query in list_queries(Project())}
    texts = {name: text for name, text in saved.items() if not given.query or name in given.query}
    sizes: list[Measured] = []
    with tempfile.TemporaryDirectory() as name:
        for size in sorted(given.triples or [100_000, 1_000_000]):
            sizes.append(Measured(size, texts, Path(name)))
            if sizes[1:]:
                sizes[-1].compare(sizes[-2])
    if given.query:
        return  # a part of the queries is measured to look at it
    for each in sizes:
        tell(
            f"Saved queries at {each.size:,} triples",
            f"{len(each.rows)} queries with their defaults, on {each.triples:,} triples with the "
            "vocabularies. Seconds are of the processor, medians of up to five rounds. Growth is "
            "that of the time over n log n of the next smaller graph, or over the rows where these "
            f"grow faster: 1 or less is as aimed at.\n\nMissed aims:\n\n{each.told()}",
            [(COLUMNS, each.rows)],
            ["pyoxigraph", "rdflib"],
        )


if __name__ == "__main__":
    main()
