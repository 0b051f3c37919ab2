"""Workbooks and CSV files opened with care: what is too large is told before it is unpacked."""

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING
from xml.parsers import expat

from kg.errors import KgError, UnreadableFile
from kg.reading import decode_utf8, read_bytes

if TYPE_CHECKING:
    from openpyxl import Workbook

CELLS = 250_000  # some seven thousand statements
_LARGEST = 50  # megabytes
_UNPACKED = 200 * 1024 * 1024
_RATIO = 200
_ELEMENTS = 1_500_000
_FRESH = "copy the rows into a fresh template"
_MARKS = ",;\t|"
_WIDE = 200  # fields in which headings are looked for
_SEPARATOR = re.compile(r'"?sep=(\\t|[^\r\n"])"?\r?\n')  # a first line that Excel reads and hides


def open_workbook(path: Path) -> "Workbook":
    """Open a workbook that a spreadsheet program has saved as .xlsx.

    Raises:
        UnreadableFile: it is none, or is too large; the error names the part that is at fault.
    """
    from openpyxl import load_workbook

    where = path.as_posix()
    raw = read_bytes(path, _LARGEST)
    if not raw.startswith(b"PK"):
        raise _no_workbook(path, raw)
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            _check(packed, where)
        with warnings.catch_warnings():
            # Of what it leaves out, openpyxl tells in words for its developers.
            warnings.simplefilter("ignore")
            book = load_workbook(io.BytesIO(raw))
    except KgError:
        raise
    except Exception as error:  # openpyxl lets whatever its parsers raise through
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise UnreadableFile(
            f"it is no workbook that can be read ({reason})",
            where=where,
            fix="open it in a spreadsheet program and save it as .xlsx",
        ) from error
    _check_area(book, where)
    return book


def _no_workbook(path: Path, raw: bytes) -> UnreadableFile:
    what, fix = "it is no workbook", "open it in a spreadsheet program and save it as .xlsx"
    if raw.startswith(b"\xd0\xcf\x11\xe0"):
        what = "it is a workbook of the old kind (.xls), or has a password"
        fix = "save it as .xlsx, without a password"
    elif path.suffix.lower() == ".csv":
        what = "it is one sheet alone"
        fix = f"give the folder that holds the CSV files: {path.parent.as_posix()}"
    return UnreadableFile(what, where=path.as_posix(), fix=fix)


def _check(packed: zipfile.ZipFile, where: str) -> None:
    """Refuse what unpacks to very much, and what holds more than a spreadsheet program writes."""
    sizes = [(part.file_size, part.compress_size) for part in packed.infolist()]
    if sum(size for size, _ in sizes) > _UNPACKED or any(
        size > _RATIO * max(1, small) and size > 1_000_000 for size, small in sizes
    ):
        what = "it unpacks to far more than a workbook of this size holds"
        raise UnreadableFile(what, where=where, fix=_FRESH)
    count = _count(where)
    for name in packed.namelist():
        if name.endswith((".xml", ".rels", ".vml")):
            parser = expat.ParserCreate()
            parser.StartElementHandler = count(name)
            parser.StartDoctypeDeclHandler = _no_doctype
            try:
                parser.Parse(packed.read(name), True)
            except (expat.ExpatError, ValueError) as error:
                raise UnreadableFile(
                    f"its part {name} cannot be read: {error}",
                    where=where,
                    fix="open it in a spreadsheet program and save it as .xlsx",
                ) from error


def _no_doctype(*_: object) -> None:
    raise ValueError("it defines entities, which no spreadsheet program writes")


def _count(where: str) -> Callable[[str], Callable[[str, dict[str, str]], None]]:
    """Count elements over all parts, and the cells that one of them speaks of at once."""
    from openpyxl.utils import range_boundaries

    elements = spanned = 0

    def of(part: str) -> Callable[[str, dict[str, str]], None]:
        def started(tag: str, attributes: dict[str, str]) -> None:
            nonlocal elements, spanned
            elements += 1
            # openpyxl makes every cell of an area that is merged, or that is a link.
            if tag.rpartition(":")[2] in {"mergeCell", "hyperlink"}:
                low, top, high, bottom = range_boundaries(attributes.get("ref", "A1"))
                spanned += (int(high or 0) - int(low or 0) + 1) * (
                    int(bottom or 0) - int(top or 0) + 1
                )
            if spanned > CELLS:
                area = f"the cells {attributes.get('ref')} of {part} are merged, or one link"
                fix = "unmerge them and take the link away, or " + _FRESH
                raise UnreadableFile(f"{area}: more than {CELLS:,} cells", where=where, fix=fix)
            if elements > _ELEMENTS:
                what = f"it holds more than {CELLS:,} cells (counted up to {part})"
                raise UnreadableFile(what, where=where, fix=f"split it, or {_FRESH}")

        return started

    return of


def _check_area(book: "Workbook", where: str) -> None:
    """Refuse sheets that reach so far that looking at each of their cells would not end."""
    from openpyxl.utils import get_column_letter

    for sheet in book.worksheets:
        if sheet.max_row * sheet.max_column > CELLS:
            last = f"row {sheet.max_row:,} and column {get_column_letter(sheet.max_column)}"
            raise UnreadableFile(
                f"its sheet {sheet.title!r} reaches to {last}: more than {CELLS:,} cells",
                where=where,
                fix="delete the rows and columns beyond your own, which may look empty; "
                f"or {_FRESH}",
            )


def read_csv(path: Path, known: Callable[[list[str]], int]) -> list[list[str]]:
    """Read a CSV file, whatever it parts its fields with, into rows of fields.

    Args:
        path: the file, in UTF-8.
        known: how many of some fields are headings: of commas, semicolons, tabs and bars, those
            part the fields that give the most headings in the first ten rows.

    Raises:
        UnreadableFile: it is not UTF-8, not well-formed, or too large; the error names the line.
    """
    where = path.as_posix()
    text = decode_utf8(read_bytes(path, _LARGEST), where)
    if told := _SEPARATOR.match(text):
        text, mark = text[told.end() :], told[1].replace("\\t", "\t")
    else:
        mark = max(_MARKS, key=lambda mark: _headings(text, mark, known))
    rows: list[list[str]] = []
    cells = 0
    with _long_fields():
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
        try:
            for row in reader:
                cells += max(1, len(row))
                if cells > CELLS:
                    what = f"it holds more than {CELLS:,} cells"
                    raise UnreadableFile(
                        what, where=f"{where}:{reader.line_num}", fix="take out the empty rows"
                    )
                rows.append(row)
        except csv.Error as error:
            raise UnreadableFile(
                f"it is not well-formed CSV: {error}, in row {len(rows) + 1}",
                where=f"{where}:{reader.line_num}",
                fix="close the quotation marks there, and write one inside a text twice; "
                "or save it anew as CSV UTF-8",
            ) from error
    return rows


def _headings(text: str, mark: str, known: Callable[[list[str]], int]) -> int:
    with _long_fields():
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
        try:
            return max((known(row[:_WIDE]) for row in islice(reader, 10)), default=0)
        except csv.Error:
            return 0


@contextmanager
def _long_fields() -> Iterator[None]:
    """Let a field be as long as a text of the graph is."""
    before = csv.field_size_limit(_LARGEST * 1024 * 1024)
    try:
        yield
    finally:
        csv.field_size_limit(before)
