"""Cells and files for spreadsheet programs: no text becomes a formula, no file tells the time."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

Cell = str | int | float | bool | datetime | date | None
# What Excel takes for a formula at the start of a CSV field, also behind white space; and an
# apostrophe, so that one which stands before a text to keep it one is told from the text's own.
FORMULA = re.compile(r"^[\s\0]*[=+\-@\t\r\n|%＝＋－＠']")  # noqa: RUF001
# Characters that no XML holds, and thus no workbook.
UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
# Parts of a workbook that say when and by what it was made, or repeat what every program brings.
_LEFT_OUT = ("docProps/app.xml", "docProps/core.xml", "xl/theme/theme1.xml")
_NAMES_THEM = re.compile(
    rb'<(?:Override|Relationship)\b[^>]*"/?'
    rb'(?:docProps/(?:app|core)|(?:xl/)?theme/theme1)\.xml"[^>]*/>'
)


def plain_text(cell: Cell) -> str:
    """Write what a cell holds as text: a date as ISO 8601 has it, a number without idle noughts."""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == datetime.min.time() else cell.isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell)


def write_csv(rows: Iterable[Iterable[Cell]]) -> bytes:
    r"""Write rows as CSV for Excel: no text in it is taken for a formula.

    An apostrophe stands before a text that would be, or that begins with one; numbers stay as they
    are.

    Example:
        >>> write_csv([["=1+1", -5]]).decode("utf-8-sig").strip()
        '"\'=1+1","-5"'
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    for row in rows:
        writer.writerow(
            [f"'{c}" if isinstance(c, str) and FORMULA.match(c) else plain_text(c) for c in row]
        )
    return out.getvalue().encode("utf-8-sig")


def put(sheet: "Worksheet", row: int, column: int, value: Cell) -> Any:
    """Write a cell, in which no text is taken for a formula, and give it.

    What no workbook can hold is left out.
    """
    cell = sheet.cell(row, column)
    cell.value = UNFIT.sub("", value) if isinstance(value, str) else value
    if isinstance(value, str):
        # Text stays text: no formula, no date, no number is read into it.
        cell.data_type, cell.number_format = "s", "@"
        cell.quotePrefix = bool(FORMULA.match(value))
    return cell


def saved(book: "Workbook") -> bytes:
    """Give the bytes of a workbook: the same ones for the same content, and no more than needed.

    The time at which it is saved, the program's name and the colours of a theme are left out;
    every program has a theme of its own.
    """
    out = io.BytesIO()
    book.save(out)
    lean = io.BytesIO()
    with zipfile.ZipFile(out) as parts, zipfile.ZipFile(lean, "w") as kept:
        for name in parts.namelist():
            if name not in _LEFT_OUT:
                part = zipfile.ZipInfo(name)  # dated 1980, the first day of the format
                content = _NAMES_THEM.sub(b"", parts.read(name))
                kept.writestr(part, content, zipfile.ZIP_DEFLATED, compresslevel=9)
    return lean.getvalue()
