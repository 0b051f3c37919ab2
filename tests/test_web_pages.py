"""The pages of the served app, as a browser sees them, and against the graph that they tell of."""

import csv
import io
import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from conftest import Served, serving
from openpyxl import load_workbook
from playwright.sync_api import Browser, Page
from pyoxigraph import NamedNode, RdfFormat, parse
from rdflib import Graph, URIRef

from kg.project import Project
from kg.queries import load_query, run
from kg.results import Table
from kg.store import MemoryStore
from kg.terms import expand

PAGES = {
    "served-home": "index.html",
    "served-question": "question/challenge-crossing-agencies.html?minAgencies=3",
    "served-nothing": "question/challenge-by-theme.html?theme=evidence-base&evidence=cited",
    "served-wrong": "question/challenge-by-theme.html?theme=nonsense",
    "served-sparql": "sparql.html",
    "served-rows": "sparql?query=" + quote("SELECT * WHERE { ?s ?p ?o } ORDER BY ?s LIMIT 30"),
    "served-refused": "sparql?query=" + quote("SELECT * WHERE {"),
    "served-thing": "id/passage/martin-2010-001",
    "served-programs": "api",
    "served-missing": "no/such/page.html",
}


@pytest.fixture
def tab(browser: Browser, server: Served) -> Iterator[Callable[..., Page]]:
    """Open tabs that ask for nothing but the server, and whose pages break nowhere."""
    wrong: list[str] = []
    with browser.new_context() as context, browser.new_context(java_script_enabled=False) as plain:

        def open_(address: str, width: int = 1280, *, script: bool = True) -> Page:
            page = (context if script else plain).new_page()
            page.set_viewport_size({"width": width, "height": 900})
            page.on("pageerror", lambda error: wrong.append(str(error)))
            page.on(
                "request",
                lambda r: None if r.url.startswith(server.url) else wrong.append(r.url),
            )
            # The status of the page itself is what the tests of errors are about.
            page.on(
                "console",
                lambda m: None if "the server responded with" in m.text else wrong.append(m.text),
            )
            page.goto(f"{server.pages()}{address}")
            return page

        yield open_
    assert wrong == []


def get(url: str, accept: str = "*/*") -> tuple[int, str, bytes]:
    """Ask for an address, and give the status, the media type and the body."""
    request = urllib.request.Request(url, headers={"accept": accept})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers["content-type"], answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["content-type"], error.read()


@pytest.mark.full
@pytest.mark.parametrize("width", [320, 1280])
def test_every_kind_of_page_can_be_read(
    tab: Callable[..., Page], barriers: Callable[..., list[object]], width: int
) -> None:
    found = {shot: barriers(tab(address, width), shot) for shot, address in PAGES.items()}
    assert {shot: wrong for shot, wrong in found.items() if wrong} == {}


def test_a_form_asks_with_any_value_without_javascript(
    tab: Callable[..., Page], project: Project, store: MemoryStore
) -> None:
    page = tab("question/challenge-crossing-agencies.html", script=False)
    page.get_by_label("At least this many agencies").fill("4")
    page.get_by_role("button", name="Ask").click()
    given = {"minAgencies": ["4"], "theme": ["any"]}
    answer = run(load_query(project, "challenge-crossing-agencies"), store, given)
    assert isinstance(answer, Table) and len(answer.rows) > 0
    assert page.locator("#answer tbody tr").count() == len(answer.rows)
    assert page.get_by_label("At least this many agencies").input_value() == "4"


def test_several_values_are_asked_for_together(tab: Callable[..., Page]) -> None:
    page = tab("question/challenge-by-theme.html?theme=serious-case-reviews", script=False)
    one = page.locator("#answer tbody tr").count()
    page.locator("details", has_text="Theme:").locator("summary").first.click()
    page.get_by_label("Interagency working").check()
    page.get_by_role("button", name="Ask").click()
    assert page.locator("#answer tbody tr").count() > one
    assert (
        page.locator(".govuk-caption-l").inner_text() == "Interagency working, Serious case reviews"
    )


def test_a_value_that_is_none_is_told_and_can_be_mended(tab: Callable[..., Page]) -> None:
    page = tab("question/challenge-crossing-agencies.html?minAgencies=many", script=False)
    assert "'many' is no whole number" in page.get_by_role("alert").inner_text()
    page.get_by_label("At least this many agencies").fill("2")
    page.get_by_role("button", name="Ask").click()
    assert page.locator("#answer tbody tr").count() > 0


def test_a_refusal_is_what_the_form_leads_to(tab: Callable[..., Page]) -> None:
    page = tab("sparql.html", script=False)
    page.get_by_label("Your query").fill("SELECT * WHERE {")
    page.get_by_role("button", name="Run the query").click()
    page.wait_for_url("**/sparql?query=*#rows")
    assert page.locator("#rows").inner_text() == "The query was not answered"


def test_addresses_of_the_offline_site_hold(server: Served, site: Path) -> None:
    """Every page of the folder is served, but for files of answers, which have addresses here."""
    url = server.pages()
    pages = [p.relative_to(site).as_posix() for p in site.rglob("*.html")]
    wanted = [each for each in pages if not each.startswith("claim/")][::7]
    assert len(wanted) > 50
    assert {each: get(url + each)[0] for each in wanted} == dict.fromkeys(wanted, 200)


def test_a_choice_in_an_address_gives_the_rows_of_the_offline_page(
    server: Served, site: Path
) -> None:
    address = "question/statement-by-agency--police.html"
    rows = re.findall(r"<tr><th scope=\"row\"[^>]*>(.*?)</th>", (site / address).read_text("utf-8"))
    served = get(server.pages() + address)[2].decode()
    assert len(rows) > 5
    assert re.findall(r"<tr><th scope=\"row\"[^>]*>(.*?)</th>", served) == rows


def test_the_files_of_an_answer_hold_its_rows(
    server: Served, project: Project, store: MemoryStore
) -> None:
    theme = "interagency-working"
    answer = run(load_query(project, "challenge-by-theme"), store, {"theme": [theme]})
    assert isinstance(answer, Table) and answer.rows
    base, asked = f"{server.pages()}question/challenge-by-theme.", f"?theme={theme}"
    status, media_type, body = get(f"{base}csv{asked}")
    assert (status, media_type) == (200, "text/csv; charset=utf-8")
    rows = list(csv.reader(io.StringIO(body.decode())))
    assert rows[1:] == [[t.value if t else "" for t in row] for row in answer.rows]  # type: ignore[union-attr]
    assert len(json.loads(get(f"{base}json{asked}")[2])["results"]["bindings"]) == len(answer.rows)
    sheet = load_workbook(io.BytesIO(get(f"{base}xlsx{asked}")[2])).active
    assert sheet is not None and sheet.max_row == len(answer.rows) + 1
    told = Graph().parse(data=get(f"{base}ttl{asked}")[2], format="turtle")
    statement = answer.records()[0]["statement"]
    assert (URIRef(statement.value), None, None) in told  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("challenge-by-theme.csv?theme=nonsense", 400),
        ("challenge-by-theme.csv?them=interagency-working", 400),
        ("challenge-by-them.csv", 404),
        ("challenge-by-them.html", 404),
        ("challenge-by-theme.pdf", 404),
        ("challenge-by-theme", 404),
    ],
)
def test_a_file_that_cannot_be_made_is_told_of(server: Served, address: str, status: int) -> None:
    found, media_type, body = get(f"{server.pages()}question/{address}", "*/*")
    assert (found, media_type) == (status, "application/problem+json")
    assert json.loads(body)["fix"]


def test_a_query_is_answered_on_the_page_that_asks_it(tab: Callable[..., Page]) -> None:
    page = tab("sparql.html")
    page.locator(".editor").click()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.insert_text("SELECT ?agency WHERE { VALUES ?agency { 1 2 3 } }")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/sparql?query=*")
    assert page.locator("table.rows tbody tr").count() == 3
    assert page.get_by_role("heading", name="Answer: 3 rows").is_visible()


def test_a_long_answer_says_that_it_was_cut(tab: Callable[..., Page]) -> None:
    page = tab("sparql?query=" + quote("SELECT * WHERE { ?s ?p ?o }"), script=False)
    assert page.locator("table.rows tbody tr").count() == 1000
    assert "There is more: this page shows the first 1,000." in page.locator("main").inner_text()


@pytest.mark.parametrize(
    ("name", "accept", "to"),
    [
        ("agency/health", "text/html", "agency/health.html"),
        ("theme/interagency-working", "text/html", "theme/interagency-working.html"),
        ("statement/martin-2010-001", "text/html", "claim/martin-2010-001.html"),
        ("trend/improved", "text/html", "vocabulary.html"),
    ],
)
def test_a_browser_is_led_to_the_page_of_a_thing(
    server: Served, name: str, accept: str, to: str
) -> None:
    with urllib.request.urlopen(
        urllib.request.Request(f"{server.pages()}id/{name}", headers={"accept": accept}), timeout=30
    ) as answer:
        assert answer.url.partition("#")[0] == server.url + to


def test_every_iri_of_the_graph_is_resolved(server: Served, store: MemoryStore) -> None:
    """As a page or led to one, and as RDF that tells what the graph does."""
    base = expand("kg:x").removesuffix("ontology#x")
    query = f'SELECT DISTINCT ?s {{ ?s ?p ?o FILTER(STRSTARTS(STR(?s), "{base}")) }} ORDER BY ?s'
    answer = store.query(query)
    assert isinstance(answer, Table)
    iris = [row[0].value for row in answer.rows if "#" not in row[0].value]  # type: ignore[union-attr]
    url = server.pages()
    for iri in iris[::40]:
        address = url + "id/" + iri.removeprefix(base)
        assert get(address, "text/html")[0] == 200, iri
        for accept in ("text/turtle", "application/ld+json", "application/n-triples"):
            status, media_type, body = get(address, accept)
            assert (status, media_type.partition(";")[0]) == (200, accept), iri
            quads = parse(body, format=RdfFormat.from_media_type(accept))
            assert any(quad.subject == NamedNode(iri) for quad in quads), iri


def test_what_the_graph_does_not_tell_of_is_not_found(server: Served) -> None:
    for accept in ("text/html", "text/turtle"):
        status, _, body = get(f"{server.pages()}id/agency/unicorns", accept)
        assert status == 404
        assert b"nothing of" in body
    assert get(f"{server.url}id/a%20b", "text/turtle")[0] == 404


def test_pages_that_are_still_made_say_so(tmp_path: Path) -> None:
    with serving(tmp_path / "log") as served:
        status, media_type, body = get(f"{served.url}quality.html")
        assert (status, media_type) == (503, "application/problem+json")
        assert json.loads(body)["title"] == "this page is being made"
