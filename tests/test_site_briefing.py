"""Briefings: what they choose, what they say of it, and that they fit on two sides of A4."""

import io
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from pyoxigraph import Literal
from pypdf import PdfReader

from kg.project import Project, start_home
from kg.site.briefing import briefing, page_of, whose, write_briefings
from kg.site.build import build_site
from kg.site.cite import footnote
from kg.site.evidence import Claim, Disagreement, Evidence, distinct
from kg.site.pages import Site
from kg.site.references import work_reference
from kg.store import MemoryStore, open_store
from kg.terms import expand, local_name

Barriers = Callable[..., list[object]]
NewTab = Callable[[int], Page]
FULLEST, LEAST = "agency--social-care", "agency--third-sector"  # 59 claims, and one
# Wider than what most readers have: what fits in it fits in Arial too.
WIDE = '@media print { .briefing, .briefing * { font-family: "DejaVu Sans" !important } }'


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    return Evidence.of(open_store(Project()))


class Text(HTMLParser):
    """The words of a page, its links and its ids."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.words = ""
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.feed(page.read_text(encoding="utf-8"))
        self.words = " ".join(self.words.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.links += [told["href"] or ""] if tag == "a" else []
        self.ids |= {told["id"] or ""} if "id" in told else set()

    def handle_data(self, data: str) -> None:
        self.words += data


def printed(browser: Browser, page: Path, typeface: str = "") -> list[str]:
    """Print a page to A4 and give the text of each side."""
    context = browser.new_context(bypass_csp=True)
    tab = context.new_page()
    tab.goto(page.as_uri())
    tab.add_style_tag(content=typeface or " ")
    reader = PdfReader(io.BytesIO(tab.pdf(format="A4")))
    context.close()
    for side in reader.pages:
        assert [round(float(x)) for x in side.mediabox[2:]] == [596, 843]
    return [side.extract_text() for side in reader.pages]


def assert_fits(sides: list[str], page: Path) -> None:
    assert 0 < len(sides) <= 2 and all(side.strip() for side in sides), page
    told = " ".join(" ".join(sides).split())
    assert "References" in told.rpartition("How claims were chosen")[2], page
    # The lists for the screen and the navigation are not printed.
    assert "behind this briefing" not in told and "Skip to the content" not in told


def test_there_is_a_briefing_for_each_agency_and_theme_with_claims(
    site: Path, evidence: Evidence
) -> None:
    subjects = [iri for iri in evidence.of_class("kg:Agency") if evidence.naming(iri)]
    subjects += [iri for iri in evidence.top_themes if evidence.naming(iri)]
    assert len(subjects) == 18
    listed = Text(site / "briefing/index.html").links
    for iri in subjects:
        chosen = briefing(evidence, iri)
        assert sum(map(len, chosen.voices.values())) == len(chosen.claims)
        address = chosen.address
        assert f"../{address}" in listed
        assert evidence.label(iri) in Text(site / address).words
    assert len(list((site / "briefing").glob("*--*.html"))) == len(subjects)


def test_the_figures_are_those_of_the_graph(site: Path, evidence: Evidence) -> None:
    iri = expand("agency:social-care")
    claims = distinct(evidence.naming(iri))
    told = Text(site / "briefing/agency--social-care.html").words
    implied = sum(claim.implied for claim in claims)
    works = {line.work for claim in claims for line in claim.lines if line.work}
    trends = [local_name(claim.trend) for claim in claims]
    assert f"Social care: {len(claims)} distinct claims of the review" in told
    assert f"resting on {len(works)} works" in told
    assert (
        f"{trends.count('improved')} tell of improvement, {trends.count('worsened')} of worsening, "
        f"{trends.count('unchanged')} of a standstill" in told
    )
    assert f"name the agency in {len(claims) - implied}; in {implied} it is implied" in told


def test_a_number_leads_to_what_holds_it(site: Path, evidence: Evidence) -> None:
    for file in (site / "briefing").glob("*--*.html"):
        text = file.read_text(encoding="utf-8")
        for to, many in re.findall(r'<a class="govuk-link" href="#([\w-]+)">(\d+)</a>', text):
            head = re.search(rf'<h3[^>]* id="{to}">[^<]*: (\d+)</h3>', text)
            assert head and head[1] == many, (file.name, to, many)
    # es.background and 1.1 tell of reviews, of no agency in particular: 11 claims of 40.
    told = Text(site / "briefing/theme--policy-context.html").words
    assert "named in 23, implied and filled in by rule in 6; 11 concern none." in told


@pytest.mark.parametrize("subject", ["theme:policy-context", "agency:social-care"])
def test_no_repeat_is_told_and_the_rule_holds_in_every_part(
    evidence: Evidence, subject: str
) -> None:
    chosen = briefing(evidence, expand(subject))
    for part in chosen.parts.values():
        assert part.shown == part.every[: len(part.shown)]
        claims = [item for item in part.every if isinstance(item, Claim)]
        assert not [claim for claim in claims if claim.repeats]
        rank = [
            (-len(claim.works), local_name(claim.trend) == "not-stated")
            for claim in claims
            if claim in chosen.claims and not chosen.answers[claim.iri]
        ]
        assert rank == sorted(rank)


def test_the_room_of_two_pages_decides_how_much_is_shown(evidence: Evidence) -> None:
    # The findings on health, 11, fit; the 59 claims on social care do not.
    findings = briefing(evidence, expand("agency:health")).parts["findings"]
    assert len(findings.shown) == len(findings.every) > 6
    for iri in (*evidence.of_class("kg:Agency"), *evidence.top_themes):
        parts = briefing(evidence, iri).parts.values()
        shown = sum(len(part.shown) for part in parts)
        # What is left out is left out of a briefing that is full.
        assert shown > 35 or all(part.shown == part.every for part in parts)


def test_improvement_and_worsening_stand_side_by_side(evidence: Evidence) -> None:
    # es.1.2: a survey sees progress at first hand; Hunter, known through Burton, sees none.
    shown = briefing(evidence, expand("agency:social-care")).parts["findings"].shown
    trends = {local_name(item.trend) for item in shown if isinstance(item, Claim)}
    assert trends >= {"improved", "worsened", "unchanged"}


def test_first_hand_goes_before_hearsay(evidence: Evidence) -> None:
    # In 1.1 Laming's recommendation is known through Holmes, that of es.4.2 is read in Barlow.
    every = briefing(evidence, expand("agency:social-care")).parts["recommendations"].every
    names = [item.name for item in every if isinstance(item, Claim)]
    assert names.index("martin-2010-006") < names.index("martin-2010-124")
    # es.4.3 has the review's own view, es.6.2 credits nobody.
    every = briefing(evidence, expand("agency:police")).parts["challenges"].every
    names = [item.name for item in every if isinstance(item, Claim)]
    assert names.index("martin-2010-009") < names.index("martin-2010-015")


def test_a_part_says_how_much_it_shows_and_leads_to_the_rest(
    site: Path, evidence: Evidence
) -> None:
    chosen = briefing(evidence, expand("agency:social-care"))
    page = Text(site / chosen.address)
    part = chosen.parts["challenges"]
    assert f"{len(part.shown)} of {len(part.every)} shown; all {len(part.every)}" in page.words
    assert "#all-challenges" in page.links
    tail = page.words.partition("behind this briefing")[2]
    for item in part.every:
        assert item.label in tail
    assert {link[1:] for link in page.links if link.startswith("#")} <= page.ids


def test_each_claim_shown_leads_to_its_page_and_says_on_whose_word(
    site: Path, evidence: Evidence
) -> None:
    chosen = briefing(evidence, expand("agency:health"))
    page = Text(site / chosen.address)
    for part in chosen.parts.values():
        for item in part.shown:
            sides = [item.iri] if isinstance(item, Claim) else item.between
            for claim in map(evidence.by_iri.__getitem__, sides):
                assert f"../claim/{claim.name}.html" in page.links
                assert f"[{whose(evidence, claim)}; {page_of(claim)}]" in page.words
    # es.1.2, page v: Hunter is cited in Burton; es.4.3, page vii: the review speaks for itself.
    hunter, own = (expand(f"statement:martin-2010-{n}") for n in ("044", "008"))
    assert whose(evidence, evidence.by_iri[hunter]) == "Hunter 2009 in Burton 2009"
    assert whose(evidence, evidence.by_iri[own]) == "own view"
    assert page_of(evidence.by_iri[hunter]) == "p. v"


def test_every_work_that_a_briefing_names_is_in_its_references(
    site: Path, evidence: Evidence
) -> None:
    for file in (site / "briefing").glob("*--*.html"):
        told = Text(file).words
        head, _, tail = told.partition("References")
        tail = tail.partition("behind this briefing")[0]
        named = re.findall(r"\[([^\[\]]+); (?:p\.|section)", head)
        works = {word for each in named for word in re.split(r", | in ", each)}
        for work in works - {"own view", "no work cited"}:
            label = re.sub(r" (\d{4}[a-z]?)$", r" (\1)", work)
            assert f"{label}." in tail, (file.name, label)
    tail = Text(site / f"briefing/{FULLEST}.html").words.partition("References")[2]
    # As on the page of the work, but that a label is not said twice.
    assert "Burton (2009). Unconfirmed: known only from the citation." in tail
    laming = footnote(work_reference(evidence, expand("source:laming-2009")))
    assert f"Laming (2009). {laming}" in tail


def test_an_answer_stands_with_what_it_answers(site: Path, evidence: Evidence) -> None:
    # In 1.1 the challenges between policy and practice lead to what professionals need.
    challenge, answer = (evidence.by_iri[expand(f"statement:martin-2010-{n}")] for n in (129, 130))
    chosen = briefing(evidence, expand("theme:policy-context"))
    assert chosen.answers[challenge.iri] == (answer,)
    assert challenge in chosen.parts["challenges"].shown
    told = Text(site / chosen.address).words
    assert re.search(
        f"{re.escape(challenge.label)}.{{0,60}}In answer: {re.escape(answer.label)}", told
    )
    assert "No answer is recorded to the others." in told


def test_disagreements_say_what_the_sides_differ_in(site: Path, evidence: Evidence) -> None:
    chosen = briefing(evidence, expand("agency:health"))
    shown = chosen.parts["disagreements"].shown
    told = Text(site / chosen.address).words
    assert len(shown) == 3
    for each in (item for item in shown if isinstance(item, Disagreement)):
        differ = ", ".join(evidence.label(iri).lower() for iri in each.differs_in)
        said = f"{each.label}. They differ in {differ}. "
        assert said in told
        sides = told.partition(said)[2]
        assert sides.startswith(evidence.by_iri[each.between[0]].label)
        assert evidence.by_iri[each.between[1]].label in sides[:400]
    clash = Text(site / "briefing/theme--policy-context.html").words
    assert "differently. They differ in nothing, so that both cannot be true." in clash
    none = Text(site / "briefing/theme--capacity-recruitment.html").words
    assert "No two of these claims are recorded as pulling apart." in none


def test_data_from_before_the_baseline_are_marked(site: Path, evidence: Evidence) -> None:
    # The commission asked how things stood at the end of 2008; the baseline is March 2009.
    chosen = briefing(evidence, expand("agency:health"))
    cqc = expand("source:cqc-2009")
    assert {c.iri for c in chosen.older} == {c.iri for c in chosen.claims if cqc in c.works}
    told = Text(site / chosen.address).words
    assert f"from which change is measured: {len(chosen.older)} (marked" in told
    assert "Older data" in told


@pytest.mark.parametrize("name", [FULLEST, LEAST])
def test_a_briefing_prints_on_two_sides(site: Path, browser: Browser, name: str) -> None:
    page = site / f"briefing/{name}.html"
    assert_fits(printed(browser, page), page)


@pytest.mark.full
def test_every_briefing_prints_on_two_sides(site: Path, browser: Browser) -> None:
    for page in sorted((site / "briefing").glob("*--*.html")):
        assert_fits(printed(browser, page), page)
        assert_fits(printed(browser, page, WIDE), page)


@pytest.mark.full
def test_a_briefing_prints_on_two_sides_whatever_its_length(
    tmp_path: Path, browser: Browser
) -> None:
    # As many claims as ever, each label as long as the shapes let it be, and long titles.
    project = Project()
    site = Site(project, open_store(project), tmp_path)
    e = site.evidence
    for iri in [
        i for name in ("Statement", "Disagreement", "Source") for i in e.of_class(f"kg:{name}")
    ]:
        told = e.told[iri]
        for key in (expand("rdfs:label"), expand("dcterms:title")):
            if key in told:
                told[key] = [Literal(f"{told[key][0].value} {'and so on ' * 9}"[:90])]
    write_briefings(site)
    site.copy(["vendor/govuk.css", "site.css", "site.js"])
    page = tmp_path / f"briefing/{FULLEST}.html"
    assert_fits(printed(browser, page), page)


@pytest.mark.full
def test_other_graphs_have_briefings_too(tmp_path: Path, browser: Browser) -> None:
    start_home(tmp_path / "graph")
    project = Project(tmp_path / "graph")
    build_site(project, MemoryStore(project.graph_files()), tmp_path / "site")
    pages = sorted((tmp_path / "site/briefing").glob("*--*.html"))
    assert pages
    for page in pages:
        for link in Text(page).links:
            assert (page.parent / link.partition("#")[0]).resolve().exists(), (page, link)
    assert_fits(printed(browser, pages[0]), pages[0])
    # Its one claim on what the evidence is concerns no agency, and no work stands behind it.
    told = Text(tmp_path / "site/briefing/theme--evidence-base.html").words
    assert "1 distinct claim of the review, resting on no work." in told
    assert "No agency is named." in told


@pytest.mark.full
@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("name", ["index", FULLEST, "theme--serious-case-reviews"])
def test_briefings_can_be_read_by_all(
    site: Path, new_tab: NewTab, barriers: Barriers, name: str, width: int
) -> None:
    page = new_tab(width)
    page.goto((site / f"briefing/{name}.html").as_uri())
    assert barriers(page, f"briefing-{name}") == []
