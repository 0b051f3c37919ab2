"""How soon the picture of a large network stands.

    python benchmarks/drawing.py

Overviews of graphs made by generate.py are opened from files in headless Chromium, with WebGL in
software. Their first full draw is the frame in which the picture stands whole. The processor's time
is that of the page's main thread. Aim: 1.5 s at 20,000 items. Nothing passes or fails.
"""

import statistics
import tempfile
from pathlib import Path

from generate import make_home
from playwright.sync_api import Browser, sync_playwright
from told import say, tell_said

from kg.doctor import find_browser
from kg.project import Project
from kg.store import open_store
from kg.views import build_view, view_network

ROUNDS = 7
TRIPLES = [95_000, 710_000]
AIM = 1.5
WEBGL = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader")
# Before a page's own scripts: notes the end of the frame after the one in which it is ready.
WATCH = """(() => {
  const drawn = () => requestAnimationFrame(() => requestAnimationFrame(() => {
    document.documentElement.dataset.drawn = performance.now() / 1000;
  }));
  addEventListener("DOMContentLoaded", () => document.querySelector("script") || drawn());
  new MutationObserver(drawn).observe(document, { subtree: true, attributeFilter: ["data-ready"] });
})();"""


def seconds(browser: Browser, page_file: Path) -> tuple[float, float]:
    """Open a page, and give the seconds of the clock and of the processor until it is drawn."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    measures = page.context.new_cdp_session(page)
    measures.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.add_init_script(WATCH)
    page.goto(page_file.as_uri())
    page.locator("html[data-drawn]").wait_for(state="attached")
    told = {m["name"]: m["value"] for m in measures.send("Performance.getMetrics")["metrics"]}
    clock = float(page.evaluate("document.documentElement.dataset.drawn"))
    page.close()
    return clock, told["TaskDuration"]


def main() -> None:
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as name:
        # Chromium has no sandbox for root, in containers; the pages are our own.
        browser = playwright.chromium.launch(
            executable_path=find_browser(), args=["--no-sandbox", *WEBGL]
        )
        for triples in TRIPLES:
            project = Project(make_home(Path(name) / str(triples), triples))
            store, page_file = open_store(project), Path(name) / "large.html"
            page_file.write_text(build_view(project, store, "overview"), encoding="utf-8")
            network = view_network(project, store, "overview")
            rounds = [seconds(browser, page_file) for _ in range(ROUNDS)]
            clock, processor = (sorted(taken) for taken in zip(*rounds, strict=True))
            say(
                f"first full draw of {len(network):,} items and {network.number_of_edges():,} "
                f"links, {page_file.stat().st_size / 1e6:.1f} MB: {statistics.median(clock):.2f} s "
                f"({clock[0]:.2f} to {clock[-1]:.2f}; aim {AIM} at 20,000), "
                f"{statistics.median(processor):.2f} s of the processor"
            )
        browser.close()
    tell_said(
        "Pages of large networks",
        "Pages are opened from files in headless Chromium with WebGL in software. The processor is "
        "that of the page's main thread; what it draws is worked out beside it.",
        ["pyoxigraph", "networkx", "igraph", "playwright"],
    )


if __name__ == "__main__":
    main()
