"""The home page, the search and the numbers: where one starts, and whether figures hold."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from kg.project import Project, start_home
from kg.site.build import build_site
from kg.site.evidence import Evidence
from kg.site.quality import reading
from kg.store import MemoryStore, open_store
from kg.terms import expand

# A number of things that the graph holds, as pages write it.
NUMBERED = re.compile(
    r"\b[\d,]*\d (?:distinct )?(?:claim|work|disagreement|passage|review|character|check)s?\b"
)
LINK = re.compile(
    r'<a class="govuk-link" data-count="([^"]*)" href="([^"#]+)(#?[^"]*)">([\d,]+)</a>'
)
ROW = re.compile(r'<tr id="([^"]+)">(.*?)</tr>', re.S)


def rows(answer: Path) -> list[set[str]]:
    """The rows of a saved answer, each as the texts and IRIs that it holds."""
    told = json.loads(answer.read_text(encoding="utf-8"))["results"]["bindings"]
    return [{cell["value"] for cell in row.values()} for row in told]


@pytest.fixture(scope="module")
def evidence(store: MemoryStore) -> Evidence:
    return Evidence.of(store)


def test_each_number_is_in_the_answer_that_it_links_to(site: Path) -> None:
    checked = 0
    lead: dict[Path, dict[str, str]] = {}
    for page in site.rglob("*.html"):
        for of, to, fragment, number in LINK.findall(page.read_text(encoding="utf-8")):
            answer = site / "answer" / "json" / f"{Path(to).stem}.json"
            named = {expand(name) if ":" in name else name for name in of.split("|")}
            told = [row for row in rows(answer) if named <= row]
            assert told, (page, of, to)
            many = number.replace(",", "")
            assert any(many in row for row in told), (page, of, number, told)
            asked = (page.parent / to).resolve()
            if asked not in lead:
                found = ROW.findall(asked.read_text(encoding="utf-8"))
                lead[asked] = dict(found)
                assert len(lead[asked]) == len(found), f"{asked} has two rows of one id"
            row = lead[asked][fragment.removeprefix("#")]
            assert f">{many}<" in row, (page, of, number, row)
            checked += 1
    assert checked > 500


@pytest.mark.parametrize("scripts", [True, False])
def test_a_number_leads_to_its_row(site: Path, browser: Browser, scripts: bool) -> None:
    page = browser.new_context(java_script_enabled=scripts).new_page()
    page.goto((site / "index.html").as_uri())
    police = page.get_by_role("link", name="Police", exact=True)
    link = page.locator("li", has=police).locator("[data-count]")
    number = link.inner_text()
    link.click()
    page.wait_for_url("**/statement-count.html#row-agency-police")
    row = page.locator("tr:target")
    expect(row).to_be_in_viewport()
    expect(page.get_by_role("columnheader", name="Claims")).to_be_in_viewport()
    assert row.locator("td").nth(1).inner_text() == number
    other = page.locator("#row-agency-health > th")
    paint = "each => getComputedStyle(each).backgroundColor"
    assert row.locator("th").evaluate(paint) != other.evaluate(paint)
    page.context.close()


def test_no_number_of_things_stands_without_its_link(site: Path, evidence: Evidence) -> None:
    # Titles and labels of the graph may hold numbers of their own.
    told = evidence.told.values()
    own = " ".join(v.value for values in told for of in values.values() for v in of)
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        text = re.sub(r"<(title|a|caption|pre|summary)\b.*?</\1>", "", text, flags=re.S)
        found = NUMBERED.findall(re.sub(r"<[^>]*>", " ", text))
        assert [number for number in found if number not in own] == [], page


def test_home_says_what_part_of_the_review_is_covered(site: Path, evidence: Evidence) -> None:
    read = reading(evidence, expand("source:martin-2010"))
    text = (site / "index.html").read_text(encoding="utf-8")
    _, told, _ = re.split(r'id="covered"|</section>\n<section aria-labelledby="limits"', text)
    assert LINK.findall(told) == [
        (
            "source:martin-2010|all",
            "question/reading-coverage.html",
            "#row-source-martin-2010-all",
            f"{many:,}",
        )
        for many in (read.coded, read.left_out)
    ]
    told = " ".join(re.sub(r"<[^>]*>", "", told).split())
    assert "from its front matter, executive summary, chapter 1 and chapter 2. 81% of it" in told
    assert round(100 * read.coded / (read.coded + read.left_out)) == 81


def test_pages_speak_of_claims_but_for_names_in_the_data(site: Path) -> None:
    for page in [*site.rglob("*.html"), site / "sparql-terms.js"]:
        text = page.read_text(encoding="utf-8")
        if page.suffix == ".js":
            terms = json.loads(text.partition(" = ")[2].rstrip(";\n"))
            text = " ".join(question for question, _ in terms["queries"])
        text = re.sub(r"<(pre|textarea|script|code)\b.*?</\1>", "", text, flags=re.S)
        text = re.sub(r"<[^>]*>", " ", text)
        assert re.findall(r".{30}(?<![-:/])\bstatements?\b(?![-:/])", text, re.I) == [], page
        assert not re.search("set to (true|false)|Each kind|Work that these are about", text), page


def test_home_leads_to_each_agency_and_theme_in_one_click(site: Path, browser: Browser) -> None:
    page = browser.new_page()
    page.goto((site / "index.html").as_uri())
    page.get_by_label("What does the evidence say about").select_option(label="Police")
    page.get_by_role("button", name="Show").first.click()
    assert page.get_by_role("heading", level=1).inner_text() == "Police"
    page.go_back()
    page.locator("#of-theme").select_option(label="Serious case reviews")
    page.locator("#of-theme").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/theme/serious-case-reviews.html")
    page.go_back()
    asked = page.locator("li", has_text="What is missing or not good enough").locator("form")
    asked.locator("select").select_option(label="Quality assurance and monitoring")
    asked.get_by_role("button").click()
    page.wait_for_url("**/question/gap-by-theme--quality-assurance-monitoring.html")
    assert page.locator("tbody tr").count() == 3
    page.close()


def test_home_works_without_scripts(site: Path, browser: Browser) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto((site / "index.html").as_uri())
    assert page.locator("form[data-ask]:visible").count() == 0
    page.get_by_role("link", name="Police", exact=True).click()
    assert page.get_by_role("heading", level=1).inner_text() == "Police"
    page.get_by_label("Search").fill("police")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=police")
    assert page.locator("[data-search] li:visible").count() > 300
    page.context.close()


def search(page: Page, words: str) -> list[str]:
    page.get_by_label("Search").fill(words)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/search\.html"))
    return page.locator("[data-search] a:visible").all_inner_texts()


def test_the_search_finds_words_of_labels_and_descriptions(site: Path, browser: Browser) -> None:
    page = browser.new_page()
    page.goto((site / "claim" / "martin-2010-001.html").as_uri())
    found = search(page, "HEALTH visitors")
    assert "Laming recommended that there should be more health visitors" in found
    assert all(
        "visitor" in text.lower() for text in page.locator("li:visible .told").all_inner_texts()
    )
    page.get_by_label("Search").fill("Láming")  # accents aside
    assert page.locator("[data-search] a:visible").count() > 0
    address = page.url
    assert address.endswith("#q=L%C3%A1ming")
    other = browser.new_page()
    other.goto(address)
    assert other.get_by_label("Search").input_value() == "Láming"
    told = other.locator("[data-search] a:visible").all_inner_texts()
    assert told == page.locator("[data-search] a:visible").all_inner_texts()
    assert search(page, "xyzzy") == []
    assert "Nothing holds" in page.get_by_role("status").inner_text()
    page.close()
    other.close()


def test_the_search_finds_claims_by_what_they_are_about(site: Path, browser: Browser) -> None:
    page = browser.new_page()
    page.goto((site / "search.html").as_uri())
    e = Evidence.of(open_store(Project()))
    found = search(page, "police information sharing")
    both = {expand("agency:police"), expand("instrument:information-sharing")}
    assert {c.label for c in e.claims if both <= {*c.agencies, *c.concerns}} <= set(found)
    for one, *others in [
        ("children's commissioner", "children\u2019s commissioner", "childrens commissioner"),
        ("inter-agency", "interagency", "inter\u2011agency"),
        (
            "serious case reviews",
            '"Serious Case Reviews"',
            "\u201cserious\u201d \u201ecase\u201c reviews",
        ),
    ]:
        assert (told := search(page, one)) and all(search(page, each) == told for each in others)
    page.close()


def test_the_search_finds_a_claim_by_the_id_that_briefings_print(
    site: Path, browser: Browser
) -> None:
    page = browser.new_page()
    page.goto((site / "index.html").as_uri())
    claim = Evidence.of(open_store(Project())).by_iri[expand("statement:martin-2010-017")]
    for words in ("martin-2010-017", "Martin-2010-017 ", "statement:martin-2010-017", claim.iri):
        assert search(page, words) == [claim.label]
    # What ids have in common is no word of what they name.
    assert 0 < len(search(page, "martin 2010")) < 50
    page.close()


def test_pages_say_where_they_stand(site: Path, browser: Browser) -> None:
    page = browser.new_page()
    page.goto((site / "claim" / "martin-2010-001.html").as_uri())
    here = page.get_by_role("navigation", name="You are here")
    assert here.get_by_role("link").all_inner_texts() == ["Home", "All claims"]
    here.get_by_role("link", name="All claims").click()
    page.wait_for_url("**/claims.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")
    page.close()


@pytest.mark.full
def test_another_graph_has_a_home_too(tmp_path: Path) -> None:
    start_home(tmp_path / "graph")
    project = Project(tmp_path / "graph")
    build_site(project, open_store(project), tmp_path / "site")
    text = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert ">9</a> claims" in text and "Home care" in text
    chosen = re.findall(r"<select.*?</select>", text, re.S)
    assert chosen and all("<option" in each for each in chosen)
    assert "records nothing of this kind" in text and "safeguarding" not in text.lower()
    about = (tmp_path / "site" / "about.html").read_text(encoding="utf-8")
    assert "<b>1</b> body<" in about and "<b>5</b> agencies<" in about
