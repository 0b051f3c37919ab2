"""Wide tables: how they are printed, and how they are read in a narrow window."""

import io
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from pypdf import PdfReader

pytestmark = pytest.mark.full


def printed(browser: Browser, page: Path) -> list[str]:
    """Print a page on sheets as it asks for, all of them A4 landscape, and give their texts."""
    tab = browser.new_page()
    tab.goto(page.as_uri())
    reader = PdfReader(io.BytesIO(tab.pdf(format="A4", prefer_css_page_size=True)))
    tab.close()
    for sheet in reader.pages:
        assert [round(float(x)) for x in sheet.mediabox[2:]] == [842, 595]
    return [" ".join(sheet.extract_text().split()) for sheet in reader.pages]


def test_a_wide_answer_is_printed_across_the_sheet(site: Path, browser: Browser) -> None:
    sheets = printed(browser, site / "question/evidence-map.html")
    assert len(sheets) <= 5  # 81 rows of one line each; the claims behind them stretch none
    rows = [sheet for sheet in sheets if "Research Evidence base" in sheet or "Answer:" in sheet]
    assert rows
    for sheet in rows:
        assert all(
            name in sheet
            for name in ("Theme", "In a disagreement", "Relayed", "Own view", "Uncited")
        )
        assert "Why" not in sheet


def test_the_map_is_printed_across_the_sheet(site: Path, browser: Browser) -> None:
    first, *others = printed(browser, site / "map.html")
    assert len(others) == 1
    assert "Police" in first  # half of the agencies stand on the first sheet
    assert "Outside what the review covers" in first
    assert all("Training and professional development" in sheet for sheet in (first, others[0]))
    assert all("Relationships and understanding" in sheet for sheet in (first, others[0]))
    assert "8 reported" in first  # of health, under interagency working


@pytest.mark.parametrize(
    ("address", "shaded"),
    [
        ("map.html", ".map td.nothing, .map path, .swatch"),
        ("question/evidence-map.html", ".matrix .shade-5"),
    ],
)
def test_shades_that_tell_something_are_printed(
    site: Path, browser: Browser, address: str, shaded: str
) -> None:
    page = browser.new_page()
    page.emulate_media(media="print")
    page.goto((site / address).as_uri())
    found = page.eval_on_selector_all(
        shaded, "them => them.map((each) => getComputedStyle(each).printColorAdjust)"
    )
    page.close()
    assert found and set(found) == {"exact"}


def test_the_map_tells_its_caption_and_two_themes_at_320_pixels(
    site: Path, browser: Browser
) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 900})
    page.goto((site / "map.html").as_uri())

    def right_of(selector: str) -> float:
        box = page.locator(selector).first.bounding_box()
        assert box
        return box["x"] + box["width"]

    assert right_of(".map caption span") <= 320
    assert right_of(".map thead th:nth-child(3)") <= 305  # within the margin
    page.evaluate("document.querySelector('.scroll').scrollLeft = 300")
    box = page.locator(".map caption span").bounding_box()
    page.close()
    assert box and 0 <= box["x"] < 20 and box["x"] + box["width"] <= 320


def test_a_network_is_printed_with_its_key_and_long_tables_on_request(
    site: Path, browser: Browser
) -> None:
    page = browser.new_page()
    page.goto((site / "network/overview.html").as_uri())
    page.locator("html[data-ready]").wait_for(state="attached")
    page.get_by_text("Key: show or hide").click()  # closed, as in a narrow window

    def sheets() -> list[str]:
        reader = PdfReader(io.BytesIO(page.pdf(format="A4")))
        return [" ".join(sheet.extract_text().split()) for sheet in reader.pages]

    first, *others = sheets()
    assert len(others) <= 2
    assert all(part in first for part in ("Finding (", "Front-line agency (", "Dashed: the review"))
    assert "tick “Print the tables too”" in " ".join(others)
    page.get_by_label("Print the tables too").check()
    assert len(sheets()) > 10
    page.goto((site / "network/disagreements.html").as_uri())
    page.locator("html[data-ready]").wait_for(state="attached")
    assert "martin-2010-001" in " ".join(sheets())
    page.close()
