"""Printed pages: wide tables fit across the sheet, and shades are printed."""

import io
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from pypdf import PdfReader


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
            name in sheet for name in ("Theme", "Disputed", "Relayed", "Own view", "Uncited")
        )
        assert "Why" not in sheet


def test_the_map_is_printed_across_the_sheet(site: Path, browser: Browser) -> None:
    first, *others = printed(browser, site / "map.html")
    assert 1 <= len(others) <= 2
    assert "Outside what the review covers" in first
    assert all("Training and professional development" in sheet for sheet in (first, others[0]))


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
