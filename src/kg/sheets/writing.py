"""Workbooks and CSV files, laid out and filled for stewards."""

import hashlib
import io
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
    list_title,
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
_NARROW = 12
# What rows of the workbook itself add to, so that a cell may name what its list does not offer yet.
_GROWING = {
    f"class {name}"
    for name in (
        *("kg:Source", "kg:Organisation", "kg:PolicyEvent", "kg:Statement"),
        *("prov:Activity", "prov:Agent"),
    )
}
_PREFIXES = {"subclass-of": "kinds_of_", "top-of": "top_"}


def lists(store: Store) -> dict[tuple[str, ...], Names]:
    """Collect what the columns of choices may hold, by what their `choices` say."""
    wanted = {column.choices for sheet in layout()[1] for column in sheet.columns if column.choices}
    return {choices: names(choices, store) for choices in sorted(wanted)}


def vocabulary_hash(called: Mapping[tuple[str, ...], Names]) -> str:
    """Give a SHA-256 of the names of all concepts, by which an older workbook is known."""
    fixed = {
        f"{iri} {names.of(iri)}"
        for choices, names in called.items()
        if not _GROWING & set(choices)
        for iri in names.shown
    }
    return hashlib.sha256("\n".join(sorted(fixed)).encode()).hexdigest()


def write_workbook(
    rows: Rows,
    called: Mapping[tuple[str, ...], Names],
    review: str,
    held: Mapping[str, str] | None = None,
) -> bytes:
    """Lay the workbook out and fill it.

    Args:
        rows: by sheet, for each row the values of each column; empty for a template.
        called: the choices of the columns (see `lists`).
        review: the id of the review it is for, or nothing.
        held: what has a row in it, and which (see `kg.sheets.existing.held_rows`).
    """
    from openpyxl import Workbook

    sheets = layout()[1]
    book = Workbook()
    book.remove(book.worksheets[0])
    _about(book.create_sheet(ABOUT), sheets, review)
    ranges = write_lists(book, called)
    for sheet in sheets:
        _fill(book.create_sheet(sheet.name), sheet, rows.get(sheet.name, []), ranges)
    book.move_sheet(LISTS, len(sheets))
    hidden = book.create_sheet(META)
    for told in meta(called, review, held or {}):
        hidden.append(told)
    hidden.sheet_state = "veryHidden"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def meta(
    called: Mapping[tuple[str, ...], Names], review: str, held: Mapping[str, str]
) -> list[tuple[str, str]]:
    """Say of a workbook what an import must know of it, by name."""
    return [
        ("template", "evidence-kg"),
        ("version", str(layout()[0])),
        ("review", review),
        ("vocabulary", vocabulary_hash(called)),
        *held.items(),
    ]


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
        ("", "What the graph knows already needs no row: choose it by its name."),
        ("", "The sheet Vocabulary has every name, with its id or what it means."),
        ("", "Write claims in your own words; of the text, give first and last words only."),
        (
            "",
            "Without last words, the passage is the whole sentence; a page tells like words apart.",
        ),
        ("", "Columns in grey are filled in by the import, from the text given with --text."),
        ("The sheets", ""),
        *((f"  {sheet.name}", sheet.help) for sheet in sheets),
    ]
    sheet.column_dimensions["A"].width = 28
    sheet.column_dimensions["B"].width = _WIDE
    for line in lines:
        sheet.append(line)
        if line[0]:
            sheet.cell(sheet.max_row, 1).font = _bold()
        for cell in sheet[sheet.max_row]:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
        _heighten(sheet, sheet.max_row)


def write_lists(
    book: "Workbook", called: Mapping[tuple[str, ...], Names]
) -> dict[tuple[str, ...], str]:
    """Write the choices of each kind into a protected sheet, and name their ranges.

    Beside each name stands what it means: a definition, an id, or the claim of a statement.
    """
    from openpyxl.utils import get_column_letter
    from openpyxl.workbook.defined_name import DefinedName

    sheet = book.create_sheet(LISTS)
    ranges = {}
    relations = next(sheet for sheet in layout()[1] if sheet.relations).relations
    columns: dict[tuple[str, ...], list[tuple[str, str]]] = {
        **{choices: names.offered() for choices, names in called.items()},
        ("relation",): [(local_name(relation), "") for relation in relations],
        ("yes",): [("yes", ""), ("no", "")],
    }
    columns = dict(sorted(columns.items(), key=lambda item: list_title(item[0])))
    for number, (choices, offered) in enumerate(columns.items()):
        at = 2 * number + 1
        letter = get_column_letter(at)
        name = _range_name(choices)
        for shift, heading in enumerate((list_title(choices), _meaning(choices))):
            put(sheet, 1, at + shift, heading)
        for row, pair in enumerate(offered, start=2):
            for shift, text in enumerate(pair):
                put(sheet, row, at + shift, text or None)
        sheet.column_dimensions[letter].width = 30
        told = any(meaning for _, meaning in offered)
        sheet.column_dimensions[get_column_letter(at + 1)].width = _TEXT if told else 3
        area = f"{LISTS}!${letter}$2:${letter}${max(2, len(offered) + 1)}"
        book.defined_names[name] = DefinedName(name, attr_text=area)
        ranges[choices] = name
    fit(sheet)
    sheet.protection.sheet = True
    return ranges


def fit(sheet: "Worksheet") -> None:
    """Give a sheet that is only read its headings, and each row the height it needs."""
    from openpyxl.styles import Alignment, PatternFill

    for number, row in enumerate(sheet.iter_rows(), start=1):
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if number == 1:
                cell.font, cell.fill = _bold(), PatternFill("solid", fgColor="D6E4F0")
        _heighten(sheet, number)
    sheet.freeze_panes = "A2"


def _range_name(choices: Iterable[str]) -> str:
    parted = [(choice.partition(" ")[0], choice.rpartition(":")[2]) for choice in choices]
    return "kg_" + "_".join(f"{_PREFIXES.get(how, '')}{what.split()[-1]}" for how, what in parted)


def _meaning(choices: tuple[str, ...]) -> str:
    if choices == ("class kg:Statement",):
        return "The claim"
    if choices[0] in {"relation", "yes"}:
        return ""
    return "Id" if set(choices) <= _GROWING else "What it means"


def dress(
    sheet: "Worksheet",
    laid: Iterable[tuple[int, Column, int]],
    ranges: Mapping[tuple[str, ...], str],
    rows: int,
) -> None:
    """Give columns their look, their help and their lists, and the rows the height they need.

    Args:
        sheet: with the headings in its first row.
        laid: the number of each column that is known, what it is, and which of its values.
        ranges: the named ranges of the lists.
        rows: how many rows are filled.
    """
    from openpyxl.comments import Comment
    from openpyxl.styles import Alignment, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    grey = PatternFill("solid", fgColor="E8E8E8")
    for number, column, which in laid:
        letter = get_column_letter(number)
        head = sheet.cell(1, number)
        head.font = _bold()
        head.fill = grey if column.filled else PatternFill("solid", fgColor="D6E4F0")
        needed = " Needed." if column.needed and not which else ""
        head.comment = Comment(f"{column.help}{needed}", "kg", width=320, height=90)
        held = [sheet.cell(row, number) for row in range(2, rows + 2)]
        longest = max((len(str(cell.value)) for cell in (head, *held) if cell.value), default=0)
        widest = _TEXT if column.type in {"text", "plain"} and not column.filled else 30
        at_least = _TEXT if column.type == "text" else _NARROW
        sheet.column_dimensions[letter].width = min(max(longest + 2, at_least), widest)
        is_text = column.type not in _NUMBERS
        if is_text:
            # Cells to be filled are text from the start, or a program makes a date of 10-12.
            sheet.column_dimensions[letter].number_format = "@"
        for cell in held:
            if is_text:
                cell.number_format = "@"
            if column.filled:
                cell.fill = grey
            cell.alignment = Alignment(wrap_text=not column.filled, vertical="top")
        if choices := _list_of(column, ranges):
            grows = column.type == "date" or bool(_GROWING & set(choices))
            rule = DataValidation(
                type="list", formula1=ranges[choices], allow_blank=True, showErrorMessage=not grows
            )
            rule.errorTitle, rule.error = "Not in the list", "Choose a value from the list."
            rule.add(f"{letter}2:{letter}{max(_ROWS, rows + 200)}")
            sheet.add_data_validation(rule)
    for row in range(2, rows + 2):
        _heighten(sheet, row)
    sheet.freeze_panes = "C2"


def _list_of(column: Column, ranges: Mapping[tuple[str, ...], str]) -> tuple[str, ...]:
    choices = {"yes": ("yes",), "relation": ("relation",)}.get(column.type, column.choices)
    return choices if choices in ranges else ()


def _fill(
    sheet: "Worksheet",
    laid_out: Sheet,
    rows: list[dict[str, list[Cell]]],
    ranges: Mapping[tuple[str, ...], str],
) -> None:
    laid = headings(laid_out, rows)
    for number, (heading, _, _) in enumerate(laid, start=1):
        sheet.cell(1, number, heading)
    for at, row in enumerate(rows, start=2):
        for number, (_, column, which) in enumerate(laid, start=1):
            put(sheet, at, number, _at(row, column, which))
    numbered = [(number, column, which) for number, (_, column, which) in enumerate(laid, start=1)]
    dress(sheet, numbered, ranges, len(rows))


def _bold() -> Any:
    from openpyxl.styles import Font

    return Font(name="Calibri", size=11, bold=True)


def _heighten(sheet: "Worksheet", row: int) -> None:
    """Make a row as high as its longest text needs; not every program does so by itself."""
    wide = sheet.column_dimensions
    lines = max(
        (
            sum(
                len(textwrap.wrap(line, int(wide[cell.column_letter].width))) or 1
                for line in str(cell.value).split("\n")
            )
            for cell in sheet[row]
            if cell.value and cell.alignment.wrap_text
        ),
        default=1,
    )
    if lines > 1:
        sheet.row_dimensions[row].height = 15 * lines
