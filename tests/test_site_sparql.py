"""The page of SPARQL without its engine: what it may do, its editor, and where it sends readers."""

import json
import subprocess
from collections.abc import Callable
from html import unescape
from pathlib import Path
from re import findall

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from kg.project import Project, start_home
from kg.results import Table
from kg.site.pages import Site
from kg.site.sparql_page import write_sparql
from kg.store import MemoryStore
from kg.terms import PREFIXES

Barriers = Callable[..., list[object]]
NewTab = Callable[[int], Page]
Open = Callable[..., Page]


@pytest.fixture(scope="module", params=["without", "with"])
def either(
    request: pytest.FixtureRequest,
    project: Project,
    store: MemoryStore,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[bool, Path]:
    """Whether a site has an engine, and where it is."""
    engine = request.param == "with"
    site = Site(project, store, tmp_path_factory.mktemp("site"))
    write_sparql(site, with_engine=engine)
    site.copy(["vendor/govuk.css", "site.css", "site.js"])
    return engine, site.folder


@pytest.fixture(scope="module")
def folder(project: Project, store: MemoryStore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    site = Site(project, store, tmp_path_factory.mktemp("site"))
    write_sparql(site)
    site.copy(["vendor/govuk.css", "site.css", "site.js"])
    return site.folder


@pytest.fixture
def open_page(new_tab: NewTab, folder: Path) -> Open:
    """Open the page, be it with a query in its address."""

    def open_(query: str = "", width: int = 1280) -> Page:
        page = new_tab(width)
        page.goto((folder / "sparql.html").as_uri())
        if query:
            page.evaluate("text => { location.hash = `query=${encodeURIComponent(text)}` }", query)
            expect(page.locator(".cm-content")).to_contain_text(query.split("\n")[-1])
        return page

    return open_


def offers(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Completions")


def take_offer(page: Page) -> None:
    page.wait_for_timeout(200)  # the editor takes no key for a choice that nobody can have seen
    page.keyboard.press("Enter")


def test_the_page_may_do_no_more_than_it_needs(either: tuple[bool, Path]) -> None:
    engine, folder = either
    page = (folder / "sparql.html").read_text(encoding="utf-8")
    (policy,) = findall(r'Content-Security-Policy" content="([^"]*)"', page)
    more = " 'wasm-unsafe-eval' blob:; worker-src blob:; connect-src 'none'" if engine else ""
    assert unescape(policy) == (
        f"default-src 'none'; script-src 'self' file:{more}; style-src 'self' file:; "
        "base-uri 'none'; form-action 'self' file:"
    )
    scripts = findall(r"<script([^>]*)>", page)
    assert scripts == [f' src="{n}.js"' for n in ("site", "codemirror", "sparql-terms", "sparql")]
    assert "<style" not in page and "style=" not in page


@pytest.mark.full
def test_a_site_has_an_engine_only_where_asked(
    kg: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    start_home(tmp_path / "graph")
    for options in ([], ["--with-sparql"]):
        folder = tmp_path / f"site{len(options)}"
        home = ["--home", str(tmp_path / "graph")]
        ended = kg(*home, "site", "build", *options, "-o", str(folder))
        assert ended.returncode == 0, ended.stderr
        page = (folder / "sparql.html").read_text(encoding="utf-8")
        assert (folder / "sparql-engine.js").exists() == bool(options)
        assert ("kg site build --with-sparql" in page) != bool(options)
        assert "kg sparql question.rq" in page
        terms = (folder / "sparql-terms.js").read_text(encoding="utf-8")
        told = json.loads(terms.removeprefix("window.kgSparql = ").rstrip(";\n"))
        assert {n for n, *_ in told["terms"]} >= {"kg:Challenge", "agency:hospital", "rdfs:label"}
        assert "claim/lowmere-2025-001.html" in {to for *_, to in told["terms"]}
        assert all((folder / to).is_file() for *_, to in told["terms"] if to)


def test_names_of_the_graph_are_offered(open_page: Open) -> None:
    page = open_page("ASK { ?s a }")
    page.locator(".cm-content").click()
    for key in ("End", "ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)
    page.keyboard.type(" kg:Chall")
    expect(offers(page).get_by_role("option").first).to_have_text("kg:Challengechallenge")
    take_offer(page)
    # Its prefix was declared nowhere, and it is now, once.
    page.keyboard.type(" . ?s kg:agency")
    expect(offers(page).get_by_role("option").first).to_contain_text("kg:agency")
    take_offer(page)
    lines = page.locator(".cm-line").all_inner_texts()
    assert lines == [f"PREFIX kg: <{PREFIXES['kg']}>", "ASK { ?s a kg:Challenge . ?s kg:agency }"]


def test_a_name_is_found_by_what_it_is_called(open_page: Open) -> None:
    page = open_page("ASK { }")
    page.locator(".cm-content").click()
    page.keyboard.press("Control+Home")
    page.keyboard.type("Departm")
    expect(offers(page)).to_contain_text("organisation:dcsf")
    page.keyboard.press("Escape")
    expect(offers(page)).to_have_count(0)


@pytest.mark.parametrize("query", ["# about kg", "PREFIX kg", "ASK { '' }"])
def test_nothing_is_offered_where_no_name_can_stand(open_page: Open, query: str) -> None:
    page = open_page(query)
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    if "'" in query:
        for _ in range(3):
            page.keyboard.press("ArrowLeft")
    page.keyboard.type(":Chall")
    page.wait_for_timeout(500)
    expect(offers(page)).to_have_count(0)


def test_what_is_written_stays_in_the_address(open_page: Open) -> None:
    page = open_page("# 100 % + 1 & 2 = #3\nSELECT ?é\n{ ?s <urn:a+b%20> ?é }")
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" LIMIT 3")
    page.wait_for_timeout(800)
    again = page.context.new_page()
    again.goto(page.url)
    assert again.locator(".cm-line").all_inner_texts() == [
        "# 100 % + 1 & 2 = #3",
        "SELECT ?é",
        "{ ?s <urn:a+b%20> ?é } LIMIT 3",
    ]


def test_without_an_engine_it_says_where_to_run(open_page: Open) -> None:
    page = open_page()
    expect(page.get_by_role("button", name="Run")).to_have_count(0)
    expect(page.get_by_text("cannot run it")).to_be_visible()
    page.locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("status")).to_contain_text("cannot run queries")
    assert page.get_by_role("link", name="the whole graph").get_attribute("href") == (
        "downloads/graph.ttl"
    )


def test_without_a_script_the_query_can_be_read_and_copied(
    browser: Browser, either: tuple[bool, Path], store: MemoryStore
) -> None:
    engine, folder = either
    page = browser.new_page(java_script_enabled=False)
    page.goto((folder / "sparql.html").as_uri())
    area = page.get_by_label("Your query")
    expect(area).to_be_visible()
    answer = store.query(area.input_value())
    assert isinstance(answer, Table) and len(answer.rows) == 8  # the kinds of the model
    for control in ("button", "combobox"):
        expect(page.get_by_role("main").get_by_role(control)).to_have_count(0)
    told = page.get_by_text("Running a query here needs JavaScript")
    assert told.is_visible() == engine
    page.close()


@pytest.mark.full
@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("state", ["plain", "offers"])
def test_it_can_be_read_by_all(open_page: Open, barriers: Barriers, state: str, width: int) -> None:
    page = open_page(width=width)
    if state == "offers":
        page.locator(".cm-content").click()
        page.keyboard.press("Control+End")
        page.keyboard.type("kg:")
        expect(offers(page)).to_be_visible()
    assert barriers(page, f"sparql-{state}", full_page=state == "plain") == []


PASTE = """(it, text) => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", text);
  it.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""


@pytest.mark.full
@pytest.mark.parametrize("brackets", ["{}", "()"], ids=["braces", "brackets"])
@pytest.mark.parametrize("way", ["address", "paste"])
def test_a_query_too_deep_for_the_editor_is_kept_whole(
    open_page: Open, way: str, brackets: str
) -> None:
    plain = 0
    # From where on it is too deep differs between browsers and moments: one of these is.
    for depth in (1000, 1300, 1300, 5000):
        query = f"ASK {brackets[0] * depth}{brackets[1] * depth}"
        page = open_page()
        if way == "address":
            page.evaluate("text => { location.hash = `query=${encodeURIComponent(text)}` }", query)
            page.reload()
        else:
            page.locator(".cm-content").click()
            page.keyboard.press("Control+A")
            page.locator(".cm-content").evaluate(PASTE, query)
        page.wait_for_timeout(500)
        expect(page.get_by_label("Begin with a saved question")).to_be_visible()
        area = page.locator("textarea")
        if area.is_visible():
            plain += 1
            assert area.input_value() == query
            expect(page.get_by_role("status")).to_contain_text("now stands as plain text")
            expect(page.get_by_text("nested too deep")).to_be_visible()
        # What is written on is written to it, and the address tells what there is.
        (area if area.is_visible() else page.locator(".cm-content")).focus()
        page.keyboard.press("Control+End")
        page.keyboard.type("#")
        told = "text => location.hash === `#query=${encodeURIComponent(text)}`"
        page.wait_for_function(told, arg=f"{query}#")
        page.close()
    assert plain
