"""How soon the picture of a network stands, and what the site takes to build and to carry.

    python benchmarks/site.py

Overviews of two sizes (see generate.py) are opened from files in headless Chromium, whose graphics
are software. Their first full draw is the frame in which the picture stands whole; it is compared
with the same page without scripts, tables only, turn about. The processor's time is that of the
page's main thread: unlike the clock's, it tells little of what else the machine does. It may take
in the layout of the tables, which follows upon the picture.
Aim: 0.5 s at 150 nodes and 1.0 s at 1,000. Nothing passes or fails.
"""

import re
import statistics
import tarfile
import tempfile
import time
from pathlib import Path

from drawing import seconds
from generate import make_home
from playwright.sync_api import sync_playwright
from told import say, tell_said

from kg.doctor import find_browser
from kg.project import Project
from kg.queries import choices, load_query, run
from kg.results import Table
from kg.site.build import build_site
from kg.site.pages import Site
from kg.site.questions import questions
from kg.store import MemoryStore, open_store
from kg.view_pages import FILES, Surroundings
from kg.views import build_view

ROUNDS = 7
# Nodes, triples of a graph that has as many (0: the shipped one), and within how many seconds they
# shall be drawn.
SIZES = [(150, 0, 0.5), (1000, 50_000, 1.0)]


def themes_of(project: Project, store: MemoryStore, size: int) -> tuple[list[str], int]:
    """Take themes until the overview of them has so many nodes."""
    query = load_query(project, "statement-network")
    theme = next(param for param in query.params if param.name == "theme")
    taken: list[str] = []
    for iri in choices(theme, store):
        taken.append(iri)
        answer = run(query, store, {"theme": taken})
        assert isinstance(answer, Table)
        nodes = {row[name] for row in answer.records() for name in ("statement", "target")} - {None}
        if len(nodes) >= size:
            return taken, len(nodes)
    raise SystemExit(f"the graph has fewer than {size} nodes")


def measure_drawing(folder: Path) -> None:
    project = Project()
    site = Site(project, open_store(project), folder)
    site.copy(["vendor/govuk.css", "site.css", *FILES])
    around = Surroundings("../", site.frame("n/whole.html"), [])
    whole, plain = folder / "n" / "whole.html", folder / "n" / "plain.html"
    whole.parent.mkdir()
    with sync_playwright() as playwright:
        # Chromium has no sandbox for root, in containers; the pages are our own.
        browser = playwright.chromium.launch(
            executable_path=find_browser(), args=["--no-sandbox", "--disable-gpu"]
        )
        for size, triples, aim in SIZES:
            made = Project(make_home(folder / str(size), triples)) if triples else project
            store = MemoryStore(made.graph_files())
            themes, nodes = themes_of(project, store, size)
            text = build_view(project, store, "overview", {"theme": themes}, around)
            whole.write_text(text, encoding="utf-8")
            # With scripts the tables wait for the picture; here there is none to wait for.
            tables = re.sub("<script.*?</script>", "", text).replace(
                "<html ", "<html data-settled "
            )
            plain.write_text(tables, encoding="utf-8")
            pairs = [(seconds(browser, whole), seconds(browser, plain)) for _ in range(ROUNDS)]
            clock = [drawn[0] for drawn, _ in pairs]
            processor = statistics.median(drawn[1] for drawn, _ in pairs)
            ratio = statistics.median(drawn[1] / alone[1] for drawn, alone in pairs)
            say(
                f"first full draw of {nodes:,} nodes: {statistics.median(clock):.2f} s "
                f"({min(clock):.2f} to {max(clock):.2f}; aim {aim}), {processor:.2f} s of the "
                f"processor, {ratio:.1f} times the tables alone",
            )
        browser.close()


def measure_site(folder: Path) -> None:
    project = Project()
    store = open_store(project)
    begin = time.process_time()
    questions(project, store)
    asked = time.process_time() - begin
    begin = time.process_time()
    files = build_site(project, store, folder / "site")
    built = time.process_time() - begin
    raw = sum(path.stat().st_size for path in files) / 1e6
    archive = folder / "site.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(folder / "site", "site")
    say(f"site: {built / asked:.1f} times as long as asking its questions ({built:.1f} s)")
    say(f"site: {len(files):,} files, {raw:.1f} MB, {archive.stat().st_size / 1e6:.1f} MB packed")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        measure_site(Path(name))
        measure_drawing(Path(name))
    tell_said(
        "The site",
        "Pages are opened from files in headless Chromium with software graphics, and each is "
        "compared with the same page without scripts, turn about.",
        ["pyoxigraph", "networkx", "playwright"],
    )


if __name__ == "__main__":
    main()
