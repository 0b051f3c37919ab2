"""The networks of the site: which there are, what they hold, and how they lead back into it."""

import json
import re
import shutil
from collections.abc import Callable
from html import unescape
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from kg.project import Project, start_home
from kg.site.build import build_site
from kg.site.evidence import distinct
from kg.site.network_pages import networks, write_networks
from kg.site.pages import Site
from kg.site.questions import questions
from kg.store import MemoryStore, open_store
from kg.terms import curie, expand
from kg.view_pages import FILES
from kg.views import list_views

Barriers = Callable[..., list[object]]
NewTab = Callable[[int], Page]
PATH = "#from=agency%3Apolice&to=agency%3Ahealth"
PLACES = [
    "index.html",
    "overview.html#node=source%3Aholmes-2010&near=2",
    f"theme--serious-case-reviews.html{PATH}",
    "agency--police.html#from=agency%3Apolice",
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, project: Project, store: MemoryStore) -> Site:
    """The networks alone; where other pages are, the site says."""
    made = Site(project, store, tmp_path_factory.mktemp("site"))
    write_networks(made, questions(project, store))
    made.copy(["vendor/govuk.css", "site.css", "site.js"])
    return made


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    start_home(folder / "graph")
    project = Project(folder / "graph")
    build_site(project, open_store(project), folder / "site")
    return folder / "site"


def read(site: Site, name: str) -> str:
    return (site.folder / "network" / f"{name}.html").read_text(encoding="utf-8")


def drawn(page: str) -> dict[str, Any]:
    found = re.search(r'<div id="data" hidden>(.*?)</div>', page, re.DOTALL)
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def test_each_view_agency_and_theme_of_claims_has_a_network(site: Site, project: Project) -> None:
    e = site.evidence
    single = {"overview", "citation-chains", "cross-agency-challenges", "disagreements"}
    assert single | {"theme", "agency"} == {view.id for view in list_views(project)}
    chosen = {
        f"{curie(iri).replace(':', '--')}"
        for name in ("kg:Theme", "kg:Agency")
        for iri in e.of_class(name)
        if distinct(e.naming(iri))
    }
    assert len(chosen) > 25
    there = {path.stem for path in (site.folder / "network").glob("*.html")}
    assert there == {"index"} | single | chosen
    listed = re.findall(r'href="\.\./network/([^"]+)\.html"', read(site, "index"))
    listed = [name for name in listed if name != "index"]  # as the head of every page has it
    assert sorted(listed) == sorted(there - {"index"})


def test_a_network_of_a_theme_or_agency_holds_the_claims_on_it(site: Site) -> None:
    for name in ("theme--serious-case-reviews", "theme--training-of-social-workers"):
        told = distinct(site.evidence.naming(expand(name.replace("--", ":"))))
        claims = {claim["id"] for claim in drawn(read(site, name))["claims"]}
        assert claims == {curie(claim.iri) for claim in told}
    # The police are named in the claims of the review's sections on them and no others.
    told = distinct(site.evidence.naming(expand("agency:police")))
    claims = {claim["id"] for claim in drawn(read(site, "agency--police"))["claims"]}
    assert claims == {curie(claim.iri) for claim in told}


def test_no_code_of_a_section_and_no_prefix_of_a_claim_is_told(site: Site) -> None:
    for file in (site.folder / "network").glob("*--*.html"):
        page = file.read_text(encoding="utf-8")
        found = re.search(r"<dt>Section</dt><dd>([^<]*)</dd>", page)
        assert found, file.name
        for each in re.split("; |, and .* more$", found[1]):
            assert not each or re.match("executive summary|chapter |front matter", each), each
        assert '<p class="quiet">statement:' not in page
    page = read(site, "disagreements")
    assert '<p class="quiet">martin-2010-001</p>' in page
    assert "front matter" in page and "Nothing, so that both cannot be true</td>" in page


def test_each_item_leads_to_its_page_where_it_has_one(site: Site) -> None:
    for name in ("overview", "theme--evidence-base", "disagreements"):
        page = read(site, name)
        data = drawn(page)
        rows = re.findall(r'<tr role="row" id="[^"]*" data-id="([^"]*)">(.*?)</tr>', page, re.S)
        assert len(rows) == len(data["nodes"]) + len(data["claims"])
        pages = {unescape(item): re.findall(r'<a href="(\.\./[^"]*)">', row) for item, row in rows}
        for item in (*data["nodes"], *data["claims"]):
            address = site.addresses.get(expand(item["id"])) if ":" in item["id"] else None
            assert pages[item["id"]] == ([f"../{address}"] if address else [])
            assert item.get("page") == (f"../{address}" if address else None)
    assert "page" not in next(n for n in data["nodes"] if n["id"].startswith("disagreement:"))


def test_the_pages_share_their_scripts_and_lead_on(site: Site) -> None:
    page = read(site, "theme--serious-case-reviews")
    assert "default-src 'none'; script-src 'self' file:; style-src 'self' file: 'sha256-" in page
    own = re.findall(r'<(?:script|link)[^>]*(?:src|href)="\.\./([^"]*)"', page)
    wanted = ["govuk.css", "site.css", "site.js", *(Path(name).name for name in FILES)]
    assert sorted(own) == sorted(wanted)
    assert all((site.folder / name).is_file() for name in own)
    assert len(page) < 150_000
    assert '<li><a href="../theme/serious-case-reviews.html">' in page
    assert 'href="../question/theme-map--serious-case-reviews.html"' in page


@pytest.mark.parametrize(("tag", "part"), [("header", "bar"), ("footer", "foot")])
def test_a_network_has_the_head_and_foot_of_the_site(site: Site, tag: str, part: str) -> None:
    def frame(name: str) -> str:
        found = re.search(rf'<{tag} class="{part}">.*?</{tag}>', read(site, name), re.S)
        assert found
        return found[0].replace('aria-current="page"', 'aria-current="true"')

    assert frame("agency--police") == frame("index")
    assert 'aria-label="You are here"' in read(site, "agency--police")


LOOK = """() => ["html", "body", ".bar", ".bar .name a", ".bar li a", ".search input", "main", "h1",
  ".explorer .govuk-body", ".foot", ".foot p", ".foot a"].map((where) => {
  const { fontFamily, fontSize, lineHeight, color, backgroundColor, padding, margin, border }
    = getComputedStyle(document.querySelector(where));
  return [where, fontFamily, fontSize, lineHeight, color, backgroundColor, padding, margin, border];
})"""


def test_the_style_of_the_picture_leaves_the_site_alone(site: Site, browser: Browser) -> None:
    page = browser.new_page()
    page.goto((site.folder / "network" / "agency--police.html").as_uri())
    with_picture = page.evaluate(LOOK)
    page.evaluate("document.querySelector('link[href$=\"network.css\"]').disabled = true")
    assert page.evaluate(LOOK) == with_picture
    page.close()


def test_claims_have_the_colours_of_the_site(project: Project) -> None:
    style = (files("kg") / "static" / "site.css").read_text(encoding="utf-8")
    of_site = {
        kind: colour
        for kinds, colour in re.findall(r"^(\.kind-[^{]*) \{.*?(#[0-9a-f]{6})", style, re.M)
        for kind in re.findall(r"\.kind-(\w+)", kinds)
    }
    assert len(of_site) > 6
    for view in list_views(project):
        drawn_as = {name.replace(" ", ""): kind.colour for name, kind in view.kinds.items()}
        assert of_site.items() <= drawn_as.items(), view.id


def test_each_network_knows_the_answer_that_it_draws(project: Project, store: MemoryStore) -> None:
    answers = {a.address for q in questions(project, store) for a in q.answers}
    found = {each.address: each.question for each in networks(project, store)}
    assert set(found.values()) <= answers
    assert found["network/disagreements.html"] == "question/disagreement-side.html"


def test_agencies_and_themes_link_to_their_networks(sample: Path) -> None:
    for network in sorted((sample / "network").glob("*--*.html")):
        folder, _, name = network.stem.partition("--")
        page = (sample / folder / f"{name}.html").read_text(encoding="utf-8")
        assert f'href="../network/{network.name}"' in page
    # Nobody claims anything of those who study falls.
    assert not (sample / "network" / "agency--research.html").exists()
    assert "network/agency--" not in (sample / "agency" / "research.html").read_text(
        encoding="utf-8"
    )


def test_a_view_that_finds_nothing_is_told_in_words(tmp_path: Path) -> None:
    for folder in ("data/triples", "viz"):
        shutil.copytree(Project().home / folder, tmp_path / folder)
    view = tmp_path / "viz" / "cross-agency-challenges.toml"
    text = view.read_text(encoding="utf-8")
    # No challenge under that theme crosses agencies.
    view.write_text(f'params = {{ theme = "capacity-recruitment" }}\n{text}', encoding="utf-8")
    for other in ("theme", "agency", "overview", "citation-chains"):
        text = (tmp_path / "viz" / f"{other}.toml").read_text(encoding="utf-8")
        (tmp_path / "viz" / f"{other}.toml").write_text(
            text.replace("{theme}", "A theme").replace("{agency}", "An agency"), encoding="utf-8"
        )
    project = Project(tmp_path)
    made = Site(project, open_store(project), tmp_path / "site")
    write_networks(made, [])
    index = read(made, "index")
    assert index.count("The graph holds nothing of this kind") == 1
    assert "cross-agency-challenges.html" not in index
    assert not (tmp_path / "site" / "network" / "cross-agency-challenges.html").exists()
    # Without a parameter in its title, a view is drawn once, with its own values.
    assert "A theme: what is claimed" in read(made, "theme")


@pytest.mark.full
@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("place", PLACES, ids=["index", "expanded", "path", "wanted"])
def test_each_state_can_be_read_by_all(
    site: Site, new_tab: NewTab, barriers: Barriers, place: str, width: int
) -> None:
    page = new_tab(width)
    page.goto((site.folder / "network").as_uri() + f"/{place}")
    if "#" in place:
        page.locator("html[data-ready]").wait_for(state="attached")
    name = re.sub(r"[^a-z-]+", "-", place.partition("&")[0].replace(".html", ""))
    assert barriers(page, f"network-{name.strip('-')}", full_page=False) == []


def test_without_scripts_the_tables_lead_on(site: Site, browser: Browser) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto((site.folder / "network" / "theme--serious-case-reviews.html").as_uri())
    row = page.locator("tr", has_text="agency:police")
    assert page.locator("#data").is_hidden()
    link = row.get_by_role("link", name="Open its page")
    assert link.get_attribute("href") == "../agency/police.html"
    assert link.inner_text().endswith(" Police")
    page.context.close()


@pytest.mark.parametrize("width", [768, 1024, 1280])
def test_no_network_is_wider_than_the_window(
    site: Site, sample: Path, browser: Browser, width: int
) -> None:
    names = ("citation-chains", "overview", "agency--police", "theme--evidence-base")
    pages = [site.folder / "network" / f"{name}.html" for name in names]
    page = browser.new_page(viewport={"width": width, "height": 800})
    for file in (*pages, sample / "network/citation-chains.html"):
        page.goto(file.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width, file.name
        # Nor is part of a table out of sight.
        cut = "them => them.filter((each) => each.scrollWidth > each.clientWidth).length"
        assert page.eval_on_selector_all("#table section", cut) == 0, file.name
    page.close()


def test_each_count_leads_to_the_table_that_lists_it(site: Site) -> None:
    for name in ("overview", "disagreements", "theme--evidence-base"):
        page = read(site, name)
        found = re.findall(r'<a href="#(table-\d)">[^<]* (\d+)</a>', page)
        assert len(found) == page.count("<table")
        for place, many in found:
            (section,) = re.findall(rf'aria-labelledby="{place}">.*?</section>', page, re.S)
            assert section.count("data-id=") == int(many)
        (question,) = re.findall(r'<a href="\.\./(question/[^"]*)">The rows it is drawn from', page)
        assert question in {each.question for each in networks(site.project, site.store)}


def test_the_picture_is_in_sight(site: Site, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    top = "document.querySelector('#network').getBoundingClientRect().top"
    file = site.folder / "network" / "overview.html"
    for place, least in (("", 450), ("#node=source%3Aholmes-2010&near=2", 120)):
        page.goto("about:blank")
        page.goto(f"{file.as_uri()}{place}")
        page.locator("html[data-ready]").wait_for(state="attached")
        assert 0 < page.evaluate(top) < least
    page.close()
