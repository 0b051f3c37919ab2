"""The network pages in a real browser: they draw, they can be used by all, they ask nobody."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Browser, Page, expect

from kg.project import Project
from kg.store import MemoryStore, open_store
from kg.views import build_view, list_views

Barriers = Callable[..., list[object]]
DRAWN = """() => {
  const canvas = document.querySelector("#network canvas");
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  return data.filter((value, place) => place % 4 === 3 && value > 0).length;
}"""
NEXT_FRAME = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
# Where in the window the first shape of a colour is: the average of its pixels near the first.
WHERE = """(colour) => {
  const canvas = document.querySelector("#network canvas"), box = canvas.getBoundingClientRect();
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let x = 0, y = 0, number = 0;
  for (let at = 0; at < data.length; at += 4) {
    if (colour.some((part, place) => data[at + place] !== part)) continue;
    const across = (at / 4) % canvas.width, down = Math.floor(at / 4 / canvas.width);
    if (number && Math.hypot(across - x / number, down - y / number) > 15) continue;
    x += across; y += down; number += 1;
  }
  const scale = box.width / canvas.width;
  // Nothing between two drawings, which is asked again.
  return number && { x: box.x + (x / number) * scale, y: box.y + (y / number) * scale };
}"""


def number(label: str) -> int:
    """The number in brackets behind a name: `Finding (8)`, `Claims (10 of 18)`."""
    (found,) = re.findall(r"\((\d+)", label)
    return int(found)


VIEWS = [view.id for view in list_views(Project())]
CHALLENGE = "#node=statement%3Amartin-2010-008"
# An item of each page, and what its details say.
CHOSEN = dict.fromkeys(VIEWS, (CHALLENGE, "history and culture")) | {
    "citation-chains": ("#node=source%3Aburton-2009", "Burton (2009)"),
    "disagreements": (
        "#node=disagreement%3Amartin-2010-d01",
        "Information sharing is said to improve",
    ),
}


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
    opened.on("dialog", lambda dialog: wrong.append(f"dialog: {dialog.message}"))
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
    for view in VIEWS:
        path = folder / f"{view}.html"
        path.write_text(build_view(project, store, view), encoding="utf-8")
        addresses[view] = path.as_uri()
    return addresses


def opened(page: Page, address: str) -> Page:
    page.goto(address)
    page.locator("html[data-ready]").wait_for(state="attached")
    return page


def test_overview_draws_is_accessible_and_asks_nobody(
    page: Page, site: dict[str, str], barriers: Barriers
) -> None:
    opened(page, site["overview"])
    assert page.evaluate(DRAWN) > 5000
    assert barriers(page) == []


@pytest.mark.full
def test_tables_come_after_the_picture_and_even_if_its_script_fails(
    browser: Browser, site: dict[str, str], tmp_path: Path
) -> None:
    address = Path(urlsplit(site["overview"]).path)
    with browser.new_context() as context:
        page = opened(context.new_page(), address.as_uri())
        page.locator("html[data-settled]").wait_for(state="attached")
        assert page.locator("#table a").first.is_visible()
        text = address.read_text(encoding="utf-8")
        broken = tmp_path / "broken.html"
        broken.write_text(re.sub("<script.*?</script>", "", text, flags=re.S), encoding="utf-8")
        page.goto(broken.as_uri())
        assert not page.locator("#table a").first.is_visible()
        page.locator("#table a").first.wait_for(timeout=20_000)
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(address.as_uri())
        assert page.locator("#table a").first.is_visible()


def test_barriers_are_found(page: Page, tmp_path: Path, barriers: Barriers) -> None:
    bad = tmp_path / "bad.html"
    wide = "<img src='data:,'><p style='width: 2000px'>wide</p>"
    bad.write_text(f"<!doctype html><title>x</title>{wide}", encoding="utf-8")
    page.goto(bad.as_uri())
    *seen, last = barriers(page)
    assert "image-alt" in [rule for rule, _ in seen] and str(last).endswith(" px wide")


@pytest.mark.full
@pytest.mark.parametrize("chosen", [False, True], ids=["at first", "chosen"])
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("view", VIEWS)
def test_every_page_is_accessible_draws_and_fits(
    page: Page, site: dict[str, str], barriers: Barriers, view: str, width: int, chosen: bool
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    address, heading = CHOSEN[view] if chosen else ("", "Details")
    opened(page, site[view] + address)
    expect(page.locator("#details-heading")).to_contain_text(heading)
    assert page.evaluate(DRAWN) > 1000
    assert barriers(page) == []
    if width == 320:
        page.locator("summary").click()
        expect(page.get_by_label("Challenge (")).to_be_visible()
        assert barriers(page) == []


@pytest.mark.full
def test_search_leads_to_the_details(page: Page, site: dict[str, str]) -> None:
    opened(page, site["overview"])
    page.get_by_label("Search by words").fill("RECORDS school")
    expect(page.locator("#matches")).to_have_text("1 found")
    page.keyboard.press("Enter")
    heading = page.locator("#details-heading")
    expect(heading).to_have_text("Destroyed school records often hinder review panels")
    expect(heading).to_be_focused()
    assert page.url.endswith("#node=statement%3Amartin-2010-018")
    details = page.locator("#details")
    for part in (
        "challenge",
        "executive summary, section 6.2",
        "Uncited",
        "main theme (1)",
        "Serious case reviews",
    ):
        expect(details).to_contain_text(part)


@pytest.mark.full
def test_search_says_when_nothing_matches(page: Page, site: dict[str, str]) -> None:
    opened(page, site["overview"])
    page.get_by_label("Search by words").fill("zebra")
    expect(page.locator("#matches")).to_contain_text("Nothing holds “zebra”")
    assert page.locator("#hits a").count() == 0


@pytest.mark.full
def test_search_by_keyboard_alone(page: Page, site: dict[str, str]) -> None:
    opened(page, site["overview"])
    for _ in range(10):  # past the link that skips, and those of the counts
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "query":
            break
    expect(page.locator("#query")).to_be_focused()
    page.keyboard.type("serious case")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    second = page.locator("#hits a").nth(1)
    expect(second).to_be_focused()
    name = second.inner_text()
    page.keyboard.press("Enter")
    expect(page.locator("#details-heading")).to_be_focused()
    expect(page.locator("#details-heading")).to_have_text(name)
    page.keyboard.press("Escape")
    expect(second).to_be_focused()


@pytest.mark.full
def test_key_filters_picture_and_tables(page: Page, site: dict[str, str]) -> None:
    opened(page, site["overview"])
    rows = page.locator("tbody tr:visible")
    before = rows.count()
    drawn = page.evaluate(DRAWN)
    claims = page.locator("#table-1")
    total = number(claims.inner_text())
    hidden = number(page.locator("label", has_text="Finding (").inner_text())
    findings = page.get_by_label(f"Finding ({hidden})")
    assert 0 < hidden < total
    findings.uncheck()
    expect(page.locator("#shown")).to_contain_text(f"{before - hidden} of {before} items")
    assert rows.count() == before - hidden
    expect(claims).to_have_text(f"Claims ({total - hidden} of {total})")
    page.get_by_label("Work (").uncheck()
    expect(page.get_by_role("heading", name="Works")).to_be_hidden()
    # A link to what is hidden is hidden too, in the picture as in the table.
    expect(page.locator("[data-of='rests on']").first).to_be_hidden()
    page.evaluate(NEXT_FRAME)
    assert page.evaluate(DRAWN) < drawn
    page.get_by_role("button", name="Show everything").click()
    assert rows.count() == before
    expect(findings).to_be_checked()


@pytest.mark.full
def test_key_hides_a_kind_of_link(page: Page, site: dict[str, str]) -> None:
    opened(page, site["overview"])
    implied = page.locator("[data-of='implied agency']:visible")
    assert implied.count() > 5
    page.get_by_label("Implied agency").uncheck()
    assert implied.count() == 0
    assert page.locator("[data-of='agency']:visible").count() > 5


@pytest.mark.full
def test_address_opens_an_item_and_its_neighbours(page: Page, site: dict[str, str]) -> None:
    opened(page, site["overview"] + "#node=source%3Aholmes-2010")
    expect(page.locator("#details-heading")).to_have_text("Holmes et al. (2010)")
    page.get_by_role("button", name="Neighbours only").click()
    # The work, the four statements that rest on it, and the one that it relays.
    assert page.locator("tbody tr:visible").count() == 6
    page.locator("#details a", has_text="Agencies go on improving").click()
    expect(page.locator("#details-heading")).to_have_text(
        "Agencies go on improving how they share information, a study suggests"
    )
    assert page.locator("tbody tr:visible").count() > 3
    page.go_back()
    expect(page.locator("#details-heading")).to_have_text("Holmes et al. (2010)")


@pytest.mark.full
@pytest.mark.parametrize("name", ["source%3Anobody", "%E0%A4%A"], ids=["unknown", "malformed"])
def test_an_address_of_nothing_does_no_harm(page: Page, site: dict[str, str], name: str) -> None:
    opened(page, site["overview"] + f"#node={name}")
    expect(page.locator("#details-heading")).to_have_text("Details")


@pytest.mark.full
def test_keys_lead_through_the_picture(page: Page, site: dict[str, str]) -> None:
    opened(page, site["cross-agency-challenges"])
    heading, picture = page.locator("#details-heading"), page.locator("#network")
    picture.focus()
    page.keyboard.press("ArrowRight")
    first = heading.inner_text()
    assert first != "Details"
    expect(picture).to_be_focused()
    expect(page.locator("#shown")).to_contain_text(first)
    page.keyboard.press("ArrowLeft")
    assert heading.inner_text() != first
    page.keyboard.press("Enter")
    expect(heading).to_be_focused()
    page.keyboard.press("Escape")
    expect(picture).to_be_focused()
    page.keyboard.press("n")
    expect(page.get_by_role("button", name="Neighbours only")).to_have_attribute(
        "aria-pressed", "true"
    )
    page.keyboard.press("Escape")
    expect(heading).to_have_text("Details")
    # Tab leaves the picture: no keyboard trap.
    page.keyboard.press("Tab")
    expect(picture).not_to_be_focused()


@pytest.mark.full
def test_a_shape_can_be_clicked(page: Page, site: dict[str, str]) -> None:
    opened(page, site["overview"])
    page.get_by_role("checkbox", name="policy action").uncheck()  # it has the same colour
    star = page.wait_for_function(WHERE, arg=[0x6B, 0x3F, 0xA0]).json_value()  # a recommendation
    page.mouse.click(star["x"], star["y"])
    expect(page.locator("#details")).to_contain_text("recommendation")
    assert re.search(r"#node=statement%3Amartin-2010-\d+$", page.url)
    box = page.locator("#network").bounding_box()
    assert box
    page.mouse.click(box["x"] + 4, box["y"] + 4)
    expect(page.locator("#details-heading")).to_have_text("Details")


@pytest.mark.full
def test_a_line_opens_the_claim_that_it_is(page: Page, site: dict[str, str]) -> None:
    opened(page, site["disagreements"])
    page.get_by_role("checkbox", name="challenge").uncheck()  # it has the same colour
    line = page.wait_for_function(WHERE, arg=[0x9C, 0x2F, 0x1B]).json_value()  # the one limitation
    page.mouse.click(line["x"], line["y"])
    expect(page.locator("#details-heading")).to_contain_text("limited")
    expect(page.locator("#details")).to_contain_text("limitation")
    # Its ends: the review, since it rests on no work, and the disagreement.
    expect(page.locator("#details li")).to_have_count(2)
    assert "#node=statement%3Amartin-2010-098" in page.url


@pytest.mark.full
def test_a_claim_is_reached_by_keyboard_from_what_it_joins(
    page: Page, site: dict[str, str]
) -> None:
    opened(page, site["theme"] + "#node=agency%3Apolice")
    expect(page.locator("#details-heading")).to_be_focused()
    page.keyboard.press("Tab")
    name = page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")
    expect(page.locator("#details-heading")).to_have_text(name)
    expect(page.locator("#details")).to_contain_text("Police")
    page.get_by_role("button", name="Neighbours only").click()
    expect(page.locator("#shown")).to_contain_text("only neighbours of")
    # The claim, and nothing but what it joins.
    rows = page.locator("tbody tr:visible")
    names = page.locator("#details li").count() + 1
    assert rows.count() == names


@pytest.mark.full
def test_the_page_says_what_is_hidden_and_why(page: Page, site: dict[str, str]) -> None:
    opened(page, site["theme"])
    expect(page.locator("#shown")).not_to_contain_text("hides")
    box = page.get_by_label("Challenge (")
    challenges = number(page.locator("label", has_text="Challenge (").inner_text())
    total = page.locator("tbody tr:visible").count()
    box.uncheck()
    expect(page.locator("#shown")).to_contain_text("the key hides challenge")
    expect(page.locator("#shown")).to_contain_text(f"{total - challenges} of {total} items")
    # Without a thing to lead from, its claims are gone too.
    page.get_by_label("Theme (").uncheck()
    assert page.locator("tbody tr[data-id^='statement:']:visible").count() == 0


@pytest.mark.full
@pytest.mark.parametrize("view", VIEWS)
def test_the_picture_can_be_saved(
    page: Page, site: dict[str, str], view: str, tmp_path: Path
) -> None:
    opened(page, site[view])
    files = {}
    for form in ("PNG", "SVG"):
        with page.expect_download() as saved:
            page.get_by_role("button", name=f"Save {form}").click()
        assert saved.value.suggested_filename == f"{view}.{form.lower()}"
        files[form] = tmp_path / saved.value.suggested_filename
        saved.value.save_as(files[form])
    head = files["PNG"].read_bytes()[:24]
    assert head.startswith(b"\x89PNG")
    assert min(int.from_bytes(head[16:20]), int.from_bytes(head[20:24])) > 1000
    root = ElementTree.parse(files["SVG"]).getroot()
    space = "{http://www.w3.org/2000/svg}"
    title = root.findtext(f"{space}title")
    assert title == page.locator("h1").inner_text()
    shapes = {shape.findtext(f"{space}title") for shape in root.iter(f"{space}path")} - {None}
    labels = set(page.locator("tbody th > a").all_inner_texts())
    assert labels <= shapes
    told = " ".join("".join(text.itertext()) for text in root.iter(f"{space}text"))
    assert "items shown" in told and "version" in told


@pytest.mark.full
def test_the_wheel_scrolls_the_page(page: Page, site: dict[str, str]) -> None:
    opened(page, site["overview"])
    page.locator("#network").hover()
    page.mouse.wheel(0, 600)
    expect(page.locator("h1")).not_to_be_in_viewport()


@pytest.mark.full
def test_without_javascript_the_tables_hold_everything(
    browser: Browser, site: dict[str, str]
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site["overview"])
    expect(page.get_by_text("need JavaScript")).to_be_visible()
    expect(page.locator(".panes")).to_be_hidden()
    heads = page.locator("h2[id^='table-'], h3[id^='table-']").all_inner_texts()
    assert sum(map(number, heads)) == page.locator("tbody tr:visible").count() > 200
    # A link leads to the row of its item.
    page.locator("tbody td a", has_text="Holmes et al. (2010)").first.click()
    expect(page.locator("tr:target")).to_contain_text("source:holmes-2010")
    context.close()


@pytest.mark.full
def test_the_tables_are_printed_and_the_controls_are_not(page: Page, site: dict[str, str]) -> None:
    opened(page, site["overview"])
    page.get_by_label("Print the tables too").check()  # they are long
    page.emulate_media(media="print")
    expect(page.locator("tbody tr").last).to_be_visible()
    expect(page.get_by_text("Finding (")).to_be_visible()
    expect(page.locator("#query")).to_be_hidden()
    expect(page.locator("#details")).to_be_hidden()


@pytest.mark.full
def test_hostile_labels_are_shown_and_do_not_run(page: Page, tmp_path: Path) -> None:
    data = tmp_path / "data" / "triples"
    shutil.copytree(Project().home / "data/triples", data)
    file = data / "martin-2010" / "interagency-working.ttl"
    hostile = "</script><img src=x onerror=alert(1)> \\\" '&amp; <b>"
    text = file.read_text(encoding="utf-8")
    old = '"Agencies go on improving how they share information, a study suggests"@en'
    assert old in text
    file.write_text(text.replace(old, f'"{hostile}"@en'), encoding="utf-8")
    project = Project(tmp_path)
    out = tmp_path / "page.html"
    out.write_text(build_view(project, open_store(project), "overview"), encoding="utf-8")
    opened(page, out.as_uri() + "#node=statement%3Amartin-2010-001")
    expect(page.locator("#details-heading")).to_have_text(hostile.replace("\\", ""))
    page.get_by_label("Search by words").fill("onerror")
    expect(page.locator("#hits a")).to_have_text(hostile.replace("\\", ""))
    assert page.locator("img, b").count() == 0
