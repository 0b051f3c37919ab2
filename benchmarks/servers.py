"""How long each saved query takes at real servers: `oxigraph` and, where installed, Virtuoso.

    python benchmarks/servers.py [--triples 100000]

The graph is made by generate.py. Times are by the clock, of the whole answer as it is read here,
and so with HTTP; the same graph in memory is asked beside them, turn about.
"""

import argparse
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from shutil import which

from generate import make_home
from queries import text_of
from stores import oxigraph_load
from told import spread, tell

from kg.endpoint import EndpointStore
from kg.errors import KgError
from kg.project import Project
from kg.queries import list_queries
from kg.results import Table
from kg.store import MemoryStore, Store

sys.path.append(str(Path(__file__).parent.parent / "tests"))

from real_servers import SERVER, oxigraph, virtuoso

ROUNDS = 3
DEADLINE = 60
COLUMNS = ("query", "rows", "in memory, s", "oxigraph server, s", "over", "Virtuoso, s", "over")


def took(store: Store, text: str) -> tuple[float, int] | None:
    """Give the seconds until an answer is read, and its rows; nothing where none comes in time."""
    start = time.perf_counter()
    try:
        answer = store.query(text)
    except KgError:
        return None
    seconds = time.perf_counter() - start
    return seconds, len(answer.rows if isinstance(answer, Table) else answer.triples)  # type: ignore[union-attr]


def row(name: str, text: str, homes: list[Store]) -> list[object]:
    """Ask each home turn about; one that gives no answer, or another, is not asked again."""
    rounds: list[list[float]] = [[] for _ in homes]
    wrong = [f"none in {DEADLINE}"] * len(homes)
    _, count = took(homes[0], text) or (0, 0)
    left = list(enumerate(homes))
    for _ in range(ROUNDS):
        for number, store in list(left):
            told = took(store, text)
            if told and told[1] == count:
                rounds[number].append(told[0])
            else:
                left.remove((number, store))
                rounds[number].clear()
                wrong[number] = f"{told[1]:,} rows: wrong" if told else wrong[number]
    cells: list[object] = [name, count, spread(rounds[0])]
    for other, instead in zip(rounds[1:], wrong[1:], strict=True):
        over = statistics.median(other) / statistics.median(rounds[0]) if other else ""
        cells += [spread(other) if other else instead, over]
    return cells + [""] * (len(COLUMNS) - len(cells))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--triples", type=int, default=100_000)
    size = parser.parse_args().triples
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        files = Project(make_home(folder / "home", size)).graph_files()
        oxigraph_load(files, folder / "store")
        address = stack.enter_context(oxigraph(folder / "store"))
        homes: list[Store] = [MemoryStore(files), EndpointStore(f"{address}/query", DEADLINE)]
        if which(SERVER):
            (folder / "virtuoso").mkdir()
            server = stack.enter_context(virtuoso(folder / "virtuoso", 1_000_000, 100_000))
            server.load(files)
            homes.append(EndpointStore(server.url, DEADLINE))
        rows = []
        for query in list_queries(Project()):
            rows.append(row(query.id, text_of(query), homes))
            print(*rows[-1], sep="\t", flush=True)
    tell(
        f"Saved queries at servers, {size:,} triples",
        "Seconds by the clock until the whole answer is read, with HTTP, medians of three rounds; "
        "over what the same graph takes in memory. An answer with another number of rows than "
        "there is told as wrong.",
        [(COLUMNS, rows)],
        ["pyoxigraph", "oxigraph"],
    )


if __name__ == "__main__":
    main()
