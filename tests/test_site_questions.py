"""The pages of questions: what an answer says, why, how it is drawn, and its files."""

import csv
import re
import zipfile
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from openpyxl import load_workbook
from pyoxigraph import Literal, NamedNode, RdfFormat, parse

from kg.project import Project, start_home
from kg.queries import load_query, run
from kg.results import Table, Triples
from kg.site.answers import Answer, Field, Row, heading, read_answer
from kg.site.build import build_site
from kg.site.charts import Bars, Matrix, Timeline, chart
from kg.site.evidence import Evidence
from kg.site.questions import Answered, Question, questions
from kg.store import MemoryStore, open_store

Read = Callable[..., tuple[Answered, Answer]]


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    return Evidence.of(open_store(Project()))


@pytest.fixture(scope="module")
def asked() -> dict[str, Question]:
    return {each.query.id: each for each in questions(Project(), open_store(Project()))}


@pytest.fixture(scope="module")
def read(evidence: Evidence, asked: dict[str, Question]) -> Read:
    store = open_store(Project())

    def answer(name: str, choice: str = "") -> tuple[Answered, Answer]:
        found = next(each for each in asked[name].answers if each.choice == choice)
        return found, read_answer(found, evidence, store)

    return answer


def page(site: Path, address: str) -> str:
    return (site / "question" / address).read_text(encoding="utf-8")


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def test_a_row_says_in_whose_voice_on_which_works_and_where(site: Path) -> None:
    # In es.1.2, on page v, the review knows Hunter through Burton.
    html = page(site, "citation-chain--hunter-2009.html")
    whys = re.findall(r'<details class="why">(.*?)</details>', html)
    assert len(whys) == 2
    for why in whys:
        told = text_of(why)
        assert (
            "Relayed: Hunter (2009), through Burton (2009). Executive summary, section 1.2, page v."
            in told
        )


def test_each_row_leads_to_the_claims_that_were_counted_for_it(read: Read) -> None:
    answered, answer = read("agency-theme-matrix")
    at = answered.table.columns.index("statements")
    assert sum(int(row[at].value) for row in answered.rows) > 100  # type: ignore[union-attr]
    for terms, row in zip(answered.rows, answer.rows, strict=True):
        assert isinstance(terms[at], Literal)
        assert len(row.claims) == int(terms[at].value)
        for claim in row.claims:
            assert isinstance(terms[0], NamedNode) and terms[0].value in claim.agencies
            assert not claim.repeats


def test_a_row_that_names_two_claims_tells_both(read: Read) -> None:
    _, answer = read("disagreement-list")
    assert all(len(row.claims) == 2 for row in answer.rows)


def test_counts_above_the_table_are_those_of_the_rows(site: Path, read: Read) -> None:
    answered, answer = read("statement-by-theme", "interagency-working")
    kinds = [row["kindLabel"].value for row in answered.table.records()]  # type: ignore[union-attr]
    (column,) = [column for column in answer.columns if column.name == "kindLabel"]
    assert dict(column.counts) == {k.capitalize(): kinds.count(k) for k in set(kinds)}
    facets = page(site, "statement-by-theme--interagency-working.html").partition("data-facets")[2]
    shown = text_of(facets[: facets.index("<table")])
    for text, many in column.counts:
        assert f"{text} {many}" in shown


def test_what_every_row_says_is_told_once(read: Read) -> None:
    answered, answer = read("statement-by-agency", "health")
    assert ("Agency", "Health") in [(name, field.text) for name, field in answer.same]
    assert "agency" not in [column.name.removesuffix("Label") for column in answer.columns]
    assert len(answer.rows) == len(answered.rows)


def test_bars_are_as_long_as_their_numbers(read: Read) -> None:
    answered, answer = read("source-contribution")
    drawn = chart("bar", answer)
    assert isinstance(drawn, Bars) and drawn.measures == ("Reported", "Relayed", "Relays others")
    numbers = [[int(term.value) for term in row[2:]] for row in answered.rows]  # type: ignore[union-attr]
    largest = max(max(row) for row in numbers)
    for (_, values), row in zip(drawn.lines, numbers, strict=True):
        assert [int(text) for text, _ in values] == row
        assert [share for _, share in values] == [round(100 * n / largest, 2) for n in row]


def test_a_matrix_holds_every_number_where_it_belongs(site: Path, read: Read) -> None:
    answered, answer = read("agency-theme-matrix")
    drawn = chart("matrix", answer)
    assert isinstance(drawn, Matrix)
    table = {
        (side, head): square.text
        for side, squares in drawn.lines
        for head, square in zip(drawn.across, squares, strict=True)
        if square
    }
    assert table == {
        (record["agencyLabel"].value, record["themeLabel"].value): record["statements"].value  # type: ignore[union-attr]
        for record in answered.table.records()
    }
    shades = {int(s.text): s.shade for _, line in drawn.lines for s in line if s}
    assert shades[max(shades)] == 5 and shades[0] == 0
    assert [shades[n] for n in sorted(shades)] == sorted(shades.values())
    # Nothing of interagency working names the third sector, so that there is nothing to open.
    html = page(site, "agency-theme-matrix.html")
    for link in re.findall(r'href="#(why-\d+)"', html):
        assert f'id="{link}"' in html


def test_a_timeline_keeps_the_order_and_precision_of_dates(read: Read) -> None:
    _, answer = read("policy-timeline")
    drawn = chart("timeline", answer)
    assert isinstance(drawn, Timeline)
    assert [span.start for span in drawn.spans] == sorted(span.start for span in drawn.spans)
    told = {span.label: span for span in drawn.spans}
    reported = told["Laming progress report published"]  # 12 March 2009, in es.background
    assert reported.when == "12 March 2009" and reported.start == reported.end
    # Known by its year alone, and so as long as a year.
    boards = told["Safeguarding boards follow area committees"]
    (_, first), (_, second) = drawn.ticks[:2]
    years = int(drawn.ticks[1][0]) - int(drawn.ticks[0][0])
    assert boards.when == "2004"
    assert boards.end - boards.start == pytest.approx((second - first) / years, rel=0.01)


def test_a_period_with_an_unknown_end_is_open(read: Read) -> None:
    drawn = chart("timeline", read("source-data-period")[1])
    assert isinstance(drawn, Timeline)
    spans = {span.label: span for span in drawn.spans}
    # In es.7.1 the cases evaluated are those from 1 April to 30 September 2009.
    assert spans["Ofsted (2010c)"].when == "1 April 2009 to 30 September 2009"
    assert not spans["Ofsted (2010c)"].open_start
    assert spans["Care Quality Commission (2009)"].open_start


def test_an_ill_typed_date_is_not_drawn(read: Read) -> None:
    _, answer = read("policy-timeline")
    at = next(number for number, column in enumerate(answer.columns) if column.kind == "date")
    row = answer.rows[0]
    wrong = Field("31 February 2003", "", "2003-02-31")
    fields = (*row.fields[:at], wrong, *row.fields[at + 1 :])
    rows = (Row(fields, row.claims), *answer.rows[1:])
    drawn = chart("timeline", Answer(answer.columns, rows, (), False))
    assert isinstance(drawn, Timeline)
    assert row.fields[0].text not in [span.label for span in drawn.spans]


def test_a_chart_is_drawn_only_where_it_tells_more(read: Read) -> None:
    answer = read("gap-by-theme")[1]
    assert chart("table", answer) is None and chart("network", answer) is None
    assert chart("timeline", answer) is None  # it has no dates
    assert chart("bar", Answer(answer.columns, answer.rows[:1], (), True)) is None


@pytest.mark.parametrize("stem", ["statement-by-agency--police", "agency-theme-matrix"])
def test_files_for_spreadsheets_hold_every_row(site: Path, stem: str) -> None:
    exact = list(csv.reader((site / f"answer/csv/{stem}.csv").read_text("utf-8").splitlines()))
    raw = (site / f"answer/excel-csv/{stem}.excel.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf") and raw.count(b'"') >= 2 * len(exact) * len(exact[0])
    excel = list(csv.reader(raw.decode("utf-8-sig").splitlines()))
    sheet = load_workbook(site / f"answer/xlsx/{stem}.xlsx").worksheets[0]
    assert excel[0] == exact[0]
    assert [str(cell.value).removesuffix(" (id)") for cell in sheet[1]] == [*map(heading, exact[0])]
    # People read labels; an id stands beside its label, and nowhere else.
    for column in sheet.iter_cols(values_only=True):
        ids = [value for value in column[1:] if re.match(r"\w+:\w", str(value))]
        assert not ids or str(column[0]).endswith(" (id)")
    assert len(excel) == len(exact) == sheet.max_row
    if stem == "agency-theme-matrix":
        assert all(isinstance(cell.value, int) for cell in sheet["E"][1:])


def test_a_text_that_excel_would_compute_is_kept_from_it(tmp_path: Path) -> None:
    start_home(tmp_path / "graph")
    works = tmp_path / "graph/data/triples/works.ttl"
    evil = "=HYPERLINK(1)"
    works.write_text(works.read_text("utf-8").replace("Placeholder (2019)", evil), "utf-8")
    project = Project(tmp_path / "graph")
    build_site(project, open_store(project), tmp_path / "site")
    folder = tmp_path / "site/answer"
    excel = folder / "excel-csv/source-status.excel.csv"
    rows = list(csv.reader(excel.read_text("utf-8-sig").split("\n")))
    assert f"'{evil}" in [cell for row in rows for cell in row]
    assert evil in (folder / "csv/source-status.csv").read_text("utf-8")  # as SPARQL has it
    book = load_workbook(folder / "xlsx/source-status.xlsx")
    cells = [cell for row in book.worksheets[0] for cell in row]
    assert [cell.data_type for cell in cells if cell.value == evil] == ["s"]


def test_turtle_holds_the_claims_behind_an_answer_with_their_parts(site: Path, read: Read) -> None:
    _, answer = read("gap-by-theme", "evidence-base")
    html = page(site, "gap-by-theme.html")
    (name,) = re.findall(r'href="\.\./(answer/ttl/claims-\w+\.ttl)"', html)
    file = (site / name).read_bytes()
    triples = {quad.triple for quad in parse(file, format=RdfFormat.TURTLE)}
    whole = open_store(Project()).query("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }")
    assert isinstance(whole, Triples) and triples and triples <= set(whole.triples)
    subjects = {triple.subject.value for triple in triples}
    for claim in read("gap-by-theme")[1].claims:
        told = {claim.iri, claim.iri.replace("/statement/", "/passage/")}
        assert told <= subjects and claim.iri.replace("/statement/", "/evidence/") in subjects
    # Without a row there is nothing to tell of, and no file that would look as if there were.
    assert not answer.rows
    assert ".ttl" not in page(site, "gap-by-theme--evidence-base.html")


def test_the_question_can_be_asked_again_by_its_text(site: Path) -> None:
    store = MemoryStore(Project().graph_files())
    html = page(site, "statement-by-agency--police.html")
    text = unescape(re.findall("<pre[^>]*>(.*?)</pre>", html, re.S)[-1])
    table = run(load_query(Project(), "statement-by-agency"), store, {"agency": ["police"]})
    assert isinstance(table, Table) and store.query(text) == table


def test_a_page_says_what_else_it_was_asked_with(site: Path) -> None:
    html = page(site, "challenge-crossing-agencies--serious-case-reviews.html")
    told = text_of(html)
    assert "At least this many agencies: 2; Kind of claim: challenge" in told.replace(" ;", ";")
    command = "kg query run challenge-crossing-agencies -p minAgencies=2"
    assert f"{command} -p theme=serious-case-reviews -p kind=kg:Challenge" in told


def test_an_empty_answer_says_what_to_try_next(site: Path, asked: dict[str, Question]) -> None:
    html = page(site, "gap-by-theme--evidence-base.html")
    most = max((a for a in asked["gap-by-theme"].answers), key=lambda a: len(a.rows))
    assert f"any theme</a> ({len(most.rows)} rows)" in html
    assert not (site / "answer/xlsx/gap-by-theme--evidence-base.xlsx").exists()


def test_each_question_is_listed_once_under_who_asks_it(
    site: Path, asked: dict[str, Question]
) -> None:
    html = (site / "questions.html").read_text("utf-8")
    for name in asked:
        assert html.count(f'href="question/{name}.html"') == 1
    for_policy = html[html.index("For policy teams") : html.index("For analysts")]
    for name, question in asked.items():
        listed = f"question/{name}.html" in for_policy
        assert listed == ("policy team" in question.query.users)


@pytest.mark.full
def test_two_builds_give_the_same_bytes(tmp_path: Path) -> None:
    start_home(tmp_path / "graph")
    project = Project(tmp_path / "graph")
    for name in ("one", "two"):
        build_site(project, open_store(project), tmp_path / name)
    first = {p.relative_to(tmp_path / "one"): p for p in (tmp_path / "one").rglob("*.*")}
    assert any(path.suffix == ".xlsx" for path in first)
    for name, path in first.items():
        assert path.read_bytes() == (tmp_path / "two" / name).read_bytes(), name
    with zipfile.ZipFile(next(p for p in first.values() if p.suffix == ".xlsx")) as book:
        assert {part.date_time[0] for part in book.infolist()} == {1980}
        for part in book.namelist():
            # What was left out is named nowhere, or Excel would call the workbook damaged.
            assert not re.search(rb"docProps|theme1", book.read(part))


def test_things_of_another_graph_are_told_too(tmp_path: Path) -> None:
    start_home(tmp_path / "graph")
    project = Project(tmp_path / "graph")
    build_site(project, open_store(project), tmp_path / "site")
    told = text_of(page(tmp_path / "site", "statement-by-agency.html"))
    assert "Show why" in told and "Hospital" in told
    # No body of the sample was replaced by another.
    told = text_of(page(tmp_path / "site", "organisation-succession.html"))
    assert "The graph records nothing of this kind" in told and "another question" in told
