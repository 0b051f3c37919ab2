"""How long validation takes by each engine, against pySHACL, at several sizes.

    python benchmarks/validation.py [--triples 10000 --triples 100000 --triples 1000000] [--judge]

Graphs are made by generate.py. Each run has a process of its own, which tells its processor time
and its peak of memory. An engine is timed alone, with what it makes of the triples for itself: a
graph of rdflib, N-Triples, a store. `sparql` is also asked of a store on disk, and `kg validate` is
timed as a whole, with reading, counts and check queries. All must find the same. Times are medians
of three runs.

pySHACL is run up to 100,000 triples; what it would take beyond is reckoned from there as if it grew
with the triples alone, which it does at the least. With --judge it is run at all sizes.

Aims at a million triples: `shacl` 100 times and `sparql` 20 times as fast as pySHACL.
"""

import argparse
import statistics
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from generate import make_home
from told import peak, spread, tell

from kg.generations import build
from kg.project import Project
from kg.store import DiskStore
from kg.turtle import read_turtle
from kg.validation import sparql_engine, validate
from kg.validation.engines import find

SIZES = (10_000, 100_000, 1_000_000)
LARGEST_FOR_PYSHACL = 100_000
LARGE = 1_000_000
AIMS = {"shacl": 100, "sparql": 20}
ROUNDS = 3
ON_DISK, WHOLE, STORED = "sparql, on disk", "kg validate --engine ", "kg validate --store"
WAYS = ("pyshacl", "shacl", "sparql", ON_DISK, f"{WHOLE}shacl", f"{WHOLE}sparql", STORED)
PACKAGES = ("pyshacl", "shacl", "pyoxigraph", "rdflib")
TITLE = "Validation"
TEXT = """Each engine alone, with what it makes of the triples for itself, and `kg validate` as a
whole; beyond 100,000 triples pySHACL is reckoned as if it grew with the triples alone, unless it
was run. What is found in a graph without mistakes is of the ontology, which is not judged."""
COLUMNS = ("triples", "engine", "s of the processor", "times pySHACL", "peak MB", "found")

Row = tuple[int, str, str, float, int, int]


def measured(way: str, home: Path, disk: Path) -> tuple[float, float, int]:
    """Give the processor's seconds, the peak of memory in MB, and how much was found."""
    project = Project(home)
    if way.startswith((WHOLE, STORED)):
        asked = DiskStore(disk) if way == STORED else None
        engine = "sparql" if asked else way.removeprefix(WHOLE)
        begin = time.process_time()
        found = len(validate(project, engine=engine, asked=asked).violations)
    else:
        rules = [t for path in project.shape_files() for t in read_turtle(path).triples]
        store = DiskStore(disk) if way == ON_DISK else None
        paths = [] if store else project.graph_files()
        data = [triple for path in paths for triple in read_turtle(path).triples]
        begin = time.process_time()
        found = len(sparql_engine.find(store, rules) if store else find(data, rules, way)[1])
    took = time.process_time() - begin
    return took, peak(), found


def apart(way: str, home: Path, disk: Path) -> tuple[float, float, int]:
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(measured, way, home, disk).result()


def compared(folder: Path, triples: int, judge: float | None) -> tuple[list[Row], float]:
    """Measure all ways at one size; `judge` is what pySHACL would take, where it is not run."""
    home, disk = folder / "home", folder / "store"
    make_home(home, triples)
    build(Project(home).graph_files(), disk)
    rows: list[Row] = []
    for way in WAYS if judge is None else WAYS[1:]:
        runs = [apart(way, home, disk) for _ in range(ROUNDS)]
        took, memory = (statistics.median(run[part] for run in runs) for part in (0, 1))
        judge = took if way == "pyshacl" else judge
        assert judge is not None
        rows.append(
            (
                triples,
                way,
                spread([run[0] for run in runs]),
                judge / took,
                round(memory),
                runs[0][2],
            )
        )
        print(*rows[-1], flush=True)
    assert (
        len({found for _, way, _, _, _, found in rows if not way.startswith((WHOLE, STORED))}) == 1
    )
    return rows, judge or 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--triples", type=int, action="append")
    parser.add_argument("--judge", action="store_true")
    given = parser.parse_args()
    rows: list[Row] = []
    lines: list[str] = []
    last: tuple[int, float] | None = None
    for triples in given.triples or SIZES:
        skipped = last and triples > LARGEST_FOR_PYSHACL and not given.judge
        judge = last[1] * triples / last[0] if last and skipped else None
        if judge:
            lines.append(f"- pySHACL at {triples:,}: at least {judge:,.0f} s, as reckoned")
        with tempfile.TemporaryDirectory() as folder:
            told, took = compared(Path(folder), triples, judge)
        rows += told
        last = (triples, took)
    for triples, way, _, ratio, *_ in rows:
        if triples == LARGE and way in AIMS:
            met = ratio >= AIMS[way]
            what = f"{way} {ratio:.0f} times as fast as pySHACL (aim {AIMS[way]})"
            lines.append(f"- {'met' if met else 'missed'}: {what}")
    print("\n".join(lines))
    tell(TITLE, "\n".join([TEXT, "", *lines]), [(COLUMNS, rows)], PACKAGES)


if __name__ == "__main__":
    main()
