"""What the workbook looks like: its sheets and columns, and how a cell stands for a term."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
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

META, LISTS, ABOUT, MISTAKES = "_meta", "Vocabulary", "Read me", "Mistakes"
Rows = Mapping[str, list[dict[str, list[Cell]]]]
# How what is chosen hangs on what a list of choices names: all of a class, of a scheme, or so on.
_LINKS = {
    "class": "?value rdf:type <{}>",
    "scheme": "?value skos:inScheme <{}>",
    "top-of": "?value skos:topConceptOf <{}>",
    "subclass-of": "?value rdfs:subClassOf <{}>",
    "only": "VALUES ?value {{ <{}> }}",
}
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
    # Of a sheet of new terms: the choices that they add to.
    concepts: tuple[str, ...] = ()

    def parts(self) -> dict[str, Column]:
        """The parts whose columns stand on this sheet, each with the column that links it."""
        return {column.part: column for column in self.columns if column.link}


@cache
def _told() -> Mapping[str, Any]:
    return tomllib.loads(files("kg.sheets").joinpath("sheets.toml").read_text(encoding="utf-8"))


@cache
def layout() -> tuple[int, tuple[Sheet, ...]]:
    """Read the version of the workbook and its sheets.

    Example:
        >>> [sheet.name for sheet in layout()[1]][:2]
        ['Works', 'Statements']
    """

    def tidy(told: Mapping[str, Any]) -> dict[str, Any]:
        return {key: tuple(v) if isinstance(v, list) else v for key, v in told.items()}

    sheets = [
        Sheet(**{**tidy(told), "columns": tuple(Column(**tidy(c)) for c in told["columns"])})
        for told in _told()["sheet"]
    ]
    return int(_told()["version"]), tuple(sheets)


def list_title(choices: Iterable[str]) -> str:
    """Say what is in a list of choices.

    Example:
        >>> list_title(["class kg:Organisation", "class kg:PolicyEvent"])
        'Organisations, events'
    """
    titles = list(dict.fromkeys(_told()["lists"][choice] for choice in choices))
    return ", ".join([titles[0], *(title.lower() for title in titles[1:])])


def told_plainly(shape: str) -> str:
    """Give the remedy of a shape in a steward's words, or nothing where its own words do."""
    return str(_told()["remedies"].get(local_name(shape), ""))


def file_name(sheet: Sheet) -> str:
    """Give the name of the CSV file that holds a sheet."""
    return f"{sheet.name.lower().replace(' ', '-')}.csv"


@dataclass
class Names:
    """What the terms of a list of choices are called, and which term a name stands for."""

    shown: dict[str, str] = field(default_factory=dict)
    known: dict[str, list[str]] = field(default_factory=dict)
    meant: dict[str, str] = field(default_factory=dict)
    # Of what is too narrow to be chosen, what it is under.
    under: dict[str, str] = field(default_factory=dict)
    # The sheets on which a new one is described.
    homes: tuple[str, ...] = ()

    def add(self, iri: str, label: str, meaning: str = "") -> None:
        """Let a term be called by its label, its id or its CURIE."""
        self.shown[iri] = label or local_name(iri)
        self.meant[iri] = meaning
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
        return [name for name, _ in self.offered()]

    def offered(self) -> list[tuple[str, str]]:
        """List the name of each term with what it means, in alphabetical order."""
        named = ((self.of(iri), self.meant.get(iri, "")) for iri in self.shown)
        return sorted(named, key=lambda pair: pair[0].casefold())

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
        if top := self.under.get(_plain(name)):
            what = f"{name!r} is a part of {self.of(top)!r}, and only the whole is chosen here"
            raise KgError(what, fix=f"write {self.of(top)}, and {name} in the columns Theme")
        home = f"a new one goes on the sheet {' or '.join(self.homes)}" if self.homes else ""
        if not self.shown:
            what = f"{quoted(name)} is not known"
            raise KgError(what, fix=home or "add it on its own sheet first")
        raise KgError(
            f"{quoted(name)} is none of the {len(self.shown)} choices",
            fix="; ".join(filter(None, [f"try {nearest_of(name, self.all())}", home])),
        )


def names(choices: Iterable[str], store: Store) -> Names:
    """Collect the terms that a column may hold."""
    found = Names(homes=tuple(_homes(choices)))
    for choice in choices:
        how, _, what = choice.partition(" ")
        rows = _ask(
            "SELECT ?value (SAMPLE(?text) AS ?label) (SAMPLE(?told) AS ?meaning) WHERE { "
            f"{_LINKS[how].format(expand(what))} . OPTIONAL {{ ?value rdfs:label ?text }} "
            "OPTIONAL { ?value skos:definition ?told } } GROUP BY ?value ORDER BY STR(?value)",
            store,
        )
        for value, label, meaning in rows:
            if choice == "class kg:Statement":
                # A statement is called by its id: its label is a sentence.
                found.add(value, "", label)
            else:
                found.add(value, label, meaning or local_name(value))
        if how == "top-of":
            narrower = _ask(
                "SELECT ?value ?top ?label WHERE { ?value skos:broader+ ?top ; rdfs:label ?label . "
                f"?top skos:topConceptOf <{expand(what)}> }}",
                store,
            )
            for value, top, label in narrower:
                found.under |= {_plain(name): top for name in (label, local_name(value))}
    return found


def _homes(choices: Iterable[str]) -> Iterator[str]:
    """Name the sheets on which new ones of these choices are described."""
    for sheet in layout()[1]:
        described = {f"class {sheet.types[0]}"} if sheet.types else set(sheet.concepts)
        if described & set(choices):
            yield sheet.name


def _ask(query: str, store: Store) -> Iterator[list[str]]:
    """Ask for names and texts; what is missing is empty."""
    declared = " ".join(f"PREFIX {name}: <{PREFIXES[name]}>" for name in ("rdf", "rdfs", "skos"))
    answer = store.query(f"{declared} {query}")
    assert isinstance(answer, Table)
    for row in answer.rows:
        if isinstance(row[0], NamedNode):
            yield [cell.value if isinstance(cell, NamedNode | Literal) else "" for cell in row]


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
