"""Workbooks and CSV files, laid out and filled for stewards."""

import hashlib
import io
import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from kg.sheets.layout import (
    ABOUT,
    LISTS,
    META,
    Column,
    Names,
    Rows,
    Sheet,
    layout,
    names,
)
from kg.spreadsheets import Cell, put
from kg.spreadsheets import write_csv as write_rows
from kg.store import Store
from kg.terms import local_name

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

_ROWS = 2_000  # rows that the dropdowns of a template reach
_TEXT, _WIDE = 48, 100  # widths of columns that hold sentences, in characters
_NUMBERS = {"integer", "number"}
_GROWING = {
    *("kg:Source", "kg:Organisation", "kg:PolicyEvent", "kg:Statement"),
    *("prov:Activity", "prov:Agent"),
}


def lists(store: Store) -> dict[tuple[str, ...], Names]:
    """Collect what the columns of choices may hold, by what their `choices` say."""
    wanted = {column.choices for sheet in layout()[1] for column in sheet.columns if column.choices}
    return {choices: names(choices, store) for choices in sorted(wanted)}


def vocabulary_hash(called: Mapping[tuple[str, ...], Names]) -> str:
    """Give a SHA-256 of the names of all concepts, by which an older workbook is known."""
    fixed = {
        f"{iri} {names.of(iri)}"
        for choices, names in called.items()
        if not any(choice.partition(" ")[2] in _GROWING for choice in choices)
        for iri in names.shown
    }
    return hashlib.sha256("\n".join(sorted(fixed)).encode()).hexdigest()


def write_workbook(
    rows: Rows,
    called: Mapping[tuple[str, ...], Names],
    review: str,
) -> bytes:
    """Lay the workbook out and fill it.

    Args:
        rows: by sheet, for each row the values of each column; empty for a template.
        called: the choices of the columns (see `lists`).
        review: the id of the review it is for, or nothing.
    """
    from openpyxl import Workbook

    version, sheets = layout()
    book = Workbook()
    book.remove(book.worksheets[0])
    _about(book.create_sheet(ABOUT), sheets, review)
    ranges = _lists(book, called)
    for sheet in sheets:
        _fill(book.create_sheet(sheet.name), sheet, rows.get(sheet.name, []), ranges)
    book.move_sheet(LISTS, len(sheets))
    meta = book.create_sheet(META)
    for told in (
        ("template", "evidence-kg"),
        ("version", version),
        ("review", review),
        ("vocabulary", vocabulary_hash(called)),
    ):
        meta.append(told)
    meta.sheet_state = "veryHidden"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def headings(
    sheet: Sheet, rows: Iterable[Mapping[str, list[Cell]]]
) -> list[tuple[str, Column, int]]:
    """List the columns of a sheet as laid out: heading, column, and which of its values."""
    most: Counter[str] = Counter()
    for row in rows:
        for name, cells in row.items():
            most[name] = max(most[name], len(cells))
    return [
        (f"{column.name} {number + 1}" if number else column.name, column, number)
        for column in sheet.columns
        for number in range(max(column.many, most[column.name]))
    ]


def write_csv(sheet: Sheet, rows: list[dict[str, list[Cell]]]) -> bytes:
    """Write the rows of a sheet as CSV for Excel: no text in it is taken for a formula.

    An apostrophe stands before a text that would be; reading it back takes it off again.
    """
    laid = headings(sheet, rows)
    cells = ([_at(row, column, number) for _, column, number in laid] for row in rows)
    return write_rows([[heading for heading, _, _ in laid], *cells])


def _at(row: Mapping[str, list[Cell]], column: Column, number: int) -> Cell:
    cells = row.get(column.name, [])
    return cells[number] if number < len(cells) else None


def _about(sheet: "Worksheet", sheets: Iterable[Sheet], review: str) -> None:
    from openpyxl.styles import Alignment

    lines = [
        ("What this workbook is for", ""),
        ("", f"It holds the evidence graph of {review or 'a review'}, one thing a row."),
        ("", "Fill it in, save it, and hand it to: kg sheet import FILE.xlsx --dry-run"),
        ("", "It says what would change, and each mistake by its cell, and writes nothing yet."),
        ("", "Without --dry-run all of it is written or, while there is a mistake, nothing."),
        ("", "Where a cell has a list, choose from it. A heading with a number is one more value."),
        ("", "Begin with Coders, Coding rounds, Events, and the review's own row among the Works."),
        ("", "Write claims in your own words; of the text, give first and last words only."),
        (
            "",
            "Without last words, the passage is the whole sentence; a page tells like words apart.",
        ),
        ("", "Columns in grey are filled in by the import, from the text given with --text."),
        ("The sheets", ""),
        *((f"  {sheet.name}", sheet.help) for sheet in sheets),
    ]
    for line in lines:
        sheet.append(line)
        if line[0]:
            sheet.cell(sheet.max_row, 1).font = _bold()
        for cell in sheet[sheet.max_row]:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
        _heighten(sheet, sheet.max_row, [(line[1], _WIDE)])
    sheet.column_dimensions["A"].width = 28
    sheet.column_dimensions["B"].width = _WIDE


def _lists(book: "Workbook", called: Mapping[tuple[str, ...], Names]) -> dict[tuple[str, ...], str]:
    """Write the choices of each kind into a protected sheet, and name their ranges."""
    from openpyxl.utils import get_column_letter
    from openpyxl.workbook.defined_name import DefinedName

    sheet = book.create_sheet(LISTS)
    ranges = {}
    relations = next(sheet for sheet in layout()[1] if sheet.relations).relations
    columns = {
        **{choices: names.all() for choices, names in called.items()},
        ("relation",): [local_name(relation) for relation in relations],
        ("yes",): ["yes", "no"],
    }
    for number, (choices, offered) in enumerate(columns.items(), start=1):
        letter = get_column_letter(number)
        name = "kg_" + "_".join(re.sub(r".*[: ]", "", choice) for choice in choices)
        sheet.cell(1, number, name)
        for row, text in enumerate(offered, start=2):
            put(sheet, row, number, text)
        sheet.column_dimensions[letter].width = 30
        area = f"{LISTS}!${letter}$2:${letter}${max(2, len(offered) + 1)}"
        book.defined_names[name] = DefinedName(name, attr_text=area)
        ranges[choices] = name
    sheet.protection.sheet = True
    return ranges


def _fill(
    sheet: "Worksheet",
    laid_out: Sheet,
    rows: list[dict[str, list[Cell]]],
    ranges: Mapping[tuple[str, ...], str],
) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import Alignment, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    grey = PatternFill("solid", fgColor="E8E8E8")
    laid = headings(laid_out, rows)
    for number, (heading, column, _) in enumerate(laid, start=1):
        head = sheet.cell(1, number, heading)
        head.font = _bold()
        head.fill = grey if column.filled else PatternFill("solid", fgColor="D6E4F0")
        told = [column.help, "Needed." if column.needed else ""]
        if text := " ".join(part for part in told if part):
            head.comment = Comment(text, "kg", width=320, height=90)
        letter = get_column_letter(number)
        sheet.column_dimensions[letter].width = _TEXT if column.type == "text" else 20
        if column.type not in _NUMBERS:
            # Cells to be filled are text from the start, or a program makes a date of 10-12.
            sheet.column_dimensions[letter].number_format = "@"
        choices = ("yes",) if column.type == "yes" else column.choices
        choices = ("relation",) if column.type == "relation" else choices
        if choices in ranges:
            grows = column.type == "date" or any(c.partition(" ")[2] in _GROWING for c in choices)
            rule = DataValidation(
                type="list", formula1=ranges[choices], allow_blank=True, showErrorMessage=not grows
            )
            rule.errorTitle, rule.error = "Not in the list", "Choose a value from the list."
            rule.add(f"{letter}2:{letter}{max(_ROWS, len(rows) + 200)}")
            sheet.add_data_validation(rule)
    for at, row in enumerate(rows, start=2):
        for number, (_, column, which) in enumerate(laid, start=1):
            cell = put(sheet, at, number, _at(row, column, which))
            if column.type not in _NUMBERS:
                cell.number_format = "@"
            if column.filled:
                cell.fill = grey
            cell.alignment = Alignment(wrap_text=column.type == "text", vertical="top")
        texts = [
            c
            for column in laid_out.columns
            if column.type == "text"
            for c in row.get(column.name, [])
        ]
        _heighten(sheet, at, [(str(text), _TEXT) for text in texts])
    sheet.freeze_panes = "C2"


def _bold() -> Any:
    from openpyxl.styles import Font

    return Font(name="Calibri", size=11, bold=True)


def _heighten(sheet: "Worksheet", row: int, texts: Iterable[tuple[str, int]]) -> None:
    """Make a row as high as its longest text needs; not every program does so by itself."""
    lines = max((len(textwrap.wrap(text, wide)) for text, wide in texts), default=1)
    if lines > 1:
        sheet.row_dimensions[row].height = 15 * lines
