"""From a workbook to Turtle: what would change, what is wrong, and then the writing of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pyoxigraph import NamedNode, Triple

from kg.anchors import ReferenceText
from kg.errors import KgError, UnknownName
from kg.fmt import comments_of
from kg.project import Project
from kg.sheets.checking import in_order, violations
from kg.sheets.concepts import read_concepts
from kg.sheets.existing import held_rows, overwritten, replace_relations
from kg.sheets.layout import META, Rows, Sheet, file_name, layout
from kg.sheets.passages import count_in, find_places
from kg.sheets.reading import Book, Mistake, read_book
from kg.sheets.records import (
    Called,
    Things,
    Wanted,
    compose,
    listed,
    read_rows,
    rows_of,
    things,
)
from kg.sheets.telling import changes
from kg.sheets.writing import lists, meta, vocabulary_hash, write_csv, write_workbook
from kg.spreadsheets import write_csv as write_rows
from kg.store import MemoryStore
from kg.terms import curie, expand, local_name, nearest_of
from kg.turtle import Document, read_turtle, write_file, write_turtle

_MOST_NAMED = 5


@dataclass
class Plan:
    """What an import would do: the new text of each file, the changes in words, the mistakes."""

    files: dict[Path, str] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    called: Called = field(default_factory=dict)

    @property
    def sound(self) -> bool:
        """Whether nothing stands in the way of the import."""
        return all(mistake.note for mistake in self.mistakes)


def reviews(project: Project) -> list[str]:
    """List the reviews of a home: the works that have a baseline."""
    graph = things(t for path in project.data_files() for t in read_turtle(path).triples)
    return sorted(local_name(iri) for iri, told in graph.items() if expand("kg:baseline") in told)


def only_review(project: Project) -> str:
    """Give the id of the one review of a home.

    Raises:
        UnknownName: there is none, or there are several.
    """
    known = reviews(project)
    if len(known) != 1:
        what = f"it is not said which of {len(known)} reviews" if known else "there is no review"
        fix = f"name it: --review {' or '.join(known)}" if known else "describe it among the works"
        raise UnknownName(what, where="--review", fix=fix)
    return known[0]


def template(project: Project, review: str = "") -> bytes:
    """Write an empty workbook for a review (see `kg.sheets.writing.write_workbook`).

    Raises:
        UnknownName: that can be no id of a review.

    Example:
        >>> template(Project())[:2]
        b'PK'
    """
    if review:
        _check_id(review, project)
    return write_workbook({}, lists(MemoryStore(project.graph_files())), review)


def export(project: Project, review: str) -> bytes:
    """Write a review as a filled workbook.

    Raises:
        UnknownName: the home has no such review.
    """
    rows, called, graph = _filled(project, review)
    return write_workbook(rows, called, review, held_rows(graph, review))


def export_csv(project: Project, review: str) -> dict[str, bytes]:
    """Write a review as one CSV for each sheet, by file name (see `write_csv`).

    One more, `_meta.csv`, says what they were written with.
    """
    rows, called, graph = _filled(project, review)
    files = {file_name(sheet): write_csv(sheet, rows[sheet.name]) for sheet in layout()[1]}
    return {**files, f"{META}.csv": write_rows(meta(called, review, held_rows(graph, review)))}


def plan(
    project: Project,
    path: Path,
    review: str = "",
    text: ReferenceText | None = None,
    *,
    delete: bool = False,
    overwrite: bool = False,
) -> Plan:
    """Read a workbook, or a folder of CSV, and say what its import would change.

    Args:
        project: where the graph is that it changes.
        path: the workbook, or the folder.
        review: the id of the review; without one, as the workbook says.
        text: the text of the review, in which passages are found by their words.
        delete: whether to take away what has no row in the workbook any more.
        overwrite: whether rows may change what stands in the graph already and the workbook was
            not written with.

    Raises:
        UnreadableFile: the workbook or a file of the graph cannot be read.
        UnknownName: it is not said which review it is for.
    """
    book = read_book(path)
    documents = {file: read_turtle(file) for file in project.data_files()}
    graph = things(triple for document in documents.values() for triple in document.triples)
    called = lists(MemoryStore(project.graph_files()))
    review = review or book.meta.get("review", "") or _guess(book)
    _check_id(review, project)
    book.mistakes += _age(book, called)
    concepts = read_concepts(book, project, called)
    wanted = read_rows(book, graph, review, called)
    wanted.mistakes += _undescribed(book, wanted, graph, review)
    if text:
        count_in(wanted, graph, review, text)
    find_places(wanted, graph, text)
    if not overwrite:
        wanted.mistakes += overwritten(wanted, graph, called, review)
    wanted.mistakes += replace_relations(wanted, graph)
    kept = _without_row(book, wanted, graph, review)
    found = Plan(mistakes=wanted.mistakes, called=called)
    gone = {iri for _, iri in kept}
    alone = set(reviews(project)) <= {review}
    still_used = list(_still_used(graph, kept, gone, alone=alone))
    if delete:
        found.mistakes += still_used
    else:
        found.mistakes += _kept(wanted, kept, gone)
        gone = set()
    new = compose(wanted, graph, gone, called)
    found.changes = [*concepts.changes, *changes(graph, new, called)]
    found.files = concepts.files | _place(review, documents, new, project, concepts.vocabulary)
    if found.files:
        found.mistakes += violations(project, found.files, wanted, book, new, called)
    found.mistakes = in_order(found.mistakes)
    return found


def carry_out(found: Plan) -> None:
    """Write what a plan says; after a crash each file is the old one or the new one.

    Raises:
        KgError: there are mistakes, so that nothing is written.
        UnreadableFile: a file cannot be written.
    """
    if not found.sound:
        raise KgError("nothing is imported: there are mistakes", fix="mend them first")
    for path, text in found.files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, text)


def _filled(project: Project, review: str) -> tuple[Rows, Called, Things]:
    known = reviews(project)
    if review not in known:
        fix = f"try {nearest_of(review, known)}"
        raise UnknownName(f"there is no review {review!r}", where="--review", fix=fix)
    graph = things(t for path in project.data_files() for t in read_turtle(path).triples)
    called = lists(MemoryStore(project.graph_files()))
    return rows_of(graph, review, called), called, graph


def _check_id(review: str, project: Project) -> None:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", review):
        example = nearest_of(review, reviews(project)) or "martin-2010"
        what = f"{review!r} is no id of a review" if review else "it is not said which review it is"
        fix = f"name it in lower-case letters, digits and hyphens: --review ID, such as {example}"
        raise UnknownName(what, where="--review", fix=fix)


def _guess(book: Book) -> str:
    """The review that the ids of the statements begin with."""
    found = {r.text("Id").rpartition("-")[0] for r in book.rows if r.sheet.of and r.text("Id")}
    return found.pop() if len(found) == 1 else ""


def _age(book: Book, called: Called) -> Iterator[Mistake]:
    version = layout()[0]
    told = book.meta.get("version", str(version))
    if told != str(version):
        what = f"the workbook is of version {told}, and this program writes version {version}"
        fix = "copy its rows into a fresh template"
        yield Mistake("_meta", "B2", what, fix, note=told.isdecimal() and int(told) < version)
    if book.meta.get("vocabulary", "") not in {"", vocabulary_hash(called)}:
        what = "the vocabularies have changed since this workbook was written"
        fix = "take its lists from a fresh template; names that no longer fit are told by cell"
        yield Mistake("Vocabulary", "", what, fix, note=True)


def _undescribed(book: Book, wanted: Wanted, graph: Things, review: str) -> Iterator[Mistake]:
    """Tell that statements are given of a review that is not described."""
    iri = expand(f"source:{review}")
    if iri not in graph and iri not in wanted.rows and any(row.sheet.of for row in book.rows):
        what = f"the review itself, {review}, has no row on this sheet"
        fix = f"add a row with the id {review}, its title and its baseline"
        yield Mistake("Works", "A1", what, fix)


def _without_row(book: Book, wanted: Wanted, graph: Things, review: str) -> list[tuple[Sheet, str]]:
    return [
        (sheet, iri)
        for sheet in layout()[1]
        if sheet.name in book.columns and sheet.types
        for iri in listed(sheet, graph, review)
        if iri not in wanted.rows
    ]


def _still_used(
    graph: Things, kept: list[tuple[Sheet, str]], gone: set[str], *, alone: bool
) -> Iterator[Mistake]:
    """Take out of what is to go the works, bodies and the like that something else refers to.

    Where there are other reviews, all of them are theirs too.
    """
    shared = {iri: s for s, iri in kept if iri in gone and not (s.of or s.owner or s.about)}
    stay: dict[str, list[str]] = {}
    while True:
        used = {
            value.value
            for iri, told in graph.items()
            if iri not in gone
            for values in told.values()
            for value in values
        }
        found = gone & shared.keys() & (used if alone else shared.keys())
        if not found:
            break
        gone -= found
        for iri in sorted(found):
            stay.setdefault(shared[iri].name, []).append(local_name(iri))
    for name, things_ in stay.items():
        whom = "what refers to it" if alone else "the other reviews"
        what = f"without a row here, and kept for {whom}: {_some(things_)}"
        yield Mistake(name, "", what, "nothing needs doing", note=True)


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"{', '.join(names[:_MOST_NAMED])}{more}"


def _kept(wanted: Wanted, kept: list[tuple[Sheet, str]], gone: set[str]) -> Iterator[Mistake]:
    """Keep what has no row, and say so sheet by sheet; what would go with --delete is `gone`."""
    missing: dict[str, list[str]] = {}
    shared: dict[str, list[str]] = {}
    for sheet, iri in kept:
        found = missing if iri in gone else shared
        found.setdefault(sheet.name, []).append(local_name(iri))
    relations = next(sheet for sheet in layout()[1] if sheet.relations)
    for (subject, link), values in wanted.without_row.items():
        wanted.values[subject, link] = [*wanted.values[subject, link], *values]
        if curie(link) in relations.relations:
            ends = (
                f"{local_name(subject)} {local_name(link)} {local_name(v.value)}" for v in values
            )
            missing.setdefault(relations.name, []).extend(ends)
    for name, things_ in missing.items():
        what = f"in the graph, without a row here, and kept: {_some(things_)}"
        yield Mistake(
            name, "", what, "nothing needs doing; --delete would take them away", note=True
        )
    for name, things_ in shared.items():
        what = f"in the graph already, and kept for all who refer to it: {_some(things_)}"
        yield Mistake(name, "", what, "nothing needs doing", note=True)


def _place(
    review: str,
    documents: dict[Path, Document],
    new: Things,
    project: Project,
    vocabulary: Things,
) -> dict[Path, str]:
    """Give the new text of each file that changes; what is new goes where its like stand."""
    home = {str(t.subject)[1:-1]: path for path, d in documents.items() for t in d.triples}
    folder = project.home / "data" / "triples"
    owner = {
        value.value: iri
        for iri, told in new.items()
        for name in ("kg:passage", "kg:evidence", "kg:quantity")
        for value in told.get(expand(name), ())
    }

    def where(iri: str) -> Path:
        if iri in home:
            return home[iri]
        if iri in owner:
            return where(owner[iri])
        told = new[iri]
        if about := told.get(expand("kg:between")):
            return where(about[0].value)
        if theme := told.get(expand("kg:mainTheme")):
            top = theme[0].value
            while above := vocabulary.get(top, {}).get(expand("skos:broader")):
                top = above[0].value
            return folder / review / f"{local_name(top)}.ttl"
        kind = curie(iri).partition(":")[0]
        file = next(s.file for s in layout()[1] if s.kind == kind and s.file)
        return folder / file.replace("{review}", review)

    texts: dict[Path, list[Triple]] = {path: [] for path in documents}
    for iri, told in new.items():
        for property_, values in told.items():
            for value in values:
                triple = Triple(NamedNode(iri), NamedNode(property_), value)
                texts.setdefault(where(iri), []).append(triple)
    changed = {}
    for path, triples in texts.items():
        document = documents.get(path)
        if document is None or set(document.triples) != set(triples):
            changed[path] = write_turtle(triples, comments_of(document) if document else None)
    return changed
