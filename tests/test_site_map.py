"""The evidence map: what each cell tells apart, held against the saved question behind it."""

import re
from html import unescape
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from kg.project import Project
from kg.queries import load_query, run
from kg.results import Table, shown
from kg.site.cells import VOICES
from kg.site.evidence import Evidence, distinct
from kg.store import MemoryStore
from kg.terms import expand, local_name

COLUMNS = {
    "reported": "reported",
    "relayed": "relayed",
    "own view": "ownView",
    "uncited": "uncited",
}


@pytest.fixture(scope="module")
def cells(site: Path) -> dict[str, str]:
    """What stands in each cell of the map, by its address."""
    page = (site / "map.html").read_text(encoding="utf-8")
    return dict(re.findall(r'<a href="map/([^"]+)\.html">(.*?)</a>', page, re.S))


def test_each_cell_tells_who_says_so(cells: dict[str, str], store: MemoryStore) -> None:
    answer = run(load_query(Project(), "evidence-map"), store)
    assert isinstance(answer, Table) and len(answer.rows) == len(cells) == 81
    for row in answer.records():
        told = cells["--".join(local_name(shown(row[name])) for name in ("agency", "theme"))]
        wanted = [(n, v) for v, column in COLUMNS.items() if (n := shown(row[column])) != "0"]
        words = " ".join(unescape(re.sub("<[^>]*>", "", told)).split())
        said = re.search(r"Who says so: ([^.]*)\.", words)
        assert [
            tuple(each.split(" ", 1)) for each in (said[1].split(", ") if said else [])
        ] == wanted
        # For the eye: the numbers in words, and a part of the bar for each, beside each other.
        seen = re.search(r'class="says numbers" aria-hidden="true">([^<]*)<', told)
        assert [
            (many, " ".join(label.split()))
            for many, label in re.findall(r"(\d+)\s([^,]+)", unescape(seen[1]) if seen else "")
        ] == wanted
        drawn = re.findall(r'class="voice ([\w-]+)" d="M([\d.]+) \dh([\d.]+)', told)
        assert [voice for voice, _, _ in drawn] == [voice.replace(" ", "-") for _, voice in wanted]
        ends = [0.0]
        for _, x, width in drawn:
            assert float(x) >= ends[-1] and float(width) >= 6
            ends.append(float(x) + float(width))
        assert ends[-1] <= 64
        implied = 0 if shown(row["statements"]) == "0" else int(shown(row["implied"]))
        every = shown(row["implied"]) == shown(row["statements"])
        assert ("all implied" if every else f"{implied} implied") in words or not implied


def test_the_key_says_what_each_part_of_a_bar_means(site: Path, store: MemoryStore) -> None:
    page = (site / "map.html").read_text(encoding="utf-8")
    key = page[page.index("who says so</h2>") : page.index("Where the evidence is thin")]
    found = re.findall(r'class="voice ([\w-]+)".*?</svg>([^<:]+): ([^<]+)</li>', key)
    assert [(voice, meaning) for voice, _, meaning in found] == list(VOICES.items())
    # Each by the label that it has in the vocabulary, as on the pages of the cells.
    e = Evidence.of(store)
    assert all(label == e.label(expand(f"voice:{voice}")) for voice, label, _ in found)


def test_colours_stay_whole_and_a_ring_tells_why_evidence_is_thin(
    site: Path, browser: Browser
) -> None:
    page = browser.new_page(viewport={"width": 1024, "height": 800})
    page.goto((site / "map.html").as_uri())
    opacity = "them => them.map((each) => getComputedStyle(each).fillOpacity)"
    assert set(page.eval_on_selector_all(".map td path:not(.voice)", opacity)) == {"1"}
    for reason, dashes in (("second-hand", True), ("unsourced", False), ("gap", False)):
        rings = page.locator(f".map td.{reason} .ring")
        assert rings.count() == page.locator(f".map td.{reason}").count()
        if rings.count():
            told = rings.first.evaluate("each => getComputedStyle(each).strokeDasharray")
            assert (told != "none") == dashes
    assert page.locator(".map td[class=''] .ring").count() == 0
    numbers = page.locator(".map .numbers").first
    assert numbers.is_visible()
    page.set_viewport_size({"width": 1000, "height": 800})
    assert numbers.is_hidden()
    page.close()


def test_claims_on_no_agency_are_told_under_the_map(site: Path, store: MemoryStore) -> None:
    page = (site / "map.html").read_text(encoding="utf-8")
    told = page.partition('id="placeless"')[2].partition("</section>")[0]
    e = Evidence.of(store)
    many = {t: sum(not c.agencies for c in distinct(e.naming(t))) for t in e.top_themes}
    # es.background and 1.1 tell of reviews and of what they asked, of no agency in particular.
    assert many[expand("theme:policy-context")] == 11 and sum(many.values()) == 13
    found = re.findall(r'href="theme/([\w-]+)\.html".*?data-count="theme:([\w-]+)".*?>(\d+)<', told)
    assert found == [(n := local_name(t), n, str(many[t])) for t in e.top_themes if many[t]]


def test_agencies_are_named_only_where_there_are_some(site: Path) -> None:
    page = (site / "theme/policy-context.html").read_text(encoding="utf-8")
    told = page.partition(">Agencies are</dt>")[2].partition("</dd>")[0]
    assert re.sub("<[^>]*>", "", told) == "Named in 23, implied in 6; 11 about no agency"
