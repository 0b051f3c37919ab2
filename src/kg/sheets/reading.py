"""Workbooks and folders of CSV read cell by cell: rows, and what is wrong with them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from pathlib import Path

from kg.errors import KgError, UnreadableFile
from kg.sheets.layout import Column, Sheet, file_name, layout, quoted
from kg.sheets.pages import (
    Found,
    csv_pages,
    heading,
    known,
    sheet_called,
    without_ending,
    workbook_pages,
)
from kg.spreadsheets import UNFIT, plain_text
from kg.terms import nearest_of

_HEAD = 10  # rows in which the headings may stand, below a title
_LOSSLESS = 10**15  # beyond it, a spreadsheet program rounds a number


@dataclass(frozen=True)
class Mistake:
    """What is wrong with a cell, and how to mend it; a note does not stop an import."""

    sheet: str
    cell: str
    what: str
    fix: str
    note: bool = False

    def __str__(self) -> str:
        place = f"{self.sheet}!{self.cell}" if self.cell else self.sheet
        return f"{'Note: ' if self.note else ''}{place}: {self.what}\n    To mend it: {self.fix}"


@dataclass(frozen=True)
class Row:
    """One row as read: the cells of each column that are not empty, with their addresses."""

    sheet: Sheet
    number: int
    cells: dict[str, list[tuple[str, str]]]
    home: str

    def text(self, column: str) -> str:
        """Give the first value of a column, or nothing."""
        return next((text for _, text in self.cells.get(column, ())), "")


def unix_lines(text: str) -> str:
    """Write line ends as a workbook has them, whatever they were."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


@dataclass
class Book:
    """Everything that was read: rows, each sheet's columns with their letters, what is wrong.

    `numbers` says which of several like columns there are: 1 and 3 for Agency and Agency 3.
    A sheet whose headings were not found is in neither.
    """

    rows: list[Row] = field(default_factory=list)
    columns: dict[str, dict[str, str]] = field(default_factory=dict)
    numbers: dict[str, dict[str, set[int]]] = field(default_factory=dict)
    meta: dict[str, str] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)


def read_book(path: Path, exact: Collection[str] = ()) -> Book:
    """Read a workbook, or a folder of CSV files named after its sheets.

    Args:
        path: the workbook, or the folder.
        exact: texts with spaces around them that are meant so; of others the spaces are taken off.

    Raises:
        UnreadableFile: it is none, is too large, or holds none of the sheets.
    """
    book = Book()
    pages, book.meta = csv_pages(path) if path.is_dir() else workbook_pages(path)
    titles = [title for title, _, _ in pages]
    taken: dict[str, str] = {}
    for title, cells, merged in pages:
        sheet = sheet_called(title)
        if sheet is None:
            book.mistakes.append(_unknown(title, cells, titles))
        elif sheet.name in taken:
            what = f"there is also {taken[sheet.name]!r}, and both are called {sheet.name}"
            book.mistakes.append(Mistake(title, "A1", what, "put their rows together on one"))
        else:
            taken[sheet.name] = title
            home = title if path.is_dir() else sheet.name
            _take(book, sheet, home, cells, merged, exact)
    if not book.columns and all(mistake.note for mistake in book.mistakes):
        there = ", ".join(map(repr, titles)) or "nothing of that kind"
        form = "CSV files, such as works.csv" if path.is_dir() else "sheets, such as Works"
        raise UnreadableFile(
            f"it holds none of the sheets of the workbook, but {there}",
            where=path.as_posix(),
            fix=f"name its {form}; or begin with kg sheet template -o FILE.xlsx",
        )
    return book


def _head(sheet: Sheet, cells: Iterable[Found]) -> tuple[int, int]:
    """Find the row of the headings: how many there are, and the row's number (less than none)."""
    rows: dict[int, list[str]] = {}
    for found in cells:
        if found.row <= _HEAD:
            rows.setdefault(found.row, []).append(plain_text(found.value))
    return max(((known(sheet, texts), -row) for row, texts in rows.items()), default=(0, -1))


def _unknown(title: str, cells: list[Found], titles: list[str]) -> Mistake:
    """Tell of a sheet that is none of the workbook's: a note, unless it seems to be misnamed."""
    here = {sheet.name for sheet in map(sheet_called, titles) if sheet}
    absent = {sheet.name: sheet for sheet in layout()[1] if sheet.name not in here}
    heads = {name: _head(sheet, cells)[0] for name, sheet in absent.items()}
    plain = without_ending(title)
    is_csv = plain != title
    near = get_close_matches(plain.title(), absent, n=1, cutoff=0.75)
    if near or max(heads.values(), default=0) >= 3:
        name = near[0] if near else max(heads, key=lambda name: heads[name])
        name = file_name(absent[name]) if is_csv else name
        what = f"no sheet has this name, and {name} is missing; nothing of it is read"
        return Mistake(title, "A1", what, f"call it {name}, or delete it")
    what = "this sheet is not one of the workbook's; it is left out"
    names = nearest_of(plain, (sheet.name for sheet in layout()[1]))
    return Mistake(title, "", what, f"put its rows on a known sheet: {names}", note=True)


def _take(
    book: Book,
    sheet: Sheet,
    home: str,
    cells: list[Found],
    merged: list[str],
    exact: Collection[str],
) -> None:
    """Sort the cells of a sheet into its columns."""
    from openpyxl.utils import range_boundaries

    if not cells:
        what, fix = "the sheet is empty, without headings; it is left out", "nothing needs doing"
        book.mistakes.append(Mistake(home, "", what, fix, note=True))
        return
    many, head = _head(sheet, cells)
    head = -head
    columns, unknown = {}, list[Found]()
    for found in cells:
        if found.row == head and (named := heading(sheet, plain_text(found.value))):
            columns[found.column] = named
        elif found.row == head:
            unknown.append(found)
    present = {name for name, _ in columns.values()}
    needed = [c.name for c in sheet.columns if c.type == "id" or sheet.relations]
    if missing := [name for name in needed if name not in present]:
        there = f"the column {missing[0]} is missing" if many else "these are none of the headings"
        names = ", ".join(column.name for column in sheet.columns[:4])
        fix = f"head the columns as the template has them: {names} and so on"
        book.mistakes.append(Mistake(home, f"A{head}", f"{there}; no row is read", fix))
        return
    if above := [found for found in cells if found.row < head and plain_text(found.value).strip()]:
        what, fix = "what stands above the headings is not read", "nothing needs doing"
        book.mistakes.append(Mistake(home, above[0].address, what, fix, note=True))
    here = set(columns.values())
    for found in unknown:
        text = plain_text(found.value)
        what = (
            f"the column {quoted(text)} is not known; it is not read, and the graph stays as it is"
        )
        near = nearest_of(text, (c.name for c in sheet.columns if (c.name, 1) not in here))
        fix = f"keep it for notes, or rename it{f': {near}' if near else ''}"
        book.mistakes.append(Mistake(home, found.address, what, fix, note=True))
    for area in merged:
        if int(range_boundaries(area)[3] or 0) >= head:
            what, fix = "these cells are merged", "unmerge them, and fill each in"
            book.mistakes.append(Mistake(home, area, what, fix))
    letters: dict[str, str] = {}
    for column, (name, number) in sorted(columns.items()):
        letters.setdefault(name, Found(head, column, None).address.rstrip("0123456789"))
        book.numbers.setdefault(sheet.name, {}).setdefault(name, set()).add(number)
    book.columns[sheet.name] = letters
    kinds = {column.name: column for column in sheet.columns}
    rows: dict[int, dict[str, list[tuple[str, str]]]] = {}
    for found in cells:
        if found.row <= head or found.column not in columns:
            continue
        name = columns[found.column][0]
        try:
            text = _text(kinds[name], found)
        except KgError as error:
            book.mistakes.append(Mistake(home, found.address, error.what, error.fix))
            continue
        if text not in exact and text != (text := text.strip()) and text:
            what, fix = (
                "there are spaces around the value; they are taken off",
                "nothing needs doing",
            )
            book.mistakes.append(Mistake(home, found.address, what, fix, note=True))
        if text:
            rows.setdefault(found.row, {}).setdefault(name, []).append((found.address, text))
    book.rows += [Row(sheet, number, at, home) for number, at in sorted(rows.items())]


def _text(column: Column, found: Found) -> str:
    """Write what a cell holds as text, if that is surely what was typed.

    Raises:
        KgError: it holds no value, or one that a spreadsheet program has made of what was typed.
    """
    value, again = found.value, "format the cell as text, and type it anew"
    if found.fault:
        raise KgError(f"the cell holds {found.fault}", fix="type the value itself, as text")
    if isinstance(value, str) and (unfit := UNFIT.search(value)):
        raise KgError(f"the cell holds the character U+{ord(unfit[0]):04X}", fix="type it anew")
    if isinstance(value, bool) and column.type != "yes":
        raise KgError(f"the cell holds the truth value {str(value).upper()}, not text", fix=again)
    if column.type not in {"date", "time", "integer", "number", "yes"}:
        if isinstance(value, date):
            what = f"the cell holds a date, {plain_text(value)}, not text"
            raise KgError(what, fix=f"{again}; a program makes a date of 10-12")
        if isinstance(value, float) and not value.is_integer():
            what = f"the cell holds the number {value}, not text; 1.10 would have become 1.1"
            raise KgError(what, fix=again)
        if isinstance(value, int | float) and abs(value) >= _LOSSLESS:
            raise KgError("the cell holds a number that may have been rounded", fix=again)
    return unix_lines(plain_text(value))
