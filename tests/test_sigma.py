"""The page of a large network: drawn by sigma, told in one table, and of use without WebGL."""

import io
import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import Any

import networkx
import pytest
from playwright.sync_api import Browser, Page, expect
from pyoxigraph import Literal, NamedNode
from pypdf import PdfReader

from kg import view_pages
from kg.doctor import find_browser
from kg.network import EdgeRule, NodeRule, build_network
from kg.project import Project
from kg.queries import load_query
from kg.results import Table
from kg.site.pages import Site
from kg.store import MemoryStore
from kg.view_pages import Surroundings, view_page
from kg.views import build_view, load_view, view_network

Barriers = Callable[..., list[object]]
SOFTWARE = ("--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
NO_WEBGL = ("--no-sandbox", "--disable-gpu", "--disable-3d-apis")
# How many pixels of the shapes have a colour, and where in the window the first of them is; a
# WebGL canvas can be read only as it is drawn.
COLOURED = """(colour) => {
  const shapes = document.querySelector("canvas.sigma-nodes");
  return new Promise((done) => requestAnimationFrame(() => {
    dispatchEvent(new Event("resize"));
    requestAnimationFrame(() => {
      const canvas = Object.assign(document.createElement("canvas"), { width: 700, height: 700 });
      const context = canvas.getContext("2d");
      context.drawImage(shapes, 0, 0, 700, 700);
      const data = context.getImageData(0, 0, 700, 700).data;
      let found = 0, first = 0;
      for (let at = 0; at < data.length; at += 4) {
        const near = (part, place) => Math.abs(data[at + place] - part) < 6;
        if (data[at + 3] < 255 || !colour.every(near)) continue;
        first ||= at / 4;
        found += 1;
      }
      const box = shapes.getBoundingClientRect();
      const x = box.x + (first % 700) * box.width / 700;
      done({ found, x, y: box.y + Math.floor(first / 700) * box.height / 700 });
    });
  }));
}"""
# The lines of the names that stand in the picture.
NAMED = """() => new Promise((done) => {
  const { write } = picture;
  picture.write = (context, names) => {
    picture.write = write;
    done(names.map(({ line }) => line));
  };
  dispatchEvent(new Event("resize"));
})"""
# How many pixels of a picture have each colour, of some.
COUNTED = """async ([address, colours]) => {
  const image = Object.assign(new Image(), { src: address });
  await image.decode();
  const { width, height } = image;
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  const found = colours.map(() => 0);
  for (let at = 0; at < data.length; at += 4) {
    colours.forEach((colour, which) => {
      if (colour.every((part, place) => Math.abs(data[at + place] - part) < 6)) found[which] += 1;
    });
  }
  return { width, height, found };
}"""
FINDING, THEME, AGENCY = [0x14, 0x50, 0x7F], [0x24, 0x3B, 0x53], [0x0B, 0x72, 0x85]
REST = [0xE6, 0xDA, 0xCF]  # a line to what a claim rests on: a quarter of #9a6b3f on white
# One in the middle of four, each so close that a name of it lies on another.
AGENCIES = {
    "Police": (0, 0),
    "Health": (20, 0),
    "Schools": (-20, 0),
    "Courts": (0, 20),
    "Prisons": (0, -20),
}
HOLMES = "#node=source%3Aholmes-2010"


@pytest.fixture(scope="module", autouse=True)
def any_is_large() -> Iterator[None]:
    """Draw the shipped networks as large ones, which they are not."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(view_pages, "LARGE", 10)
        yield


@pytest.fixture(scope="module")
def pages(project: Project, store: MemoryStore) -> dict[str, str]:
    return {view: build_view(project, store, view) for view in ("overview", "theme")}


@pytest.fixture(scope="module")
def addresses(pages: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder, found = tmp_path_factory.mktemp("large"), {}
    for view, page in pages.items():
        path = folder / f"{view}.html"
        path.write_text(page, encoding="utf-8")
        found[view] = path.as_uri()
    return found


def opening(browser: Browser, width: int, *arguments: str) -> Iterator[Page]:
    """A page that fails the test on a script error, a console error or an outside request."""
    started = browser.browser_type.launch(
        executable_path=find_browser(), args=["--disable-dev-shm-usage", *arguments]
    )
    opened = started.new_page(
        viewport={"width": width, "height": 900}, locale="en-GB", reduced_motion="reduce"
    )
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(f"script: {error}"))
    opened.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    opened.on("dialog", lambda dialog: wrong.append(f"dialog: {dialog.message}"))
    opened.on("request", lambda a: None if a.url.startswith("file:") else wrong.append(a.url))
    yield opened
    started.close()
    assert wrong == []


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    yield from opening(browser, 1280, *SOFTWARE)


@pytest.fixture
def narrow(browser: Browser) -> Iterator[Page]:
    yield from opening(browser, 320, *SOFTWARE)


@pytest.fixture
def blind(browser: Browser) -> Iterator[Page]:
    """A page in a browser without WebGL."""
    yield from opening(browser, 1280, *NO_WEBGL)


def go(page: Page, address: str) -> Page:
    page.goto(address)
    page.locator("html[data-settled]").wait_for(state="attached")
    return page


def drawn(page: str, part: str = "data") -> Any:
    found = re.search(rf'<div id="{part}" hidden>(.*?)</div>', page, re.DOTALL)
    assert found
    return json.loads(found[1])


def all_rows(page: Page) -> list[str]:
    """The items of the table, page after page."""
    found: list[str] = []
    while True:
        found += page.locator("#rows tr > th > a").evaluate_all("links => links.map(a => a.hash)")
        if page.locator("#next").get_attribute("aria-disabled") == "true":
            return found
        page.click("#next")


def test_a_view_of_many_items_is_drawn_by_sigma_and_others_are_not(
    project: Project, store: MemoryStore, monkeypatch: pytest.MonkeyPatch, pages: dict[str, str]
) -> None:
    assert "NodeProgram" in pages["overview"]
    items = len(drawn(pages["overview"])["items"])
    for most, large in ((items, False), (items - 1, True)):
        monkeypatch.setattr(view_pages, "LARGE", most)
        assert ("NodeProgram" in build_view(project, store, "overview")) is large


def test_the_page_holds_the_whole_network(
    project: Project, store: MemoryStore, pages: dict[str, str]
) -> None:
    graph, data = view_network(project, store, "overview"), drawn(pages["overview"])
    assert [item[0] for item in data["items"]] == list(graph)
    assert len(data["edges"]) == 3 * graph.number_of_edges() > 900
    name, label, kind, x, y, _ = data["items"][0]
    node = graph.nodes[name]
    told = drawn(pages["overview"], "told")
    assert [description for description, *_ in told] == [
        node["description"] for _, node in graph.nodes(data=True)
    ]
    assert (label, data["marks"][kind][0], x, y) == tuple(
        node[key] for key in ("label", "kind", "x", "y")
    )
    edges = zip(*(data["edges"][place::3] for place in range(3)), strict=True)
    names = [item[0] for item in data["items"]]
    assert {(names[one], names[other], data["links"][link][0]) for one, other, link in edges} == {
        (one, other, edge["link"]) for one, other, edge in graph.edges(data=True)
    }


def test_a_claim_that_lines_stand_for_is_an_item_amid_what_it_joins(pages: dict[str, str]) -> None:
    data = drawn(pages["theme"])
    items = {item[0]: item for item in data["items"]}
    claims = [name for name in items if name.startswith("statement:")]
    assert len(claims) > 10
    numbers = {number: item[0] for number, item in enumerate(data["items"])}
    ends: dict[str, set[str]] = {name: set() for name in claims}
    for at in range(0, len(data["edges"]), 3):
        ends[numbers[data["edges"][at]]].add(numbers[data["edges"][at + 1]])
    assert all(len(joined) > 1 for joined in ends.values())
    assert len({tuple(items[name][3:5]) for name in claims}) == len(claims)


def test_the_page_is_always_the_same_and_closed(
    project: Project, store: MemoryStore, pages: dict[str, str]
) -> None:
    page = pages["overview"]
    assert page == build_view(project, store, "overview")
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy
    allowed = unescape(policy[1])
    assert allowed.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in allowed
    parts = re.findall(r"<(?:script|style)>(.*?)</(?:script|style)>", page, re.DOTALL)
    assert len(parts) == 8 == allowed.count("sha256-")
    for part in parts:
        assert b64encode(sha256(part.encode()).digest()).decode() in allowed
    ours = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    assert not re.search(r"\ssrc=|<link|<iframe|@import|url\(| style=| on[a-z]+=", ours)


@pytest.mark.full
def test_in_a_site_it_takes_the_sites_files_and_frame(
    project: Project, store: MemoryStore, site: Path
) -> None:
    around = Surroundings(
        "../", Site(project, store, site).frame("network/x.html"), [], {"source:ly-2009": "w.html"}
    )
    page = build_view(project, store, "overview", None, around)
    scripts = re.findall(r'<script src="../([^"]+)"></script>', page)
    assert scripts[-1] == "large-network.js"
    assert all((site / name).is_file() for name in scripts)
    assert "../w.html" in [own_page for *_, own_page in drawn(page, "told")]
    assert "govuk-template" in page


def test_it_draws_is_accessible_and_asks_nobody(
    page: Page, addresses: dict[str, str], barriers: Barriers
) -> None:
    go(page, addresses["overview"])
    assert page.evaluate(COLOURED, FINDING)["found"] > 100
    assert barriers(page, "large-overview") == []
    expect(page.locator("#rows tr")).to_have_count(50)
    expect(page.locator(".no-picture")).to_be_hidden()


@pytest.mark.full
def test_the_table_holds_everything_fifty_rows_at_a_time(
    page: Page, addresses: dict[str, str], pages: dict[str, str]
) -> None:
    go(page, addresses["overview"])
    rows = all_rows(page)
    items = [item[0] for item in drawn(pages["overview"])["items"]]
    assert [re.sub("%3A", ":", row).removeprefix("#node=") for row in rows] == items
    last = -(-len(items) // 50)
    expect(page.locator("#pages")).to_have_text(f"of {last}")
    expect(page.locator("#part")).to_contain_text(f"to {len(items)} of {len(items)}.")
    page.click("#first")
    expect(page.locator("#part")).to_have_text(f"Rows 1 to 50 of {len(items)}.")
    page.locator("#page").fill("2")
    page.keyboard.press("Enter")
    expect(page.locator("#part")).to_contain_text("Rows 51 to")
    page.locator("#page").fill("999")
    page.keyboard.press("Enter")
    expect(page.locator("#page")).to_have_value(str(last))
    for wrong in ("", "e"):
        page.locator("#page").clear()
        page.keyboard.type(wrong)
        page.keyboard.press("Tab")
        expect(page.locator("#page")).to_have_value(str(last))
    expect(page.locator("#part")).to_contain_text(f"to {len(items)} of {len(items)}.")


@pytest.mark.full
def test_search_details_and_neighbours(page: Page, addresses: dict[str, str]) -> None:
    go(page, addresses["overview"])
    page.fill("#query", "holmes")
    page.locator("#hits a").filter(has_text="Holmes et al. (2010)").click()
    heading = page.locator("#details-heading")
    expect(heading).to_have_text("Holmes et al. (2010)")
    expect(heading).to_be_focused()
    linked = page.locator("#details li a")
    number = len(set(linked.evaluate_all("links => links.map(a => a.hash)")))
    assert number > 3
    page.keyboard.press("n")
    expect(page.locator("#neighbours")).to_have_attribute("aria-pressed", "true")
    assert len(all_rows(page)) == number + 1
    assert page.url.endswith(f"{HOLMES}&near=1")
    linked.first.click()
    expect(page.locator("#neighbours")).to_have_attribute("aria-pressed", "false")
    expect(heading).not_to_have_text("Holmes et al. (2010)")
    page.go_back()
    expect(heading).to_have_text("Holmes et al. (2010)")


@pytest.mark.full
def test_the_key_hides_a_kind_in_picture_and_table(page: Page, addresses: dict[str, str]) -> None:
    go(page, addresses["overview"])
    before = page.evaluate(COLOURED, FINDING)["found"]
    rows = len(all_rows(page))
    box = page.locator("[data-kind=finding]")
    findings = int(re.findall(r"\d+", page.locator("label", has=box).inner_text())[0])
    box.uncheck()
    expect(page.locator("#shown")).to_contain_text("the key hides finding")
    assert len(all_rows(page)) == rows - findings
    assert page.evaluate(COLOURED, FINDING)["found"] < before / 2
    page.locator("[data-link='main theme']").uncheck()
    expect(page.locator("#rows")).not_to_contain_text("main theme:")
    page.click("#reset")
    expect(page.locator("#shown")).to_contain_text(f"{rows} of {rows} items shown.")


@pytest.mark.full
def test_the_picture_keeps_clear_of_what_is_said_below(
    page: Page, addresses: dict[str, str]
) -> None:
    go(page, addresses["overview"])
    said = page.locator("#shown")
    for box in page.locator("[data-link]").all():
        box.uncheck()
    expect(said).to_contain_text("the key hides main theme, ")
    filled = """() => {
      const box = document.querySelector("#network"), canvas = box.querySelector(".sigma-nodes");
      return box.clientHeight === Math.round(canvas.getBoundingClientRect().height);
    }"""
    page.wait_for_function(filled)
    # Of one line, then of many again.
    page.focus("#network")
    page.keyboard.press("ArrowRight")
    expect(said).to_contain_text("0 links.")
    page.wait_for_function(filled)
    page.keyboard.press("Escape")
    expect(said).to_contain_text("the key hides main theme, ")
    # No canvas lies over it, not even until the picture is drawn anew.
    assert said.evaluate("""(said) => {
      const { left, top, bottom } = said.getBoundingClientRect(), high = [top + 2, bottom - 2];
      return high.every((y) => document.elementFromPoint(left + 5, y) === said);
    }""")
    page.wait_for_function(filled)


@pytest.mark.full
def test_the_picture_by_keyboard(page: Page, addresses: dict[str, str]) -> None:
    go(page, addresses["overview"])
    heading = page.locator("#details-heading")
    page.focus("#network")
    page.keyboard.press("ArrowRight")
    expect(heading).not_to_have_text("Details")
    chosen = heading.inner_text()
    page.keyboard.press("ArrowDown")
    expect(heading).not_to_have_text(chosen)
    for key in "+-0":
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    expect(heading).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#network")).to_be_focused()
    page.keyboard.press("Escape")
    expect(heading).to_have_text("Details")


@pytest.mark.full
def test_a_shape_is_chosen_with_the_pointer(page: Page, addresses: dict[str, str]) -> None:
    go(page, f"{addresses['overview']}{HOLMES}&near=1")
    heading = page.locator("#details-heading")
    expect(heading).to_have_text("Holmes et al. (2010)")
    at = page.evaluate(COLOURED, FINDING)
    # A few pixels below its upper edge the pointer is well inside the shape.
    page.mouse.move(at["x"], at["y"] + 5)
    assert page.locator("#network").evaluate("e => e.style.cursor") == "pointer"
    page.mouse.click(at["x"], at["y"] + 5)
    expect(heading).not_to_have_text("Holmes et al. (2010)")
    expect(page.locator("#details .kind")).to_have_text("finding")


@pytest.mark.full
@pytest.mark.parametrize("which", ["page", "blind"])
def test_the_picture_can_be_saved_whole(
    request: pytest.FixtureRequest,
    browser: Browser,
    addresses: dict[str, str],
    tmp_path: Path,
    which: str,
) -> None:
    page: Page = request.getfixturevalue(which)
    go(page, addresses["overview"])
    page.locator("[data-kind=theme]").uncheck()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save PNG").click()
    expect(page.locator("#shown")).to_contain_text("Saved as overview.png")
    saved.value.save_as(tmp_path / saved.value.suggested_filename)
    file = b64encode((tmp_path / "overview.png").read_bytes()).decode()
    other = browser.new_page()
    colours = [FINDING, THEME, REST]
    seen = other.evaluate(COUNTED, [f"data:image/png;base64,{file}", colours])
    other.close()
    assert min(seen["width"], seen["height"]) > 2000
    finding, theme, line = seen["found"]
    assert finding > 1000
    assert line > 1000
    assert theme == 0  # the key hides them


@pytest.mark.full
def test_nothing_shown_is_not_saved(page: Page, addresses: dict[str, str]) -> None:
    go(page, addresses["overview"])
    for box in page.locator("[data-kind]").all():
        box.uncheck()
    page.get_by_role("button", name="Save PNG").click()
    expect(page.locator("#shown")).to_have_text("Nothing is shown, so there is no picture to save.")


@pytest.mark.full
def test_the_picture_is_printed(page: Page, addresses: dict[str, str]) -> None:
    go(page, addresses["overview"])
    first = PdfReader(io.BytesIO(page.pdf(format="A4"))).pages[0].extract_text()
    # The names are those in the picture: the table is not printed.
    assert all(part in first for part in ("Police", "Evidence base", "Finding ("))
    expect(page.locator("#network .on-paper")).to_have_count(0)
    # Where its rows are printed, it says how many of them.
    page.locator("#print-all").check()
    paper = [sheet.extract_text() for sheet in PdfReader(io.BytesIO(page.pdf(format="A4"))).pages]
    assert "Rows 1 to 50 of " in " ".join(paper)
    assert "Previous" not in " ".join(paper)


@pytest.mark.full
def test_the_key_hides_lines_with_their_link(page: Page, addresses: dict[str, str]) -> None:
    go(page, addresses["overview"])
    lines = COLOURED.replace("sigma-nodes", "sigma-edges")
    before = page.evaluate(lines, REST)["found"]
    assert before > 100
    for link in ("rests on", "rests at second hand on", "relayed by"):
        page.locator(f"[data-link='{link}']").uncheck()
    # Where lines of other colours cross, a few pixels come near to this one.
    assert page.evaluate(lines, REST)["found"] < before / 10
    page.click("#reset")
    assert page.evaluate(lines, REST)["found"] > before / 2
    page.locator("[data-kind=work]").uncheck()
    assert page.evaluate(lines, REST)["found"] < before / 10


@pytest.mark.full
def test_without_webgl_it_says_so_and_all_else_works(
    blind: Page, addresses: dict[str, str], barriers: Barriers
) -> None:
    go(blind, f"{addresses['overview']}{HOLMES}")
    expect(blind.locator(".no-picture")).to_be_visible()
    expect(blind.locator(".no-picture")).to_contain_text("WebGL")
    expect(blind.locator("#network")).to_be_hidden()
    expect(blind.locator("#details-heading")).to_have_text("Holmes et al. (2010)")
    blind.click("#neighbours")
    expect(blind.locator("#shown")).to_contain_text("only neighbours of")
    blind.click("#reset")
    blind.locator("[data-kind=theme]").uncheck()
    blind.click("#next")
    expect(blind.locator("#part")).to_contain_text("Rows 51 to 100")
    assert barriers(blind, "large-no-webgl") == []


@pytest.mark.full
def test_where_webgl_cannot_start_all_else_works(page: Page, addresses: dict[str, str]) -> None:
    # As of a browser that has too many pictures open, or a driver that it does not trust.
    page.add_init_script("""
      const { getContext } = HTMLCanvasElement.prototype;
      HTMLCanvasElement.prototype.getContext = function (form, ...rest) {
        const refused = /webgl/.test(form) && /sigma/.test(this.className);
        return refused ? null : getContext.call(this, form, ...rest);
      };""")
    go(page, addresses["overview"])
    expect(page.locator(".no-picture")).to_be_visible()
    expect(page.locator("#network")).to_be_hidden()
    expect(page.locator("#rows tr")).to_have_count(50)
    page.fill("#query", "holmes")
    page.locator("#hits a").filter(has_text="Holmes et al. (2010)").click()
    expect(page.locator("#details-heading")).to_have_text("Holmes et al. (2010)")


@pytest.mark.full
def test_a_picture_that_the_browser_takes_away_is_told_of(
    page: Page, addresses: dict[str, str]
) -> None:
    go(page, addresses["overview"])
    expect(page.locator(".lost-picture")).to_be_hidden()
    page.locator("canvas.sigma-nodes").evaluate(
        "canvas => canvas.getContext('webgl2').getExtension('WEBGL_lose_context').loseContext()"
    )
    expect(page.locator(".lost-picture")).to_contain_text("Load the page again")
    expect(page.locator("#network")).to_be_hidden()
    page.locator("[data-kind=theme]").uncheck()
    page.goto(f"{addresses['overview']}{HOLMES}")
    page.click("#neighbours")
    expect(page.locator("#shown")).to_contain_text("the key hides theme; only neighbours of")


@pytest.mark.full
def test_without_javascript_it_says_where_the_rows_are(
    browser: Browser,
    addresses: dict[str, str],
    project: Project,
    store: MemoryStore,
    tmp_path: Path,
) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    said = page.locator(".no-script")
    page.goto(addresses["overview"])
    expect(said).to_contain_text("kg query run statement-network gives the rows")
    expect(said).not_to_contain_text("--param")
    expect(page.locator("#table")).to_be_hidden()
    page.goto(addresses["theme"])
    expect(said).to_contain_text("with --param for what is named under “Asked with”")
    expect(page.locator(".covers dt", has_text="Asked with theme")).to_be_visible()
    page.context.close()
    frame = Site(project, store, tmp_path).frame("network/x.html")
    around = Surroundings("../", frame, [], question="question/statement-network.html")
    text = build_view(project, store, "overview", None, around)
    assert '<a href="../question/statement-network.html">a page of their own</a>' in text


@pytest.mark.full
@pytest.mark.parametrize("view", ["overview", "theme"])
def test_it_can_be_used_on_a_narrow_screen(
    narrow: Page, addresses: dict[str, str], barriers: Barriers, view: str
) -> None:
    go(narrow, f"{addresses[view]}#node=theme%3Ainteragency-working")
    assert barriers(narrow, f"large-{view}") == []


@pytest.mark.full
def test_hostile_names_stay_text(page: Page, project: Project, tmp_path: Path) -> None:
    bad = "</div></script><img src=x onerror=alert(1)>\u2028"
    rows = [(NamedNode(f"urn:{n}"), Literal(f"{bad} {n}"), NamedNode("urn:0")) for n in range(60)]
    view = load_view(project, "overview")
    kind, link = next(iter(view.kinds)), next(iter(view.links))
    graph = build_network(
        Table(("s", "l", "t"), [*rows]),
        [NodeRule("?s", "?l", kind, "?l", facts={"Section": "?l"})],
        [EdgeRule("?s", "?t", link)],
    )
    path = tmp_path / "hostile.html"
    path.write_text(
        view_page(view, load_query(project, view.query), {}, graph, []), encoding="utf-8"
    )
    go(page, f"{path.as_uri()}#node=urn%3A0")
    expect(page.locator("#details-heading")).to_contain_text("<img src=x")
    assert page.locator("main img").count() == 0


@pytest.fixture(scope="module")
def crowd(project: Project, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Works all over the picture, better linked than the few agencies amid them."""
    view, graph = load_view(project, "overview"), networkx.MultiDiGraph()
    for number in range(2500):
        x, y = 20 * (number % 50), 20 * (number // 50)
        work = {"label": f"Work {number}", "kind": "work", "description": "", "size": 24.0}
        graph.add_node(f"source:{number}", x=x, y=y, **work)
    for number, (label, (x, y)) in enumerate(AGENCIES.items()):
        agency = {"label": label, "kind": "front-line agency", "description": "", "size": 7.0}
        graph.add_node(f"agency:{number}", x=500 + x, y=500 + y, **agency)
    # Health has many links of one sort, some of another, and one twice.
    for number in range(1300):
        graph.add_edge(f"source:{number}", "agency:1", link="agency")
    for number in (*range(2400, 2420), 2400):
        graph.add_edge(f"source:{number}", "agency:1", link="implied agency")
    path = tmp_path_factory.mktemp("crowd") / "crowd.html"
    query = load_query(project, view.query)
    path.write_text(view_page(view, query, {}, graph, []), encoding="utf-8")
    return path.as_uri()


@pytest.mark.full
@pytest.mark.parametrize("width", [320, 1280])
def test_a_word_as_long_as_an_address_breaks(
    page: Page, project: Project, tmp_path: Path, width: int
) -> None:
    long = f"https://example.org/{'long' * 150}"
    view, graph = load_view(project, "overview"), networkx.MultiDiGraph()
    for number in range(20):
        work = {"label": f"{long}{number}", "kind": "work", "description": long, "size": 9.0}
        graph.add_node(f"source:{long}{number}", x=50 * number, y=50 * number, **work)
    graph.add_edge(f"source:{long}0", f"source:{long}1", link="rests on")
    path = tmp_path / "long.html"
    query = load_query(project, view.query)
    path.write_text(view_page(view, query, {}, graph, []), encoding="utf-8")
    page.set_viewport_size({"width": width, "height": 900})
    go(page, path.as_uri())
    page.fill("#query", "long19")
    page.locator("#hits a").click()
    expect(page.locator("#details-heading")).to_have_text(f"{long}19")
    wide = "e => e.scrollWidth - e.clientWidth"
    for part in ("html", ".find", ".details", "#table section"):
        assert page.locator(part).evaluate(wide) <= 0, part
    assert max(map(len, page.evaluate(NAMED))) == 20


@pytest.mark.full
def test_the_table_lists_all_that_the_search_finds(page: Page, crowd: str) -> None:
    go(page, crowd)
    page.click("#next")
    page.fill("#query", "work 24")
    many = sum("24" in str(number) for number in range(2500))
    said = f"{many} found, the first 20 listed here and all in the table"
    expect(page.locator("#matches")).to_have_text(said)
    expect(page.locator("#part")).to_have_text(f"Rows 1 to 50 of {many}.")
    expect(page.locator("#count")).to_have_text(f"({many} of 2,505)")
    expect(page.locator("#shown")).to_contain_text("The table holds what the search finds of them.")
    # Neighbours are shown whatever was sought.
    page.goto(f"{crowd}#node=agency%3A1&near=1")
    expect(page.locator("#count")).to_have_text("(1,321 of 2,505)")
    page.keyboard.press("n")
    page.fill("#query", "nowhere")
    expect(page.locator("#part")).to_have_text("No item is shown.")
    page.click("#reset")
    expect(page.locator("#count")).to_have_text("(2,505)")
    expect(page.locator("#shown")).to_contain_text("The table holds the same.")


@pytest.mark.full
def test_links_of_each_sort_are_counted_and_listed(page: Page, crowd: str) -> None:
    go(page, f"{crowd}#node=agency%3A1")
    sorts = page.locator("#details h3")
    expect(sorts).to_have_text(["agency of (100 of 1,300)", "implied by (20)"])
    expect(page.locator("#details li")).to_have_count(120)
    expect(page.locator("#details")).to_contain_text("Of links of one sort, 100 are listed.")
    page.locator("[data-link=agency]").uncheck()
    expect(sorts).to_have_text(["implied by (20)"])
    expect(page.locator("#details")).not_to_contain_text("are listed.")
    # Numbers are written alike all over the page.
    for said in (".covers", ".legend", "#network", "#count", "#part", "#shown"):
        words = page.locator(said).first
        assert not re.search(r"\d{4}", f"{words.inner_text()} {words.get_attribute('aria-label')}")


@pytest.mark.full
def test_what_is_rare_of_its_kind_keeps_its_name_in_a_crowd(
    page: Page, browser: Browser, crowd: str
) -> None:
    go(page, crowd)
    assert AGENCIES.keys() <= set(page.evaluate(NAMED))
    page.set_viewport_size({"width": 320, "height": 900})
    assert AGENCIES.keys() <= set(page.evaluate(NAMED))

    # One alone is not made as large as the picture.
    page.goto(f"{crowd}#node=agency%3A0&near=1")
    expect(page.locator("#shown")).to_contain_text("1 of 2,505 items shown")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save PNG").click()
    file = b64encode(saved.value.path().read_bytes()).decode()
    other = browser.new_page()
    seen = other.evaluate(COUNTED, [f"data:image/png;base64,{file}", [AGENCY]])
    other.close()
    assert 100 < seen["found"][0] < 10_000
