"""Make an evidence graph of any size that conforms to the model, from nothing but a seed.

    python benchmarks/generate.py 100000 build/large --seed 1

It writes a home: a folder with data/triples/, whose ontology and queries are those that are
shipped. Each claim takes after one of the shipped graph, drawn at random: as many agencies, themes,
passages, works and relations. Works are cited the more often the more often they were before, as
real ones are. All names and texts are made up, so that nothing is said of a real work. The same
number and seed give the same triples, which are made one by one and never held together.

    python benchmarks/generate.py 100000 build/large --errors 5

adds a review with five errors of each kind that the shapes and the check queries find, and lists
them in errors.csv, each with its kind and the thing that is wrong.
"""

import argparse
import csv
from collections.abc import Iterator
from itertools import chain, count, islice
from pathlib import Path

from errors import FlawedReview
from maker import A, Maker, kg
from pyoxigraph import RdfFormat, Triple, serialize

PIECE = 200_000  # triples in a file, as one that people may mend is read up to 50 MB


def made(triples: int, seed: int = 1) -> Iterator[Triple]:
    """Make a graph of so many triples or, to end with a whole claim, a few more."""
    for number, triple in enumerate(Maker(seed).graph(), start=1):
        if number > triples and triple.predicate == A and triple.object == kg("Statement"):
            return
        yield triple


def with_errors(of_each_kind: int, seed: int, path: Path) -> Iterator[Triple]:
    """Make a review with errors, and list them in a file."""
    flawed = FlawedReview(seed)
    yield from flawed.right
    with path.open("w", encoding="utf-8", newline="") as file:
        written = csv.writer(file)
        written.writerow(("kind", "focus"))
        for error in flawed.errors(of_each_kind):
            written.writerow((error.kind, error.focus))
            yield from error.triples


def make_home(folder: Path, triples: int, seed: int = 1, errors: int = 0) -> Path:
    """Write a home with such a graph and errors, in place of what was made there before."""
    data = folder / "data" / "triples"
    data.mkdir(parents=True, exist_ok=True)
    # What was made here before may have been larger.
    if before := [*data.glob("made-[0-9]*.ttl")]:
        for path in (*before, folder / "errors.csv"):
            path.unlink(missing_ok=True)
    graph = made(triples, seed)
    if errors:
        graph = chain(graph, with_errors(errors, seed, folder / "errors.csv"))
    for number in count(1):
        if not (some := list(islice(graph, PIECE))):
            break
        # N-Triples are Turtle, too, and can be written as they come.
        serialize(some, str(data / f"made-{number}.ttl"), format=RdfFormat.N_TRIPLES)
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("triples", type=int)
    parser.add_argument("home", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--errors", type=int, default=0, metavar="N", help="so many of each kind")
    given = parser.parse_args()
    if given.triples < 1:
        parser.error("triples: there must be one at least")
    if given.errors < 0:
        parser.error("--errors: there cannot be fewer than none")
    make_home(given.home, given.triples, given.seed, given.errors)
    print(f"{given.home}: about {given.triples:,} triples")
    if given.errors:
        print(f"{given.home / 'errors.csv'}: {given.errors} errors of each kind")


if __name__ == "__main__":
    main()
