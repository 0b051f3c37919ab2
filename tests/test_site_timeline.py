"""The timeline: every date of the graph, as exact as it is known, in a table and a drawing."""

import re
from collections.abc import Callable
from html import unescape
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Page

from kg.project import Project, start_home
from kg.site.dates import days, spoken
from kg.site.evidence import Evidence
from kg.site.pages import Site
from kg.site.timeline import drawing, happenings, write_timeline
from kg.store import MemoryStore, open_store
from kg.terms import expand

Barriers = Callable[..., list[object]]
NewTab = Callable[[int], Page]
DATED = {
    "dcterms:date": "kg:PolicyEvent",
    "dcterms:issued": "kg:Source",
    "schema:foundingDate": "kg:Organisation",
    "schema:dissolutionDate": "kg:Organisation",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    project = Project()
    site = Site(project, open_store(project), tmp_path_factory.mktemp("site"))
    write_timeline(site)
    site.copy(["vendor/govuk.css", "site.css", "site.js"])
    return site


def rows(site: Site) -> list[str]:
    """The text of each row of the table, without its tags."""
    page = (site.folder / "timeline.html").read_text(encoding="utf-8")
    table = page.partition("<tbody>")[2]
    found = re.findall(r"<tr(?: class=\"is-baseline\")?>\s*<td.*?</tr>", table, re.S)
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", row)).split()) for row in found]


def test_every_date_of_the_graph_has_its_row(site: Site) -> None:
    e = site.evidence
    told = rows(site)
    wanted = [
        (e.one(iri, name), e.label(iri))
        for name, kind in DATED.items()
        for iri in e.of_class(kind)
        if e.one(iri, name)
    ]
    assert len(wanted) > 40
    assert len(told) == len(wanted)
    for date, label in wanted:
        assert any(row.startswith(spoken(date)) and label in row for row in told), label


def test_dates_stand_in_order_and_no_more_exact_than_known(site: Site) -> None:
    told = rows(site)
    dates = [each.at for each in happenings(site.evidence)]
    assert dates == sorted(dates)
    assert [row.startswith(spoken(date)) for row, date in zip(told, dates, strict=True)] == [
        True
    ] * len(dates)
    # The month in which Munro first reported is known, the day is not.
    (munro,) = [row for row in told if "Munro review's first report" in row]
    assert munro.startswith("October 2010 Event")
    (lead,) = [row for row in told if "Burton (2009)" in row]
    assert lead.startswith("2009 Work")


def test_the_baseline_is_marked(site: Site) -> None:
    # es.background: the review measures against Lord Laming's report of March 2009.
    page = (site.folder / "timeline.html").read_text(encoding="utf-8")
    assert page.count('class="is-baseline"') == 1
    (row,) = [row for row in rows(site) if "Baseline:" in row]
    assert row.startswith("12 March 2009") and "Martin, Jeffes and MacLeod (2010)" in row
    drawn = drawing(site.evidence, happenings(site.evidence))
    assert drawn is not None
    ((label, _, _),) = drawn.baselines
    assert label == "Baseline: 12 March 2009"


def test_events_say_who_acted_and_what_followed(site: Site) -> None:
    told = rows(site)
    (change,) = [row for row in told if "Event DCSF becomes DfE" in row]
    assert "Department for Education followed Department for Children, Schools" in change
    (unit,) = [row for row in told if "National Safeguarding Delivery Unit at work" in row]
    assert unit.startswith("July 2009 to June 2010") and "Who acted:" in unit
    (cqc,) = [row for row in told if "Work Care Quality Commission (2009)" in row]
    assert "Its data describe the time until 31 December 2008." in cqc


def test_marks_stand_in_order_of_time_and_touch_no_other(site: Site) -> None:
    drawn = drawing(site.evidence, happenings(site.evidence))
    assert drawn is not None
    at = {}
    for band in drawn.bands:
        for _, lane in band.lanes:
            for one, other in pairwise(sorted(lane, key=lambda mark: mark.reach)):
                assert one.reach[1] < other.reach[0]
            for mark in lane:
                assert 0 <= mark.begin <= mark.end <= drawn.width
                at[mark.iri] = mark
    years = {year: (x, wide) for year, x, wide in drawn.years}
    assert list(years) == list(range(min(years), max(years) + 1))
    report = at[expand("event:laming-progress-report")]
    x, wide = years[2009]
    assert (report.begin - x) / wide == pytest.approx(70 / 365, abs=0.01)
    # Of Burton the year alone is known: the whole of it is drawn, and drawn hollow.
    burton = at[expand("source:burton-2009")]
    assert (burton.begin, burton.end, burton.shape) == pytest.approx((x, x + wide, "vague"), abs=1)
    assert at[expand("organisation:csci")].shape == "until"
    assert at[expand("organisation:dfe")].shape == "from"


def test_a_long_name_is_cut_in_the_drawing_and_whole_in_the_table(tmp_path: Path) -> None:
    start_home(tmp_path / "graph")
    project = Project(tmp_path / "graph")
    works = tmp_path / "graph/data/triples/works.ttl"
    text = works.read_text(encoding="utf-8")
    name = "Placeholder " * 30 + "(2019)"
    works.write_text(text.replace("Placeholder (2019)", name), encoding="utf-8")
    site = Site(project, MemoryStore(project.graph_files()), tmp_path / "site")
    write_timeline(site)
    assert any(name in row for row in rows(site))
    drawn = drawing(site.evidence, happenings(site.evidence))
    assert drawn is not None
    labels = [m.label for band in drawn.bands for _, lane in band.lanes for m in lane]
    assert [label for label in labels if label.startswith("Placeholder") and label.endswith("…")]


def test_a_graph_without_dates_says_so(tmp_path: Path) -> None:
    start_home(tmp_path / "graph")
    project = Project(tmp_path / "graph")
    site = Site(project, MemoryStore(project.graph_files()), tmp_path / "site")
    site.evidence = Evidence({})
    write_timeline(site)
    page = (tmp_path / "site/timeline.html").read_text(encoding="utf-8")
    assert "Nothing in this graph has a date." in page and "<svg" not in page


def test_a_date_that_nobody_can_read_stays_in_the_table(tmp_path: Path) -> None:
    start_home(tmp_path / "graph")
    project = Project(tmp_path / "graph")
    site = Site(project, MemoryStore(project.graph_files()), tmp_path / "site")
    iri = site.evidence.of_class("kg:Source")[0]
    told = site.evidence.told[iri]
    key = expand("dcterms:issued")
    told[key] = [type(told[expand("rdfs:label")][0])("in spring")]
    write_timeline(site)
    assert any(row.startswith("in spring Work") for row in rows(site))


@pytest.mark.parametrize(
    ("text", "words", "first", "last"),
    [
        ("2008-02", "February 2008", "2008-02-01", "2008-02-29"),
        ("2009-03-12", "12 March 2009", "2009-03-12", "2009-03-12"),
        ("2009", "2009", "2009-01-01", "2009-12-31"),
        ("2009-12Z", "December 2009", "2009-12-01", "2009-12-31"),
        ("2009-05:00", "2009", "2009-01-01", "2009-12-31"),
    ],
)
def test_dates_are_told_as_precisely_as_they_are_known(
    text: str, words: str, first: str, last: str
) -> None:
    assert spoken(text) == words
    assert [day.isoformat() for day in days(text) or ()] == [first, last]


@pytest.mark.parametrize("text", ["", "2009-13", "2009-02-30", "-0044", "in spring", "2009-3"])
def test_what_is_no_date_stays_as_it_stands(text: str) -> None:
    assert days(text) is None and spoken(text) == text


@pytest.mark.full
@pytest.mark.parametrize("width", [1280, 320])
def test_the_timeline_can_be_read_by_all(
    site: Site, new_tab: NewTab, barriers: Barriers, width: int
) -> None:
    page = new_tab(width)
    page.goto((site.folder / "timeline.html").as_uri())
    assert barriers(page, "timeline") == []
    # Where there is no room for the drawing, the table carries it all.
    assert page.locator("svg").is_visible() == (width == 1280)
    assert page.locator("table").is_visible()
    # No label of the drawing runs out of it.
    boxes = page.evaluate(
        "[...document.querySelectorAll('svg a text')].map((t) => t.getBBox())"
        ".map((b) => [b.x, b.x + b.width])"
    )
    assert all(begin >= 0 and end <= 1120 for begin, end in boxes)
    # Nor does the baseline run through one: its halo is wider than the space between two words.
    halo = page.evaluate(
        "[...document.querySelectorAll('svg a text')].map((t) => getComputedStyle(t))"
        ".map((s) => [s.paintOrder.split(' ')[0], parseFloat(s.strokeWidth)])"
    )
    assert all(order == "stroke" and width >= 13 / 2 for order, width in halo)
