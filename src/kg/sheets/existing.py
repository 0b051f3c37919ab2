"""What stands in the graph already: a row changes it only where the workbook was written with it.

A workbook remembers what it was written with. A row of something else that the graph has, such as
another work under an id that is taken, would otherwise change it unseen.
"""

from collections.abc import Iterator

from pyoxigraph import NamedNode

from kg.sheets.layout import Column, layout
from kg.sheets.reading import Mistake
from kg.sheets.records import Called, Things, Wanted, held, label_of, listed, part_of
from kg.terms import PREFIXES, curie, expand, local_name


def held_rows(graph: Things, review: str) -> dict[str, str]:
    """List what has a row in the workbook of a review, each with the number of its row.

    A thing is named by its CURIE; a relation by those of its ends, with its own between.
    """
    found: dict[str, str] = {}
    for sheet in layout()[1]:
        number = 2
        for iri in listed(sheet, graph, review):
            if not sheet.relations:
                found[curie(iri)] = str(number)
                number += 1
                continue
            for relation in sheet.relations:
                for value in sorted(graph[iri].get(expand(relation), ()), key=str):
                    found[_named(iri, expand(relation), value.value)] = str(number)
                    number += 1
    return found


def overwritten(wanted: Wanted, graph: Things, called: Called, review: str) -> Iterator[Mistake]:
    """Tell each row that would change something that the workbook was not written with."""
    for iri, row in wanted.rows.items():
        if wanted.knows(iri, graph) or iri != PREFIXES[row.sheet.kind] + row.text("Id"):
            continue
        changed = [
            column.name
            for column in row.sheet.columns
            if _changes(column, iri, wanted, graph, called)
        ]
        if not changed:
            continue
        sheet, cell = wanted.cells[iri, ""]
        name = local_name(iri)
        what = (
            f"{name} is in the graph already, as {label_of(graph[iri])!r}; "
            f"this row would change {_joined(changed)}"
        )
        fix = (
            f"if it is another one, take another id, such as {wanted.ids.free(row, review)}; "
            "to use it as it is, empty what differs; if you mean to change it, add --overwrite, "
            "or export the review and go on in that workbook"
        )
        yield Mistake(sheet, cell, what, fix)


def replace_relations(wanted: Wanted, graph: Things) -> Iterator[Mistake]:
    """Let a changed relation take the place of the one that its row held.

    Its row held another as the workbook was written, or it stands between the same two as one
    that has lost its row. Where the workbook was not written with the other, both are kept, and
    that is told.
    """
    told = set(wanted.relations.values())
    lost = {
        (subject, relation, value.value)
        for (subject, relation), values in wanted.without_row.items()
        for value in values
    } - told
    relations = next(sheet for sheet in layout()[1] if sheet.relations)
    for number, new in sorted(wanted.relations.items()):
        if NamedNode(new[2]) in graph.get(new[0], {}).get(new[1], ()):
            continue
        before = [old for old in lost if wanted.exported.get(_named(*old)) == str(number)]
        between = sorted(old for old in lost if (old[0], old[2]) == (new[0], new[2]))
        between = [old for old in between if curie(old[1]) in relations.relations]
        exported = [old for old in between if _named(*old) in wanted.exported]
        for old in (before or exported)[:1]:
            lost.discard(old)
            subject, relation, other = old
            left = wanted.without_row[subject, relation]
            left.remove(NamedNode(other))
            if not left:
                del wanted.without_row[subject, relation]
        if between and not (before or exported):
            kinds = _joined([local_name(old[1]) for old in between])
            what = f"between the two there is {kinds} already, which is kept beside this relation"
            fix = "if it is to take its place, export the review and change the relation there"
            sheet, _ = wanted.cells[new[0], new[1]]
            yield Mistake(sheet, f"A{number}", what, fix, note=True)


def _changes(column: Column, iri: str, wanted: Wanted, graph: Things, called: Called) -> bool:
    about = part_of(column.part, iri) if column.part else iri
    key = (about, expand(column.property)) if column.property else ("", "")
    return key in wanted.cells and set(wanted.values.get(key, ())) != set(
        held(column, graph.get(about, {}), called)
    )


def _named(subject: str, relation: str, other: str) -> str:
    return f"{curie(subject)} {curie(relation)} {curie(other)}"


def _joined(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
