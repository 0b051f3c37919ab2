import csv
import io
import json

import pytest
from openpyxl import load_workbook
from pyoxigraph import (
    BlankNode,
    Literal,
    NamedNode,
    QueryResultsFormat,
    Triple,
    parse_query_results,
)

from kg.errors import KgError
from kg.results import FORMATS, Boolean, Table, Triples, render
from kg.terms import PREFIXES

HEALTH = NamedNode("https://w3id.org/evidence-kg/agency/health")
TABLE = Table(
    ("thing", "label", "number"),
    [
        (HEALTH, Literal('=1+1, "a|b" [bold]x[/bold]\n<i>', language="en"), Literal(3)),
        (BlankNode("b"), None, Literal("0.50", datatype=NamedNode(PREFIXES["xsd"] + "decimal"))),
    ],
)
GRAPH = Triples([Triple(HEALTH, NamedNode(PREFIXES["rdfs"] + "label"), Literal("Health"))])


def test_csv_is_read_back() -> None:
    rows = list(csv.reader(io.StringIO(render(TABLE, "csv").decode())))
    assert rows[0] == ["thing", "label", "number"]
    assert rows[1] == [HEALTH.value, '=1+1, "a|b" [bold]x[/bold]\n<i>', "3"]
    assert rows[2][1:] == ["", "0.50"]


@pytest.mark.parametrize(
    ("form", "kind"), [("json", QueryResultsFormat.JSON), ("tsv", QueryResultsFormat.TSV)]
)
def test_sparql_formats_are_read_back_by_another_program(
    form: str, kind: QueryResultsFormat
) -> None:
    answer = parse_query_results(render(TABLE, form), format=kind)
    rows = [tuple(row) for row in answer]  # type: ignore[union-attr,arg-type]
    assert rows[0] == TABLE.rows[0]
    assert rows[1][1:] == TABLE.rows[1][1:]


def test_workbook_holds_no_live_formula() -> None:
    sheet = load_workbook(io.BytesIO(render(TABLE, "xlsx"))).worksheets[0]
    assert sheet["B2"].data_type == "s"
    assert str(sheet["B2"].value).startswith("=1+1")
    assert sheet["C2"].value == 3
    assert sheet["C3"].value == 0.5
    assert sheet["A2"].value == "agency:health"


def test_columns_of_a_workbook_are_as_wide_as_their_content_up_to_a_limit() -> None:
    rows: list[tuple[Literal, ...]] = [(Literal(7), Literal("short"), Literal("a word " * 40))]
    table = Table(("identifier", "b", "c"), [*rows])
    sheet = load_workbook(io.BytesIO(render(table, "xlsx"))).worksheets[0]
    widths = {name: column.width for name, column in sheet.column_dimensions.items()}
    assert widths == {"A": len("identifier") + 2, "B": len("short") + 2, "C": 62}
    assert sheet["C2"].alignment.wrap_text and not sheet["B2"].alignment.wrap_text
    assert sheet.freeze_panes == "A2" and sheet["A1"].font.bold


def test_markdown_keeps_one_row_a_line() -> None:
    lines = render(TABLE, "md").decode().splitlines()
    assert len(lines) == 4
    assert "a\\|b" in lines[2]
    assert "&lt;i>" in lines[2]


def test_terminal_table_shows_square_brackets_and_fits() -> None:
    text = render(TABLE, "table", width=60).decode()
    assert "[bold]" in text.replace("\n", "")
    assert max(map(len, text.splitlines())) <= 60
    assert "\x1b" not in text
    assert "\x1b" in render(TABLE, "table", colour=True).decode()


@pytest.mark.parametrize("form", FORMATS)
def test_a_graph_is_written_in_every_format(form: str) -> None:
    assert render(GRAPH, form)


@pytest.mark.parametrize("form", ["ttl", "nt", "jsonld"])
def test_a_table_is_no_graph(form: str) -> None:
    with pytest.raises(KgError, match="this query gives a table") as error:
        render(TABLE, form)
    assert "csv" in error.value.fix


def test_boolean() -> None:
    assert json.loads(render(Boolean(True), "json")) == {"head": {}, "boolean": True}
    assert render(Boolean(False), "csv") == b"boolean\nfalse\n"


def test_unknown_format_is_told() -> None:
    with pytest.raises(KgError, match="no format"):
        render(TABLE, "pdf")


def test_an_empty_table_has_its_head() -> None:
    assert render(Table(("a",), []), "csv") == b"a\n"


def test_terminal_table_shows_a_label_in_place_of_its_thing() -> None:
    table = Table(("statement", "label", "agency", "agencyLabel"), [(HEALTH, None, HEALTH, None)])
    head = render(table, "table").decode().splitlines()[0].split()
    assert head == ["statement", "label", "agency"]


def test_a_triple_inside_a_row_is_written_as_json() -> None:
    (triple,) = GRAPH.triples
    table = Table(("t",), [(triple,)])  # type: ignore[list-item]
    (row,) = json.loads(render(table, "json"))["results"]["bindings"]
    assert row["t"]["type"] == "triple"
    assert row["t"]["value"]["object"] == {"type": "literal", "value": "Health"}


@pytest.mark.parametrize(
    ("text", "kind"),
    [("INF", "double"), ("NaN", "double"), ("abc", "integer"), ("9" * 400, "integer")],
)
def test_what_a_workbook_has_no_number_for_stays_a_text(text: str, kind: str) -> None:
    cell = Literal(text, datatype=NamedNode(PREFIXES["xsd"] + kind))
    book = load_workbook(io.BytesIO(render(Table(("n",), [(cell,)]), "xlsx")))
    assert book.worksheets[0]["A2"].value == text


def test_a_table_cannot_steer_the_terminal() -> None:
    table = Table(("label",), [(Literal("red\x1b[31m\x07"),)])
    assert "red\\u001b[31m\\u0007" in render(table, "table").decode()


def test_blank_nodes_in_csv_are_told_from_texts() -> None:
    table = Table(("a", "b"), [(BlankNode("x"), Literal("x"))])
    assert render(table, "csv") == b"a,b\n_:x,x\n"
