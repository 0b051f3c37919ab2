"""The walk of docs/add-a-review.md: mistakes are found where it says, and it ends as shipped."""

import csv
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import load_workbook

from kg.anchors import ReferenceText
from kg.passages import check_passages
from kg.project import Project, start_home
from kg.sheets.layout import file_name, layout
from kg.sheets.plan import Plan, carry_out, export, plan
from kg.store import open_store

ROOT = Path(__file__).parent.parent
WALK = ROOT / "docs" / "walk"
REVIEW = "lowmere-2025"
Run = Callable[..., subprocess.CompletedProcess[str]]
# The cells that the page names, with what to write.
TOLD = re.findall(
    r"^\| ([A-Z][a-z]+), ([A-Z]+\d+) \| .* \| (.*) \|$",
    (ROOT / "docs" / "add-a-review.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)
NAMES = {file_name(sheet): sheet.name for sheet in layout()[1]}


@pytest.fixture
def practice(tmp_path: Path) -> Project:
    start_home(tmp_path / "practice", uncoded=True)
    return Project(tmp_path / "practice")


@pytest.fixture
def text(practice: Project) -> ReferenceText:
    return ReferenceText.read(practice.home / "texts" / "lowmere-2025.txt")


def read(project: Project, folder: str, text: ReferenceText) -> Plan:
    return plan(project, WALK / folder, REVIEW, text)


def turtle(home: Path) -> dict[str, bytes]:
    data = home / "data"
    return {p.relative_to(data).as_posix(): p.read_bytes() for p in data.rglob("*.ttl")}


def cells(folder: str) -> dict[tuple[str, str], str]:
    """The cells of a folder of CSV by sheet and address (its columns are few: A to AZ)."""
    found = {}
    for path in sorted((WALK / folder).glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as opened:
            for row, values in enumerate(csv.reader(opened), 1):
                for column, value in enumerate(values):
                    letters = ("A" if column > 25 else "") + chr(65 + column % 26)
                    found[NAMES[path.name], f"{letters}{row}"] = value
    return found


def test_each_mistake_is_found_where_the_page_says(practice: Project, text: ReferenceText) -> None:
    found = read(practice, "first-try", text)
    wrong = [(NAMES[m.sheet], m.cell) for m in found.mistakes if not m.note]
    assert len(TOLD) == 9
    assert sorted(wrong) == sorted((sheet, cell) for sheet, cell, _ in TOLD)


def test_mending_is_what_the_page_says() -> None:
    before, after = cells("first-try"), cells("mended")
    assert before.keys() == after.keys()
    changed = {at for at in before if before[at] != after[at]}
    told = {(sheet, cell): said for sheet, cell, said in TOLD if "nothing more" not in said}
    # Of the passage in row 7 the last words are filled in too.
    assert changed - told.keys() == {("Statements", "AC7")}
    for at, said in told.items():
        assert after[at] == re.findall("`(.*?)`", said)[0]


def test_the_walk_ends_in_the_graph_that_init_writes(
    practice: Project, text: ReferenceText, tmp_path: Path
) -> None:
    carry_out(read(practice, "mended", text))
    start_home(tmp_path / "coded")
    assert turtle(practice.home) == turtle(tmp_path / "coded")
    checks = check_passages(open_store(practice), text)
    assert [check.status for check in checks] == ["found"] * 9
    # The first statement was given without last words: its whole sentence is the passage.
    words = "None of them compared Lowmere with another town, so that what has changed"
    anchored = next(c for c in checks if c.passage.iri.endswith("-001")).passage.anchor
    assert anchored is not None
    passage = " ".join(text.text[anchored.start : anchored.end].split())
    assert passage.startswith(words) and passage.endswith("plan alone.")


def test_what_was_walked_goes_round(practice: Project, text: ReferenceText, tmp_path: Path) -> None:
    carry_out(read(practice, "mended", text))
    (tmp_path / "again.xlsx").write_bytes(export(practice, REVIEW))
    assert plan(practice, tmp_path / "again.xlsx").changes == []
    # And once more from the sheets that have no places: they are found anew, the same.
    assert read(practice, "mended", text).changes == []


def test_a_folder_of_csv_is_marked_as_a_workbook(
    kg: Run, practice: Project, tmp_path: Path
) -> None:
    ended = kg(
        *("--home", str(practice.home), "sheet", "import", str(WALK / "first-try")),
        *("--review", REVIEW, "--text", str(practice.home / "texts" / "lowmere-2025.txt")),
        *("--marked", str(tmp_path / "marked.xlsx")),
    )
    assert ended.returncode == 2
    assert "Nothing is imported: 9 mistakes." in ended.stderr
    book = load_workbook(tmp_path / "marked.xlsx")
    marked = {
        (sheet.title, cell.coordinate)
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.comment and cell.row > 1  # those of headings are help
    }
    assert marked == {(sheet, cell) for sheet, cell, _ in TOLD}
    assert turtle(practice.home).keys() == {"triples/dataset.ttl"}
