"""What a spreadsheet cannot hold, told before anything of it is written or read wrongly."""

import re
from collections.abc import Mapping

from kg.errors import KgError
from kg.sheets.layout import LISTS, Names, Rows
from kg.spreadsheets import UNFIT, Cell

LONGEST = 32_767  # characters of a cell of a workbook; a program cuts what is longer
# How a workbook writes such a character: _x0001_. Who means these letters themselves is misread.
_ESCAPE = re.compile(r"_x[0-9A-Fa-f]{4}_|x005F_")


def check_fit(
    rows: Rows, called: Mapping[tuple[str, ...], Names] | None = None, *, workbook: bool
) -> None:
    r"""Refuse what would not come back from a spreadsheet as it is.

    Args:
        rows: by sheet, for each row the values of each column.
        called: what the lists of a workbook offer, and what they say of it.
        workbook: whether it is for a workbook, which holds less than CSV does.

    Raises:
        KgError: there is such a text; it names sheet, row and column, and what is in the way.

    Example:
        >>> check_fit({"Works": [{"Label": ["F\x01"]}]}, workbook=False)
        ... # doctest: +ELLIPSIS
        Traceback (most recent call last):
        kg.errors.KgError: Works: Label of a row holds the character U+0001, ...
    """
    offered: list[Cell] = [
        text for names in (called or {}).values() for pair in names.offered() for text in pair
    ]
    told: Rows = {**rows, LISTS: [{"A name": offered, "Id": ["the lists"]}]}
    for sheet, things in told.items():
        for row in things:
            name = next(iter(row.get("Id") or row.get("Statement") or ["a row"]))
            for heading, cells in row.items():
                for cell in cells:
                    if isinstance(cell, str) and (fault := _fault(cell, workbook=workbook)):
                        what, fix = fault
                        raise KgError(f"{heading} of {name} {what}", where=sheet, fix=fix)


def _fault(text: str, *, workbook: bool) -> tuple[str, str] | None:
    if found := UNFIT.search(text):
        what = f"holds the character U+{ord(found[0]):04X}, which no spreadsheet can hold"
        return what, "take it out of the Turtle file"
    if workbook and len(text.encode("utf-16-le")) > 2 * LONGEST:
        what = f"is longer than the {LONGEST:,} characters that a cell can hold"
        return what, "export CSV instead (-o FOLDER), or shorten it in the Turtle file"
    if workbook and (found := _ESCAPE.search(text)):
        what = f"holds {found[0]}, which a workbook takes for another character"
        return what, "export CSV instead (-o FOLDER)"
    return None
