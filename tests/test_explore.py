"""Exploring a network: a step further, and the shortest paths, held against networkx."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import networkx
import pytest
from playwright.sync_api import Browser, Page, expect

from kg.project import Project
from kg.store import MemoryStore
from kg.views import build_view, view_network

# The neighbours of every item, as the page's own functions give them, on the page's own lists.
ASK = """([from, to, steps]) => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const ends = explore.ends(data.nodes, data.claims, data.edges, data.backs);
  const isClaim = (id) => data.claims.some((claim) => claim.id === id);
  const linked = (id) => ends.get(id).map(({ other }) => other);
  const { many, first, before } = explore.paths(from, to, linked);
  const near = [...explore.within(from, steps, linked, isClaim)];
  return { many, first, on: [...before.keys()], near };
}"""
HOLMES = "#node=source%3Aholmes-2010"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, project: Project, store: MemoryStore) -> Path:
    made = tmp_path_factory.mktemp("pages")
    for view in ("overview", "theme"):
        text = build_view(project, store, view)
        (made / f"{view}.html").write_text(text, encoding="utf-8")
    return made


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    yield opened
    context.close()
    assert wrong == []


def go(page: Page, folder: Path, view: str, place: str = "") -> None:
    page.goto("about:blank")
    page.goto((folder / f"{view}.html").as_uri() + place)
    page.locator("html[data-ready]").wait_for(state="attached")


def shown(page: Page) -> set[str]:
    ids = "rows => rows.filter((row) => !row.hidden).map((row) => row.dataset.id)"
    found: list[str] = page.locator("tr[data-id]").evaluate_all(ids)
    return set(found)


@pytest.fixture(scope="module")
def plain(project: Project, store: MemoryStore) -> dict[str, "networkx.Graph[str]"]:
    """Who is linked to whom; where claims are lines, each is joined to its ends."""
    graphs = {}
    for view in ("overview", "theme"):
        graph: networkx.Graph[str] = networkx.Graph()
        for one, other, edge in view_network(project, store, view).edges(data=True):
            claim = edge.get("claim")
            graph.add_edges_from([(one, claim), (other, claim)] if claim else [(one, other)])
        graphs[view] = graph
    return graphs


PAIRS = [
    ("overview", "source:holmes-2010", "theme:serious-case-reviews", 1),
    ("overview", "source:holmes-2010", "agency:police", 2),
    ("overview", "statement:martin-2010-001", "statement:martin-2010-018", 3),
    ("overview", "theme:evidence-base", "theme:interagency-working", 2),
    ("theme", "agency:police", "agency:health", 1),
    ("theme", "theme:policy-context", "agency:education", 2),
]


def test_paths_and_steps_are_those_of_networkx(
    page: Page, folder: Path, plain: dict[str, "networkx.Graph[str]"]
) -> None:
    for view in plain:
        go(page, folder, view)
        for one, other, steps in [pair[1:] for pair in PAIRS if pair[0] == view]:
            graph = plain[view]
            told: dict[str, Any] = page.evaluate(ASK, [one, other, steps])
            paths = [tuple(path) for path in networkx.all_shortest_paths(graph, one, other)]
            assert told["many"] == len(paths)
            assert set(told["on"]) == {item for path in paths for item in path}
            first = [tuple(path) for path in told["first"]]
            assert len(first) == len(set(first)) == min(len(paths), 10)
            assert set(first) <= set(paths)
            # A step leads through a claim that is a line: two links on.
            reach = 2 * steps if view == "theme" else steps
            near = networkx.single_source_shortest_path_length(graph, one, cutoff=reach)
            assert set(told["near"]) == set(near)


def test_what_does_not_hang_together_has_no_path(page: Page) -> None:
    page.goto("about:blank")
    script = Path(__file__).parent.parent / "src" / "kg" / "static" / "explore.js"
    page.add_script_tag(path=script)
    told = page.evaluate(
        "() => { const to = { a: ['b'], b: ['a'], c: [] };"
        "return [explore.paths('a', 'c', (id) => to[id]).many,"
        " explore.paths('a', 'b', (id) => to[id]).first,"
        " [...explore.within('a', 9, (id) => to[id], () => false)]]; }"
    )
    assert told == [0, [["a", "b"]], ["a", "b"]]


def test_each_step_says_what_it_adds_and_adds_it(
    page: Page, folder: Path, plain: dict[str, "networkx.Graph[str]"]
) -> None:
    go(page, folder, "overview", HOLMES)
    button = page.locator("#expand")
    expect(button).to_be_disabled()
    page.get_by_role("button", name="Neighbours only").click()
    away = networkx.single_source_shortest_path_length(plain["overview"], "source:holmes-2010")
    for steps in range(1, max(away.values()) + 1):
        within = {item for item, far in away.items() if far <= steps}
        assert shown(page) == within
        assert page.url.endswith(f"{HOLMES}&near={steps}")
        more = sum(far == steps + 1 for far in away.values())
        expect(button).to_have_text(f"Expand one step (+{more})")
        if not more:
            break
        expect(button).to_be_enabled()
        button.click()
        expect(page.locator("#shown")).to_contain_text(f"within {steps + 1} steps of “Holmes")
    expect(button).to_be_disabled()
    # A link to the page as it is gives the same page.
    go(page, folder, "overview", f"{HOLMES}&near=2")
    assert shown(page) == {item for item, far in away.items() if far <= 2}


def test_a_step_goes_round_what_the_key_hides(
    page: Page, folder: Path, plain: dict[str, "networkx.Graph[str]"]
) -> None:
    go(page, folder, "overview", f"{HOLMES}&near=2")
    page.locator("input[data-kind='theme']").uncheck()
    graph = plain["overview"]
    left = graph.subgraph([item for item in graph if not item.startswith("theme:")])
    for steps in (2, 3):
        near = networkx.single_source_shortest_path_length(left, "source:holmes-2010", steps)
        assert shown(page) == set(near)
        page.locator("#expand").click()


def test_a_path_by_keyboard_alone(page: Page, folder: Path) -> None:
    go(page, folder, "theme")
    page.locator("#network").focus()
    page.keyboard.press("p")
    expect(page.locator("#shown")).to_contain_text("Choose an item first")
    page.keyboard.press("ArrowRight")
    begin = page.locator("#details-heading").inner_text()
    page.keyboard.press("p")
    expect(page.locator("#shown")).to_contain_text(f"Path from “{begin}”: choose where it leads")
    everything = len(shown(page))
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    end = page.locator("#details-heading").inner_text()
    assert end != begin
    expect(page.locator("#shown")).to_contain_text(f"Enter ends it at “{end}”")
    assert len(shown(page)) == everything
    page.keyboard.press("Enter")
    expect(page.locator("#details-heading")).to_contain_text("Shortest path")
    expect(page.locator("#shown")).to_contain_text(f"from “{begin}” to “{end}”")
    expect(page.locator("#network")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#details-heading")).to_be_focused()
    steps = page.locator("ol.path").first.locator("li")
    assert [steps.first.locator("a").inner_text(), steps.last.locator("a").inner_text()] == [
        begin,
        end,
    ]
    page.keyboard.press("Escape")
    expect(page.locator("#details-heading")).to_have_text(begin)
    assert len(shown(page)) == everything
    assert "from=" not in page.url


def test_letters_work_in_the_details_too(page: Page, folder: Path) -> None:
    go(page, folder, "overview", HOLMES)
    expect(page.locator("#details-heading")).to_be_focused()
    page.keyboard.press("n")
    near = shown(page)
    page.keyboard.press("e")
    assert near < shown(page)
    # A link of the details, which are written anew.
    page.locator("#details a").first.focus()
    page.keyboard.press("e")
    expect(page.locator("#details-heading")).to_be_focused()
    page.keyboard.press("p")
    expect(page.locator("#network")).to_be_focused()
    assert page.url.endswith("#from=source%3Aholmes-2010")


def test_a_path_by_search_and_its_address(
    page: Page, folder: Path, plain: dict[str, "networkx.Graph[str]"]
) -> None:
    go(page, folder, "overview", HOLMES)
    page.get_by_role("button", name="Path from here").click()
    assert page.url.endswith("#from=source%3Aholmes-2010")
    page.get_by_label("Search by words").fill("serious case reviews theme:serious")
    page.keyboard.press("Enter")
    expect(page.locator("#details-heading")).to_be_focused()
    (path,) = networkx.all_shortest_paths(
        plain["overview"], "source:holmes-2010", "theme:serious-case-reviews"
    )
    assert shown(page) == set(path)
    steps = page.locator("ol.path li")
    # From the work to the finding that rests on it, to what that disagrees with, to its theme.
    assert steps.locator(".how").all_inner_texts() == [
        "evidence for",
        "disagrees with",
        "main theme",
    ]
    address = page.url
    assert address.endswith("#from=source%3Aholmes-2010&to=theme%3Aserious-case-reviews")
    # An item of the path is read without leaving it.
    steps.nth(1).locator("a").click()
    expect(page.locator("#details-heading")).to_contain_text("Agencies go on improving")
    assert shown(page) == set(path)
    page.get_by_role("button", name="Back to the path").click()
    expect(page.locator("#details-heading")).to_have_text("Shortest path")
    page.get_by_role("button", name="Leave the path").last.click()
    expect(page.locator("#details-heading")).to_have_text("Holmes et al. (2010)")
    go(page, folder, "overview", address.partition(".html")[2])
    assert shown(page) == set(path)


def test_no_path_is_said_in_words(page: Page, folder: Path) -> None:
    go(page, folder, "theme", "#from=agency%3Apolice&to=agency%3Ahealth")
    expect(page.locator("#details-heading")).to_have_text("Shortest paths")
    for box in page.locator(".legend fieldset").first.locator("input").all():
        box.uncheck()
    expect(page.locator("#details-heading")).to_have_text("No path")
    expect(page.locator("#details")).to_contain_text("Nothing leads from “Police” to “Health”")
    expect(page.locator("#shown")).to_contain_text("no path joins them")
    assert shown(page) == {"agency:police", "agency:health"}
    page.get_by_role("button", name="Show everything").click()
    assert len(shown(page)) > 20


def test_an_address_of_nothing_is_told(page: Page, folder: Path) -> None:
    go(page, folder, "theme", "#from=agency%3Apolice&to=agency%3Anobody")
    expect(page.locator("#shown")).to_contain_text("There is no item “agency:nobody”")
    go(page, folder, "theme", "#node=agency%3Apolice&near=many")
    expect(page.locator("#details-heading")).to_have_text("Police")
