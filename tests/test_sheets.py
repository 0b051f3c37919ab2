"""Workbooks: what goes out comes back, every mistake is told by its cell, nothing is lost."""

import csv
import io
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.worksheet.worksheet import Worksheet

from kg.anchors import ReferenceText
from kg.errors import KgError, UnknownName, UnreadableFile
from kg.project import Project, start_home
from kg.sheets.layout import layout
from kg.sheets.plan import Plan, carry_out, export, export_csv, plan, template
from kg.terms import expand
from kg.turtle import read_turtle

Run = Callable[..., subprocess.CompletedProcess[str]]
REVIEW = "martin-2010"


@pytest.fixture(scope="module")
def filled() -> bytes:
    return export(Project(), REVIEW)


@pytest.fixture
def home(tmp_path: Path) -> Project:
    """A home of its own, whose data may be changed."""
    shutil.copytree(Project().home / "data/triples", tmp_path / "data" / "triples")
    return Project(tmp_path)


@pytest.fixture
def change(tmp_path: Path, filled: bytes) -> Callable[..., Path]:
    """Change cells of the exported workbook by sheet, id and heading, and save it."""

    def write(*cells: tuple[str, str, str, Any]) -> Path:
        book = load_workbook(io.BytesIO(filled))
        for sheet, name, heading, value in cells:
            cell_of(book[sheet], name, heading).value = value
        path = tmp_path / "changed.xlsx"
        book.save(path)
        return path

    return write


def cell_of(sheet: Worksheet, name: str, heading: str) -> Any:
    """Find a cell by the id of its row (or `new`) and the heading of its column."""
    heads = {cell.value: cell.column for cell in sheet[1]}
    if name == "new":
        row = sheet.max_row + 1
    else:
        row = next(r for r in range(2, sheet.max_row + 1) if sheet.cell(r, 1).value == name)
    return sheet.cell(row, heads[heading])


def snapshot(project: Project) -> dict[str, bytes]:
    return {path.as_posix(): path.read_bytes() for path in project.data_files()}


def wrong(found: Plan) -> list[tuple[str, str, str]]:
    return [(m.sheet, m.cell, m.what) for m in found.mistakes if not m.note]


def notes(found: Plan) -> list[str]:
    return [m.what for m in found.mistakes if m.note]


def test_export_and_import_change_nothing(home: Project, tmp_path: Path, filled: bytes) -> None:
    path = tmp_path / "same.xlsx"
    path.write_bytes(filled)
    found = plan(home, path)
    assert (found.changes, found.files, found.mistakes) == ([], {}, [])


def test_csv_for_excel_changes_nothing(home: Project, tmp_path: Path) -> None:
    folder = tmp_path / "csv"
    folder.mkdir()
    for name, content in export_csv(home, REVIEW).items():
        (folder / name).write_bytes(content)
    assert len(list(folder.iterdir())) == len(layout()[1]) + 1  # and _meta.csv
    found = plan(home, folder)
    assert (found.changes, found.files, found.mistakes) == ([], {}, [])


@pytest.mark.full
def test_the_workbook_holds_all_that_the_theme_files_say(home: Project, filled: bytes) -> None:
    """With the files of the themes gone, the import writes them anew, to the byte."""
    folder = home.home / "data" / "triples" / REVIEW
    others = {"agreement.ttl", "coding.ttl", "not-coded.ttl"}
    themes = [path for path in folder.glob("*.ttl") if path.name not in others]
    before = {path: read_turtle(path) for path in themes}
    for path in themes:
        path.unlink()
    book = home.home / "all.xlsx"
    book.write_bytes(filled)
    carry_out(plan(home, book))
    assert len(themes) >= 8
    for path, document in before.items():
        # The comment that heads a file, and noughts after a number's point, are all that is lost.
        body, again = (
            re.sub(r"Bound (\d+)\.0 ;", r"Bound \1 ;", text.partition("@prefix")[2])
            for text in (document.text, path.read_text(encoding="utf-8"))
        )
        assert again == body, path.name


@pytest.mark.full
@pytest.mark.parametrize("name", ["works.ttl", "organisations.ttl", "events.ttl"])
def test_works_bodies_and_events_are_written_anew(home: Project, filled: bytes, name: str) -> None:
    """What a workbook says of the shared files is all that they hold, but for links outwards."""
    book = home.home / "all.xlsx"
    book.write_bytes(filled)
    path = home.home / "data" / "triples" / name
    document = read_turtle(path)
    path.unlink()
    carry_out(plan(home, book))
    lost = set(document.triples) - set(read_turtle(path).triples)
    # Only links to the web and to other graphs, and second classes of ORG, have no column.
    links = {expand("rdfs:seeAlso"), expand("owl:sameAs")}
    kept = [triple for triple in lost if triple.predicate.value not in links]
    assert {triple.predicate.value for triple in kept} <= {expand("rdf:type")}
    assert all(str(triple.object).startswith("<http://www.w3.org/ns/org#") for triple in kept)


def test_a_changed_cell_changes_one_line(home: Project, change: Callable[..., Path]) -> None:
    before = snapshot(home)
    found = plan(home, change(("Statements", "martin-2010-005", "Label", "Another label")))
    (told,) = found.changes
    assert told.startswith("statement martin-2010-005, Label: ")
    assert told.endswith(" becomes Another label")
    carry_out(found)
    after = snapshot(home)
    changed = [path for path in before if before[path] != after[path]]
    assert [Path(path).name for path in changed] == ["interagency-working.ttl"]
    old, new = (text[changed[0]].decode().splitlines() for text in (before, after))
    assert sum(a != b for a, b in zip(old, new, strict=True)) == 1


@pytest.mark.full
def test_several_agencies_stand_in_columns_of_their_own(
    home: Project, change: Callable[..., Path]
) -> None:
    found = plan(home, change(("Statements", "martin-2010-004", "Agency 3", "police")))
    (told,) = found.changes
    assert told == (
        "statement martin-2010-004, Agency: Health, Social care becomes Health, Police, Social care"
    )


def test_emptying_a_cell_takes_the_value_away(home: Project, change: Callable[..., Path]) -> None:
    found = plan(home, change(("Statements", "martin-2010-045", "Page of work", None)))
    assert found.sound
    assert [c.partition(":")[0] for c in found.changes] in (
        [],
        ["evidence martin-2010-045, Page of work"],
    )


@pytest.mark.full
@pytest.mark.parametrize(
    ("cell", "value", "what", "fix"),
    [
        ("Agency", "Helth", "'Helth' is none of the", "Health"),
        ("Main theme", "Interagency", "is none of the", "Interagency working"),
        ("Kind", "Chalenge", "is none of the", "challenge"),
        ("Trend", "=1+1", "a formula", "type the value"),
        ("Agencies implied", "perhaps", "neither yes nor no", "write yes"),
        ("Start", "twelve", "no whole number", "digits"),
        ("Start", 12.5, "no whole number", "digits"),
        ("Since", "31/02/2009", "no date", "28/07/2010"),
        ("Since", "March 2009", "no date", "28/07/2010"),
        ("Label", None, "Label is empty", "claim in a line"),
        ("Voice", None, "Voice is empty", "fill it in"),
        ("Work", "Nobody (1999)", "is none of the", "try"),
        ("Id", "Martin 5", "no id", "lower-case"),
        ("Id", None, "no id", "lower-case"),
        ("Id", "martin-2010-006", "stands in row", "another id"),
        ("Id", "other-2011-001", "no id of the review", "begin it with martin-2010-"),
    ],
)
def test_a_mistake_is_told_by_its_cell(
    home: Project, change: Callable[..., Path], cell: str, value: Any, what: str, fix: str
) -> None:
    before = snapshot(home)
    path = change(("Statements", "martin-2010-005", cell, value))
    found = plan(home, path)
    told = [m for m in found.mistakes if not m.note and what in m.what and fix in m.fix]
    assert told, found.mistakes
    row = cell_of(load_workbook(path)["Statements"], "martin-2010-004", "Label").row + 1
    # Where two rows have one id, the second is told.
    assert re.sub("[A-Z]", "", told[0].cell) in {str(row), str(row + 1)}
    with pytest.raises(KgError, match="mistakes"):
        carry_out(found)
    assert snapshot(home) == before


def test_all_mistakes_are_told_at_once(home: Project, change: Callable[..., Path]) -> None:
    found = plan(
        home,
        change(
            ("Statements", "martin-2010-001", "Trend", "rising"),
            ("Statements", "martin-2010-002", "Valence", "good"),
            ("Works", "ofsted-2010a", "Issued", "soon"),
            ("Disagreements", "martin-2010-d01", "Between", "martin-2010-999"),
            ("Relations", "martin-2010-002", "Relation", "likes"),
        ),
    )
    assert {sheet for sheet, _, _ in wrong(found)} == {
        *("Statements", "Works", "Disagreements", "Relations"),
    }
    assert len(wrong(found)) == 5


def test_a_shape_is_told_by_the_cell_it_comes_from(
    home: Project, change: Callable[..., Path]
) -> None:
    """A statement that another work relays must be told in that voice: only shapes know."""
    path = change(("Works", "martin-2010", "ISBN", "978-0-00-000000-0"))
    found = plan(home, path)
    sheet = load_workbook(path)["Works"]
    wanted = cell_of(sheet, "martin-2010", "ISBN").coordinate
    assert [(where, cell) for where, cell, _ in wrong(found)] == [("Works", wanted)]


@pytest.mark.full
def test_days_come_first_in_dates(home: Project, change: Callable[..., Path]) -> None:
    found = plan(home, change(("Works", "ofsted-2010a", "Issued", "29/07/2010")))
    assert found.changes == ["source ofsted-2010a, Issued: 2010-07-28 becomes 2010-07-29"]
    as_date = datetime(2010, 7, 29)
    found = plan(home, change(("Works", "ofsted-2010a", "Issued", as_date)))
    assert found.changes == ["source ofsted-2010a, Issued: 2010-07-28 becomes 2010-07-29"]


@pytest.mark.full
def test_spaces_around_a_value_are_taken_off_and_told(
    home: Project, change: Callable[..., Path]
) -> None:
    found = plan(home, change(("Statements", "martin-2010-005", "Trend", " Not stated ")))
    assert found.changes == []
    assert any("spaces around" in note for note in notes(found))


@pytest.mark.full
def test_merged_cells_are_told(home: Project, tmp_path: Path, filled: bytes) -> None:
    book = load_workbook(io.BytesIO(filled))
    book["Statements"].merge_cells("B2:C2")
    book.save(tmp_path / "merged.xlsx")
    found = plan(home, tmp_path / "merged.xlsx")
    assert ("Statements", "B2:C2", "these cells are merged") in wrong(found)


@pytest.mark.full
def test_an_unknown_column_and_sheet_are_told_and_left(
    home: Project, tmp_path: Path, filled: bytes
) -> None:
    book = load_workbook(io.BytesIO(filled))
    book["Events"].cell(1, 30, "Remark")
    book["Events"].cell(2, 30, "something")
    book.create_sheet("Mine")["A1"] = "own notes"
    book.save(tmp_path / "more.xlsx")
    found = plan(home, tmp_path / "more.xlsx")
    assert found.sound
    assert found.changes == []
    assert any("'Remark' is not known" in note for note in notes(found))
    assert any(m.sheet == "Mine" for m in found.mistakes)


@pytest.mark.full
def test_a_missing_column_leaves_its_values(home: Project, tmp_path: Path, filled: bytes) -> None:
    book = load_workbook(io.BytesIO(filled))
    sheet = book["Statements"]
    sheet.delete_cols(cell_of(sheet, "martin-2010-001", "Note").column)
    for name in ("More passages", "More evidence", "Quantities", "Relations", "Disagreements"):
        del book[name]
    book.save(tmp_path / "less.xlsx")
    for delete in (False, True):
        found = plan(home, tmp_path / "less.xlsx", delete=delete)
        assert (found.changes, wrong(found)) == ([], [])


@pytest.mark.full
def test_a_row_that_is_gone_is_kept_unless_asked(
    home: Project, tmp_path: Path, filled: bytes
) -> None:
    book = load_workbook(io.BytesIO(filled))
    sheet = book["Quantities"]
    name = sheet["A2"].value
    sheet.delete_rows(2)
    path = tmp_path / "gone.xlsx"
    book.save(path)
    found = plan(home, path)
    assert found.changes == []
    assert any(f"without a row here, and kept: {name}" in note for note in notes(found))
    found = plan(home, path, delete=True)
    assert any(f"quantity {name} is taken away" in told for told in found.changes)


def test_an_empty_template_takes_nothing_away(home: Project, tmp_path: Path) -> None:
    path = tmp_path / "empty.xlsx"
    path.write_bytes(template(home, REVIEW))
    found = plan(home, path)
    assert (found.changes, found.files, wrong(found)) == ([], {}, [])
    assert len(notes(found)) >= 6


@pytest.mark.full
@pytest.mark.parametrize("sheet", [sheet.name for sheet in layout()[1]])
def test_rows_that_are_gone_take_nothing_away(
    home: Project, tmp_path: Path, filled: bytes, sheet: str
) -> None:
    book = load_workbook(io.BytesIO(filled))
    book[sheet].delete_rows(2, book[sheet].max_row)
    book.save(tmp_path / "gone.xlsx")
    found = plan(home, tmp_path / "gone.xlsx")
    assert (found.changes, found.files) == ([], {})


@pytest.mark.full
def test_a_relation_is_taken_away_when_asked(home: Project, tmp_path: Path, filled: bytes) -> None:
    book = load_workbook(io.BytesIO(filled))
    ends = [cell.value for cell in book["Relations"][2]]
    book["Relations"].delete_rows(2)
    book.save(tmp_path / "gone.xlsx")
    assert plan(home, tmp_path / "gone.xlsx").changes == []
    (told,) = plan(home, tmp_path / "gone.xlsx", delete=True).changes
    assert told == f"statement {ends[0]}, {ends[1]}: {ends[2]} becomes nothing"


@pytest.mark.full
def test_an_older_or_newer_template_and_a_changed_vocabulary_are_told(
    home: Project, tmp_path: Path, filled: bytes
) -> None:
    def with_meta(key: str, value: str) -> Plan:
        book = load_workbook(io.BytesIO(filled))
        for row in book["_meta"].iter_rows(max_col=2):
            if row[0].value == key:
                row[1].value = value
        book.save(tmp_path / "meta.xlsx")
        return plan(home, tmp_path / "meta.xlsx")

    assert any("version 0" in note for note in notes(with_meta("version", "0")))
    assert "version 9" in wrong(with_meta("version", "9"))[0][2]
    assert any("have changed" in note for note in notes(with_meta("vocabulary", "0" * 64)))


def test_a_new_statement_is_found_in_the_text_by_its_words(tmp_path: Path) -> None:
    start_home(tmp_path / "practice")
    home = Project(tmp_path / "practice")
    text = ReferenceText.read(home.home / "texts" / "lowmere-2025.txt")
    book = load_workbook(io.BytesIO(export(home, "lowmere-2025")))
    sheet = book["Statements"]
    row = sheet.max_row + 1
    heads = {c.value: c.column for c in sheet[1]}
    for heading, value in {
        "Id": "lowmere-2025-010",
        "Label": "Care homes are left out",
        "Description": "What happens in care homes does not count as a fall here.",
        "Kind": "Background",
        "Main theme": "Evidence base",
        "Theme": "Evidence base",
        "Trend": "Not stated",
        "Valence": "Neutral",
        "Voice": "Own view",
        "Section": "1.1",
        "First words": "Falls in care",
        "Last words": "left out",
        "Coding round": "First coding",
    }.items():
        sheet.cell(row, heads[heading], value)
    path = tmp_path / "new.xlsx"
    book.save(path)
    assert "words alone" in wrong(plan(home, path))[0][2]
    found = plan(home, path, text=text)
    assert wrong(found) == []
    new = "lowmere-2025-010 is new"
    assert {told.partition(":")[0] for told in found.changes} == {
        *(f"statement {new}", f"passage {new}", f"evidence {new}"),
    }
    carry_out(found)
    written = (home.home / "data/triples/lowmere-2025/evidence-base.ttl").read_text("utf-8")
    assert 'rdfs:label "Passage of statement lowmere-2025-010"@en' in written
    start = text.text.index("Falls in care homes are left out.")
    assert f"kg:start {start} ;\n    kg:end {start + 33} ;" in written
    # Words that stand several times, of which the page tells none apart.
    book = load_workbook(io.BytesIO(export(home, "lowmere-2025")))
    sheet = book["Statements"]
    sheet.cell(row, heads["First words"]).value = "Model Housing"
    sheet.cell(row, heads["Last words"]).value = None
    sheet.cell(row, heads["Page"]).value = "3"
    book.save(path)
    (mistake,) = wrong(plan(home, path, text=text))
    assert mistake[1] == sheet.cell(row, heads["First words"]).coordinate
    assert "begins in 2 places (1: page 3, line 53, " in mistake[2]
    # What stands on each page is told apart by it; without last words, the sentence is meant.
    sheet.cell(row, heads["First words"]).value = "Nothing in it is real"
    book.save(path)
    found = plan(home, path, text=text)
    assert wrong(found) == []
    (change,) = [told for told in found.changes if "Start" in told]
    assert change.endswith(str(text.text.rindex("Nothing in it is real")))


@pytest.mark.full
def test_another_text_than_the_one_counted_in_is_a_mistake(
    home: Project, tmp_path: Path, filled: bytes, change: Callable[..., Path]
) -> None:
    path = change()
    text = ReferenceText("Another extraction.")
    (mistake,) = wrong(plan(home, path, text=text))
    book = load_workbook(path)
    assert mistake[:2] == ("Works", cell_of(book["Works"], REVIEW, "Text digest").coordinate)
    assert "not the one" in mistake[2]
    # With the cell emptied the places are held against the new text, each for itself.
    told = wrong(plan(home, change(("Works", REVIEW, "Text digest", None)), text=text))
    assert len(told) == len(book["Statements"]["A"]) + len(book["More passages"]["A"]) - 2
    assert {what for _, _, what in told} == {
        "the passage does not stand at this place of the text given with --text"
    }
    start = cell_of(book["Statements"], "martin-2010-001", "Start").coordinate
    assert ("Statements", start) in {(sheet, cell) for sheet, cell, _ in told}


@pytest.mark.full
@pytest.mark.parametrize(
    ("ended", "written"),
    [
        ("24/11/2026", "2026-11-24T00:00:00Z"),
        ("2026-11-24 18:30", "2026-11-24T18:30:00Z"),
        ("2026-11-24T18:30:00+01:00", "2026-11-24T17:30:00Z"),
        (datetime(2026, 11, 24, 18, 30), "2026-11-24T18:30:00Z"),
        ("yesterday", ""),
    ],
)
def test_a_round_of_coding_is_written(
    home: Project, change: Callable[..., Path], ended: Any, written: str
) -> None:
    found = plan(
        home,
        change(
            ("Coders", "new", "Id", "second-reader"),
            ("Coders", "second-reader", "Label", "Second reader"),
            ("Coding rounds", "new", "Id", "second-look"),
            ("Coding rounds", "second-look", "Label", "Second look"),
            ("Coding rounds", "second-look", "Ended", ended),
            ("Coding rounds", "second-look", "Coder", "Second reader"),
            ("Statements", "martin-2010-001", "Coding round", "Second look"),
        ),
    )
    if not written:
        assert ["is no time" in what for _, _, what in wrong(found)] == [True]
        return
    assert wrong(found) == []
    assert "statement martin-2010-001, Coding round: First slice becomes Second look" in (
        found.changes
    )
    path = home.home / "data/triples/martin-2010/coding.ttl"
    assert f'prov:endedAtTime "{written}"^^xsd:dateTime' in found.files[path]
    assert "coding:second-reader\n    a prov:Agent ;" in found.files[path]


@pytest.mark.full
def test_dates_counted_from_1904_are_the_days_they_show(home: Project, tmp_path: Path) -> None:
    book = load_workbook(io.BytesIO(export(home, REVIEW)))
    book.epoch = CALENDAR_MAC_1904
    cell_of(book["Works"], "hunter-2009", "Issued").value = datetime(2009, 6, 5)
    book.save(tmp_path / "mac.xlsx")
    found = plan(home, tmp_path / "mac.xlsx")
    assert found.changes == ["source hunter-2009, Issued: 2009 becomes 2009-06-05"]


def test_the_text_of_the_review_changes_nothing(home: Project, tmp_path: Path) -> None:
    start_home(tmp_path / "practice")
    practice = Project(tmp_path / "practice")
    text = ReferenceText.read(practice.home / "texts" / "lowmere-2025.txt")
    (tmp_path / "p.xlsx").write_bytes(export(practice, "lowmere-2025"))
    found = plan(practice, tmp_path / "p.xlsx", text=text)
    assert (found.changes, found.mistakes) == ([], [])


@pytest.mark.full
def test_statements_of_a_review_that_is_not_described_are_told(
    home: Project, tmp_path: Path, filled: bytes
) -> None:
    book = load_workbook(io.BytesIO(template(home, "pier-2001")))
    book["Statements"]["A2"] = "pier-2001-001"
    book.save(tmp_path / "pier.xlsx")
    told = wrong(plan(home, tmp_path / "pier.xlsx"))
    assert ("Works", "A1", "the review itself, pier-2001, has no row on this sheet") in told


@pytest.mark.full
def test_what_a_shape_wants_is_told_in_columns(home: Project, change: Callable[..., Path]) -> None:
    found = plan(
        home,
        change(
            ("Statements", "martin-2010-001", "Valence", "Neutral"),
            ("Statements", "martin-2010-002", "Main theme", "Evidence base"),
        ),
    )
    (mistake,) = [m for m in found.mistakes if not m.note]
    assert "Write the main theme in Theme too" in mistake.fix
    assert "kg:" not in mistake.fix


@pytest.mark.parametrize("review", ["Lowmere 2025", "", "a--b"])
def test_an_id_that_no_review_can_have_is_told(home: Project, kg: Run, review: str) -> None:
    if review:
        with pytest.raises(UnknownName, match="is no id of a review"):
            template(home, review)
    ended = kg(
        "--home",
        str(home.home),
        "sheet",
        "template",
        "--review",
        review,
        "-o",
        "t.xlsx",
        cwd=home.home,
    )
    assert ended.returncode == (2 if review else 0)


def test_no_text_becomes_a_formula(home: Project) -> None:
    works = home.home / "data" / "triples" / "works.ttl"
    text = works.read_text(encoding="utf-8")
    works.write_text(
        text.replace('rdfs:label "Hunter (2009)"@en', 'rdfs:label "=cmd|calc!A1"@en'), "utf-8"
    )
    sheet = load_workbook(io.BytesIO(export(home, REVIEW)))["Works"]
    cell = cell_of(sheet, "hunter-2009", "Label")
    assert (cell.data_type, cell.value, cell.quotePrefix) == ("s", "=cmd|calc!A1", True)
    rows = csv.reader(io.StringIO(export_csv(home, REVIEW)["works.csv"].decode("utf-8-sig")))
    assert "'=cmd|calc!A1" in {field for row in rows for field in row}


def test_a_template_offers_the_vocabularies() -> None:
    book = load_workbook(io.BytesIO(template(Project(), REVIEW)))
    assert book.sheetnames[0] == "Read me"
    assert book["_meta"].sheet_state == "veryHidden"
    assert book["Vocabulary"].protection.sheet
    rules = book["Statements"].data_validations.dataValidation
    named = {rule.formula1 for rule in rules}
    assert {"kg_Theme", "kg_Agency", "kg_trend", "yes"} - named == {"yes"}
    for rule in rules:
        assert rule.formula1 in book.defined_names
    assert book["Statements"]["A1"].comment is not None
    assert book["Statements"].max_row == 1


@pytest.mark.full
def test_another_review_takes_nothing_of_the_first_away(home: Project, tmp_path: Path) -> None:
    # Its own work and coder alone have rows; with --delete the others have none.
    book = load_workbook(io.BytesIO(template(home, "pier-2001")))
    book["Works"]["A2"], book["Works"]["B2"] = "pier-2001", "Pier (2001)"
    heads = {cell.value: cell.column for cell in book["Works"][1]}
    book["Works"].cell(2, heads["Certainty"]).value = "Confirmed"
    book["Works"].cell(2, heads["Kind of work"]).value = "Unknown"
    book["Coders"]["A2"], book["Coders"]["B2"] = "pier-coder", "Pier coder"
    book.save(tmp_path / "pier.xlsx")
    found = plan(home, tmp_path / "pier.xlsx", delete=True)
    assert wrong(found) == []
    told = " ".join(notes(found))
    assert "kept for the other reviews: atkinson-2010" in told
    assert not [change for change in found.changes if "is taken away" in change]


@pytest.mark.full
def test_what_something_refers_to_is_not_taken_away(
    home: Project, tmp_path: Path, filled: bytes
) -> None:
    book = load_workbook(io.BytesIO(filled))
    for name in ("hunter-2009", "laming-2003"):
        book["Works"].delete_rows(cell_of(book["Works"], name, "Id").row)
    book.save(tmp_path / "fewer.xlsx")
    found = plan(home, tmp_path / "fewer.xlsx", delete=True)
    # Two claims rest on Hunter; on Laming's first report rests none.
    assert found.changes == ["source laming-2003 is taken away: Laming (2003)"]
    assert "without a row here, and kept for what refers to it: hunter-2009" in notes(found)


def test_rows_of_coding_rounds_may_name_what_is_not_listed_yet() -> None:
    rules = load_workbook(io.BytesIO(template(Project(), "pier-2001")))["Statements"]
    heads = {cell.value: cell.column_letter for cell in rules[1]}
    (rule,) = [
        rule
        for rule in rules.data_validations.dataValidation
        if str(rule.sqref).startswith(f"{heads['Coding round']}2:")
    ]
    assert not rule.showErrorMessage


def test_long_texts_have_room(home: Project, filled: bytes) -> None:
    book = load_workbook(io.BytesIO(filled))
    sheet = book["Statements"]
    heads = {cell.value: cell.column for cell in sheet[1]}
    for row in range(2, sheet.max_row + 1):
        text = str(sheet.cell(row, heads["Description"]).value)
        assert (sheet.row_dimensions[row].height or 15) >= 15 * (len(text) / 48)
    about = book["Read me"]
    long = [row for row in range(1, about.max_row + 1) if len(str(about.cell(row, 2).value)) > 100]
    assert long and all(about.row_dimensions[row].height >= 30 for row in long)


def test_a_zip_bomb_is_refused(home: Project, tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * 300_000_000)
    with pytest.raises(UnreadableFile, match="unpacks"):
        plan(home, path)


def test_a_workbook_of_something_else_is_told(home: Project, tmp_path: Path) -> None:
    path = tmp_path / "other.xlsx"
    Workbook().save(path)
    with pytest.raises(UnreadableFile, match="none of the sheets"):
        plan(home, path)
    with pytest.raises(UnknownName, match="no review"):
        export(home, "nobody-1999")


def test_the_command_line_marks_the_mistakes(
    kg: Run, home: Project, change: Callable[..., Path]
) -> None:
    path = change(("Statements", "martin-2010-005", "Agency", "Helth"))
    at = ("--home", str(home.home), "sheet")
    ended = kg(*at, "import", str(path))
    assert ended.returncode == 2
    assert "To mend it: try Health" in ended.stderr
    assert "Nothing is imported: 1 mistake." in ended.stderr
    copy = load_workbook(path.with_name("changed-marked.xlsx"))["Statements"]
    cell = cell_of(copy, "martin-2010-005", "Agency")
    assert "Helth" in cell.comment.text
    assert cell.fill.fgColor.rgb.endswith("F8CBAD")


def test_the_command_line_exports_shows_and_imports(kg: Run, home: Project, tmp_path: Path) -> None:
    at = ("--home", str(home.home), "sheet")
    assert kg(*at, "export", "-o", str(tmp_path / "m.xlsx")).returncode == 0
    assert kg(*at, "export", "-o", str(tmp_path / "csv")).returncode == 0
    assert kg(*at, "template", "-o", str(tmp_path / "t.xlsx")).returncode == 0
    ended = kg(*at, "import", str(tmp_path / "m.xlsx"))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("Nothing changes")
    before = snapshot(home)
    works = tmp_path / "csv" / "works.csv"
    works.write_bytes(works.read_bytes().replace(b"Hunter (2009)", b"Hunter and others (2009)"))
    ended = kg(*at, "import", str(tmp_path / "csv"), "--dry-run")
    assert ended.returncode == 0, ended.stderr
    assert "dry run" in ended.stdout
    assert snapshot(home) == before
    ended = kg(*at, "import", str(tmp_path / "csv"))
    assert ended.returncode == 0, ended.stderr
    assert "data/triples/works.ttl" in ended.stdout
    assert snapshot(home) != before


@pytest.mark.full
def test_what_has_several_values_where_one_is_usual_comes_back(home: Project) -> None:
    works = home.home / "data" / "triples" / "works.ttl"
    text = works.read_text(encoding="utf-8")
    two = "dcterms:publisher organisation:dfe, organisation:ofsted ;"
    works.write_text(text.replace("dcterms:publisher organisation:dfe ;", two), "utf-8")
    path = home.home / "two.xlsx"
    path.write_bytes(export(home, REVIEW))
    found = plan(home, path)
    assert two in works.read_text(encoding="utf-8")
    assert (found.changes, found.files, found.mistakes) == ([], {}, [])
