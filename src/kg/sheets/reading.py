"""Workbooks and folders of CSV read cell by cell, and marked where they are wrong."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from kg.errors import UnreadableFile
from kg.sheets.layout import ABOUT, LISTS, META, MISTAKES, Sheet, file_name, layout
from kg.spreadsheets import FORMULA, plain_text

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

_LARGEST = 50 * 1024 * 1024
_UNPACKED = 200 * 1024 * 1024
_RATIO = 200


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


@dataclass
class Book:
    """Everything that was read: rows, each sheet's columns with their letters, what is wrong."""

    rows: list[Row] = field(default_factory=list)
    columns: dict[str, dict[str, str]] = field(default_factory=dict)
    meta: dict[str, str] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)


def read_book(path: Path) -> Book:
    """Read a workbook, or a folder of CSV files named after its sheets.

    Raises:
        UnreadableFile: it is none, is too large, or holds none of the sheets.
    """
    book = Book()
    if path.is_dir():
        for sheet in layout()[1]:
            file = path / file_name(sheet)
            if file.is_file():
                _take(book, sheet, csv_cells(file, book), file.name)
        if (file := path / f"{META}.csv").is_file():
            book.meta = _pairs(csv_cells(file, book))
    else:
        loaded = load(path)
        for title in loaded.sheetnames:
            known = {sheet.name.casefold(): sheet for sheet in layout()[1]}
            match = known.get(title.strip().casefold())
            if match is not None:
                _take(book, match, _xlsx_cells(loaded[title], match, book), match.name)
            elif title not in {META, LISTS, ABOUT, MISTAKES}:
                what = "this sheet is not one of the workbook's; it is left out"
                book.mistakes.append(
                    Mistake(title, "", what, "put its rows on a known sheet", note=True)
                )
        if META in loaded.sheetnames:
            pairs = loaded[META].iter_rows(max_col=2, values_only=True)
            book.meta = {str(key): str(value or "") for key, value in pairs if key}
    if not book.columns:
        raise UnreadableFile(
            "it holds none of the sheets of the workbook",
            where=path.as_posix(),
            fix="begin with kg sheet template -o FILE.xlsx",
        )
    return book


def _pairs(cells: Iterable["Found"]) -> dict[str, str]:
    rows: dict[int, list[str]] = {}
    for row, _, _, text in cells:
        rows.setdefault(row, []).append(text)
    return {key: text[0] if text else "" for key, *text in rows.values()}


def load(path: Path) -> "Workbook":
    """Open a workbook, unless it is none or far too large.

    Raises:
        UnreadableFile: it cannot be opened.
    """
    from openpyxl import load_workbook

    where = path.as_posix()
    try:
        if path.stat().st_size > _LARGEST:
            raise UnreadableFile("it is larger than 50 MB", where=where, fix="split it")
        with zipfile.ZipFile(path) as packed:
            sizes = [(part.file_size, part.compress_size) for part in packed.infolist()]
        unpacked = sum(size for size, _ in sizes)
        if unpacked > _UNPACKED or any(s > _RATIO * max(1, c) and s > 1_000_000 for s, c in sizes):
            raise UnreadableFile(
                "it unpacks to far more than a workbook of this size holds",
                where=where,
                fix="copy the rows into a fresh template",
            )
        # From memory, since openpyxl leaves a file open that it cannot read.
        return load_workbook(io.BytesIO(path.read_bytes()))
    except OSError as error:
        raise UnreadableFile(
            f"it cannot be read: {error.strerror or error}",
            where=where,
            fix="check name and rights",
        ) from error
    except UnreadableFile:
        raise
    except Exception as error:  # openpyxl lets whatever its parsers raise through
        raise UnreadableFile(
            f"it is no workbook that can be read ({type(error).__name__})",
            where=where,
            fix="open it in a spreadsheet program and save it as .xlsx",
        ) from error


Found = tuple[int, int, str, str]  # row, column, address, text


def _xlsx_cells(sheet: "Worksheet", known: Sheet, book: Book) -> Iterator[Found]:
    for area in sheet.merged_cells.ranges:
        what, fix = "these cells are merged", "unmerge them, and fill each in"
        book.mistakes.append(Mistake(known.name, str(area), what, fix))
    for row in sheet.iter_rows():
        for cell in row:
            if cell.value is None:
                continue
            problem = {"f": "a formula", "e": "an error value"}.get(cell.data_type)
            if problem:
                what, fix = f"the cell holds {problem}", "type the value itself"
                book.mistakes.append(Mistake(known.name, cell.coordinate, what, fix))
            elif isinstance(cell.value, str | int | float | datetime | date):
                yield cell.row, cell.column, cell.coordinate, plain_text(cell.value)
            else:
                what, fix = "the cell holds neither text, number nor date", "type it as text"
                book.mistakes.append(Mistake(known.name, cell.coordinate, what, fix))


def csv_cells(path: Path, book: Book) -> Iterator[Found]:
    """Yield the cells of a CSV file that are not empty; what is wrong with one goes to the book.

    Raises:
        UnreadableFile: it cannot be opened, or is no CSV in UTF-8.
    """
    from openpyxl.utils import get_column_letter

    where = path.as_posix()
    try:
        if path.stat().st_size > _LARGEST:
            raise UnreadableFile("it is larger than 50 MB", where=where, fix="split it")
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        fix = "check name and rights"
        raise UnreadableFile(
            f"it cannot be read: {error.strerror}", where=where, fix=fix
        ) from error
    except UnicodeDecodeError as error:
        fix = "save it as CSV UTF-8"
        raise UnreadableFile("it is not in UTF-8", where=where, fix=fix) from error
    first = text.partition("\n")[0]
    mark = ";" if first.count(";") > first.count(",") else ","
    try:
        for row, cells in enumerate(csv.reader(io.StringIO(text), delimiter=mark, strict=True), 1):
            for number, cell in enumerate(cells, 1):
                address = f"{get_column_letter(number)}{row}"
                if "\0" in cell:
                    what, fix = "the cell holds a control character", "type the value anew"
                    book.mistakes.append(Mistake(path.name, address, what, fix))
                elif cell.startswith("'") and FORMULA.match(cell[1:]):
                    yield row, number, address, cell[1:]
                elif cell:
                    yield row, number, address, cell
    except (csv.Error, ValueError) as error:
        fix = "open it in a spreadsheet program and save it as CSV UTF-8"
        raise UnreadableFile(f"it is not well-formed CSV: {error}", where=where, fix=fix) from error


def _take(book: Book, sheet: Sheet, cells: Iterable[Found], home: str) -> None:
    """Sort the cells of a sheet into its columns; the first row names them."""
    from openpyxl.utils import get_column_letter

    known = {column.name.casefold(): column.name for column in sheet.columns}
    columns: dict[int, str] = {}
    found: dict[int, dict[str, list[tuple[str, str]]]] = {}
    for row, number, address, raw in cells:
        text = raw.strip()
        if row == 1:
            name = re.sub(r" \d+$", "", text.casefold())
            if name in known:
                columns[number] = known[name]
            elif text:
                what = f"the column {text!r} is not known; it is left as it is, and not read"
                near = "use it for notes, or rename it"
                book.mistakes.append(Mistake(home, address, what, near, note=True))
        elif number in columns and text:
            if text != raw:
                what = "there are spaces around the value; they are taken off"
                fix = "nothing needs doing"
                book.mistakes.append(Mistake(home, address, what, fix, note=True))
            found.setdefault(row, {}).setdefault(columns[number], []).append((address, text))
    # The last first, so that of several like columns the first stays.
    letters = {columns[n]: get_column_letter(n) for n in sorted(columns, reverse=True)}
    book.columns[sheet.name] = letters
    book.rows += [Row(sheet, row, at, home) for row, at in sorted(found.items())]
