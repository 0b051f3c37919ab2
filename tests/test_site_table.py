"""Tables of the site with a script: they sort, filter, say so, and keep it in the address."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from kg.project import Project
from kg.site.questions import questions
from kg.store import open_store

Barriers = Callable[..., list[object]]
NewTab = Callable[[int], Page]
TYPES = [
    "questions.html",
    "question/statement-by-theme--interagency-working.html",
    "question/source-contribution.html",
    "question/policy-timeline.html",
    "question/agency-theme-matrix.html",
    "question/agency-map.html",
    "question/instrument-in-statement.html",
    "question/gap-by-theme--evidence-base.html",
]


@pytest.fixture
def page(new_tab: NewTab) -> Page:
    return new_tab(1280)


def column(page: Page, heading: str) -> list[str]:
    """The texts of the rows that are shown, under a heading."""
    return page.eval_on_selector_all(  # type: ignore[no-any-return]
        "#answer tbody tr:not([hidden])",
        """(rows, heading) => {
            const heads = [...document.querySelectorAll("#answer thead th")];
            const at = heads.findIndex((th) => th.textContent.trim() === heading);
            return rows.map((row) => row.cells[at].textContent.trim());
        }""",
        heading,
    )


def sort_by(page: Page, heading: str) -> None:
    page.get_by_role("button", name=heading, exact=True).press("Enter")


def test_numbers_are_sorted_as_numbers_and_back(site: Path, page: Page) -> None:
    page.goto((site / "question/source-contribution.html").as_uri())
    first = column(page, "Work")
    sort_by(page, "Reported")
    assert column(page, "Reported") == sorted(column(page, "Reported"), key=int)
    head = page.locator("th", has_text="Reported")
    assert head.get_attribute("aria-sort") == "ascending"
    assert page.get_by_role("status").inner_text().endswith("by Reported, first to last.")
    sort_by(page, "Reported")
    assert column(page, "Reported")[0] == "10" and page.url.endswith("#sort=-reported")
    sort_by(page, "Reported")
    assert column(page, "Work") == first and head.get_attribute("aria-sort") is None


def test_pages_are_sorted_roman_before_arabic(site: Path, page: Page) -> None:
    page.goto((site / "question/statement-by-theme.html").as_uri())
    sort_by(page, "Page")
    told = list(dict.fromkeys(column(page, "Page")))
    assert told[:5] == ["iv", "v", "vi", "vii", "viii"]
    assert told[-1] == ""  # the place is not known: last, whichever way
    assert told[5:-1] == ["1", "2"]
    sort_by(page, "Page")
    assert list(dict.fromkeys(column(page, "Page"))) == [*reversed(told[:-1]), ""]


def test_dates_are_sorted_by_time_and_not_by_their_words(site: Path, page: Page) -> None:
    page.goto((site / "question/policy-timeline.html").as_uri())
    first = column(page, "Date")
    sort_by(page, "Event")
    assert column(page, "Date") != first
    sort_by(page, "Date")
    assert column(page, "Date") == first


def test_ticks_leave_the_rows_that_have_them(site: Path, page: Page) -> None:
    address = (site / "question/statement-by-theme--interagency-working.html").as_uri()
    page.goto(address)
    every = list(zip(column(page, "Kind"), column(page, "Fragile"), strict=True))
    page.get_by_label("Challenge").check()
    page.get_by_label("Gap").check()
    kinds = column(page, "Kind")
    assert kinds == [kind for kind, _ in every if kind in {"Challenge", "Gap"}] and kinds
    status = page.get_by_role("status")
    assert status.inner_text() == f"{len(kinds)} of {len(every)} rows shown."
    # The numbers beside the ticks of another column are of the rows that are left.
    left = [fragile for kind, fragile in every if kind in {"Challenge", "Gap"}]
    assert page.locator('[data-value="Yes"] .many').inner_text() == str(left.count("Yes"))
    page.get_by_label("Yes").check()
    assert set(column(page, "Fragile")) == {"Yes"} and set(column(page, "Kind")) <= set(kinds)

    again = page.url
    page.goto("about:blank")
    page.goto(again)
    assert column(page, "Fragile") == ["Yes"] * left.count("Yes")
    assert page.get_by_label("Gap").is_checked()
    page.get_by_role("button", name="Show all rows").click()
    assert len(column(page, "Kind")) == len(every) and not page.get_by_label("Gap").is_checked()


def test_a_number_of_the_matrix_leads_to_its_claims(site: Path, page: Page) -> None:
    page.goto((site / "question/agency-theme-matrix.html").as_uri())
    link = page.locator(".matrix tbody a").first
    many, to = link.inner_text(), link.get_attribute("href") or ""
    link.click()
    assert page.locator(to).is_visible()
    assert page.locator(f"{to} > li").count() == int(many)


def test_without_a_script_all_is_there(site: Path, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((site / "question/statement-by-theme--interagency-working.html").as_uri())
    assert page.locator("#answer button, .facets input").count() == 0
    assert page.locator(".facets li").first.is_visible()
    page.locator(".why summary").first.click()
    assert page.locator(".why li").first.is_visible()
    context.close()


@pytest.mark.full
@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("address", TYPES)
def test_each_kind_of_answer_can_be_read_by_all(
    site: Path, page: Page, barriers: Barriers, address: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto((site / address).as_uri())
    # All that can be opened is open, so that it is held to the same rules.
    page.eval_on_selector_all("details", "all => all.forEach((each) => (each.open = true))")
    name = f"{address.removesuffix('.html')}-open"
    assert barriers(page, name, full_page=False) == []


@pytest.mark.full
def test_every_answer_sorts_and_filters_without_an_error(site: Path, page: Page) -> None:
    asked = questions(Project(), open_store(Project()))
    assert len(asked) > 30
    for question in asked:
        answer = max(question.answers, key=lambda each: len(each.rows))
        page.goto((site / answer.address).as_uri())
        for button in page.locator("#answer thead button").all():
            button.click()
            assert page.locator("#answer tbody tr").count() == len(answer.rows)
        for box in page.locator(".facets input").all()[:3]:
            box.check()
            shown = page.locator("#answer tbody tr:not([hidden])").count()
            assert page.get_by_role("status").inner_text().startswith(f"{shown} of ")


def test_a_cut_table_says_that_there_is_more(site: Path, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto((site / "question/evidence-map.html").as_uri())
    hint = page.get_by_text("Scroll sideways for more columns").last  # of the table of the answer
    expect(hint).to_be_visible()
    shadows = "getComputedStyle(document.querySelector('.scroll')).backgroundImage"
    assert page.evaluate(shadows).count("linear-gradient") == 4
    page.set_viewport_size({"width": 2600, "height": 800})
    page.evaluate("document.querySelector('main').parentElement.style.maxWidth = 'none'")
    expect(hint).to_be_hidden()
    page.close()
