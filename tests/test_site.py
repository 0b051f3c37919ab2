"""The offline site: what it tells, that it hangs together, and that anybody can read it."""

import re
import subprocess
from collections.abc import Callable
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Page

from kg.errors import KgError
from kg.project import Project, start_home
from kg.queries import list_queries
from kg.results import render
from kg.sections import section_in_words
from kg.site.build import build_site
from kg.site.cells import REASONS, cell
from kg.site.evidence import Evidence
from kg.site.questions import questions
from kg.store import MemoryStore, open_store
from kg.terms import expand

Barriers = Callable[..., list[object]]
NewTab = Callable[[int], Page]
SMOKE = {"index.html", "map.html", "claim/martin-2010-001.html"}
# One page of each type, by its address.
TYPES = [
    "index.html",
    "search.html",
    "map.html",
    "map/police--serious-case-reviews.html",
    "map/police--capacity-recruitment.html",
    "map/police--interagency-working.html",
    "claims.html",
    "disagreements.html",
    "claim/martin-2010-001.html",
    "agency/health.html",
    "theme/serious-case-reviews.html",
    "work/hunter-2009.html",
    "organisation/ofsted.html",
    "event/laming-progress-report.html",
    "source-list.html",
    "questions.html",
    "question/challenge-crossing-agencies.html",
    "question/statement-by-agency--health.html",
    "question/agency-theme-matrix.html",
    "question/gap-by-theme--evidence-base.html",
]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    return Evidence.of(open_store(Project()))


@cache
def parts_of(page: Path) -> "Parts":
    return Parts(page)


class Parts(HTMLParser):
    """What a page refers to, its ids, and its words."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.words = ""
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.links += [told[key] or "" for key in ("href", "src") if key in told]
        self.ids += [told["id"] or ""] if "id" in told else []

    def handle_data(self, data: str) -> None:
        self.words += data


def words(site: Path, address: str) -> str:
    return " ".join(Parts(site / address).words.split())


def test_every_link_leads_to_a_page_of_the_site(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 400
    for page in pages:
        parts = parts_of(page)
        assert len(parts.ids) == len(set(parts.ids)), page
        for link in set(parts.links):
            to = urlsplit(link)
            assert not to.scheme and not to.netloc, (page, link)
            target = (page.parent / unquote(to.path)).resolve() if to.path else page
            assert target.is_file(), (page, link)
            if to.fragment:
                assert to.fragment in set(parts_of(target).ids), (page, link)


def test_no_page_can_reach_outside(site: Path) -> None:
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert "default-src 'none'; script-src 'self' file:; style-src 'self' file:" in text
        # Scripts are files of the site: none stands in a page, where data could reach it.
        assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    for sheet in site.glob("*.css"):
        assert not re.search(r"url\(|@import|GDS Transport", sheet.read_text(encoding="utf-8"))


def test_each_claim_has_a_page_with_its_passage_and_works(site: Path, evidence: Evidence) -> None:
    for claim in evidence.claims:
        told = words(site, f"claim/{claim.name}.html")
        assert claim.label in told and claim.description in told
        for at in claim.places:
            place = section_in_words(at.section)
            assert f"{place[:1].upper()}{place[1:]}" in told and at.first_words in told
        for work in claim.works:
            assert evidence.label(work) in told


def test_a_claim_known_through_another_work_says_so(site: Path) -> None:
    # In es.1.2, on page v, Hunter is cited in Burton.
    told = words(site, "work/hunter-2009.html")
    assert "Known only through another work" in told
    assert "Relayed: Hunter (2009), through Burton (2009)" in told


def test_disagreements_stand_on_both_sides(site: Path, evidence: Evidence) -> None:
    assert len(evidence.disagreements) == 9
    for each in evidence.disagreements:
        for iri in each.between:
            others = [evidence.by_iri[other].label for other in each.between if other != iri]
            told = words(site, f"claim/{evidence.by_iri[iri].name}.html")
            assert each.label in told and all(other in told for other in others)


@pytest.mark.parametrize(
    ("agency", "theme", "many", "reason"),
    [
        # es.6.2 tells of the police in two claims that no work is credited with.
        ("police", "serious-case-reviews", 2, "unsourced"),
        # Nothing is said of the police under capacity and recruitment (es.2).
        ("police", "capacity-recruitment", 0, "nothing"),
        # The third sector comes once: the training that boards offer it (es.1.3).
        ("third-sector", "training-professional-development", 1, ""),
    ],
)
def test_a_cell_says_what_is_said(
    site: Path, evidence: Evidence, agency: str, theme: str, many: int, reason: str
) -> None:
    found = cell(evidence, expand(f"agency:{agency}"), expand(f"theme:{theme}"))
    assert (len(found.claims), found.reason) == (many, reason)
    told = words(site, found.address)
    assert (REASONS[reason] in told) if reason else not any(r in told for r in REASONS.values())
    for claim in found.claims:
        assert claim.label in told
    assert found.address in Parts(site / "map.html").links


def test_each_reason_for_an_empty_cell_is_told_apart(tmp_path: Path) -> None:
    start_home(tmp_path / "graph")
    project = Project(tmp_path / "graph")
    evidence = Evidence.of(open_store(project))

    def reason(agency: str, theme: str) -> str:
        return cell(evidence, expand(f"agency:{agency}"), expand(f"theme:{theme}")).reason

    # No claim of the sample is about those who study falls.
    assert reason("research", "evidence-base") == "outside"
    assert reason("hospital", "home-hazards") == "nothing"
    assert reason("hospital", "joint-working") == ""
    part = tmp_path / "graph/data/triples/lowmere-2025/home-hazards.ttl"
    text = part.read_text(encoding="utf-8")
    assert reason("housing", "home-hazards") == ""  # the panel of 2022 was read by the review
    # Without the panel's own count, the waiting is known through it alone.
    begin = text.index("statement:lowmere-2025-006\n")
    text = text[:begin] + text[text.index("\nstatement:lowmere-2025-007\n") :]
    both, one = "kg:agency agency:home-care, agency:housing", "kg:agency agency:home-care"
    part.write_text(text, "utf-8")
    joint = tmp_path / "graph/data/triples/lowmere-2025/joint-working.ttl"
    told = joint.read_text(encoding="utf-8")
    joint.write_text(told.replace(both, one), "utf-8")
    # One claim more rests on no work, so that not all of them are second-hand.
    evidence = Evidence.of(MemoryStore(project.graph_files()))
    assert reason("housing", "home-hazards") == "unsourced"
    part.write_text(text.replace(both, one), "utf-8")
    evidence = Evidence.of(MemoryStore(project.graph_files()))
    assert reason("housing", "home-hazards") == "second-hand"


def test_every_question_is_answered_for_every_choice(site: Path) -> None:
    project = Project()
    store = open_store(project)
    listed = Parts(site / "questions.html").links
    asked = questions(project, store)
    assert {q.query.id for q in asked} == {
        query.id
        for query in list_queries(project)
        if not query.id.startswith("check-")
        and query.id not in {"statement-detail", "statement-contrasting"}
    }
    for question in asked:
        assert f"question/{question.query.id}.html" in listed
        for answer in question.answers:
            told = words(site, answer.address)
            assert question.asked in told
            page = (site / answer.address).read_text(encoding="utf-8")
            table = page.partition('id="answer"')[2].partition("</table>")[0]
            assert table.count("<tr") == (len(answer.rows) + 1 if answer.rows else 0)
            assert answer.rows or answer.nothing in told
            for form in ("csv", "json"):
                file = site / "answer" / form / f"{Path(answer.address).stem}.{form}"
                assert file.read_bytes() == render(answer.table, form)


def test_an_answer_is_the_one_of_the_command_line(site: Path, kg: Run) -> None:
    told = kg("query", "run", "statement-by-agency", "-p", "agency=police", "-f", "csv").stdout
    file = site / "answer" / "csv" / "statement-by-agency--police.csv"
    assert file.read_text(encoding="utf-8") == told
    page = words(site, "question/statement-by-agency--police.html")
    assert "Some health staff saw signs of possible abuse and did not tell others" in page


def test_a_graph_without_statements_is_told(tmp_path: Path) -> None:
    start_home(tmp_path / "graph", uncoded=True)
    project = Project(tmp_path / "graph")
    with pytest.raises(KgError, match="no statement") as error:
        build_site(project, open_store(project), tmp_path / "site")
    assert "add-a-review" in error.value.fix


@pytest.mark.full
def test_the_command_says_what_to_open(kg: Run, tmp_path: Path) -> None:
    start_home(tmp_path / "graph")
    ended = kg("--home", str(tmp_path / "graph"), "site", "build", "-o", str(tmp_path / "s"))
    assert ended.returncode == 0, ended.stderr
    assert "s/index.html in a browser" in ended.stderr
    assert "Practice graph on falls at home" in words(tmp_path / "s", "index.html")
    (tmp_path / "file").write_text("", encoding="utf-8")
    ended = kg("site", "build", "-o", str(tmp_path / "file"))
    assert ended.returncode == 2 and "cannot be written" in ended.stderr


@pytest.mark.full
def test_a_page_of_what_is_gone_is_taken_away(tmp_path: Path) -> None:
    start_home(tmp_path / "graph")
    project, folder = Project(tmp_path / "graph"), tmp_path / "site"
    build_site(project, open_store(project), folder)
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    (tmp_path / "kept.html").write_text("outside", encoding="utf-8")
    with (folder / "files.txt").open("a", encoding="utf-8") as listing:
        listing.write("../kept.html\n")
    disagreements = tmp_path / "graph/data/triples/lowmere-2025/home-hazards.ttl"
    text = disagreements.read_text(encoding="utf-8")
    begin, end = (text.index(f"\nstatement:lowmere-2025-00{n}\n") for n in (6, 7))
    disagreements.write_text(text[:begin] + text[end:], encoding="utf-8")
    build_site(project, open_store(project), folder)
    assert not (folder / "claim/lowmere-2025-006.html").exists()
    assert (folder / "claim/lowmere-2025-007.html").exists()
    assert (folder / "notes.txt").exists() and (tmp_path / "kept.html").exists()


def test_what_stands_in_the_graph_stays_text(tmp_path: Path) -> None:
    start_home(tmp_path / "graph")
    works = tmp_path / "graph/data/triples/works.ttl"
    text = works.read_text(encoding="utf-8")
    evil = "<script>alert(1)</script>' onload='x"
    works.write_text(text.replace("Placeholder (2019)", evil), encoding="utf-8")
    project = Project(tmp_path / "graph")
    build_site(project, open_store(project), tmp_path / "site")
    page = (tmp_path / "site" / "work" / "placeholder-2019.html").read_text(encoding="utf-8")
    assert "<script>" not in page and "&lt;script&gt;alert(1)" in page
    assert evil in words(tmp_path / "site", "work/placeholder-2019.html")


@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize(
    "address",
    [pytest.param(each, marks=[] if each in SMOKE else [pytest.mark.full]) for each in TYPES],
)
def test_each_page_type_can_be_read_by_all(
    site: Path, new_tab: NewTab, barriers: Barriers, address: str, width: int
) -> None:
    page = new_tab(width)
    page.goto((site / address).as_uri())
    assert barriers(page, address) == []
