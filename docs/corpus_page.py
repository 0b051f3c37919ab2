"""The page `docs/corpus.md`: what the graph holds of the review, and how well two coders agreed."""

import csv
from collections.abc import Iterable
from pathlib import Path

from agreement import (
    FOLDER,
    OVERLAP,
    PROPERTIES,
    SETS,
    agreement,
    match,
    read_coding,
    read_graph,
    unitising,
)

from kg.anchors import ReferenceText
from kg.passages import coverage
from kg.project import Project
from kg.results import Table, render
from kg.store import MemoryStore
from kg.terms import PREFIXES

PAGE = Path(__file__).parent / "corpus.md"
REVIEW = "martin-2010"
# The text of the review, which cannot be passed on; without it the page keeps its coverage.
TEXT = PAGE.parents[2] / "shared" / "source" / "000_f5938bed29163197.txt"
COVERAGE = "## Coverage\n"
_PREFIXES = "".join(f"PREFIX {p}: <{PREFIXES[p]}>\n" for p in ("kg", "rdfs", "skos"))


def count_by(store: MemoryStore, head: str, pattern: str) -> str:
    """Count the statements by what a pattern binds to ?what, most first, as a Markdown table."""
    answer = store.query(
        f"{_PREFIXES}SELECT ?what (COUNT(DISTINCT ?statement) AS ?statements) WHERE "
        f"{{ ?statement a kg:Statement . {pattern} }} "
        "GROUP BY ?what ORDER BY DESC(?statements) STR(?what)"
    )
    assert isinstance(answer, Table)
    return f"\n### By {head}\n\n" + rows(
        (head.capitalize(), "Statements"), [(cell(w), cell(n)) for w, n in answer.rows]
    )


def cell(term: object) -> str:
    return str(getattr(term, "value", ""))


def rows(heads: Iterable[str], lines: Iterable[Iterable[object]]) -> str:
    heads = list(heads)
    table = [heads, [" --- "] * len(heads), *lines]
    return "".join(f"| {' | '.join(str(c).strip() for c in line)} |\n" for line in table)


def agencies(store: MemoryStore) -> str:
    """Count by agency, those that the passage names apart from those that a rule fills in."""
    answer = store.query(
        f"{_PREFIXES}SELECT ?what ?implied (COUNT(DISTINCT ?statement) AS ?n) WHERE "
        "{ ?statement kg:agency/rdfs:label ?what "
        "OPTIONAL { ?statement kg:agenciesImplied ?flag } "
        "BIND(COALESCE(?flag, false) AS ?implied) } GROUP BY ?what ?implied"
    )
    assert isinstance(answer, Table)
    counts: dict[str, list[int]] = {}
    for what, implied, number in answer.rows:
        counts.setdefault(cell(what), [0, 0])[cell(implied) == "true"] = int(cell(number))
    order = sorted(counts.items(), key=lambda item: (-sum(item[1]), item[0]))
    return "\n### By agency\n\n" + rows(
        ("Agency", "Named", "Implied", "Statements"),
        [(name, *parts, sum(parts)) for name, parts in order],
    )


def coverage_section(store: MemoryStore) -> str:
    if not TEXT.is_file():
        kept = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else ""
        return COVERAGE + kept.partition(COVERAGE)[2].partition("\n## ")[0]
    found = coverage(store, ReferenceText.read(TEXT), REVIEW).table()
    return (
        f"{COVERAGE}\nCode points of the text by section, as `kg passage coverage --text FILE` "
        "counts them. Front matter, headings and page furniture are not coded.\n\n"
        + render(found, "md").decode()
    )


def agreement_section(project: Project) -> str:
    a, b = (read_coding(FOLDER / f"{coder}.csv") for coder in "ab")
    pairs = match(a, b)
    with (FOLDER / "reconciled.csv").open(encoding="utf-8", newline="") as file:
        changes = list(csv.DictReader(file))
    text = (
        "## Agreement of two coders\n\nTwo coders, both of them language models, coded the whole "
        "text with the [codebook](codebook.md) and without sight of each other's work: "
        "[coder A](coding/a.csv), [coder B](coding/b.csv). A third reconciled them; "
        f"[each of the {len(changes)} points](coding/reconciled.csv) on which the three differ has "
        "its reason, and so have the [other changes](coding/other-changes.csv). Both coders are "
        "runs of the same model and share its habits: they agree more than two people would. No "
        "expert of the field has looked the coding through yet. `python docs/agreement.py` "
        "computes these figures anew.\n\nTwo units are matched where what both hold is at least "
        f"{OVERLAP:.0%} of the characters that either holds, one to one, the most in all.\n\n"
    )
    text += rows(
        ("Where the claims are", "Figure"),
        [(n, f if isinstance(f, int) else f"{f:.3f}") for n, f in unitising(a, b).items()],
    )
    text += (
        "\nKrippendorff's alpha is 1 for full agreement and 0 for what chance would give. For "
        f"{' and '.join(SETS)}, which are sets, the distance is MASI; where it is not, a value "
        "is the same or it is not. With one value on nearly every unit alpha says little.\n\n"
    )
    figures = [(name, *agreement(pairs, name)) for name in PROPERTIES]
    text += rows(
        ("Property", "Matched units", "The same", "Share", "Krippendorff's alpha"),
        [
            (n, len(pairs), same, f"{share:.1%}", f"{alpha:.3f}")
            for n, same, share, alpha in figures
        ],
    )
    graph = read_graph(project, REVIEW)
    kept = [len(match(coder, graph)) for coder in (a, b)]
    return text + (
        f"\nOf the {len(graph)} statements of the graph, {kept[0]} match a unit of coder A and "
        f"{kept[1]} one of coder B.\n"
    )


def corpus(project: Project) -> str:
    store = MemoryStore(project.graph_files())
    label = "/rdfs:label ?what"
    return "\n".join(
        [
            "<!-- Written by `make docs`; edit the files it is written from. -->\n",
            "# The corpus\n\nWhat the graph holds of its first review: Martin, Jeffes and MacLeod, "
            "*Safeguarding Children \u2013 Literature Review* (NFER, 2010).\n",
            coverage_section(store).rstrip("\n") + "\n",
            agreement_section(project),
            "## What was coded"
            + "\n"
            + count_by(
                store,
                "kind",
                "?statement a ?k . ?k rdfs:subClassOf kg:Statement ; rdfs:label ?what",
            )
            + count_by(store, "voice", f"?statement kg:evidence/kg:voice{label}")
            + count_by(store, "main theme", f"?statement kg:mainTheme{label}")
            + count_by(store, "trend", f"?statement kg:trend{label}")
            + agencies(store),
        ]
    )
