"""Workbooks and CSV as people and programs write them: nothing misread, nothing hangs."""

import csv
import io
import shutil
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from pyoxigraph import Literal

from kg.anchors import ReferenceText
from kg.errors import KgError, UnknownName, UnreadableFile
from kg.project import Project
from kg.sheets.layout import Column, Names, layout, read, show
from kg.sheets.marking import mark
from kg.sheets.plan import Plan, export, export_csv, plan, template
from kg.sheets.reading import Book, Mistake, read_book

REVIEW = "martin-2010"
Edit = Callable[..., Path]


@pytest.fixture(scope="module")
def filled() -> bytes:
    return export(Project(), REVIEW)


@pytest.fixture(scope="module")
def tables() -> dict[str, bytes]:
    return export_csv(Project(), REVIEW)


@pytest.fixture
def home(tmp_path: Path) -> Project:
    shutil.copytree(Project().home / "data/triples", tmp_path / "data" / "triples")
    return Project(tmp_path)


@pytest.fixture
def edited(tmp_path: Path, filled: bytes) -> Edit:
    """Let a function change the exported workbook, and save it."""

    def edit(change: Callable[[Any], object]) -> Path:
        book = load_workbook(io.BytesIO(filled))
        change(book)
        book.save(tmp_path / "edited.xlsx")
        return tmp_path / "edited.xlsx"

    return edit


def small(tmp_path: Path, *rows: list[Any], title: str = "Works") -> Path:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = title
    for row in rows:
        sheet.append(row)
    book.save(tmp_path / "small.xlsx")
    return tmp_path / "small.xlsx"


def folder(tmp_path: Path, **files: str | bytes) -> Path:
    (tmp_path / "csv").mkdir(exist_ok=True)
    for name, content in files.items():
        raw = content if isinstance(content, bytes) else content.encode()
        (tmp_path / "csv" / f"{name.replace('_', '-')}.csv").write_bytes(raw)
    return tmp_path / "csv"


def wrong(found: Plan | Book) -> list[tuple[str, str, str]]:
    return [(m.sheet, m.cell, f"{m.what}; {m.fix}") for m in found.mistakes if not m.note]


def noted(found: Plan | Book) -> str:
    return "\n".join(f"{m.sheet}!{m.cell} {m.what}; {m.fix}" for m in found.mistakes if m.note)


# Headings


@pytest.mark.parametrize("above", [[["Works of the review"], []], [[]]], ids=["title", "blank"])
def test_headings_may_stand_below_a_title(tmp_path: Path, above: list[list[Any]]) -> None:
    path = small(tmp_path, *above, ["Id", "label ", "Title"], ["fish-2009", "Fish (2009)", "T"])
    book = read_book(path)
    (row,) = book.rows
    assert row.cells["Label"] == [(f"B{len(above) + 2}", "Fish (2009)")]
    assert wrong(book) == []
    assert ("above the headings" in noted(book)) == (len(above) > 1)


@pytest.mark.full
def test_a_title_above_the_headings_takes_nothing_away(home: Project, edited: Edit) -> None:
    def title(book: Any) -> None:
        for sheet in book.worksheets:
            sheet.insert_rows(1)
            sheet["A1"] = "A title"

    found = plan(home, edited(title), delete=True)
    assert (found.changes, wrong(found)) == ([], [])


def test_a_sheet_without_known_headings_is_a_mistake_and_takes_nothing_away(
    home: Project, edited: Edit
) -> None:
    found = plan(home, edited(lambda book: book["Relations"].delete_rows(1)), delete=True)
    (mistake,) = wrong(found)
    assert mistake[:2] == ("Relations", "A1")
    assert "none of the headings" in mistake[2] and "Statement, Relation, To" in mistake[2]
    assert found.changes == []


def test_a_sheet_without_its_ids_is_told_once(tmp_path: Path) -> None:
    book = read_book(small(tmp_path, ["Key", "Label", "Title"], ["a", "A", "T"], ["b", "B", "T"]))
    (mistake,) = wrong(book)
    assert mistake[:2] == ("Works", "A1") and "the column Id is missing" in mistake[2]
    assert book.rows == [] and book.columns == {}


@pytest.mark.full
@pytest.mark.parametrize(
    ("heading", "near"), [("Agency", "Agencies"), ("Theme", "Themes"), ("Main theme", "Man theme")]
)
def test_a_misspelt_heading_leaves_what_the_graph_holds(
    home: Project, edited: Edit, heading: str, near: str
) -> None:
    def rename(book: Any) -> None:
        (head,) = [cell for cell in book["Statements"][1] if cell.value == heading]
        head.value = near

    found = plan(home, edited(rename), delete=True)
    assert (found.changes, wrong(found)) == ([], [])
    assert f"the column {near!r} is not known" in noted(found)
    assert f"rename it: {heading}" in noted(found)


@pytest.mark.full
def test_a_value_whose_like_column_is_gone_stays(home: Project, edited: Edit) -> None:
    def change(book: Any) -> None:
        sheet = book["Statements"]
        heads = {cell.value: cell.column for cell in sheet[1]}
        row = next(r for r in range(2, 200) if sheet.cell(r, 1).value == "martin-2010-004")
        assert sheet.cell(row, heads["Agency 2"]).value
        sheet.cell(row, heads["Agency 2"]).value = "Police"
        sheet.delete_cols(heads["Agency"])

    (told,) = plan(home, edited(change)).changes
    assert told.endswith("Agency: Health, Social care becomes Health, Police")


# Sheets


def test_a_renamed_sheet_is_told_with_its_name(edited: Edit) -> None:
    book = read_book(edited(lambda book: setattr(book["Statements"], "title", "Claims")))
    (mistake,) = wrong(book)
    assert mistake[:2] == ("Claims", "A1") and "call it Statements" in mistake[2]


@pytest.mark.full
def test_a_copy_of_a_sheet_is_left_out_and_told(edited: Edit) -> None:
    def copy(book: Any) -> None:
        book.copy_worksheet(book["Statements"]).title = "Statements before"

    book = read_book(edited(copy))
    assert wrong(book) == []
    assert "Statements before! this sheet is not one of the workbook's" in noted(book)


def test_a_file_of_another_name_is_told_with_the_name_it_wants(
    tmp_path: Path, tables: dict[str, bytes]
) -> None:
    files = {"works": tables["works.csv"], "statement": tables["statements.csv"]}
    (mistake,) = wrong(read_book(folder(tmp_path, **files)))
    assert mistake[0] == "statement.csv" and "call it statements.csv" in mistake[2]


@pytest.mark.full
def test_spaces_around_a_title_do_not_matter_and_two_of_one_name_are_told(edited: Edit) -> None:
    book = read_book(edited(lambda book: setattr(book["Works"], "title", "works ")))
    assert wrong(book) == [] and "Works" in book.columns
    book = read_book(edited(lambda book: book.create_sheet("works ")))
    assert [(sheet, cell) for sheet, cell, _ in wrong(book)] == [("works ", "A1")]


def test_a_workbook_without_a_known_sheet_is_refused_with_what_it_has(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"none of the sheets .* but 'Budget'"):
        read_book(small(tmp_path, ["Costs"], [1], title="Budget"))


# CSV


@pytest.mark.parametrize("mark_", [",", ";", "\t", "|"])
@pytest.mark.parametrize("told", [False, True], ids=["", "sep="])
def test_fields_may_be_parted_otherwise(tmp_path: Path, mark_: str, told: bool) -> None:
    lines = [["Statement", "Relation", "To"], ["a-2010-001", "supports", "a-2010-002"]]
    text = "".join(f"{mark_.join(line)}\r\n" for line in lines)
    text = f"sep={mark_}\r\n{text}" if told else text
    (row,) = read_book(folder(tmp_path, relations=text)).rows
    assert row.cells["To"] == [("C2", "a-2010-002")]


@pytest.mark.parametrize(
    ("content", "place", "what"),
    [
        ("Id,Label\na,\u00e9\n".encode("latin-1"), "works.csv:2:3", "not UTF-8"),
        ("Id,Label\na,b\n".encode("utf-16"), "works.csv:1:1", "UTF-16"),
        (b'Id,Label\na,b\nc,"d\n', "works.csv:3", "row 3"),
        (b"Id,Label\n" + b"a\n" * 300_000, "works.csv:", "250,000 cells"),
    ],
    ids=["latin-1", "utf-16", "unclosed", "long"],
)
def test_a_csv_file_that_cannot_be_read_is_told_by_line(
    tmp_path: Path, content: bytes, place: str, what: str
) -> None:
    with pytest.raises(UnreadableFile, match=what) as error:
        read_book(folder(tmp_path, works=content))
    assert place in error.value.where


def test_a_csv_file_alone_is_sent_to_its_folder(tmp_path: Path) -> None:
    path = folder(tmp_path, works="Id,Label\n") / "works.csv"
    with pytest.raises(UnreadableFile, match="one sheet alone") as error:
        read_book(path)
    assert str(path.parent) in error.value.fix


@pytest.mark.parametrize(
    "text", ["=1", "'=1", "''=1", "'-quoted minus", "'tis", "plain", "  'x", "\t=1", "a'b", "'"]
)
def test_texts_come_back_from_csv_as_they_are(tmp_path: Path, text: str) -> None:
    from kg.sheets.writing import write_csv

    sheet = next(sheet for sheet in layout()[1] if sheet.name == "Works")
    raw = write_csv(sheet, [{"Id": ["a"], "Label": [text]}])
    (row,) = read_book(folder(tmp_path, works=raw), {text}).rows
    assert row.text("Label") == text
    cells = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))[1]
    assert not cells[1].startswith(("=", "\t"))


# Cells


@pytest.mark.parametrize(
    ("heading", "value", "what"),
    [
        ("Page", datetime(2026, 10, 12), "a date, 2026-10-12"),
        ("Description", datetime(2026, 10, 12), "a date"),
        ("Description", True, "TRUE"),
        ("Section", 1.1, "the number 1.1"),
        ("Page", 1.5, "the number 1.5"),
        ("Label", 10**15, "rounded"),
        ("Start", True, "TRUE"),
    ],
)
def test_what_a_spreadsheet_program_has_made_of_a_text_is_told(
    tmp_path: Path, heading: str, value: Any, what: str
) -> None:
    book = read_book(small(tmp_path, ["Id", heading], ["a-2010-001", value], title="Statements"))
    (mistake,) = wrong(book)
    assert mistake[:2] == ("Statements", "B2")
    assert what in mistake[2] and "format the cell as text" in mistake[2]


def test_a_month_that_became_a_day_is_told(tmp_path: Path) -> None:
    path = small(tmp_path, ["Id", "Issued"], ["a-2010", datetime(2010, 7, 1)])
    book = load_workbook(path)
    book["Works"]["B2"].number_format = "mmm-yy"
    book.save(path)
    assert "the first day of a month" in wrong(read_book(path))[0][2]


@pytest.mark.parametrize(("value", "text"), [(12, "12"), (9780000000000, "9780000000000")])
def test_whole_numbers_in_columns_of_text_are_read(tmp_path: Path, value: int, text: str) -> None:
    (row,) = read_book(small(tmp_path, ["Id", "ISBN"], ["a-2010", value])).rows
    assert row.text("ISBN") == text


def test_cells_of_a_template_are_text_but_for_numbers() -> None:
    sheet = load_workbook(io.BytesIO(template(Project(), REVIEW)))["Statements"]
    for cell in sheet[1]:
        told = sheet.column_dimensions[cell.column_letter].number_format
        assert (told == "@") == (cell.value not in {"Piece", "Start", "End"}), cell.value


@pytest.mark.parametrize(
    "text",
    ["1e9999", "1e99999999", "-1e99999999", "1_0", "\u0661", "0x1", "nan", "1" * 400, ".", ""],
)
def test_what_is_no_number_is_told_at_once(text: str) -> None:
    for kind in ("integer", "number"):
        with pytest.raises(KgError, match="is no"):
            read(Column("Start", kind), text, Names())


@pytest.mark.parametrize(
    ("text", "value"), [("007", "7"), ("+5", "5"), ("0.50", "0.50"), ("1e-05", "0.00001")]
)
def test_numbers_are_read(text: str, value: str) -> None:
    assert read(Column("Lower bound", "number"), text, Names()).value == value


@pytest.mark.parametrize("text", ["abc", "1e99999999", "9" * 400, "INF"])
def test_a_number_that_is_none_is_shown_as_it_is(text: str) -> None:
    assert show(Column("Start", "integer"), Literal(text), Names()) == text


# Marked copies


def test_merged_cells_can_be_marked(edited: Edit) -> None:
    path = edited(lambda book: book["Statements"].merge_cells("B2:B3"))
    told = [Mistake("Statements", "B3", "Label is empty", "fill it in")]
    cell = load_workbook(io.BytesIO(mark(path, told, {})))["Statements"]["B2"]
    assert "Label is empty" in cell.comment.text


def test_a_cell_with_a_control_character_is_told_and_can_be_marked(tmp_path: Path) -> None:
    path = folder(tmp_path, works="Id,Label\na-2010,b\x01c\n")
    book = read_book(path)
    (mistake,) = wrong(book)
    assert mistake[:2] == ("works.csv", "B2") and "U+0001" in mistake[2]
    sheet = load_workbook(io.BytesIO(mark(path, book.mistakes, {})))["Works"]
    assert (sheet["B2"].value, "U+0001" in sheet["B2"].comment.text) == ("b\ufffdc", True)


# What does not fit


@pytest.mark.full
@pytest.mark.parametrize(
    ("text", "what", "in_csv"),
    [
        ("F\\u0001", "U\\+0001", False),
        ("F\\u0000", "U\\+0000", False),
        ("F\\u000B", "U\\+000B", False),
        ("F\\uFFFE", "U\\+FFFE", False),
        ("F_x000D_", "_x000D_", True),
        ("F" * 40_000, "32,767", True),
        ("\U0001f41f" * 20_000, "32,767", True),
        (" F\\u00A0", "", True),
        ("F\\r\\nG\\rH", "", True),
        (" ", "", True),
    ],
)
def test_a_text_comes_back_as_it_is_or_is_refused_on_export(
    home: Project, text: str, what: str, in_csv: bool
) -> None:
    works = home.home / "data" / "triples" / "works.ttl"
    turtle = works.read_text(encoding="utf-8")
    works.write_text(turtle.replace('rdfs:label "Hunter (2009)"', f'rdfs:label "{text}"'), "utf-8")
    path = home.home / "out.xlsx"
    if what:
        with pytest.raises(KgError, match=f"Label of hunter-2009 .*{what}") as error:
            export(home, REVIEW)
        assert error.value.where == "Works"
    else:
        path.write_bytes(export(home, REVIEW))
        found = plan(home, path)
        assert (found.changes, wrong(found), "spaces" in noted(found)) == ([], [], False)
    if in_csv:
        files = export_csv(home, REVIEW)
        named = {name.removesuffix(".csv").replace("-", "_"): raw for name, raw in files.items()}
        found = plan(home, folder(home.home, **named))
        assert (found.changes, wrong(found)) == ([], [])
    else:
        with pytest.raises(KgError, match=what):
            export_csv(home, REVIEW)


def test_a_line_end_that_a_program_wrote_its_own_way_is_one(tmp_path: Path) -> None:
    (row,) = read_book(small(tmp_path, ["Id", "Label"], ["a-2010", "b_x000D_\nc"])).rows
    assert row.text("Label") == "b\nc"


# Sizes


def test_a_value_far_away_is_told(tmp_path: Path) -> None:
    path = small(tmp_path, ["Id", "Label"], ["a-2010", "A"])
    book = load_workbook(path)
    book["Works"]["XFD1048576"] = "x"
    book.save(path)
    with pytest.raises(UnreadableFile, match="'Works' reaches to row 1,048,576 and column XFD"):
        read_book(path)


@pytest.mark.parametrize(
    ("part", "what"),
    [
        ('<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>', "A1:XFD1048576 of xl/work"),
        ('<hyperlinks><hyperlink ref="A1:XFD1048576"/></hyperlinks>', "A1:XFD1048576 of xl/work"),
        ("<mergeCells><mergeCell", "sheet1.xml cannot be read: .*line 1, column"),
        ("<x/>" * 1_600_000, "more than 250,000 cells"),
    ],
    ids=["merged", "link", "cut", "elements"],
)
def test_a_part_that_spans_or_holds_too_much_is_named(tmp_path: Path, part: str, what: str) -> None:
    rebuilt(small(tmp_path, ["Id"]), "xl/worksheets/sheet1.xml", "</sheetData>", part)
    with pytest.raises(UnreadableFile, match=what):
        read_book(tmp_path / "small.xlsx")


def test_entities_are_refused(tmp_path: Path) -> None:
    path = small(tmp_path, ["Id"])
    rebuilt(path, "xl/workbook.xml", "", '<!DOCTYPE x [<!ENTITY a "aaaa">]>')
    with pytest.raises(UnreadableFile, match=r"xl/workbook\.xml cannot be read: it defines"):
        read_book(path)


def rebuilt(path: Path, name: str, after: str, more: str) -> None:
    """Write something into a part of a workbook."""
    with zipfile.ZipFile(path) as old:
        parts = {part: old.read(part).decode() for part in old.namelist()}
    before, mark_, rest = parts[name].partition(after) if after else ("", "", parts[name])
    parts[name] = f"{before}{mark_}{more}{rest}"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as new:
        for part, content in parts.items():
            new.writestr(part, content)


@pytest.mark.parametrize(
    ("raw", "what"),
    [(b"\xd0\xcf\x11\xe0old", "old kind"), (b"text", "no workbook"), (b"PK\3\4", "BadZipFile")],
)
def test_what_is_no_workbook_is_told(tmp_path: Path, raw: bytes, what: str) -> None:
    (tmp_path / "book.xlsx").write_bytes(raw)
    with pytest.raises(UnreadableFile, match=what):
        read_book(tmp_path / "book.xlsx")


# What is asked


def test_a_workbook_of_another_review_is_refused(home: Project, tmp_path: Path) -> None:
    path = tmp_path / "pier.xlsx"
    path.write_bytes(template(home, "pier-2012"))
    with pytest.raises(UnknownName, match="for the review pier-2012, not for martin-2010"):
        plan(home, path, REVIEW, delete=True)


def test_an_empty_workbook_does_not_delete(home: Project, tmp_path: Path) -> None:
    path = tmp_path / "empty.xlsx"
    path.write_bytes(template(home))
    with pytest.raises(KgError, match="everything would be taken away"):
        plan(home, path, REVIEW, delete=True)


def test_windows_line_ends_of_the_text_are_told_once(home: Project, edited: Edit) -> None:
    with pytest.raises(UnreadableFile, match="CRLF") as error:
        plan(home, edited(lambda book: None), text=ReferenceText("Gulls\r\neat."))
    assert error.value.where == "--text"


def test_a_version_of_nought_is_an_older_one(home: Project, edited: Edit) -> None:
    def older(book: Any) -> None:
        for row in book["_meta"].iter_rows(max_col=2):
            if row[0].value == "version":
                row[1].value = 0

    assert "is of version 0," in noted(plan(home, edited(older)))


@pytest.mark.parametrize(
    ("command", "name"), [("template", "x.csv"), ("template", "x"), ("export", "x.xls")]
)
def test_an_ending_that_no_workbook_has_is_refused(
    kg: Any, home: Project, command: str, name: str
) -> None:
    ended = kg("--home", str(home.home), "sheet", command, "-o", str(home.home / name))
    assert ended.returncode == 2
    assert "name it x.xlsx" in ended.stderr
    assert not (home.home / name).exists()


@pytest.mark.full
def test_of_very_many_mistakes_the_first_are_told(home: Project, tmp_path: Path) -> None:
    rows = "".join(f"martin-2010-{n},nobody,\n" for n in range(1000, 6000))
    found = plan(home, folder(tmp_path, statements=f"Id,Kind,Trend\n{rows}"), REVIEW)
    assert not found.sound
    assert 5_000 < len(wrong(found)) < 5_100
    assert any("more than 5,000 mistakes" in what for _, _, what in wrong(found))


def test_a_long_text_is_told_by_its_beginning(tmp_path: Path) -> None:
    with pytest.raises(KgError) as error:
        read(Column("Start", "integer"), "x" * 40_000, Names())
    assert len(error.value.what) < 120
    book = read_book(folder(tmp_path, works=f"Id,Label,{'x' * 40_000}\na-2010,A,\n"))
    assert "the column 'xxx" in noted(book) and len(noted(book)) < 500
