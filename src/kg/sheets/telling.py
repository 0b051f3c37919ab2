"""What an import would change, in the words that a steward knows."""

import re
from collections.abc import Iterator

from pyoxigraph import Literal, NamedNode

from kg.sheets.layout import Column, Sheet, layout, show
from kg.sheets.passages import WORDS
from kg.sheets.records import Called, Things, label_of, names_of
from kg.terms import curie, expand, local_name

Columns = dict[tuple[str, str], Column]
# What is said of a new thing of each kind, beside its label.
_SAID = {
    "statement": (
        *("rdf:type", "kg:mainTheme", "kg:theme", "kg:agency", "kg:concerns", "kg:trend"),
        *("kg:since", "kg:valence"),
    ),
    "passage": ("kg:section", "kg:page"),
    "evidence": ("kg:voice", "kg:original", "kg:relayedBy", "kg:locator"),
    "quantity": ("kg:lowerBound", "kg:upperBound", "kg:unit", "kg:population"),
    "disagreement": ("kg:between", "kg:differsIn"),
}
_PARTS = ("statement", "passage", "evidence", "quantity")
_DIGESTS = {expand("kg:passageDigest"), expand("kg:textDigest")}
# Of a part, the label only repeats whose part it is.
_UNSAID = ("evidence", "passage")


def changes(graph: Things, new: Things, called: Called) -> Iterator[str]:
    """Say what changes, thing by thing: one text each, of several lines for what is new.

    Args:
        graph: what is there.
        new: what will be there.
        called: the names of the terms.
    """
    columns: Columns = {
        (column.part or sheet.kind, expand(column.property)): column
        for sheet in layout()[1]
        for column in sheet.columns
        if column.property
    }
    for iri in sorted(graph.keys() | new.keys(), key=_order):
        kind, name = curie(iri).partition(":")[0], local_name(iri)
        if iri not in new:
            yield f"{kind} {name} is taken away: {label_of(graph[iri])}"
        elif iri not in graph:
            yield "\n".join([_new(iri, kind, new), *_details(kind, new[iri], columns, called)])
        else:
            for property_ in sorted(graph[iri].keys() | new[iri].keys()):
                before, after = (at[iri].get(property_, []) for at in (graph, new))
                if set(map(str, before)) != set(map(str, after)):
                    column = columns.get((kind, property_))
                    heading = column.name if column else local_name(property_)
                    was, will_be = (_shown(v, column, called) or "nothing" for v in (before, after))
                    became = f"{was} becomes {will_be}"
                    if property_ in _DIGESTS:
                        became = "filled in from the text"  # nobody reads a digest
                    yield f"{kind} {name}, {heading}: {became}"


def _order(iri: str) -> tuple[int, str, int, str]:
    """Put what statements name before them, and their parts behind each."""
    kind, _, name = curie(iri).partition(":")
    if kind in _PARTS:
        return 1, re.sub(r"-[peq]\d+$", "", name), _PARTS.index(kind), name
    return 2 if kind == "disagreement" else 0, kind, 0, name


def _new(iri: str, kind: str, new: Things) -> str:
    words = [str(v.value) for name in WORDS for v in new[iri].get(expand(name), ())]
    label = "" if kind in _UNSAID else label_of(new[iri])
    return f"{kind} {local_name(iri)} is new: {' … '.join(words) or label}".rstrip()


def _details(
    kind: str, told: dict[str, list[NamedNode | Literal]], columns: Columns, called: Called
) -> Iterator[str]:
    for name in _SAID.get(kind, ()):
        column = columns[kind, expand(name)]
        values = [v for v in told.get(expand(name), ()) if v.value != expand("kg:Statement")]
        if values:
            yield f"    {column.name}: {_shown(values, column, called)}"
    relations = next(sheet for sheet in layout()[1] if sheet.relations)
    for relation in relations.relations if kind == "statement" else ():
        others = _shown(told.get(expand(relation), []), _to(relations), called)
        if others:
            yield f"    It {_in_words(local_name(expand(relation)))} {others}"


def _to(relations: Sheet) -> Column:
    return next(column for column in relations.columns if column.type == "to")


def _in_words(name: str) -> str:
    """Write a name such as respondsTo as words: responds to."""
    return re.sub(r"(?<=[a-z])([A-Z])", lambda found: f" {found[1].lower()}", name)


def _shown(values: list[NamedNode | Literal], column: Column | None, called: Called) -> str:
    names = names_of(column, called) if column else None
    shown = [
        str(show(column, value, names))
        if column and names
        else local_name(value.value)
        if isinstance(value, NamedNode)
        else str(value.value)
        for value in values
    ]
    return ", ".join(sorted(shown))
