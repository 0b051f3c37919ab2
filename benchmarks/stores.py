"""What each home of a graph takes, side by side: load, open, look up, group, memory and disk.

    python benchmarks/stores.py [--triples 100000 --triples 1000000]

Graphs are made by generate.py. Each load has a process of its own, and so has each opening; loads
of several homes take turns. Virtuoso is measured where it is installed, rdflib up to 100,000
triples.

Aims: `kg load` takes at most 1.2 times what `oxigraph load` does, in processor time; our store
opens and answers a first lookup within 0.3 s, once Python has imported what it needs.
"""

import argparse
import hashlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from shutil import rmtree, which

import psutil
import pyoxigraph
import rdflib
from generate import kg, made, make_home
from pyoxigraph import RdfFormat
from told import peak, spread, tell

from kg.endpoint import EndpointStore
from kg.generations import build
from kg.project import Project
from kg.results import Table
from kg.store import DiskStore, MemoryStore, Store

sys.path.append(str(Path(__file__).parent.parent / "tests"))

from real_servers import SERVER, oxigraph_command, virtuoso

ROUNDS = 5
LARGEST_FOR_RDFLIB = 100_000
LARGEST_FOR_ROUNDS = 1_000_000
LOAD_AIM, OPEN_AIM = 1.2, 0.3
GROUP = """PREFIX kg: <https://w3id.org/evidence-kg/ontology#>
SELECT ?theme ?agency (COUNT(?s) AS ?n) { ?s kg:theme ?theme ; kg:agency ?agency }
GROUP BY ?theme ?agency"""
OURS, THEIRS = "a store, by kg load", "a store, by oxigraph load"
COLUMNS = ("home", "load, s", "of the processor", "peak MB", "disk MB")
COLUMNS += ("open, s", "first lookup, ms", "lookup, ms", "grouping, s")

Ask = Callable[[str], int]
Load = Callable[[list[Path], Path], Ask | None]


def asked(store: Store) -> Ask:
    def ask(text: str) -> int:
        answer = store.query(text)
        assert isinstance(answer, Table)
        return len(answer.rows)

    return ask


def raw(store: pyoxigraph.Store) -> Ask:
    return lambda text: len(list(store.query(text)))  # type: ignore[arg-type]


def memory(files: list[Path], place: Path) -> Ask:
    return asked(MemoryStore(files))


def raw_memory(files: list[Path], place: Path) -> Ask:
    store = pyoxigraph.Store()
    for path in files:
        store.bulk_load(path=str(path), format=RdfFormat.TURTLE)
    return raw(store)


def in_rdflib(files: list[Path], place: Path) -> Ask:
    graph = rdflib.Graph()
    for path in files:
        graph.parse(path, format="turtle")
    return lambda text: len(list(graph.query(text)))


def kg_load(files: list[Path], place: Path) -> None:
    build(files, place)


def raw_load(files: list[Path], place: Path) -> None:
    store = pyoxigraph.Store(str(place))
    for path in files:
        store.bulk_load(path=str(path), format=RdfFormat.TURTLE)
    store.flush()


def oxigraph_load(files: list[Path], place: Path) -> None:
    command = [oxigraph_command(), "load", "--location", str(place), "--file", *map(str, files)]
    subprocess.run(command, check=True, capture_output=True)


def open_ours(place: Path) -> Ask:
    return asked(DiskStore(place))


def open_raw(place: Path) -> Ask:
    return raw(pyoxigraph.Store.read_only(str(place)))


HOMES: dict[str, tuple[Load, Callable[[Path], Ask] | None]] = {
    "memory": (memory, None),
    "memory, raw pyoxigraph": (raw_memory, None),
    "memory, rdflib": (in_rdflib, None),
    OURS: (kg_load, open_ours),
    "a store, raw pyoxigraph": (raw_load, open_raw),
    THEIRS: (oxigraph_load, open_raw),
}


@dataclass
class Figures:
    """What came of one home, one figure a round; what was asked took so many seconds."""

    clock: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    peak: list[float] = field(default_factory=list)
    disk: float = 0
    opened: list[float] = field(default_factory=list)
    asked: list[tuple[float, float, float]] = field(default_factory=list)

    def row(self, name: str) -> list[object]:
        first, lookup, group = zip(*self.asked, strict=True)
        return [
            name,
            spread(self.clock),
            spread(self.processor),
            max(self.peak),
            self.disk or "",
            spread(self.opened) if self.opened else "",
            spread([1000 * each for each in first]),
            spread([1000 * each for each in lookup]),
            spread(group),
        ]


def used() -> tuple[float, float]:
    """Give the processor time of this process and those it ran, and the most memory in MB."""
    own, others = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    seconds = sum(each.ru_utime + each.ru_stime for each in (own, others))
    return seconds, others.ru_maxrss / 1024 or peak()


def times(ask: Ask, lookup: str) -> tuple[float, float, float]:
    """Time a first lookup, then the median of more, then that of the grouping."""
    took = []
    for text in [lookup] * (ROUNDS + 1) + [GROUP] * ROUNDS:
        start = time.perf_counter()
        assert ask(text), "nothing was found"
        took.append(time.perf_counter() - start)
    return (
        took[0],
        statistics.median(took[1 : ROUNDS + 1]),
        statistics.median(took[ROUNDS + 1 :]),
    )


def load(pipe: Connection, way: Load, files: list[Path], place: Path, lookup: str) -> None:
    start, before = time.perf_counter(), used()[0]
    ask = way(files, place)
    clock, (after, peak) = time.perf_counter() - start, used()
    pipe.send((clock, after - before, peak))
    pipe.send(times(ask, lookup) if ask else None)


def opening(pipe: Connection, way: Callable[[Path], Ask], place: Path, lookup: str) -> None:
    start = time.perf_counter()
    ask = way(place)
    pipe.send(time.perf_counter() - start)
    pipe.send(times(ask, lookup))


class Child:
    """A process of its own, which sends what it measured."""

    def __init__(self, target: Callable[..., None], *given: object) -> None:
        spawn = get_context("spawn")
        self.pipe, other = spawn.Pipe()
        self.process = spawn.Process(target=target, args=(other, *given), daemon=True)
        self.process.start()
        other.close()

    def __enter__(self) -> Connection:
        return self.pipe

    def __exit__(self, *_: object) -> None:
        self.process.join()


def measure(files: list[Path], size: int, folder: Path, lookup: str) -> dict[str, Figures]:
    """Measure the homes of this process, whose loads take turns."""
    homes = {n: h for n, h in HOMES.items() if h[0] is not in_rdflib or size <= LARGEST_FOR_RDFLIB}
    found = {name: Figures() for name in homes}
    for _ in range(3 if size <= LARGEST_FOR_ROUNDS else 1):
        for number, (name, (way, way_in)) in enumerate(homes.items()):
            place, figures = folder / f"{number}.store", found[name]
            rmtree(place, ignore_errors=True)
            with Child(load, way, files, place, lookup) as pipe:
                for kept, figure in zip(
                    (figures.clock, figures.processor, figures.peak), pipe.recv(), strict=True
                ):
                    kept.append(figure)
                if answered := pipe.recv():
                    figures.asked.append(answered)
            if way_in:
                figures.disk = sum(p.stat().st_size for p in place.rglob("*") if p.is_file()) / 1e6
                with Child(opening, way_in, place, lookup) as pipe:
                    figures.opened.append(pipe.recv())
                    figures.asked.append(pipe.recv())
    return found


def measure_virtuoso(files: list[Path], folder: Path, lookup: str) -> Figures:
    begun = time.perf_counter()
    with virtuoso(folder, buffers=340_000) as server:
        opened = time.perf_counter() - begun
        process, store = psutil.Process(server.process.pid), EndpointStore(server.url, seconds=120)
        start, before = time.perf_counter(), sum(process.cpu_times()[:2])
        server.load(files)
        server.do("checkpoint;")
        took = time.perf_counter() - start
        spent = sum(process.cpu_times()[:2]) - before
        status = Path(f"/proc/{process.pid}/status").read_text("utf-8")
        peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
        disk = sum(path.stat().st_size for path in folder.glob("virtuoso.*")) / 1e6
        return Figures([took], [spent], [peak], disk, [opened], [times(asked(store), lookup)])


def aims(found: dict[str, Figures], digests: float) -> str:
    ours, theirs = found[OURS].processor, found[THEIRS].processor
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    without = [(a - digests) / b for a, b in zip(ours, theirs, strict=True)]
    opened = [a + b[0] for a, b in zip(found[OURS].opened, found[OURS].asked, strict=True)]
    lines = [
        f"{met(statistics.median(without) <= LOAD_AIM)}: kg load takes {spread(without)} times "
        f"oxigraph load (aim {LOAD_AIM}), and {spread(ratios)} times with the digests, which take "
        f"{digests:.2f} s; a load runs no rules; the start of Python comes before it",
        f"{met(statistics.median(opened) <= OPEN_AIM)}: opening our store and a first lookup take "
        f"{spread(opened)} s "
        f"(aim {OPEN_AIM})",
    ]
    return "\n".join(f"- {line}" for line in lines)


def met(is_met: bool) -> str:
    return "met" if is_met else "missed"


def seconds_of_digests(files: list[Path]) -> float:
    start = time.process_time()
    for path in files:
        with path.open("rb") as file:
            hashlib.file_digest(file, "sha256")
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--triples", type=int, action="append", help="again for another size")
    for size in sorted(parser.parse_args().triples or [100_000, 1_000_000]):
        with tempfile.TemporaryDirectory() as name:
            files = Project(make_home(Path(name) / "home", size)).graph_files()
            claims = (t.subject for t in made(size) if t.object == kg("Statement"))
            lookup = f"SELECT ?p ?o {{ {next(claims)} ?p ?o }}"
            found = measure(files, size, Path(name), lookup)
            if which(SERVER):
                place = Path(name) / "virtuoso"
                place.mkdir()
                found["Virtuoso"] = measure_virtuoso(files, place, lookup)
            told = aims(found, seconds_of_digests(files))
        print(f"{size:,} triples\n{told}", flush=True)
        tell(
            f"Stores at {size:,} triples",
            "The same files loaded into each home, a first question in a process of its own, and "
            "more of the same. A lookup asks for all that is said of one claim; the grouping "
            "counts claims by theme and agency. Virtuoso's opening is the start of its server, "
            f"and it is asked over HTTP.\n\n{told}",
            [(COLUMNS, [figures.row(name) for name, figures in found.items()])],
            ["pyoxigraph", "oxigraph", "rdflib"],
        )


if __name__ == "__main__":
    main()
