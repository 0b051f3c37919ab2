"""The ids of rows: whether one is well made, and which is free where it is not."""

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass, field

from kg.sheets.layout import quoted
from kg.sheets.reading import Row
from kg.terms import PREFIXES

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_MOST = 60  # letters of an id that is proposed


def is_id(name: str) -> bool:
    """Whether a name is made as the ids of things are.

    Example:
        >>> is_id("ofsted-2010a"), is_id("Ofsted 2010")
        (True, False)
    """
    return bool(_ID.fullmatch(name))


@dataclass
class Ids:
    """The ids that are taken, in the graph and in the rows of a workbook."""

    taken: set[str] = field(default_factory=set)

    def take(self, iris: Iterable[str], rows: Iterable[Row]) -> None:
        """Hold the ids of things and of rows to be taken."""
        self.taken |= {*iris, *(PREFIXES[row.sheet.kind] + row.text("Id") for row in rows)}

    def wrong(self, row: Row, review: str) -> tuple[str, str] | None:
        """Say what is wrong with the id of a row and how to mend it, or nothing."""
        name, sheet = row.text("Id"), row.sheet
        if not is_id(name):
            what = f"{quoted(name)} is no id" if name else "the row has no id"
            fix = f"write {self.free(row, review)}, in lower-case letters, digits and hyphens"
            return what, fix
        if sheet.of and not re.fullmatch(rf"{re.escape(review)}-[0-9]{{3,}}", name):
            mine = name.startswith(f"{review}-")
            ends = f"begin it with {review}- and end it with three digits"
            what = "has no number of three digits" if mine else f"is no id of the review {review}"
            return f"{name} {what}", f"{ends}: {self.free(row, review)}"
        if sheet.owner:
            statement = row.text("Statement")
            ending = rf"(-{sheet.kind[0]}[0-9]+)?"
            if is_id(statement) and not re.fullmatch(re.escape(statement) + ending, name):
                what = f"{name} does not begin with the id of its statement, {statement}"
                return what, f"write {self.free(row, review)}"
        return None

    def free(self, row: Row, review: str) -> str:
        """Propose an id for a row that nothing has yet; it is taken from now on."""
        sheet, taken = row.sheet, self.taken
        start = PREFIXES[sheet.kind]
        if sheet.of:
            name = _next(f"{review}-", 3, taken, start)
        elif sheet.about:
            name = _next(f"{review}-d", 2, taken, start)
        elif sheet.owner:
            statement = row.text("Statement")
            statement = statement if is_id(statement) else f"{review}-001"
            taken_first = start + statement in taken or sheet.kind != "quantity"
            letter = f"{statement}-{sheet.kind[0]}"
            name = _next(letter, 1, taken, start, first=2) if taken_first else statement
        else:
            words = re.findall(r"[a-z0-9]+", (row.text("Id") or row.text("Label")).casefold())
            name = "-".join(words)[:_MOST].strip("-") or f"{review}-1"
            name = (
                name if start + name not in taken else _next(f"{name}-", 1, taken, start, first=2)
            )
        taken.add(start + name)
        return name


def _next(before: str, digits: int, taken: Container[str], start: str, first: int = 1) -> str:
    number = first
    while f"{start}{before}{number:0{digits}}" in taken:
        number += 1
    return f"{before}{number:0{digits}}"
