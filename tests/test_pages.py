"""The network pages in a real browser: they draw, they can be used by all, they ask nobody."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from kg.doctor import find_browser
from kg.project import Project
from kg.store import MemoryStore, open_store
from kg.views import build_view, list_views

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
DRAWN = """() => {
  const canvas = document.querySelector("#network canvas");
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  return data.filter((value, place) => place % 4 === 3 && value > 0).length;
}"""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = find_browser()
    if path is None:
        missing = "no Chromium: apt-get install chromium, or set KG_CHROMIUM to its path"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
        )
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that fails the test on a script error, a console error or an outside request."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, locale="en-GB", reduced_motion="reduce"
    )
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(f"script: {error}"))
    opened.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    opened.on(
        "request",
        lambda asked: (
            wrong.append(f"asked {asked.url}")
            if not asked.url.startswith(("file:", "data:", "blob:"))
            else None
        ),
    )
    yield opened
    context.close()
    assert wrong == []


@pytest.fixture(scope="session")
def site(
    tmp_path_factory: pytest.TempPathFactory, project: Project, store: MemoryStore
) -> dict[str, str]:
    """The address of each view's page."""
    folder = tmp_path_factory.mktemp("pages")
    addresses = {}
    for view in list_views(project):
        path = folder / f"{view.id}.html"
        path.write_text(build_view(project, store, view.id), encoding="utf-8")
        addresses[view.id] = path.as_uri()
    return addresses


def opened(page: Page, address: str) -> Page:
    page.goto(address)
    page.wait_for_function("document.documentElement.dataset.ready")
    return page


def accessible(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 A and AA."""
    page.evaluate(AXE)
    found = page.evaluate(
        "tags => axe.run({runOnly: {type: 'tag', values: tags}, preload: false})", TAGS
    )
    assert found["passes"], "axe looked at nothing"
    return [f"{v['id']}: {[n['target'] for n in v['nodes'][:3]]}" for v in found["violations"]]


def test_overview_draws_is_accessible_and_asks_nobody(page: Page, site: dict[str, str]) -> None:
    opened(page, site["overview"])
    assert page.evaluate(DRAWN) > 5000
    assert accessible(page) == []


def test_axe_can_fail(page: Page, tmp_path: Path) -> None:
    bad = tmp_path / "bad.html"
    bad.write_text("<!doctype html><title>x</title><img src='data:,'>", encoding="utf-8")
    page.goto(bad.as_uri())
    assert accessible(page) != []


@pytest.mark.full
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("view", ["overview", "cross-agency-challenges"])
def test_every_page_is_accessible_and_fits(
    page: Page, site: dict[str, str], view: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    opened(page, site[view])
    assert accessible(page) == []
    page.locator("tbody th a").first.click()
    assert accessible(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.full
def test_search_leads_to_the_details(page: Page, site: dict[str, str]) -> None:
    opened(page, site["overview"])
    page.get_by_label("Search by words").fill("school records")
    expect(page.locator("#matches")).to_have_text("1 found")
    page.keyboard.press("Enter")
    heading = page.locator("#details-heading")
    expect(heading).to_have_text("Destroyed school records often hinder review panels")
    expect(heading).to_be_focused()
    assert page.url.endswith("#node=statement%3Amartin-2010-018")
    expect(page.locator("#details")).to_contain_text("es.6.2")


@pytest.mark.full
def test_search_says_when_nothing_matches(page: Page, site: dict[str, str]) -> None:
    opened(page, site["overview"])
    page.get_by_label("Search by words").fill("zebra")
    expect(page.locator("#matches")).to_contain_text("Nothing holds these words")


@pytest.mark.full
def test_key_filters_picture_and_table(page: Page, site: dict[str, str]) -> None:
    opened(page, site["overview"])
    rows = page.locator("tbody tr:visible")
    before = rows.count()
    page.get_by_label("Finding (8)").uncheck()
    expect(page.locator("#shown")).to_contain_text(f"{before - 8} of {before} items")
    assert rows.count() == before - 8
    page.get_by_role("button", name="Show everything").click()
    assert rows.count() == before


@pytest.mark.full
def test_address_opens_an_item_and_its_neighbours(page: Page, site: dict[str, str]) -> None:
    opened(page, site["overview"] + "#node=source%3Aholmes-2010")
    expect(page.locator("#details-heading")).to_have_text("Holmes et al. (2010)")
    page.get_by_role("button", name="Neighbours only").click()
    # The work and the two statements that rest on it.
    assert page.locator("tbody tr:visible").count() == 3


@pytest.mark.full
def test_keys_step_through_the_picture(page: Page, site: dict[str, str]) -> None:
    opened(page, site["cross-agency-challenges"])
    page.locator("#network").focus()
    page.keyboard.press("n")
    first = page.locator("#details-heading").inner_text()
    page.keyboard.press("n")
    assert page.locator("#details-heading").inner_text() != first
    page.keyboard.press("p")
    assert page.locator("#details-heading").inner_text() == first
    page.keyboard.press("Enter")
    expect(page.locator("#details-heading")).to_be_focused()


@pytest.mark.full
def test_without_javascript_the_table_holds_everything(
    browser: Browser, site: dict[str, str]
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site["overview"])
    expect(page.get_by_text("need JavaScript")).to_be_visible()
    expect(page.locator(".panes")).to_be_hidden()
    assert page.locator("tbody tr:visible").count() == 29
    context.close()


@pytest.mark.full
def test_hostile_labels_are_shown_and_do_not_run(page: Page, tmp_path: Path) -> None:
    data = tmp_path / "data" / "triples"
    shutil.copytree(Project().folder("data/triples"), data)
    file = data / "martin-2010" / "interagency-working.ttl"
    hostile = "</script><img src=x onerror=document.title=1>'&amp;"
    text = file.read_text(encoding="utf-8")
    old = '"Agencies go on improving how they share information"@en'
    assert old in text
    file.write_text(text.replace(old, f'"{hostile}"@en'), encoding="utf-8")
    project = Project(tmp_path)
    out = tmp_path / "page.html"
    out.write_text(build_view(project, open_store(project), "overview"), encoding="utf-8")
    opened(page, out.as_uri() + "#node=statement%3Amartin-2010-001")
    expect(page.locator("#details-heading")).to_have_text(hostile)
    assert page.title() == "What the review says, and what it rests on"
