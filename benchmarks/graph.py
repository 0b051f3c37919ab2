"""Write a large graph of the shipped one's shape: the corpus again and again, each under ids of
its own. Vocabularies and the dataset's description stand in it once.

    python benchmarks/graph.py 1000000 build/large.nt

The number of triples is rounded up to whole copies; the same number gives the same file.
"""

import argparse
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pyoxigraph import NamedNode, RdfFormat, Triple, parse, serialize

from kg.project import Project

COPY = "copy-N-"


def read(paths: Iterable[Path]) -> list[Triple]:
    return [quad.triple for path in paths for quad in parse(path=path, format=RdfFormat.TURTLE)]


def text_of(triples: list[Triple]) -> str:
    return (serialize(triples, format=RdfFormat.N_TRIPLES) or b"").decode()


def copied(triples: list[Triple]) -> list[Triple]:
    """Mark the name of each thing that the triples describe: a copy puts its number there."""
    own = {triple.subject for triple in triples}

    def marked(term: Any) -> Any:
        if term not in own:
            return term
        space, _, name = term.value.rpartition("/")
        return NamedNode(f"{space}/{COPY}{name}")

    return [Triple(marked(t.subject), t.predicate, marked(t.object)) for t in triples]


def write_graph(wanted: int, path: Path) -> int:
    """Write at least that many triples as N-Triples, and give their number."""
    project = Project()
    corpus = [file for file in project.data_files() if file.name != "dataset.ttl"]
    once = read(file for file in project.graph_files() if file not in corpus)
    repeated = read(corpus)
    copies = max(1, math.ceil((wanted - len(once)) / len(repeated)))
    template = text_of(copied(repeated))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text_of(once) + text_of(repeated))
        for number in range(2, copies + 1):
            file.write(template.replace(COPY, f"copy-{number}-"))
    return len(once) + copies * len(repeated)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("triples", type=int)
    parser.add_argument("file", type=Path)
    given = parser.parse_args()
    print(f"{given.file}: {write_graph(given.triples, given.file):,} triples")


if __name__ == "__main__":
    main()
