"""What the workbook looks like: its sheets and columns, and how a cell stands for a term."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from pyoxigraph import Literal, NamedNode

from kg.errors import KgError
from kg.results import Table
from kg.spreadsheets import Cell, plain_text
from kg.store import Store
from kg.terms import PREFIXES, curie, expand, local_name, nearest_of

META, LISTS, ABOUT = "_meta", "Vocabulary", "Read me"
Rows = Mapping[str, list[dict[str, list[Cell]]]]
_LINKS = {"class": "rdf:type", "scheme": "skos:inScheme", "subclass-of": "rdfs:subClassOf"}
_DATES = (
    (re.compile(r"\d{4}-\d{2}-\d{2}"), "date"),
    (re.compile(r"\d{4}-\d{2}"), "gYearMonth"),
    (re.compile(r"\d{4}"), "gYear"),
)
_QUOTED = 80  # characters of a text that a message repeats
# As many digits as a spreadsheet program keeps, and an exponent as it may write one.
_NUMBER = re.compile(r"[+-]?(?=[0-9.]{1,16}(?:[eE]|$))[0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]{1,2})?")
_DAY_FIRST = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})")


@dataclass(frozen=True)
class Column:
    """One column, or one run of like columns, of a sheet (see `sheets.toml`)."""

    name: str
    type: str
    property: str = ""
    part: str = ""
    link: str = ""
    types: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    many: int = 1
    needed: bool = False
    filled: bool = False
    help: str = ""


@dataclass(frozen=True)
class Sheet:
    """One sheet of the workbook (see `sheets.toml`)."""

    name: str
    kind: str
    help: str
    columns: tuple[Column, ...]
    types: tuple[str, ...] = ()
    of: str = ""
    owner: str = ""
    about: str = ""
    file: str = ""
    relations: tuple[str, ...] = ()

    def parts(self) -> dict[str, Column]:
        """The parts whose columns stand on this sheet, each with the column that links it."""
        return {column.part: column for column in self.columns if column.link}


@cache
def layout() -> tuple[int, tuple[Sheet, ...]]:
    """Read the version of the workbook and its sheets.

    Example:
        >>> [sheet.name for sheet in layout()[1]][:2]
        ['Works', 'Statements']
    """
    read = tomllib.loads(files("kg.sheets").joinpath("sheets.toml").read_text(encoding="utf-8"))

    def tidy(told: Mapping[str, Any]) -> dict[str, Any]:
        return {key: tuple(v) if isinstance(v, list) else v for key, v in told.items()}

    sheets = [
        Sheet(**{**tidy(told), "columns": tuple(Column(**tidy(c)) for c in told["columns"])})
        for told in read["sheet"]
    ]
    return int(read["version"]), tuple(sheets)


def file_name(sheet: Sheet) -> str:
    """Give the name of the CSV file that holds a sheet."""
    return f"{sheet.name.lower().replace(' ', '-')}.csv"


@dataclass
class Names:
    """What the terms of a list of choices are called, and which term a name stands for."""

    shown: dict[str, str] = field(default_factory=dict)
    known: dict[str, list[str]] = field(default_factory=dict)

    def add(self, iri: str, label: str) -> None:
        """Let a term be called by its label, its id or its CURIE."""
        self.shown[iri] = label or local_name(iri)
        for name in {label, local_name(iri), curie(iri)} - {""}:
            iris = self.known.setdefault(_plain(name), [])
            if iri not in iris:
                iris.append(iri)

    def of(self, iri: str) -> str:
        """Give the name that stands for this term alone."""
        for name in (self.shown.get(iri, ""), local_name(iri)):
            if self.known.get(_plain(name)) == [iri]:
                return name
        return curie(iri)

    def all(self) -> list[str]:
        """List the name of each term, in alphabetical order."""
        return sorted((self.of(iri) for iri in self.shown), key=str.casefold)

    def find(self, name: str) -> str:
        """Give the IRI of the term that a name stands for.

        Raises:
            KgError: it stands for none, or for several.
        """
        iris = self.known.get(_plain(name), [])
        if len(iris) == 1:
            return iris[0]
        if iris:
            several = ", ".join(curie(iri) for iri in iris)
            raise KgError(f"{quoted(name)} may be several things", fix=f"write {several}")
        if not self.shown:
            raise KgError(f"{quoted(name)} is not known", fix="add it on its own sheet first")
        raise KgError(
            f"{quoted(name)} is none of the {len(self.shown)} choices",
            fix=f"try {nearest_of(name, self.all())}",
        )


def names(choices: Iterable[str], store: Store) -> Names:
    """Collect the terms that a column may hold."""
    found = Names()
    for choice in choices:
        how, _, what = choice.partition(" ")
        answer = store.query(
            f"PREFIX rdf: <{PREFIXES['rdf']}> PREFIX rdfs: <{PREFIXES['rdfs']}> "
            f"PREFIX skos: <{PREFIXES['skos']}> SELECT ?value (SAMPLE(?text) AS ?label) WHERE {{ "
            f"?value {_LINKS[how]} <{expand(what)}> . OPTIONAL {{ ?value rdfs:label ?text }} }} "
            "GROUP BY ?value ORDER BY STR(?value)"
        )
        assert isinstance(answer, Table)
        # A statement is called by its id: its label is a sentence.
        named = what != "kg:Statement" or how == "subclass-of"
        for value, label in answer.rows:
            if isinstance(value, NamedNode):
                text = label.value if named and isinstance(label, Literal) else ""
                found.add(value.value, text)
    return found


def show(column: Column, term: NamedNode | Literal, called: Names) -> Cell:
    """Write a term as the cell that a reader understands.

    Example:
        >>> show(Column("Quotation", "yes"), Literal(True), Names())
        'yes'
    """
    if isinstance(term, NamedNode):
        return called.of(term.value)
    if column.type == "yes":
        return {"true": "yes", "1": "yes", "false": "no", "0": "no"}.get(term.value, term.value)
    if column.type in {"integer", "number"} and _NUMBER.fullmatch(term.value):
        number = Decimal(term.value)
        return int(number) if number == int(number) else float(number)
    return term.value


def read(column: Column, cell: Cell, called: Names) -> NamedNode | Literal:
    """Give the term that a cell stands for.

    Raises:
        KgError: the cell is not what the column holds; it says what would be.

    Example:
        >>> read(Column("Issued", "date"), "28/07/2010", Names()).value
        '2010-07-28'
    """
    text = plain_text(cell)
    match column.type:
        case "choice" | "owner" | "from" | "to" | "relation":
            return NamedNode(called.find(text))
        case "text":
            return Literal(text, language="en")
        case "yes":
            if text.casefold() not in {"yes", "no", "true", "false"}:
                raise KgError(
                    f"{quoted(text)} is neither yes nor no", fix="write yes, or leave it empty"
                )
            return Literal(text.casefold() in {"yes", "true"})
        case "integer" | "number":
            return _number(text, whole=column.type == "integer")
        case "date":
            return _date(text, column, called)
        case "time":
            return _time(text)
    return Literal(text)


def quoted(text: str) -> str:
    """Write a text in quotation marks, for a message: of a long one, how it begins."""
    return repr(text if len(text) <= _QUOTED else f"{text[:_QUOTED]}…")


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


def _number(text: str, *, whole: bool) -> Literal:
    number = Decimal(text) if _NUMBER.fullmatch(text) else None
    if number is None or (whole and number != int(number)):
        kind = "whole number" if whole else "number"
        raise KgError(f"{quoted(text)} is no {kind}", fix="write digits, with a point for decimals")
    if number == int(number):
        return Literal(int(number))
    return Literal(format(number, "f"), datatype=NamedNode(f"{PREFIXES['xsd']}decimal"))


def _year_first(text: str) -> str:
    """Write a day of the form 28/07/2010 as 2010-07-28; what follows it stays."""
    if found := _DAY_FIRST.match(text):
        return f"{found[3]}-{int(found[2]):02}-{int(found[1]):02}{text[found.end() :]}"
    return text


def _time(text: str) -> Literal:
    try:
        when = datetime.fromisoformat(_year_first(text))
    except ValueError as error:
        fix = "write a day, or a day and a time: 2026-11-24, 24/11/2026 or 2026-11-24 18:00"
        raise KgError(f"{quoted(text)} is no time", fix=fix) from error
    when = when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
    written = when.replace(tzinfo=None).isoformat(timespec="seconds")
    return Literal(f"{written}Z", datatype=NamedNode(f"{PREFIXES['xsd']}dateTime"))


def _date(text: str, column: Column, called: Names) -> NamedNode | Literal:
    if column.choices and _plain(text) in called.known:
        return NamedNode(called.find(text))
    written = _year_first(text)
    for pattern, kind in _DATES:
        if pattern.fullmatch(written):
            try:
                date.fromisoformat(f"{written}-01-01"[:10])
            except ValueError:
                break
            return Literal(written, datatype=NamedNode(f"{PREFIXES['xsd']}{kind}"))
    fix = "write a year, a month or a day: 2010, 2010-07, 2010-07-28 or 28/07/2010"
    raise KgError(f"{quoted(text)} is no date", fix=fix)
