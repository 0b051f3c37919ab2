"""What a steward sees: lists, help, messages in plain words at the right cell, and the dry run."""

import io
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from rdflib import SH, Graph, URIRef

from kg.anchors import ReferenceText
from kg.errors import KgError
from kg.project import Project, start_home
from kg.sheets.checking import remedy
from kg.sheets.layout import LISTS, MISTAKES, layout
from kg.sheets.marking import mark
from kg.sheets.plan import Plan, carry_out, export, export_csv, plan, template
from kg.terms import expand

Run = Callable[..., subprocess.CompletedProcess[str]]
REVIEW = "lowmere-2025"
STATEMENT = {
    "Id": "lowmere-2025-010",
    "Label": "Care homes are left out",
    "Description": "What happens in care homes does not count as a fall here.",
    "Kind": "Background",
    "Main theme": "Evidence base",
    "Theme": "Evidence base",
    "Agency": "Home care",
    "Trend": "Not stated",
    "Valence": "Neutral",
    "Voice": "Own view",
    "Section": "1.1",
    "First words": "Falls in care",
    "Last words": "left out",
    "Coding round": "First coding",
}


@pytest.fixture
def home(tmp_path: Path) -> Project:
    """The sample, coded, where it may be changed."""
    start_home(tmp_path / "practice")
    return Project(tmp_path / "practice")


@pytest.fixture
def text(home: Project) -> ReferenceText:
    return ReferenceText.read(home.home / "texts" / "lowmere-2025.txt")


@pytest.fixture
def filled(home: Project) -> Workbook:
    return load_workbook(io.BytesIO(export(home, REVIEW)))


@pytest.fixture
def empty(home: Project) -> Workbook:
    return load_workbook(io.BytesIO(template(home, REVIEW)))


@pytest.fixture
def read(home: Project, text: ReferenceText, tmp_path: Path) -> Callable[..., Plan]:
    def run(book: Workbook, **how: Any) -> Plan:
        book.save(tmp_path / "book.xlsx")
        return plan(home, tmp_path / "book.xlsx", **{"text": text, **how})

    return run


def fill(sheet: Worksheet, row: int, **cells: Any) -> None:
    """Fill cells of a row in by heading."""
    for heading, value in cells.items():
        sheet[f"{letter(sheet, heading)}{row}"].value = value


def letter(sheet: Worksheet, heading: str) -> str:
    return next(cell.column_letter for cell in sheet[1] if cell.value == heading)


def row_of(sheet: Worksheet, name: str) -> int:
    return next(row for row in range(2, sheet.max_row + 1) if sheet.cell(row, 1).value == name)


def offered(book: Workbook, sheet: str, heading: str) -> tuple[list[str], bool]:
    """What a column offers, and whether it refuses all else."""
    at = letter(book[sheet], heading)
    (rule,) = [
        rule
        for rule in book[sheet].data_validations.dataValidation
        if str(rule.sqref).startswith(f"{at}2:")
    ]
    area = book.defined_names[rule.formula1].attr_text.partition("!")[2].replace("$", "")
    return [cell.value for (cell,) in book[LISTS][area]], bool(rule.showErrorMessage)


def wrong(found: Plan) -> list[tuple[str, str]]:
    return [(m.sheet, m.cell) for m in found.mistakes if not m.note]


def told(found: Plan, sheet: str, cell: str) -> str:
    return "\n".join(map(str, (m for m in found.mistakes if (m.sheet, m.cell) == (sheet, cell))))


# The template


def test_each_list_offers_what_its_column_may_hold(empty: Workbook) -> None:
    statements = [f"lowmere-2025-{number:03}" for number in range(1, 10)]
    for sheet in ("Relations", "Quantities", "More passages", "More evidence"):
        assert offered(empty, sheet, "Statement") == (statements, False), sheet
    kinds, strict = offered(empty, "Statements", "Kind")
    assert strict and len(kinds) == 8 and not set(kinds) & set(statements)
    top, strict = offered(empty, "Statements", "Main theme")
    assert strict and top == ["Evidence base", "Hazards in the home", "Joint working"]
    works, strict = offered(empty, "Statements", "Work")
    assert not strict and "Placeholder (2019)" in works


def test_no_two_lists_have_one_name(empty: Workbook) -> None:
    rules = {rule.formula1 for sheet in empty for rule in sheet.data_validations.dataValidation}
    areas = [empty.defined_names[name].attr_text for name in rules]
    assert len(set(areas)) == len(areas)
    assert len({name.casefold() for name in rules}) == len(rules)


def test_the_main_theme_is_a_top_theme(home: Project) -> None:
    book = load_workbook(io.BytesIO(export(Project(), "martin-2010")))
    top, _ = offered(book, "Statements", "Main theme")
    every, _ = offered(book, "Statements", "Theme")
    assert len(top) == 9 and set(top) < set(every)


def test_the_vocabulary_says_what_names_mean(empty: Workbook) -> None:
    sheet = empty[LISTS]
    heads = {cell.value: cell.column for cell in sheet[1] if cell.value}
    assert {"Works", "Themes", "Top themes", "Kinds of statement", "Agencies"} <= heads.keys()
    assert not [head for head in heads if "kg_" in head or ":" in head]
    rows = {
        name: {
            sheet.cell(row, heads[name]).value: sheet.cell(row, heads[name] + 1).value
            for row in range(2, sheet.max_row + 1)
            if sheet.cell(row, heads[name]).value
        }
        for name in heads
        if name not in {"Id", "What it means", "The claim"}
    }
    assert rows["Works"]["Placeholder (2019)"] == "placeholder-2019"
    assert rows["Places"]["Lowmere"] == "The invented town of the sample."
    assert all(rows["Kinds of statement"].values())
    assert rows["Statements"]["lowmere-2025-007"] == "Months of waiting for a rail"


def test_every_column_has_a_sentence_of_help(empty: Workbook) -> None:
    for sheet in layout()[1]:
        for column in sheet.columns:
            assert re.fullmatch(r"[A-Z1].*\.", column.help), (sheet.name, column.name)
        for cell in empty[sheet.name][1]:
            assert cell.comment is not None, (sheet.name, cell.value)
            again = re.search(r" \d$", str(cell.value)) is not None
            assert not (again and "Needed" in cell.comment.text), cell.value


def test_columns_are_as_wide_as_what_they_hold(filled: Workbook) -> None:
    sheet = filled["Works"]
    for heading in ("Authors", "Citation"):
        at = letter(sheet, heading)
        longest = max(len(str(cell.value or "")) for cell in sheet[at])
        assert sheet.column_dimensions[at].width >= min(longest, 48)
        assert sheet[f"{at}2"].alignment.wrap_text


# What stands in the graph already


def test_an_id_that_is_taken_is_not_overwritten(
    empty: Workbook, read: Callable[..., Plan], home: Project
) -> None:
    fill(empty["Works"], 2, Id="placeholder-2019", Label="Another (2019)", Authors="Another")
    fill(empty["Organisations"], 2, Id="sample-ambulance-service", Label="Another")
    found = read(empty)
    assert wrong(found) == [("Works", "A2"), ("Organisations", "A2")]
    said = told(found, "Works", "A2")
    assert "is in the graph already, as 'Placeholder (2019)'" in said
    assert "would change Label and Authors" in said
    assert "take another id, such as placeholder-2019-2" in said and "--overwrite" in said


def test_what_is_overwritten_keeps_what_the_row_leaves_empty(
    empty: Workbook, read: Callable[..., Plan]
) -> None:
    fill(empty["Works"], 2, Id="placeholder-2019", Authors="Another")
    found = read(empty, overwrite=True)
    assert wrong(found) == []
    assert found.changes == ["source placeholder-2019, Authors: Placeholder becomes Another"]


def test_a_row_that_says_what_the_graph_says_or_nothing_is_no_mistake(
    empty: Workbook, read: Callable[..., Plan]
) -> None:
    fill(empty["Works"], 2, Id="placeholder-2019")
    fill(empty["Works"], 3, Id="example-2023", Label="Example Survey Group (2023)", Issued="2023")
    fill(empty["Statements"], 2, Id="lowmere-2025-003", Kind="Challenge")
    found = read(empty)
    assert (found.changes, wrong(found)) == ([], [])


def test_a_template_does_not_write_over_statements(
    empty: Workbook, read: Callable[..., Plan]
) -> None:
    fill(empty["Statements"], 2, **{**STATEMENT, "Id": "lowmere-2025-001"})
    found = read(empty)
    assert wrong(found) == [("Statements", "A2")]
    assert "such as lowmere-2025-010" in told(found, "Statements", "A2")


def test_csv_remembers_what_it_was_written_with(home: Project, tmp_path: Path) -> None:
    folder = tmp_path / "csv"
    folder.mkdir()
    for name, content in export_csv(home, REVIEW).items():
        (folder / name).write_bytes(content.replace(b"No handover at night", b"No handover"))
    found = plan(home, folder)
    assert wrong(found) == []
    assert found.changes == [
        "statement lowmere-2025-004, Label: No handover at night becomes No handover"
    ]
    (folder / "_meta.csv").unlink()
    assert wrong(plan(home, folder)) == [("statements.csv", "A5")]


# Relations


def test_a_changed_relation_takes_the_place_of_the_old_one(
    filled: Workbook, read: Callable[..., Plan]
) -> None:
    sheet = filled["Relations"]
    row = next(r for r in range(2, 9) if sheet.cell(r, 2).value == "respondsTo")
    sheet.cell(row, 2).value = "supports"
    found = read(filled)
    assert [change.partition(", ")[2] for change in found.changes] == [
        "respondsTo: lowmere-2025-004 becomes nothing",
        "supports: nothing becomes lowmere-2025-004",
    ]
    assert not [m for m in found.mistakes if m.sheet == "Relations"]
    sheet.cell(row, 2).value, sheet.cell(row, 3).value = "respondsTo", "lowmere-2025-005"
    assert read(filled).changes == [
        "statement lowmere-2025-009, respondsTo: lowmere-2025-004 becomes lowmere-2025-005"
    ]


def test_rows_of_relations_may_be_sorted_and_taken_out(
    filled: Workbook, read: Callable[..., Plan]
) -> None:
    sheet = filled["Relations"]
    first = [cell.value for cell in sheet[2]]
    sheet.delete_rows(2)
    assert read(filled).changes == []
    for at, value in enumerate(first, start=1):
        sheet.cell(sheet.max_row + (at == 1), at).value = value
    assert read(filled).changes == []


def test_a_second_relation_of_two_statements_is_told(
    empty: Workbook, read: Callable[..., Plan]
) -> None:
    fill(
        empty["Relations"],
        2,
        **{"Statement": "lowmere-2025-009", "Relation": "supports", "To": "lowmere-2025-004"},
    )
    found = read(empty)
    assert wrong(found) == []
    assert "there is respondsTo already, which is kept" in told(found, "Relations", "A2")


# Mistakes


def test_shapes_are_told_beside_mistakes_in_cells(
    filled: Workbook, read: Callable[..., Plan]
) -> None:
    row = row_of(filled["Works"], "placeholder-2019")
    fill(filled["Works"], row, ISBN="123")
    fill(filled["Statements"], 4, Trend="worse")
    at = letter(filled["Statements"], "Trend")
    isbn = letter(filled["Works"], "ISBN")
    assert wrong(read(filled)) == [("Works", f"{isbn}{row}"), ("Statements", f"{at}4")]


def test_what_a_wrong_cell_left_out_is_not_told_twice(
    filled: Workbook, read: Callable[..., Plan]
) -> None:
    sheet = filled["Statements"]
    fill(sheet, 12, **{**STATEMENT, "Kind": "Backgrond", "Coding round": "Frist", "Voice": "Mine"})
    cells = [letter(sheet, heading) for heading in ("Kind", "Voice", "Coding round")]
    assert wrong(read(filled)) == [("Statements", f"{at}12") for at in cells]


def test_what_names_a_row_that_is_left_out_is_not_told_as_dangling(
    filled: Workbook, read: Callable[..., Plan]
) -> None:
    fill(filled["Statements"], 12, **{**STATEMENT, "Id": "other-2020-001"})
    fill(filled["Relations"], 12, Statement="other-2020-001", Relation="supports")
    fill(filled["Relations"], 12, To="lowmere-2025-001")
    assert ("Statements", "A12") in wrong(read(filled))


def test_a_shape_without_a_path_is_told_at_the_column_that_mends_it(
    home: Project, filled: Workbook, read: Callable[..., Plan]
) -> None:
    themes = home.home / "ontology" / "vocab" / "theme.ttl"
    text = themes.read_text(encoding="utf-8")
    narrow = (
        '\ntheme:stairs\n    a kg:Theme, skos:Concept ;\n    rdfs:label "Stairs"@en ;\n'
        '    skos:prefLabel "Stairs"@en ;\n    skos:definition "Stairs."@en ;\n'
        "    skos:inScheme scheme:theme ;\n    skos:broader theme:home-hazards .\n"
    )
    themes.write_text(text + narrow, encoding="utf-8")
    sheet = filled["Statements"]
    fill(sheet, 7, **{"Main theme": "Stairs"})
    at = f"{letter(sheet, 'Main theme')}7"
    found = read(filled)
    assert wrong(found) == [("Statements", at)]
    assert "write Hazards in the home" in told(found, "Statements", at)
    # Of a mistake in what is empty, the cell that is to be filled is told.
    fill(sheet, 7, **{"Main theme": "Hazards in the home"})
    fill(filled["Works"], 8, Id="new-2020", Label="New (2020)", Certainty="Probable")
    fill(filled["Works"], 8, **{"Kind of work": "Survey"})
    at = f"{letter(filled['Works'], 'Note')}8"
    found = read(filled)
    assert wrong(found) == [("Works", at)]
    assert "Add a Note" in told(found, "Works", at)


def test_the_id_of_a_part_is_told_on_its_own_sheet(
    filled: Workbook, read: Callable[..., Plan]
) -> None:
    cells = {"Id": "q1", "Statement": "lowmere-2025-003", "Label": "a half", "Unit": "Share"}
    fill(filled["Quantities"], 5, **cells, **{"Lower bound": 0.5, "Of whom": "all"})
    found = read(filled)
    assert wrong(found) == [("Quantities", "A5")]
    assert "write lowmere-2025-003-q2" in told(found, "Quantities", "A5")


def test_mistakes_come_in_the_order_of_the_sheets(
    filled: Workbook, read: Callable[..., Plan]
) -> None:
    for row in (5, 3, 4, 10):
        fill(filled["Statements"], row, Trend="worse", Agency="Nobody")
    fill(filled["Works"], 3, Place="Nowhere")
    found = wrong(read(filled))
    trend, agency = (letter(filled["Statements"], name) for name in ("Trend", "Agency"))
    assert found[1:] == [
        ("Statements", f"{at}{row}") for row in (3, 4, 5, 10) for at in (agency, trend)
    ]


def test_a_free_id_is_proposed(filled: Workbook, read: Callable[..., Plan]) -> None:
    fill(filled["Statements"], 12, **{**STATEMENT, "Id": "Martin 5"})
    assert "write lowmere-2025-010," in told(read(filled), "Statements", "A12")


def shapes() -> Iterator[tuple[str, str, str]]:
    """Each shape that is held against things of a sheet: sheet, shape, how to mend."""
    graph = Graph()
    for path in Project().shape_files():
        graph.parse(path)
    for sheet in layout()[1]:
        kinds = {
            part_types
            for types in (sheet.types, *(c.types for c in sheet.columns))
            for part_types in types
        }
        targets = [URIRef(expand(name)) for name in kinds]
        for target in targets:
            for node in graph.subjects(SH.targetClass, target):
                for shape in [node, *graph.objects(node, SH.property)]:
                    if fix := graph.value(shape, SH.description):
                        yield sheet.name, str(shape), str(fix)


def test_every_remedy_is_in_plain_words() -> None:
    sheets = {sheet.name: sheet for sheet in layout()[1]}
    jargon = re.compile(r"\w:\w|\.ttl|block|concept of|kg |@en|\^\^|dateTime|[a-z][A-Z]|types")
    found = [(shape, remedy(shape, fix, sheets[name])) for name, shape, fix in shapes()]
    assert len(found) > 60
    assert [pair for pair in found if jargon.search(pair[1])] == []


def test_delete_is_not_promised_for_what_other_reviews_have(
    home: Project, empty: Workbook, tmp_path: Path
) -> None:
    (tmp_path / "b.xlsx").write_bytes(template(home, "pier-2001"))
    found = plan(home, tmp_path / "b.xlsx")
    assert found.mistakes and not [m for m in found.mistakes if "--delete" in m.fix]


# Passages


def passage(book: Workbook, **cells: str) -> str:
    """Add a statement with these cells of a passage, and say where its first words are."""
    sheet = book["Statements"]
    fill(sheet, 12, **{**STATEMENT, **cells})
    return f"{letter(sheet, 'First words')}12"


def test_a_slip_in_the_first_word_lists_where_the_others_stand(
    filled: Workbook, read: Callable[..., Plan]
) -> None:
    at = passage(filled, **{"First words": "Croos who had lifted", "Last words": ""})
    found = read(filled)
    assert wrong(found) == [("Statements", at)]
    assert "'who had lifted' does at 1: page 2, line 37" in told(found, "Statements", at)
    at = passage(filled, **{"First words": "Bathrom", "Last words": ""})
    assert "the most like 'Bathrom' are bathroom" in told(read(filled), "Statements", at)


@pytest.mark.parametrize("page", ["1", "p. 1", "page 1"])
def test_a_page_may_be_written_as_people_do(
    filled: Workbook, read: Callable[..., Plan], home: Project, page: str
) -> None:
    passage(filled, Page=page)
    found = read(filled)
    assert found.mistakes == []
    carry_out(found)
    path = home.home / "data/triples" / REVIEW / "evidence-base.ttl"
    block = path.read_text(encoding="utf-8").partition("passage:lowmere-2025-010\n    a ")[2]
    assert 'kg:page "1" ;' in block.partition(" .\n")[0]


def test_a_page_that_the_text_contradicts_is_told(
    filled: Workbook, read: Callable[..., Plan]
) -> None:
    passage(filled, Page="2")
    at = f"{letter(filled['Statements'], 'Page')}12"
    assert "begins on page 1 of the text, and Page says 2" in told(read(filled), "Statements", at)


def test_a_passage_over_two_pages_is_told(filled: Workbook, read: Callable[..., Plan]) -> None:
    at = passage(filled, **{"First words": "Falls in care", "Last words": "home care can read"})
    found = read(filled)
    assert wrong(found) == []
    assert "runs from page 1 to page 2" in told(found, "Statements", at)


# The dry run


def test_the_dry_run_says_what_a_new_statement_is(
    filled: Workbook, read: Callable[..., Plan]
) -> None:
    passage(filled)
    fill(filled["Relations"], 9, Statement="lowmere-2025-010", Relation="respondsTo")
    fill(filled["Relations"], 9, To="lowmere-2025-004")
    said = "\n".join(read(filled).changes)
    for line in (
        "statement lowmere-2025-010 is new: Care homes are left out",
        "    Kind: background",
        "    Main theme: Evidence base",
        "    Agency: Home care",
        "    It responds to lowmere-2025-004",
        "passage lowmere-2025-010 is new: Falls … out",
        "    Voice: Own view",
    ):
        assert line in said.splitlines(), said
    assert not re.search(r"[0-9a-f]{64}", said)


def test_no_digest_is_shown(filled: Workbook, read: Callable[..., Plan]) -> None:
    sheet = filled["Statements"]
    fill(sheet, 5, **{"First words": "Nothing in it is real", "Last words": "", "Page": "1"})
    said = "\n".join(read(filled).changes)
    assert "Digest: filled in from the text" in said
    assert not re.search(r"[0-9a-f]{64}", said)


# New terms


def test_a_workbook_adds_terms_and_may_use_them(
    filled: Workbook, read: Callable[..., Plan], home: Project
) -> None:
    sheet = filled["Vocabulary additions"]
    for row, cells in enumerate(
        (
            ("stairs", "Themes", "Stairs", "Stairs in the home.", "Hazards in the home"),
            ("wales", "Places", "Wales", "Wales alone.", None),
            ("night", "Themes", "Night", "What is different at night.", None),
            ("count", "Units", None, None, None),
        ),
        start=2,
    ):
        heads = ("Id", "Vocabulary", "Label", "Definition", "Broader")
        fill(sheet, row, **dict(zip(heads, cells, strict=True)))
    passage(filled, **{"Main theme": "Night", "Theme": "Night", "Theme 2": "Stairs"})
    fill(filled["Works"], 3, Place="Wales")
    assert wrong(read(filled)) == [("Vocabulary additions", cell) for cell in ("C5", "D5")]
    sheet.delete_rows(5)
    found = read(filled)
    assert wrong(found) == []
    assert "theme stairs is new: Stairs\n    Stairs in the home." in found.changes
    carry_out(found)
    places = (home.home / "ontology/vocab/place.ttl").read_text(encoding="utf-8")
    assert 'place:wales\n    a skos:Concept ;\n    rdfs:label "Wales"@en ;' in places
    assert "skos:hasTopConcept place:lowmere, place:wales ." in places
    assert (home.home / "data/triples" / REVIEW / "night.ttl").is_file()
    # The same rows once more add nothing; another term under the same id is a mistake.
    assert read(filled).changes == []
    fill(sheet, 3, Label="Cymru")
    assert ("Vocabulary additions", "A3") in wrong(read(filled))


def test_a_vocabulary_of_the_program_is_copied_into_the_home(
    filled: Workbook, read: Callable[..., Plan], home: Project
) -> None:
    fill(filled["Vocabulary additions"], 2, Id="week", Vocabulary="Units", Label="Week")
    fill(filled["Vocabulary additions"], 2, Definition="A span of seven days.")
    found = read(filled)
    path = home.home / "ontology" / "vocab" / "unit.ttl"
    assert not path.exists() and path in found.files
    assert "unit:share\n" in found.files[path] and "unit:week\n" in found.files[path]


def test_a_vocabulary_that_changed_since_it_was_read_is_not_written_over(
    filled: Workbook, read: Callable[..., Plan], home: Project
) -> None:
    fill(filled["Vocabulary additions"], 2, Id="wales", Vocabulary="Places", Label="Wales")
    fill(filled["Vocabulary additions"], 2, Definition="Wales alone.")
    found = read(filled)
    path = home.home / "ontology" / "vocab" / "place.ttl"
    changed = path.read_text(encoding="utf-8") + "# of another hand\n"
    path.write_text(changed, encoding="utf-8")
    with pytest.raises(KgError, match="has changed since it was read"):
        carry_out(found)
    assert path.read_text(encoding="utf-8") == changed


def test_an_unknown_place_says_where_a_new_one_goes(
    filled: Workbook, read: Callable[..., Plan]
) -> None:
    fill(filled["Works"], 3, Place="Wales")
    at = f"{letter(filled['Works'], 'Place')}3"
    assert "a new one goes on the sheet Vocabulary additions" in told(read(filled), "Works", at)


# The marked copy


def test_the_marked_copy_lists_the_mistakes(
    filled: Workbook, read: Callable[..., Plan], tmp_path: Path
) -> None:
    fill(filled["Statements"], 4, Trend="worse")
    at = f"{letter(filled['Statements'], 'Trend')}4"
    found = read(filled)
    book = load_workbook(io.BytesIO(mark(tmp_path / "book.xlsx", found.mistakes, found.called)))
    assert book.sheetnames[0] == MISTAKES
    (row,) = list(book[MISTAKES].iter_rows(min_row=2))
    assert [cell.value for cell in row][:2] == ["Statements", at]
    assert row[1].hyperlink.location == f"'Statements'!{at}"
    assert "worse" in row[2].value and row[3].value
    # Mended and handed in again, it is read as any workbook, and old marks go with a new copy.
    book["Statements"][at].value = "Not stated"
    again = read(book)
    assert again.mistakes == []
    fill(book["Statements"], 5, Trend="worse")
    again = read(book)
    book = load_workbook(io.BytesIO(mark(tmp_path / "book.xlsx", again.mistakes, again.called)))
    assert book[MISTAKES].max_row == 2
    assert book["Statements"][at].comment is None


def test_the_marked_copy_of_csv_has_lists_and_help(home: Project, tmp_path: Path) -> None:
    (tmp_path / "csv").mkdir()
    for name, content in export_csv(home, REVIEW).items():
        (tmp_path / "csv" / name).write_bytes(content.replace(b"Not stated", b"Not said"))
    found = plan(home, tmp_path / "csv")
    book = load_workbook(io.BytesIO(mark(tmp_path / "csv", found.mistakes, found.called)))
    assert offered(book, "Statements", "Trend")[1]
    assert book["Statements"]["B1"].comment is not None
    assert book["Statements"].column_dimensions["C"].width == 48


def test_the_marked_copy_of_csv_may_be_mended_and_handed_in(
    home: Project, read: Callable[..., Plan], tmp_path: Path
) -> None:
    """It remembers what the files were written with, whatever parts their fields."""
    folder = tmp_path / "csv"
    folder.mkdir()
    for name, content in export_csv(home, REVIEW).items():
        (folder / name).write_bytes(content.replace(b"Not stated", b"Not said"))
    meta = (folder / "_meta.csv").read_bytes()
    (folder / "_meta.csv").write_bytes(meta.replace(b'","', b'";"'))
    (folder / "more [1].csv").write_bytes(b"a note\n")
    found = plan(home, folder)
    assert wrong(found) and {sheet for sheet, _ in wrong(found)} == {"statements.csv"}
    book = load_workbook(io.BytesIO(mark(folder, found.mistakes, found.called)))
    for row in book["Statements"].iter_rows(min_row=2):
        for cell in row:
            cell.value = {
                "Not said": "Not stated",
                "No handover at night": "No handover",
            }.get(cell.value, cell.value)
    again = read(book)
    assert wrong(again) == []
    assert again.changes == [
        "statement lowmere-2025-004, Label: No handover at night becomes No handover"
    ]


def test_the_command_line_overwrites_when_asked(
    kg: Run, home: Project, empty: Workbook, tmp_path: Path
) -> None:
    fill(empty["Works"], 2, Id="placeholder-2019", Authors="Another")
    empty.save(tmp_path / "b.xlsx")
    at = ("--home", str(home.home), "sheet", "import", str(tmp_path / "b.xlsx"))
    assert kg(*at).returncode == 2
    ended = kg(*at, "--overwrite")
    assert ended.returncode == 0, ended.stderr
    assert "Placeholder becomes Another" in ended.stdout
