"""How long `--why` takes of each saved query, beside the query itself.

    python benchmarks/why.py [--triples 100000]

The graph is made by generate.py and held in memory. Both are asked turn about, with the defaults;
seconds are of the processor, and end where all rows are read.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from generate import make_home
from told import spread, tell

from kg.explain import what_is_behind
from kg.project import Project
from kg.queries import SavedQuery, list_queries, run
from kg.results import Table
from kg.store import MemoryStore, Store

ROUNDS = 3
COLUMNS = ("query", "rows", "rows with why", "s", "s for why", "over")


def row(query: SavedQuery, store: Store) -> list[object] | None:
    """Ask both turn about; nothing can be told of an answer without rows."""
    took: tuple[list[float], list[float]] = ([], [])
    counts = (0, 0)
    for _ in range(ROUNDS):
        began = time.process_time()
        table = run(query, store)
        answered = time.process_time()
        if not isinstance(table, Table) or not table.rows:
            return None
        behind = what_is_behind(query, store, table)
        took[0].append(answered - began)
        took[1].append(time.process_time() - answered)
        counts = (len(table.rows), len(behind.rows))
    over = statistics.median(took[1]) / statistics.median(took[0])
    return [query.id, *counts, *map(spread, took), over]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--triples", type=int, default=100_000)
    size = parser.parse_args().triples
    rows = []
    with tempfile.TemporaryDirectory() as name:
        store = MemoryStore(Project(make_home(Path(name), size)).graph_files())
        for query in list_queries(Project()):
            if told := row(query, store):
                rows.append(told)
                print(*told, sep="\t", flush=True)
    tell(
        f"What is behind the rows (`--why`), {size:,} triples",
        "Seconds of the processor for a saved query with its defaults, and for the statements, "
        "works and places behind its rows (`--why`), medians of three rounds.",
        [(COLUMNS, rows)],
        ["pyoxigraph"],
    )


if __name__ == "__main__":
    main()
