"""Take the picture in the README: the overview page as a browser draws it (make picture)."""

import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from kg.doctor import find_browser
from kg.project import Project
from kg.store import open_store
from kg.views import build_view


def main() -> None:
    project = Project()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = Path(folder) / "overview.html"
        page_file.write_text(build_view(project, open_store(project), "overview"), encoding="utf-8")
        browser = playwright.chromium.launch(
            executable_path=find_browser(), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1400, "height": 940}, reduced_motion="reduce")
        page.goto(page_file.as_uri() + "#node=statement%3Amartin-2010-008")
        page.locator("html[data-ready]").wait_for()
        page.get_by_role("button", name="Fit all").click()
        page.wait_for_timeout(300)
        page.screenshot(path=str(Path(__file__).parent / "overview.png"))
        browser.close()


if __name__ == "__main__":
    main()
