"""Pages of cells: what the sheets of a workbook, or the files of a folder of CSV, hold."""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from kg.errors import UnreadableFile
from kg.sheets.layout import ABOUT, LISTS, META, MISTAKES, Sheet, layout
from kg.sheets.opening import open_workbook, read_csv
from kg.spreadsheets import FORMULA, Cell

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

_CONTROL = re.compile(r"_x(00[01][0-9A-Fa-f])_")  # how a workbook writes a control character


class Found(NamedTuple):
    """A cell as found; or what in it cannot be read as a value."""

    row: int
    column: int
    value: Cell
    fault: str = ""

    @property
    def address(self) -> str:
        """Where it is, as a spreadsheet program says it: B7."""
        from openpyxl.utils import get_column_letter

        return f"{get_column_letter(self.column)}{self.row}"


class Page(NamedTuple):
    """A sheet or a CSV file: its title, its cells that are not empty, the areas merged in it."""

    title: str
    cells: list[Found]
    merged: list[str]


def workbook_pages(path: Path) -> tuple[list[Page], dict[str, str]]:
    """Read the sheets of a workbook that a steward fills in, and what it says of itself.

    Raises:
        UnreadableFile: it is no workbook, or is too large.
    """
    loaded = open_workbook(path)
    meta = {}
    if META in loaded.sheetnames:
        pairs = loaded[META].iter_rows(max_col=2, values_only=True)
        meta = {str(k): "" if v is None else str(v) for k, v in pairs if k is not None}
    return [
        Page(sheet.title, list(_cells(sheet)), [str(area) for area in sheet.merged_cells.ranges])
        for sheet in loaded.worksheets
        if sheet.title not in {META, LISTS, ABOUT, MISTAKES}
    ], meta


def _cells(sheet: "Worksheet") -> Iterator[Found]:
    for row in sheet.iter_rows():
        for cell in row:
            value, fault = cell.value, ""
            if cell.data_type in {"f", "e"}:
                fault = "a formula" if cell.data_type == "f" else "an error value"
            elif isinstance(value, date) and "d" not in cell.number_format.lower():
                fault = f"the first day of a month, {value:%Y-%m-%d}, and shows the month alone"
            elif not isinstance(value, str | int | float | date | None):
                fault = "neither text, number nor date"
            number, column = int(cell.row or 0), int(cell.column or 0)
            if fault:
                yield Found(number, column, None, fault)
            elif isinstance(value, str):
                value = _CONTROL.sub(lambda found: chr(int(found[1], 16)), value)
                yield Found(number, column, value)
            elif isinstance(value, int | float | date):
                yield Found(number, column, value)


def csv_pages(folder: Path) -> tuple[list[Page], dict[str, str]]:
    """Read the CSV files of a folder, and what one of them says of how they were written.

    Raises:
        UnreadableFile: one that is named after a sheet cannot be read, or that one.
    """
    pages: list[Page] = []
    meta: dict[str, str] = {}
    for path in sorted(path for path in folder.iterdir() if path.suffix.lower() == ".csv"):
        if path.name == f"{META}.csv":
            rows = read_csv(path, lambda row: row[:1].count("template"))
            meta = {row[0]: row[1] for row in rows if len(row) > 1}
            continue
        try:
            pages.append(Page(path.name, list(_csv_cells(path)), []))
        except UnreadableFile:
            if sheet_called(path.name):
                raise
            # Another's file, of which only the name is told.
            pages.append(Page(path.name, [], []))
    return pages, meta


def _csv_cells(path: Path) -> Iterator[Found]:
    sheet = sheet_called(path.name)
    sheets = [sheet] if sheet else layout()[1]
    rows = read_csv(path, lambda row: max(known(sheet, row) for sheet in sheets))
    for row, cells in enumerate(rows, 1):
        for column, cell in enumerate(cells, 1):
            if cell:
                escaped = cell.startswith("'") and FORMULA.match(cell[1:])
                yield Found(row, column, cell[1:] if escaped else cell)


def sheet_called(title: str) -> Sheet | None:
    """Give the sheet that a title or the name of a CSV file stands for."""
    wanted = plain(re.sub(r"[-_]", " ", without_ending(title)))
    return next((sheet for sheet in layout()[1] if sheet.name.casefold() == wanted), None)


def without_ending(title: str) -> str:
    """Give the title of a sheet that is a CSV file."""
    return re.sub(r"\.csv$", "", title, flags=re.IGNORECASE)


def plain(text: str) -> str:
    """Write a title or a heading without what does not tell it from another."""
    return " ".join(text.split()).casefold()


def heading(sheet: Sheet, text: str) -> tuple[str, int] | None:
    """Give the column that a heading names, and which of several it is: Agency 2."""
    wanted = plain(text)
    number = re.search(r" ([0-9]{1,3})$", wanted)
    name = wanted[: number.start()] if number else wanted
    columns = {column.name.casefold(): column.name for column in sheet.columns}
    return (columns[name], int(number[1]) if number else 1) if name in columns else None


def known(sheet: Sheet, texts: Iterable[str]) -> int:
    """Count the headings of a sheet among some texts."""
    return sum(heading(sheet, text) is not None for text in texts)
