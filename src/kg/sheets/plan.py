"""From a workbook to Turtle: what would change, what is wrong, and then the writing of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pyoxigraph import NamedNode, Triple

from kg.anchors import ReferenceText
from kg.errors import KgError, UnknownName
from kg.fmt import comments_of, own_files
from kg.journal import change_files, exclusive
from kg.project import Project
from kg.sheets.checking import in_order, violations
from kg.sheets.concepts import read_concepts
from kg.sheets.existing import held_rows, overwritten, replace_relations
from kg.sheets.fitting import check_fit
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
    spaced,
    things,
)
from kg.sheets.request import age, check_id, check_request, review_of
from kg.sheets.telling import changes
from kg.sheets.writing import lists, meta, write_csv, write_workbook
from kg.spreadsheets import write_csv as write_rows
from kg.store import MemoryStore
from kg.terms import curie, expand, local_name, nearest_of
from kg.turtle import Document, decode, read_turtle, write_turtle

_MOST_NAMED = 5


@dataclass
class Plan:
    """What an import would do: the new text of each file, the changes in words, the mistakes.

    It holds for one project, and for the files of it as they were read.
    """

    files: dict[Path, str] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    called: Called = field(default_factory=dict)
    project: Project | None = None
    read: dict[Path, str] = field(default_factory=dict)

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
        check_id(review, reviews(project))
    called = lists(MemoryStore(project.graph_files()))
    check_fit({}, called, workbook=True)
    return write_workbook({}, called, review)


def export(project: Project, review: str) -> bytes:
    """Write a review as a filled workbook.

    Raises:
        UnknownName: the home has no such review.
        KgError: it has a text that a workbook cannot hold.
    """
    rows, called, graph = _filled(project, review)
    check_fit(rows, called, workbook=True)
    return write_workbook(rows, called, review, held_rows(graph, review))


def export_csv(project: Project, review: str) -> dict[str, bytes]:
    """Write a review as one CSV for each sheet, by file name (see `write_csv`).

    One more, `_meta.csv`, says what they were written with.

    Raises:
        UnknownName: the home has no such review.
        KgError: it has a text that no spreadsheet can hold.
    """
    rows, called, graph = _filled(project, review)
    check_fit(rows, workbook=False)
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
    documents = {file: read_turtle(file) for file in project.data_files()}
    graph = things(triple for document in documents.values() for triple in document.triples)
    called = lists(MemoryStore(project.graph_files()))
    book = read_book(path, spaced(graph))
    review = review_of(book, review, reviews(project))
    check_request(book, text, delete=delete)
    book.mistakes += age(book, called)
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
    read = {file: document.text for file, document in documents.items()} | concepts.read
    found = Plan(mistakes=wanted.mistakes, called=called, project=project, read=read)
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
    """Write what a plan says: all of it or nothing, even after a crash.

    Raises:
        KgError: there are mistakes, or the graph has changed since it was read for the plan.
        UnreadableFile: a file cannot be written.
    """
    if not found.sound:
        raise KgError("nothing is imported: there are mistakes", fix="mend them first")
    if found.project and found.files:
        with exclusive(found.project.home):
            _check_as_read(found, found.project)
            change_files(found.project.home, found.files)


def _check_as_read(found: Plan, project: Project) -> None:
    """Refuse to write over what the plan does not know of."""
    read, there = found.read, set(own_files(project))
    unread = {path for path in found.files.keys() - read.keys() - there if path.exists()}
    changed = {path for path in there & read.keys() if decode(path) != read[path]}
    for paths, what, fix in (
        (unread, "a file is in the way, which is not read as part of the graph", "move it away"),
        (there - read.keys(), "a file has come since the graph was read", "import again"),
        (read.keys() - there, "a file has gone since the graph was read", "import again"),
        (changed, "a file has changed since it was read", "import again"),
    ):
        if paths:
            where = project.shown(min(paths))
            raise KgError(f"nothing is imported: {what}", where=where, fix=fix)


def _filled(project: Project, review: str) -> tuple[Rows, Called, Things]:
    known = reviews(project)
    if review not in known:
        fix = f"try {nearest_of(review, known)}"
        raise UnknownName(f"there is no review {review!r}", where="--review", fix=fix)
    graph = things(t for path in project.data_files() for t in read_turtle(path).triples)
    called = lists(MemoryStore(project.graph_files()))
    return rows_of(graph, review, called), called, graph


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
