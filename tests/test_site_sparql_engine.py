"""The page of SPARQL with its engine: answers as `kg` gives them, with nothing fetched."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse

from kg.project import Project
from kg.queries import list_queries, load_query, run
from kg.results import Table, Triples, render
from kg.site.pages import Site
from kg.site.sparql_page import write_sparql
from kg.site.words import in_claims
from kg.store import MemoryStore
from kg.terms import PREFIXES

Barriers = Callable[..., list[object]]


pytestmark = pytest.mark.full

SAVED = [query.id for query in list_queries(Project()) if not query.id.startswith("check-")]
# Ends a script, a string or a line where it is not escaped.
HOSTILE = "a\u2028b\\n\"</script><img src=x onerror=alert(1)>\r\n'${x}"
RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
KG = f"PREFIX kg: <{PREFIXES['kg']}>"


@pytest.fixture(scope="module")
def asked(project: Project) -> MemoryStore:
    """The graph of the page: ours, and a text that is hard to carry."""
    hostile = Triple(NamedNode("urn:x:hostile"), NamedNode("urn:x:says"), Literal(HOSTILE))
    return MemoryStore(project.graph_files(), [hostile])


@pytest.fixture(scope="module")
def folder(project: Project, asked: MemoryStore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    site = Site(project, asked, tmp_path_factory.mktemp("site"))
    write_sparql(site, with_engine=True)
    site.copy(["vendor/govuk.css", "site.css", "site.js"])
    return site.folder


@pytest.fixture(scope="module")
def opened(browser: Browser, folder: Path) -> Iterator[tuple[Page, list[str]]]:
    """The page, opened once, and what it complains of or asks for beside files of its own."""
    problems: list[str] = []
    page = browser.new_page(accept_downloads=True, viewport={"width": 1280, "height": 900})
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    near = ("file:", "blob:")
    page.on("request", lambda r: None if r.url.startswith(near) else problems.append(r.url))
    page.goto((folder / "sparql.html").as_uri())
    yield page, problems
    page.close()


@pytest.fixture
def page(opened: tuple[Page, list[str]]) -> Iterator[Page]:
    yield opened[0]
    assert opened[1] == []


def write(page: Page, query: str) -> None:
    # By the address: typing over what is there makes Chromium style the first letter itself.
    page.evaluate("text => { location.hash = `query=${encodeURIComponent(text)}` }", query)
    expect(page.locator(".cm-content")).to_contain_text(query.split("\n")[-1])


def ask(page: Page, said: str) -> None:
    page.get_by_role("button", name="Run the query").click()
    expect(page.get_by_role("status")).to_contain_text(said, timeout=20_000)


def choose(page: Page, query_id: str) -> None:
    question = load_query(Project(), query_id).question
    page.get_by_label("Begin with a saved question").select_option(label=in_claims(question))
    page.get_by_role("button", name="Put it in the editor").click()


def download(page: Page, name: str) -> bytes:
    with page.expect_download() as found:
        page.get_by_role("link", name=f"Download {name}").click()
    return found.value.path().read_bytes()


def triples(turtle: bytes) -> set[str]:
    return {str(quad.triple) for quad in parse(turtle, format=RdfFormat.TURTLE)}


@pytest.mark.parametrize(
    "query_id",
    [q if q == "challenge-by-theme" else pytest.param(q, marks=pytest.mark.full) for q in SAVED],
)
def test_a_saved_query_gives_the_rows_of_kg(
    page: Page, project: Project, store: MemoryStore, query_id: str
) -> None:
    answer = run(load_query(project, query_id), store)
    choose(page, query_id)
    ask(page, "It took")
    if isinstance(answer, Triples):
        assert triples(download(page, "answer.ttl")) == set(map(str, answer.triples))
        return
    assert isinstance(answer, Table)
    if not answer.rows:
        expect(page.get_by_role("status")).to_contain_text("Nothing in the graph fits")
        return
    expect(page.locator("#answer tbody tr")).to_have_count(len(answer.rows))
    assert json.loads(download(page, "answer.json")) == json.loads(render(answer, "json"))
    assert download(page, "answer.csv") == render(answer, "csv")


def test_things_with_a_page_are_linked(page: Page) -> None:
    statement = "<https://w3id.org/evidence-kg/statement/martin-2010-001>"
    write(page, f"{KG} SELECT ?s ?o {{ VALUES ?s {{ {statement} }} ?s kg:passage ?o }}")
    ask(page, "1 row.")
    cells = page.locator("#answer td").all_inner_texts()
    assert cells == ["statement:martin-2010-001", "passage:martin-2010-001"]
    links = [link.get_attribute("href") for link in page.locator("#answer td a").all()]
    assert links == ["claim/martin-2010-001.html"]


def test_many_rows_are_cut_and_told(page: Page, asked: MemoryStore) -> None:
    answer = asked.query("SELECT * { ?s ?p ?o }")
    assert isinstance(answer, Table)
    write(page, "SELECT * { ?s ?p ?o }")
    ask(page, f"{len(answer.rows):,} rows, of which the first 1,000 are shown")
    expect(page.locator("#answer tbody tr")).to_have_count(1000)
    found = json.loads(download(page, "answer.json"))["results"]["bindings"]
    assert len(found) == len(answer.rows)


def test_texts_come_and_go_as_they_are(page: Page, asked: MemoryStore) -> None:
    query = "SELECT ?o { <urn:x:hostile> <urn:x:says> ?o }"
    write(page, query)
    ask(page, "1 row.")
    (found,) = json.loads(download(page, "answer.json"))["results"]["bindings"]
    assert found["o"]["value"] == HOSTILE
    assert download(page, "answer.csv") == render(asked.query(query), "csv")
    assert page.locator("#answer td").text_content() == HOSTILE


def test_yes_and_no(page: Page) -> None:
    write(page, "ASK { ?s a <urn:x:none> }")
    ask(page, "The answer is no.")
    write(page, "ASK { ?s ?p ?o }")
    ask(page, "The answer is yes.")


def test_a_graph_comes_as_turtle_with_our_prefixes(page: Page, asked: MemoryStore) -> None:
    # A text that looks like an IRI stays as it is.
    pattern = '{ ?s a kg:Gap ; ?p ?o ; <urn:x:t> "<http://purl.org/dc/terms/x>" }'
    query = f"{KG} CONSTRUCT {pattern} {{ ?s a kg:Gap ; ?p ?o }}"
    answer = asked.query(query)
    assert isinstance(answer, Triples)
    write(page, query)
    ask(page, "of Turtle")
    turtle = download(page, "answer.ttl")
    assert f"@prefix kg: <{PREFIXES['kg']}> .".encode() in turtle and b" kg:Gap " in turtle
    assert triples(turtle) == set(map(str, answer.triples))
    shown = page.locator("#answer pre").text_content()
    assert shown == "\n".join(turtle.decode().split("\n")[:1000]).rstrip("\n")


def test_a_query_without_end_is_stopped(page: Page) -> None:
    write(page, RUNAWAY)
    ask(page, "Asking")
    stop = page.get_by_role("button", name="Stop")
    expect(stop).to_have_attribute("aria-disabled", "false")
    page.wait_for_timeout(1000)
    expect(page.get_by_role("status")).to_contain_text("Asking")
    (worker,) = page.workers
    with worker.expect_event("close"):
        stop.click()
    expect(page.get_by_role("status")).to_contain_text("Stopped")
    expect(stop).to_have_attribute("aria-disabled", "true")
    write(page, "ASK { ?s ?p ?o }")
    ask(page, "The answer is yes.")


def test_asking_anew_ends_what_is_still_asked(page: Page) -> None:
    write(page, RUNAWAY)
    ask(page, "Asking")
    page.wait_for_timeout(500)
    write(page, "ASK { ?s ?p ?o }")
    ask(page, "The answer is yes.")


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("SELECT * {\n  ?s ?p", "no SPARQL from about here on (line 2, column "),
        ("ASK {} ; DROP ALL", "no SPARQL from about here on (line 1, column "),
        ("ASK { ?s a kg:Gap }", f"Add the line {KG}"),
        ("# 😀\nASK { '😀' a xyz:x }", "the prefix xyz: is not declared (line 2, column 13)"),
        ("DELETE WHERE { ?s ?p ?o }", "it begins with DELETE"),
        (f"{KG} INSERT DATA {{ kg:a kg:b kg:c }}", "it begins with INSERT"),
        ("ASK { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }", "SERVICE asks another server"),
        ("ASK FROM <http://127.0.0.1/> { ?s ?p ?o }", "FROM names the data to read"),
        ("LOAD <http://127.0.0.1/>", "LOAD loads data from an address"),
        ("# nothing", "there is no query"),
    ],
)
def test_a_query_that_is_not_answered_says_why(page: Page, query: str, told: str) -> None:
    write(page, query)
    ask(page, told)
    expect(page.locator("#answer table")).to_have_count(0)
    write(page, '# SERVICE\nASK { ?from ?service \'LOAD\', """x" DROP""", <urn:FROM> }')
    ask(page, "The answer is no.")


def test_the_place_of_an_error_is_a_click_away(page: Page) -> None:
    write(page, "ASK {\n  '😀' a kg:Gap }")
    ask(page, "line 2, column 9")
    page.get_by_role("button", name="Go to line 2, column 9").click()
    expect(page.locator(".cm-content")).to_be_focused()
    page.keyboard.type("x")
    assert page.locator(".cm-line").all_inner_texts()[1] == "  '😀' a xkg:Gap }"


def test_names_that_hold_a_refused_word_are_answered(page: Page) -> None:
    prefixes = ("serviceplatform", "download", "from", "workload")
    declared = " ".join(f"PREFIX {prefix}: <urn:x:{prefix}:>" for prefix in prefixes)
    links = " ; ".join(f"{prefix}:says ?{prefix}" for prefix in prefixes)
    write(page, f"{declared} ASK {{ ?s {links} }}")
    ask(page, "The answer is no.")


@pytest.mark.parametrize("depth", [1000, 5000])
def test_a_query_too_deep_is_refused_as_it_is_seen(
    browser: Browser, folder: Path, depth: int
) -> None:
    # In a page of its own: the editor may have gone for good.
    page = browser.new_page()
    page.goto((folder / "sparql.html").as_uri() + "#query=ASK%20{}")
    page.evaluate("text => { location.hash = `query=${text}` }", f"ASK {'{' * depth}{'}' * depth}")
    ask(page, "the engine gave up")
    page.evaluate("location.hash = 'query=ASK { ?s ?p ?o }'")
    ask(page, "The answer is yes.")
    area = page.locator("textarea")
    if area.is_visible():
        area.fill("ASK { ?s a <urn:x:none> }")
        area.press("Control+Enter")
        expect(page.get_by_role("status")).to_contain_text("The answer is no.")
        area.fill("ASK {\n  '😀' a kg:Gap }")
        ask(page, "line 2, column 9")
        page.get_by_role("button", name="Go to line 2, column 9").click()
        page.keyboard.type("x")
        assert area.input_value() == "ASK {\n  '😀' a xkg:Gap }"
    page.close()


def test_the_keyboard_is_enough(page: Page) -> None:
    write(page, "SELECT * { ?s ?p ?o } LIMIT 7")
    page.locator(".cm-content").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Run the query")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(page.locator(".cm-content")).to_be_focused()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("status")).to_contain_text("7 rows", timeout=20_000)


def test_an_engine_that_was_not_copied_along_is_told(
    browser: Browser, folder: Path, tmp_path: Path
) -> None:
    for file in folder.iterdir():
        if file.name != "sparql-data.js":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    page = browser.new_page()
    page.goto((tmp_path / "sparql.html").as_uri())
    ask(page, "The engine is missing")
    page.close()


@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("state", ["rows", "graph", "refused"])
def test_each_answer_can_be_read_by_all(
    page: Page, barriers: Barriers, state: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    if state == "rows":
        choose(page, "challenge-by-theme")
        ask(page, "It took")
    elif state == "graph":
        write(page, "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }")
        ask(page, "It took")
    else:
        write(page, "SELECT * {")
        ask(page, "no SPARQL")
        page.get_by_text("What the engine says").click()
    assert barriers(page, f"sparql-{state}", full_page=False) == []
