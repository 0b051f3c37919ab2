"""A copy of a workbook in which the mistakes are marked, and listed on a sheet of their own."""

import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from kg.sheets.layout import MISTAKES, Column, Sheet, file_name, layout
from kg.sheets.reading import Book, Mistake, csv_cells, load
from kg.sheets.records import Called
from kg.sheets.writing import dress, fit, write_lists
from kg.spreadsheets import put

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

_MARK = "To mend it: "
_RED, _YELLOW = "F8CBAD", "FFF2CC"
_TOLD = 1_000  # characters of a comment
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # what a workbook cannot hold


def mark(path: Path, mistakes: Iterable[Mistake], called: Called) -> bytes:
    """Copy a workbook with each mistake's cell coloured, and what to do in a comment.

    The first sheet lists them, with a link to each cell. Of a folder of CSV it makes a workbook.

    Args:
        path: the workbook, or the folder.
        mistakes: what is wrong with it.
        called: the names of the terms, for the lists of a workbook that is made of CSV.
    """
    book = _gather(path, called) if path.is_dir() else load(path)
    _unmark(book)
    titles = {file_name(sheet): sheet.name for sheet in layout()[1]}
    told = [(titles.get(mistake.sheet, mistake.sheet), mistake) for mistake in mistakes]
    for title, mistake in told:
        if title in book.sheetnames and mistake.cell:
            _mark_cell(book[title], mistake)
    _list(book, told)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _mark_cell(sheet: "Worksheet", mistake: Mistake) -> None:
    from openpyxl.cell.cell import MergedCell
    from openpyxl.comments import Comment
    from openpyxl.styles import PatternFill

    cell = sheet[mistake.cell.partition(":")[0]]
    if isinstance(cell, MergedCell):
        # Of merged cells only the first can be written to.
        area = next(area for area in sheet.merged_cells.ranges if cell.coordinate in area)
        cell = sheet.cell(area.min_row, area.min_col)
    before = f"{cell.comment.text}\n" if cell.comment else ""
    text = _CONTROL.sub("\ufffd", f"{before}{mistake.what}. {_MARK}{mistake.fix}.")
    text = text if len(text) <= _TOLD else f"{text[:_TOLD]}…"
    cell.comment = Comment(text, "kg", width=320, height=120)
    cell.fill = PatternFill("solid", fgColor=_YELLOW if mistake.note else _RED)


def _unmark(book: "Workbook") -> None:
    """Take off what marks an earlier copy, if this is one that was mended and handed in again."""
    from openpyxl.styles import PatternFill

    if MISTAKES not in book.sheetnames:
        return
    del book[MISTAKES]
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.comment and _MARK in cell.comment.text:
                    cell.comment, cell.fill = None, PatternFill()


def _list(book: "Workbook", told: Iterable[tuple[str, Mistake]]) -> None:
    from openpyxl.worksheet.hyperlink import Hyperlink

    sheet = book.create_sheet(MISTAKES, 0)
    for number, (heading, width) in enumerate(
        (("Sheet", 20), ("Cell", 10), ("What is wrong", 60), ("How to mend it", 60)), start=1
    ):
        put(sheet, 1, number, heading)
        sheet.column_dimensions["ABCD"[number - 1]].width = width
    for row, (title, mistake) in enumerate(told, start=2):
        what = f"Note: {mistake.what}" if mistake.note else mistake.what
        for column, text in enumerate((title, mistake.cell, what, mistake.fix), start=1):
            put(sheet, row, column, text)
        if title in book.sheetnames and mistake.cell:
            link = sheet.cell(row, 2)
            link.hyperlink = Hyperlink(ref=link.coordinate, location=f"'{title}'!{mistake.cell}")
            link.style = "Hyperlink"
    fit(sheet)
    book.active = 0
    for other in book.worksheets[1:]:
        other.sheet_view.tabSelected = False


def _gather(folder: Path, called: Called) -> "Workbook":
    """Put the CSV files of a folder into one workbook, a sheet each, with lists and help."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.worksheets[0])
    ranges = write_lists(book, called)
    for sheet in layout()[1]:
        file = folder / file_name(sheet)
        if file.is_file():
            page = book.create_sheet(sheet.name)
            for row, column, _, text in csv_cells(file, Book()):
                put(page, row, column, text)
            dress(page, list(_laid(page, sheet)), ranges, page.max_row - 1)
    book.move_sheet(book.worksheets[0], len(book.worksheets))
    return book


def _laid(page: "Worksheet", sheet: Sheet) -> Iterator[tuple[int, Column, int]]:
    """Say of each column of a page which it is, as its heading names it."""
    known = {column.name.casefold(): column for column in sheet.columns}
    for number, cell in enumerate(page[1], start=1):
        heading = re.fullmatch(r"(.*?)(?: (\d+))?", str(cell.value or "").strip().casefold())
        if heading and heading[1] in known:
            yield number, known[heading[1]], int(heading[2] or 1) - 1
