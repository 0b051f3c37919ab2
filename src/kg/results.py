"""Answers to a query, and their form on a terminal, in files and for other programs."""

import csv
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from math import isfinite
from typing import TYPE_CHECKING, Any, cast

from pyoxigraph import (
    Literal,
    NamedNode,
    QueryResultsFormat,
    RdfFormat,
    Triple,
    parse_query_results,
    serialize,
)

from kg.errors import KgError
from kg.spreadsheets import put, saved
from kg.terms import PREFIXES, Term, curie

if TYPE_CHECKING:
    import pandas
    from rich.table import Table as RichTable

TABLE_FORMATS = ("table", "csv", "tsv", "json", "xml", "md", "xlsx")
GRAPH_FORMATS = {"ttl": RdfFormat.TURTLE, "nt": RdfFormat.N_TRIPLES, "jsonld": RdfFormat.JSON_LD}
FORMATS = (*TABLE_FORMATS, *GRAPH_FORMATS)

_NUMBERS = {f"{PREFIXES['xsd']}{name}" for name in ("integer", "decimal", "double", "float")}
_NOT_IN_XML = rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]"
_WIDEST = 60  # characters in a column of a workbook; longer texts are broken into lines
_MOST_SHOWN = 60  # rows in a notebook; the rest is counted


class _Shown:
    """What an answer does in a notebook, on a terminal and for pandas."""

    def to_pandas(self) -> "pandas.DataFrame":
        """Give the answer as a data frame: IRIs as CURIEs, numbers, booleans and texts as such.

        Raises:
            KgError: pandas is not installed.

        Example:
            >>> table = Table(("agencies",), [(Literal(2),), (Literal(3),)])
            >>> int(table.to_pandas()["agencies"].sum())
            5
        """
        try:
            import pandas
        except ImportError as error:
            raise KgError(
                "pandas is not installed", fix="pip install 'evidence-kg[notebook]'"
            ) from error
        table = _as_table(cast("Answer", self))
        rows = [[plain(term) for term in row] for row in table.rows]
        return pandas.DataFrame(rows, columns=list(table.columns), dtype=object).convert_dtypes()

    def __str__(self) -> str:
        return render(cast("Answer", self), "table").decode().rstrip("\n")

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))

    def _repr_html_(self) -> str:
        table = _as_table(cast("Answer", self))
        kept = _kept(table)
        head = "".join(f'<th scope="col">{escape(_heading(table, n))}</th>' for n in kept)
        body = "".join(
            f"<tr>{''.join(f'<td>{escape(printable(shown(row[n])))}</td>' for n in kept)}</tr>"
            for row in table.rows[:_MOST_SHOWN]
        )
        total = f"{len(table.rows):,} {'row' if len(table.rows) == 1 else 'rows'}"
        if len(table.rows) > _MOST_SHOWN:
            total = f"the first {_MOST_SHOWN} of {total}"
        return (
            f"<table><caption>{total}</caption><thead><tr>{head}</tr></thead>"
            f"<tbody>{body}</tbody></table>"
        )


@dataclass(frozen=True)
class Table(_Shown):
    """The rows of a SELECT query; a cell is a term, or None where the row leaves it open."""

    columns: tuple[str, ...]
    rows: list[tuple[Term | None, ...]] = field(default_factory=list)

    def records(self) -> list[dict[str, Term | None]]:
        """Give each row as a dictionary from column to term."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


@dataclass(frozen=True)
class Boolean(_Shown):
    """The answer to an ASK query."""

    value: bool


@dataclass(frozen=True)
class Triples(_Shown):
    """The graph that a CONSTRUCT or DESCRIBE query gives."""

    triples: list[Triple] = field(default_factory=list)


Answer = Table | Boolean | Triples


def shown(term: object) -> str:
    """Write a term as a reader knows it: an IRI as its CURIE, a literal as its text.

    Example:
        >>> shown(NamedNode("https://w3id.org/evidence-kg/agency/health"))
        'agency:health'
    """
    if term is None:
        return ""
    if isinstance(term, NamedNode):
        return curie(term.value)
    return str(term.value) if isinstance(term, Literal) else str(term)


def printable(text: str) -> str:
    r"""Write out the control characters of a text, so that none steers a terminal.

    Example:
        >>> printable("red\x1b[31m")
        'red\\u001b[31m'
    """
    return "".join(
        char if char.isprintable() or char == "\n" else f"\\u{ord(char):04x}" for char in text
    )


def render(answer: Answer, form: str, *, width: int | None = None, colour: bool = False) -> bytes:
    """Write an answer in one of `FORMATS`, as the bytes of a UTF-8 text or a workbook.

    `csv`, `tsv`, `json` and `xml` follow the SPARQL 1.1 result formats and hold full IRIs; `table`,
    `md` and `xlsx` are for people and hold CURIEs. A `table` leaves out a column whose label it
    shows.

    Args:
        answer: what the query gave.
        form: the name of the format.
        width: characters a line for `table`; without one, as wide as the content.
        colour: whether `table` may use terminal colours.

    Raises:
        KgError: no such format, or one that cannot hold this kind of answer.

    Example:
        >>> print(render(Boolean(True), "csv").decode())
        boolean
        true
        <BLANKLINE>
    """
    check_format(form)
    if form in GRAPH_FORMATS:
        if not isinstance(answer, Triples):
            raise KgError(
                f"{form} holds a graph, and this query gives a table",
                where="--format",
                fix=f"choose one of {', '.join(TABLE_FORMATS)}",
            )
        prefixes = None if form == "nt" else PREFIXES
        return serialize(answer.triples, format=GRAPH_FORMATS[form], prefixes=prefixes) or b""
    if form in {"json", "xml"}:
        document = _json(answer)
        if form == "json":
            return document
        given = parse_query_results(document, format=QueryResultsFormat.JSON)
        return _sound(given.serialize(format=QueryResultsFormat.XML) or b"")
    table = _as_table(answer)
    match form:
        case "table":
            return _terminal(table, width, colour)
        case "csv":
            return _csv(table)
        case "tsv":
            head = "\t".join(f"?{name}" for name in table.columns)
            rows = ("\t".join("" if t is None else str(t) for t in row) for row in table.rows)
            return "".join(f"{line}\n" for line in (head, *rows)).encode()
        case "md":
            return _markdown(table)
    return _workbook(table)


def check_format(form: str, known: Sequence[str] = FORMATS) -> None:
    """Refuse what is no format, before what is to be written in it is asked for.

    Raises:
        KgError: it is not among those known.

    Example:
        >>> check_format("csv")
    """
    if form not in known:
        raise KgError(
            f"{form!r} is no format", where="--format", fix=f"choose one of {', '.join(known)}"
        )


def _as_table(answer: Answer) -> Table:
    match answer:
        case Table():
            return answer
        case Boolean(value):
            return Table(("boolean",), [(Literal(value),)])
        case Triples(triples):
            rows = [(t.subject, t.predicate, t.object) for t in triples]
            return Table(
                ("subject", "predicate", "object"), cast("list[tuple[Term | None, ...]]", rows)
            )


def _csv(table: Table) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.columns)
    for row in table.rows:
        writer.writerow(_csv_cell(term) for term in row)
    return out.getvalue().encode()


def _csv_cell(term: Term | None) -> str:
    if term is None:
        return ""
    return term.value if isinstance(term, NamedNode | Literal) else str(term)


def _json(answer: Answer) -> bytes:
    if isinstance(answer, Boolean):
        return json.dumps({"head": {}, "boolean": answer.value}).encode() + b"\n"
    table = _as_table(answer)
    # A row a line is compact, and a difference of two answers is one of their rows.
    rows = ",\n".join(
        json.dumps(
            {name: _json_term(term) for name, term in record.items() if term is not None},
            ensure_ascii=False,
        )
        for record in table.records()
    )
    head = json.dumps({"vars": list(table.columns)}, ensure_ascii=False)
    return f'{{"head": {head}, "results": {{"bindings": [\n{rows}\n]}}}}\n'.encode()


def _json_term(term: Term | Triple) -> dict[str, object]:
    if isinstance(term, NamedNode):
        return {"type": "uri", "value": term.value}
    if isinstance(term, Triple):
        parts = zip(("subject", "predicate", "object"), term, strict=True)
        return {"type": "triple", "value": {name: _json_term(part) for name, part in parts}}
    if not isinstance(term, Literal):
        return {"type": "bnode", "value": term.value}
    cell: dict[str, object] = {"type": "literal", "value": term.value}
    if term.language:
        cell["xml:lang"] = term.language
    elif term.datatype.value != f"{PREFIXES['xsd']}string":
        cell["datatype"] = term.datatype.value
    return cell


def _sound(document: bytes) -> bytes:
    """Make what Oxigraph writes as XML well-formed, and mean what it should, or refuse it."""
    if found := re.search(_NOT_IN_XML, document):
        raise KgError(
            f"XML cannot hold the character U+{ord(found[0].decode()):04X}, which the answer has",
            fix="choose json, csv or tsv",
        )
    # A carriage return that is not written as a reference is read as a line feed.
    return document.replace(b"\r", b"&#13;")


def _markdown(table: Table) -> bytes:
    escapes = str.maketrans({"\\": "\\\\", "|": "\\|", "<": "&lt;"})

    def line(cells: list[str]) -> str:
        safe = (printable(" ".join(cell.translate(escapes).split())) for cell in cells)
        return f"| {' | '.join(safe)} |"

    lines = [line(list(table.columns)), f"|{' --- |' * len(table.columns)}"]
    lines += [line([shown(term) for term in row]) for row in table.rows]
    return ("\n".join(lines) + "\n").encode()


def _terminal(table: Table, width: int | None, colour: bool) -> bytes:
    from rich.console import Console

    console = Console(
        file=io.StringIO(),
        width=width or 1000,
        force_terminal=colour,
        no_color=not colour,
        legacy_windows=False,
    )
    with console.capture() as captured:
        console.print(_grid(table, width))
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()).encode()


def _grid(table: Table, width: int | None) -> "RichTable":
    """Lay rows out side by side or, where words would be cut, one field under the other."""
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    kept = _kept(table)
    # Text, not str: rich would read square brackets in a label as markup.
    rows = [[Text(printable(shown(row[number]))) for number in kept] for row in table.rows]
    heads = [_heading(table, number) for number in kept]
    words = [
        max((len(word) for cell in (head, *cells) for word in str(cell).split()), default=0)
        for head, *cells in zip(heads, *rows, strict=True)
    ]
    if width and sum(words) + 3 * len(words) > width:
        grid = RichTable.grid(padding=(0, 2))
        grid.add_column(style="bold", no_wrap=True)
        grid.add_column(overflow="fold")
        for row in rows:
            for head, cell in zip(heads, row, strict=True):
                if cell:
                    grid.add_row(head, cell)
            grid.add_row()
        return grid
    grid = RichTable(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for head in heads:
        grid.add_column(head, overflow="fold")
    for row in rows:
        grid.add_row(*row)
    return grid


def _kept(table: Table) -> list[int]:
    """Choose the columns for people: where a label stands beside its thing, the label alone."""
    return [n for n, name in enumerate(table.columns) if f"{name}Label" not in table.columns]


def _heading(table: Table, number: int) -> str:
    return table.columns[number].removesuffix("Label")


def _workbook(table: Table) -> bytes:
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Answer"
    sheet.freeze_panes = "A2"
    sheet.append(table.columns)
    widths = [len(name) for name in table.columns]
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for number, row in enumerate(table.rows, start=2):
        for place, term in enumerate(row, start=1):
            cell = put(sheet, number, place, plain(term))
            wide = len(str(cell.value)) if cell.value is not None else 0
            widths[place - 1] = max(widths[place - 1], wide)
            if wide > _WIDEST:
                cell.alignment = Alignment(wrap_text=True, vertical="top")
    for place, width in enumerate(widths, start=1):
        # Bold letters and the edges of a cell need somewhat more room than the text.
        sheet.column_dimensions[get_column_letter(place)].width = min(width, _WIDEST) + 2
    return saved(book)


def _number(text: str) -> int | float | None:
    """Read a number that a workbook can hold: none that is ill-typed or without end."""
    try:
        value = float(text)
    except ValueError:
        return None
    if not isfinite(value):
        return None
    return int(text) if re.fullmatch(r"[+-]?\d+", text) else value


def plain(term: object) -> str | int | float | bool | None:
    """Turn a term into the Python value that it stands for; one that is ill-typed stays a text."""
    if term is None:
        return None
    text = shown(term)
    if isinstance(term, Literal):
        if term.datatype.value in _NUMBERS:
            number = _number(text)
            return text if number is None else number
        if term.datatype.value == f"{PREFIXES['xsd']}boolean":
            return {"true": True, "1": True, "false": False, "0": False}.get(text, text)
    return text
