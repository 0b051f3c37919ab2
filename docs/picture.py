"""Take the pictures in the README as a browser draws them (make picture)."""

import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from kg.doctor import find_browser
from kg.project import Project
from kg.site.build import build_site
from kg.store import open_store
from kg.views import build_view

DOCS = Path(__file__).parent
PAGES = {"index.html": "site-home.png", "map.html": "site-map.png"}


def main() -> None:
    project = Project()
    store = open_store(project)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        network = folder / "overview.html"
        network.write_text(build_view(project, store, "overview"), encoding="utf-8")
        build_site(project, store, folder / "site")
        browser = playwright.chromium.launch(
            executable_path=find_browser(), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1400, "height": 940}, reduced_motion="reduce")
        page.goto(network.as_uri() + "#node=statement%3Amartin-2010-008")
        page.locator("html[data-ready]").wait_for()
        page.get_by_role("button", name="Fit all").click()
        page.wait_for_timeout(300)
        page.screenshot(path=str(DOCS / "overview.png"))
        for address, picture in PAGES.items():
            page.goto((folder / "site" / address).as_uri())
            page.screenshot(path=str(DOCS / picture))
        browser.close()


if __name__ == "__main__":
    main()
