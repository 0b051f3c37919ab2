"""How well two coders agreed, computed from their raw codings in `docs/coding/`.

`python docs/agreement.py` prints every figure; `docs/generate.py` writes them to `docs/corpus.md`.
A unit of one coder is matched with the unit of the other that holds mostly the same characters.
"""

import csv
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import networkx as nx
from nltk.metrics.agreement import AnnotationTask
from nltk.metrics.distance import binary_distance, masi_distance

from kg.passages import read_passages
from kg.project import Project
from kg.results import Table
from kg.store import MemoryStore
from kg.terms import PREFIXES, local_name

FOLDER = Path(__file__).parent / "coding"
# Two units are the same claim where what both hold is at least half of what either holds.
OVERLAP = 0.5

# What is compared: by which column of a raw coding, and by which path from a statement.
_FOUND = {
    "kind": ("kind", "a"),
    "trend": ("trend", "kg:trend"),
    "valence": ("valence", "kg:valence"),
    "voice": ("voices", "kg:evidence/kg:voice"),
    "main theme": ("main_theme", "kg:mainTheme"),
    "agencies": ("agencies", "kg:agency"),
    "works": ("works", "kg:evidence/kg:original"),
}
PROPERTIES = tuple(_FOUND)
# Sets are compared by MASI distance (Passonneau 2006), for which {health} and {health, education}
# agree in part; the others hold one value and are the same or not.
SETS = ("agencies", "works")


@dataclass(frozen=True)
class Unit:
    """A claim as one coder, or the graph, has it: where it stands and what is said of it."""

    id: str
    places: frozenset[int]
    values: dict[str, frozenset[str]]


def read_coding(path: Path) -> list[Unit]:
    """Read the units of a raw coding."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Unit(
                row["unit"],
                frozenset(
                    place
                    for span in row["spans"].split(";")
                    for place in range(*map(int, span.split("-")))
                ),
                {
                    name: frozenset(map(_slug, filter(None, row[column].split(";"))))
                    for name, (column, _) in _FOUND.items()
                },
            )
            for row in csv.DictReader(file)
        ]


def _slug(name: str) -> str:
    return name.rpartition("/")[2].removeprefix("new:")


def read_graph(project: Project, review: str) -> list[Unit]:
    """Read the statements of a review as units."""
    store = MemoryStore(project.graph_files())
    places: dict[str, set[int]] = {}
    for passage in read_passages(store):
        if local_name(passage.source) == review and passage.anchor:
            run = range(passage.anchor.start, passage.anchor.end)
            places.setdefault(passage.statement, set()).update(run)
    values = {name: _read_values(store, path) for name, (_, path) in _FOUND.items()}
    return [
        Unit(
            local_name(statement),
            frozenset(held),
            {name: frozenset(found.get(statement, ())) for name, found in values.items()},
        )
        for statement, held in sorted(places.items())
    ]


def _read_values(store: MemoryStore, path: str) -> dict[str, set[str]]:
    answer = store.query(
        f"PREFIX kg: <{PREFIXES['kg']}> PREFIX rdfs: <{PREFIXES['rdfs']}> "
        "SELECT ?unit ?value WHERE "
        f"{{ ?unit a kg:Statement ; {path} ?value . FILTER(?value != kg:Statement) }}"
    )
    assert isinstance(answer, Table)
    found: dict[str, set[str]] = {}
    for unit, value in answer.rows:
        assert unit and value
        found.setdefault(unit.value, set()).add(local_name(value.value))
    return found


def overlap(one: Unit, other: Unit) -> float:
    """Give the share of the characters of either that both hold."""
    return len(one.places & other.places) / len(one.places | other.places)


def match(ones: list[Unit], others: list[Unit]) -> list[tuple[Unit, Unit]]:
    """Pair units one to one, so that the pairs overlap as much as possible in all."""
    graph = nx.Graph()
    for first in ones:
        for second in others:
            shared = overlap(first, second)
            if shared >= OVERLAP:
                graph.add_edge((0, first.id), (1, second.id), weight=shared)
    known = {(0, unit.id): unit for unit in ones} | {(1, unit.id): unit for unit in others}
    pairs = [sorted(pair) for pair in nx.max_weight_matching(graph)]
    return [(known[first], known[second]) for first, second in sorted(pairs)]


def unitising(ones: list[Unit], others: list[Unit]) -> dict[str, float]:
    """Give how well two coders agreed on where the claims are.

    Returns the numbers of units, of pairs, the F1 of pairs (twice the pairs by all units), the
    mean overlap of a pair, and the F1 of the characters that each has in any unit.
    """
    pairs = match(ones, others)
    held = [frozenset().union(*(unit.places for unit in units)) for units in (ones, others)]
    return {
        "units of coder A": len(ones),
        "units of coder B": len(others),
        "units matched": len(pairs),
        "overlap F1 of units": 2 * len(pairs) / (len(ones) + len(others)),
        "mean overlap of matched units": sum(overlap(*pair) for pair in pairs) / len(pairs),
        "F1 of coded characters": 2 * len(held[0] & held[1]) / (len(held[0]) + len(held[1])),
    }


def agreement(pairs: list[tuple[Unit, Unit]], name: str) -> tuple[int, float, float]:
    """Give for a property the units with the same value, their share, and Krippendorff's alpha."""
    values = [[unit.values[name] or frozenset({"none"}) for unit in pair] for pair in pairs]
    data = [
        (coder, number, value)
        for number, pair in enumerate(values)
        for coder, value in zip("AB", pair, strict=True)
    ]
    same = sum(first == second for first, second in values)
    distance = masi_distance if name in SETS else binary_distance
    return same, same / len(pairs), AnnotationTask(data, distance).alpha()


@dataclass(frozen=True)
class Change:
    """A point on which the graph differs from a coder, or the coders from one another."""

    statement: str
    point: str
    coder_a: str
    coder_b: str
    graph: str


def changes(a: list[Unit], b: list[Unit], graph: list[Unit]) -> Iterator[Change]:
    """List every point on which coder A, coder B and the graph are not all of one mind.

    A statement that a coder has no unit for, or a unit that became no statement, is the point
    `unit`.
    """
    to_a, to_b = ({g.id: unit for g, unit in match(graph, coder)} for coder in (a, b))
    for statement in graph:
        first, second = to_a.get(statement.id), to_b.get(statement.id)
        names = [unit.id if unit else "" for unit in (first, second)]
        if not all(names):
            yield Change(statement.id, "unit", *names, statement.id)
        for name in PROPERTIES:
            told = [_text(unit.values[name]) if unit else "" for unit in (first, second)]
            final = _text(statement.values[name])
            if {value for value, unit in zip(told, names, strict=True) if unit} - {final}:
                yield Change(statement.id, name, *told, final)
    for number, (units, used) in enumerate(((a, to_a), (b, to_b))):
        for unit in units:
            if unit.id not in {other.id for other in used.values()}:
                yield Change("", "unit", *(("", unit.id) if number else (unit.id, "")), "")


# What coder B alone decides, unless the list of other changes says otherwise: by which column of
# a raw coding, and by which path from a statement.
_OTHERS = {
    "since": ("since", "kg:since"),
    "themes": ("themes", "kg:theme"),
    "concerns": ("concerns", "kg:concerns"),
    "implied": ("implied", "kg:agenciesImplied"),
    "relayed by": ("relayed_by", "kg:evidence/kg:relayedBy"),
    "pages of works": ("locators", "kg:evidence/kg:locator"),
    "quotation": ("quotations", "kg:evidence/kg:isQuotation"),
    "quantities": ("quantities", "kg:quantity/rdfs:label"),
    "lower bounds": ("quantities", "kg:quantity/kg:lowerBound"),
    "upper bounds": ("quantities", "kg:quantity/kg:upperBound"),
    "disagreements": ("disagrees", "^kg:between/kg:between"),
}
# Which field of a quantity, parted by bars, a point is about.
_FIELDS = {"lower bounds": 1, "upper bounds": 2}
_RELATIONS = ("supports", "qualifies", "elaborates", "followsFrom", "respondsTo", "repeats")


def other_changes(path: Path, project: Project, review: str) -> Iterator[tuple[str, ...]]:
    """List what else the graph has otherwise than coder B: statement, point, coder B, graph.

    A unit that another names is given as the statement that it became.
    """
    graph = read_graph(project, review)
    became = {unit.id: statement.id for statement, unit in match(graph, read_coding(path))}
    store = MemoryStore(project.graph_files())
    have = {name: _read_values(store, path) for name, (_, path) in _OTHERS.items()}
    have |= {name: _read_values(store, f"kg:{name}") for name in _RELATIONS}
    main = _read_values(store, "kg:mainTheme")
    with path.open(encoding="utf-8", newline="") as file:
        coded = {became[row["unit"]]: row for row in csv.DictReader(file) if row["unit"] in became}
    # Coder B writes a disagreement down on one of its sides.
    apart = {
        frozenset((statement, became.get(_slug(told.partition("|")[0]), told)))
        for statement, row in coded.items()
        for told in row["disagrees"].split(";")
        if told
    }
    for statement, row in sorted(coded.items()):
        iri = f"{PREFIXES['statement']}{statement}"
        relations = [told.split() for told in row["relations"].split(";") if told]
        for name in (*_OTHERS, *_RELATIONS):
            if name == "disagreements":
                told = {other for pair in apart if statement in pair for other in pair}
            elif name in _OTHERS:
                # `false` is what is not said.
                cells = filter(None, row[_OTHERS[name][0]].split(";"))
                field = _FIELDS.get(name, 0)
                told = {_slug(cell.split("|")[field]) for cell in cells if cell != "false"}
            else:
                told = {_slug(target) for relation, target in relations if relation == name}
            told = {became.get(value, value) for value in told} - {"none", "", statement}
            final = have[name].get(iri, set()) - {statement, "false"}
            if name in _FIELDS:
                told, final = ({f"{float(value):g}" for value in some} for some in (told, final))
            if name == "themes":
                told, final = told - {_slug(row["main_theme"])}, final - main[iri]
            if told != final:
                yield statement, name, _text(told), _text(final)


def _text(values: Iterable[str]) -> str:
    return " ".join(sorted(values)) or "none"


def main() -> None:
    """Print every figure."""
    a, b = (read_coding(FOLDER / f"{coder}.csv") for coder in "ab")
    for name, figure in unitising(a, b).items():
        print(f"{name}: {figure if isinstance(figure, int) else format(figure, '.3f')}")
    pairs = match(a, b)
    for name in PROPERTIES:
        same, share, alpha = agreement(pairs, name)
        print(f"{name}: {same} of {len(pairs)} alike ({share:.1%}), alpha {alpha:.3f}")
    if "--changes" in sys.argv:
        graph = read_graph(Project(), "martin-2010")
        writer = csv.writer(sys.stdout, lineterminator="\n")
        for change in changes(a, b, graph):
            writer.writerow(vars(change).values())
    if "--write" in sys.argv:
        # Reasons are kept; a new change is left without one, which a test then asks for.
        path = FOLDER / "other-changes.csv"
        with path.open(encoding="utf-8", newline="") as file:
            reasons = {(r["statement"], r["point"]): r["reason"] for r in csv.DictReader(file)}
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("statement", "point", "coder_b", "graph", "reason"))
            for row in other_changes(FOLDER / "b.csv", Project(), "martin-2010"):
                writer.writerow((*row, reasons.get(row[:2], "")))


if __name__ == "__main__":
    main()
