"""A copy of a workbook in which the mistakes are marked, and listed on a sheet of their own."""

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kg.sheets.fitting import LONGEST
from kg.sheets.layout import META, MISTAKES, Column, Sheet
from kg.sheets.opening import open_workbook
from kg.sheets.pages import csv_pages, heading, sheet_called
from kg.sheets.reading import Mistake
from kg.sheets.records import Called
from kg.sheets.writing import dress, fit, write_lists
from kg.spreadsheets import UNFIT, plain_text, put

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

_MARK = "To mend it: "
_RED, _YELLOW = "F8CBAD", "FFF2CC"
_TOLD, _MARKED = 1_000, 2_000  # characters of a comment, and how many are readable at all
_NO_TITLE = re.compile(r"[\\*?:/\[\]]")  # what the title of a sheet cannot hold
_TITLE = 31  # its characters at most


def mark(path: Path, mistakes: Iterable[Mistake], called: Called) -> bytes:
    """Copy a workbook with each mistake's cell coloured, and what to do in a comment.

    The first sheet lists them, with a link to each cell. Of a folder of CSV it makes a workbook.
    Beyond two thousand, mistakes are counted alone.

    Args:
        path: the workbook, or the folder.
        mistakes: what is wrong with it.
        called: the names of the terms, for the lists of a workbook that is made of CSV.
    """
    book = _gather(path, called) if path.is_dir() else open_workbook(path)
    _unmark(book)
    pages = {_title(page.title): page for page in book.worksheets}
    pages |= {page.title: page for page in book.worksheets}
    told = [(pages.get(m.sheet) or pages.get(_title(m.sheet)), m) for m in mistakes]
    for page, mistake in told[:_MARKED]:
        if page is not None and mistake.cell:
            _mark_cell(page, mistake)
    _list(book, told)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _title(title: str) -> str:
    """Give the title that a sheet or a CSV file has in the copy."""
    sheet = sheet_called(title)
    return sheet.name if sheet else _NO_TITLE.sub("_", title)[:_TITLE]


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
    text = UNFIT.sub("\ufffd", f"{before}{mistake.what}. {_MARK}{mistake.fix}.")
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


def _list(book: "Workbook", told: Sequence[tuple["Worksheet | None", Mistake]]) -> None:
    from openpyxl.worksheet.hyperlink import Hyperlink

    sheet = book.create_sheet(MISTAKES, 0)
    for number, (text, width) in enumerate(
        (("Sheet", 20), ("Cell", 10), ("What is wrong", 60), ("How to mend it", 60)), start=1
    ):
        put(sheet, 1, number, text)
        sheet.column_dimensions["ABCD"[number - 1]].width = width
    for row, (page, mistake) in enumerate(told[:_MARKED], start=2):
        title = page.title if page is not None else mistake.sheet
        what = f"Note: {mistake.what}" if mistake.note else mistake.what
        for column, text in enumerate((title, mistake.cell, what, mistake.fix), start=1):
            put(sheet, row, column, text if len(text) <= _TOLD else f"{text[:_TOLD]}…")
        if page is not None and mistake.cell:
            link = sheet.cell(row, 2)
            to = title.replace("'", "''")
            link.hyperlink = Hyperlink(ref=link.coordinate, location=f"'{to}'!{mistake.cell}")
            link.style = "Hyperlink"
    if (more := len(told) - _MARKED) > 0:
        put(sheet, _MARKED + 2, 3, f"{more:,} more are told, but not marked")
        put(sheet, _MARKED + 2, 4, "mend these first, and import again")
    fit(sheet)
    book.active = 0
    for other in book.worksheets[1:]:
        other.sheet_view.tabSelected = False


def _gather(folder: Path, called: Called) -> "Workbook":
    """Put the CSV files of a folder into one workbook, a sheet each, with lists and help."""
    from openpyxl import Workbook
    from openpyxl.comments import Comment

    book = Workbook()
    book.remove(book.worksheets[0])
    ranges = write_lists(book, called)
    pages, meta = csv_pages(folder)
    for title, cells, _ in pages:
        page = book.create_sheet(_title(title))
        for found in cells:
            text = UNFIT.sub("\ufffd", plain_text(found.value))
            cell = put(page, found.row, found.column, text[:LONGEST])
            if len(text) > LONGEST:
                what = f"Cut here after {LONGEST:,} characters: mend the CSV file."
                cell.comment = Comment(what, "kg")
        if sheet := sheet_called(title):
            dress(page, list(_laid(page, sheet)), ranges, page.max_row - 1)
    book.move_sheet(book.worksheets[0], len(book.worksheets))
    if meta:
        hidden = book.create_sheet(META)
        for row, pair in enumerate(meta.items(), start=1):
            for column, text in enumerate(pair, start=1):
                put(hidden, row, column, text[:LONGEST])
        hidden.sheet_state = "veryHidden"
    return book


def _laid(page: "Worksheet", sheet: Sheet) -> Iterator[tuple[int, Column, int]]:
    """Say of each column of a page which it is, as its heading names it."""
    columns = {column.name: column for column in sheet.columns}
    for number, cell in enumerate(page[1], start=1):
        if named := heading(sheet, str(cell.value or "")):
            yield number, columns[named[0]], named[1] - 1
