"""What several test files lean on: the command line, the shipped graph, and other engines."""

import asyncio
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from pyoxigraph import QueryResultsFormat, RdfFormat, parse, parse_query_results
from rdflib import Graph
from real_servers import oxigraph, oxigraph_command

from kg.doctor import find_browser
from kg.endpoint import EndpointStore
from kg.project import Project
from kg.results import Table, Triples
from kg.site.build import build_site
from kg.store import MemoryStore, read

ROOT = Path(__file__).parent.parent
SOURCE_TEXT = ROOT.parent / "shared" / "source" / "000_f5938bed29163197.txt"
EXAMPLES = ROOT / "tests" / "shapes"

AXE = (ROOT / "tests" / "vendor" / "axe.min.js").read_text(encoding="utf-8")
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

Result = TypeVar("Result")
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def kg() -> Run:
    """Run `kg` in a process of its own, from an empty folder or another."""

    def run(*args: str, cwd: Path = ROOT, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", "from kg.cli import main; main()", *args],
            cwd=cwd,
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONUTF8": "1"},
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def project() -> Project:
    return Project()


@pytest.fixture(scope="session")
def store(project: Project) -> MemoryStore:
    return MemoryStore(project.graph_files())


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, project: Project, store: MemoryStore) -> Path:
    """The folder of the site of the shipped graph; tests only read it."""
    folder = tmp_path_factory.mktemp("site")
    build_site(project, store, folder)
    return folder


@pytest.fixture(scope="session")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A home that holds every ok and bad example of a shape; tests only read it."""
    home = tmp_path_factory.mktemp("examples")
    data = home / "data" / "triples"
    data.mkdir(parents=True)
    shutil.copy(EXAMPLES / "fixture.ttl", data)
    for path in EXAMPLES.glob("*/*.ttl"):
        shutil.copy(path, data / f"{path.parent.name}.{path.stem}.ttl")
    return Project(home)


@pytest.fixture(scope="session")
def source_text() -> Path:
    """The text of the review, which cannot be redistributed."""
    if not SOURCE_TEXT.is_file():
        pytest.skip("the text of the review is not at ../shared/source/")
    return SOURCE_TEXT


@pytest.fixture(scope="session")
def ask_rdflib() -> Callable[[Graph, str], Table | Triples]:
    """Ask rdflib's own engine, the reference, and give its answer in our terms."""

    def ask(graph: Graph, text: str) -> Table | Triples:
        found = graph.query(text)
        if found.type == "CONSTRUCT":
            body = found.serialize(format="nt")
            assert body is not None
            return Triples([quad.triple for quad in parse(body, format=RdfFormat.N_TRIPLES)])
        body = found.serialize(format="json")
        assert body is not None
        # Held by no name here: rdflib keeps this frame, and only this thread may let go of it.
        table = read(parse_query_results(body, format=QueryResultsFormat.JSON))
        assert isinstance(table, Table)
        return table

    return ask


@pytest.fixture(scope="session")
def serve(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., EndpointStore]]:
    """Start the `oxigraph` server of PyPI, on loopback, with the triples of a store."""
    with ExitStack() as stack:

        def start(store: MemoryStore, *, writable: bool = False) -> EndpointStore:
            folder = tmp_path_factory.mktemp("server")
            dump = folder / "graph.nq"
            with dump.open("wb") as file:
                store.graph.dump(file, format=RdfFormat.N_QUADS)
            load = [oxigraph_command(), "load", "--location", str(folder / "store")]
            subprocess.run([*load, "--file", str(dump)], check=True, capture_output=True)
            address = stack.enter_context(oxigraph(folder / "store", writable=writable))
            return EndpointStore(f"{address}/query")

        yield start


@dataclass
class Stub:
    """A server on loopback that answers each request as it is told, in bytes."""

    url: str
    requests: list[bytes] = field(default_factory=list)

    def headers(self) -> str:
        """The last request's head, in lower case."""
        return self.requests[-1].partition(b"\r\n\r\n")[0].decode().lower()


@pytest.fixture
def stub() -> Iterator[Callable[..., Stub]]:
    """Start a server that sends these bytes, or does this with a connection and a request."""
    ended = threading.Event()
    with ExitStack() as stack:

        def start(
            answer: bytes | Callable[[socket.socket, bytes], None],
            tls: ssl.SSLContext | None = None,
            *,
            whole: bool = True,
        ) -> Stub:
            listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            listening.settimeout(0.05)
            scheme = "https" if tls else "http"
            found = Stub(f"{scheme}://127.0.0.1:{listening.getsockname()[1]}/sparql")

            def talk(plain: socket.socket) -> None:
                # A client that hangs up, or trusts nobody, is what some of the tests want.
                with suppress(OSError), plain:
                    plain.settimeout(10)
                    client = tls.wrap_socket(plain, server_side=True) if tls else plain
                    with client:
                        request = _request(client) if whole else b""
                        if whole and not request:
                            return  # it was only looked whether anybody is here
                        found.requests.append(request)
                        if callable(answer):
                            answer(client, request)
                        else:
                            client.sendall(answer)

            def serve() -> None:
                threads = []
                while not ended.is_set():
                    with suppress(TimeoutError):
                        threads.append(threading.Thread(target=talk, args=listening.accept()[:1]))
                        threads[-1].start()
                for thread in threads:
                    thread.join()

            server = threading.Thread(target=serve)
            server.start()
            stack.callback(server.join)
            return found

        yield start
        ended.set()


def _request(client: socket.socket) -> bytes:
    got = b""
    # What begins with this byte speaks TLS, where none is expected.
    while b"\r\n\r\n" not in got and got[:1] != b"\x16":
        if not (part := client.recv(65536)):
            return got
        got += part
    head, _, body = got.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head.lower())
    while length and len(body) < int(length[1]):
        body += client.recv(65536)
    return head + b"\r\n\r\n" + body


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = find_browser()
    if path is None:
        missing = "no Chromium: apt-get install chromium, or set KG_CHROMIUM to its path"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
        )
        yield started
        started.close()


@pytest.fixture
def new_tab(browser: Browser) -> Iterator[Callable[[int], Page]]:
    """Open tabs of a width, which may complain of nothing and ask for nothing but files."""
    wrong: list[str] = []
    with browser.new_context() as context:

        def open_(width: int) -> Page:
            page = context.new_page()
            page.set_viewport_size({"width": width, "height": 900})
            page.on("console", lambda message: wrong.append(message.text))
            page.on("pageerror", lambda error: wrong.append(str(error)))
            page.on("request", lambda r: None if r.url.startswith("file:") else wrong.append(r.url))
            return page

        yield open_
    assert wrong == []


@pytest.fixture(scope="session")
def barriers() -> Callable[..., list[object]]:
    """Say what keeps people from reading a page: what axe finds, and what runs out of the window.

    With the name of a shot, a picture of the page is left in `build/shots/` to be looked at.
    """

    def find(page: Page, shot: str = "", *, full_page: bool = True) -> list[object]:
        assert page.viewport_size
        width = page.viewport_size["width"]
        if shot:
            name = shot.removesuffix(".html").replace("/", "-")
            path = ROOT / "build" / "shots" / f"{name}-{width}.png"
            page.screenshot(path=path, full_page=full_page)
        page.evaluate(AXE)
        found = page.evaluate("runOnly => axe.run(document, {runOnly, preload: false})", AXE_TAGS)
        assert found["passes"], "axe looked at nothing"
        seen = [[each["id"], [n["html"] for n in each["nodes"]]] for each in found["violations"]]
        # What is wider than the window must scroll in a box of its own.
        wide = page.evaluate("document.documentElement.scrollWidth")
        return [*seen, *([f"{wide} px wide"] if wide > width else [])]

    return find


@dataclass
class Served:
    """A `kg serve` that runs: where it answers, its process, and the file of what it writes."""

    url: str
    process: "subprocess.Popen[bytes]"
    log: Path

    def pages(self) -> str:
        """Wait until its pages are made, and give its address."""
        for _ in range(600):
            with urllib.request.urlopen(f"{self.url}health", timeout=10) as answer:
                state = json.load(answer)["pages"]
            if state == "made":
                return self.url
            assert state == "being made", self.log.read_text(encoding="utf-8")
            time.sleep(0.2)
        raise AssertionError("the pages are not made in two minutes")


@contextmanager
def serving(log: Path, *args: str) -> Iterator[Served]:
    """Run `kg serve` on a port that is free, until the test is over."""
    command = [sys.executable, "-c", "from kg.cli import main; main()", "serve", "--port", "0"]
    with log.open("wb") as out:
        process = subprocess.Popen([*command, *args], stdout=out, stderr=out)
    try:
        for _ in range(600):
            told = re.search(r"open (http://\S+/) in", log.read_text(encoding="utf-8"))
            if told:
                break
            assert process.poll() is None, log.read_text(encoding="utf-8")
            time.sleep(0.1)
        assert told, log.read_text(encoding="utf-8")
        _await_answer(f"{told[1]}health")
        yield Served(told[1], process, log)
    finally:
        if process.poll() is None:
            process.terminate()
        assert process.wait(timeout=30) == 0, log.read_text(encoding="utf-8")


def _await_answer(url: str) -> None:
    for _ in range(300):
        with suppress(OSError):
            urllib.request.urlopen(url, timeout=5).close()
            return
        time.sleep(0.1)
    raise AssertionError(f"nothing answers at {url}")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve the shipped graph."""
    with serving(tmp_path_factory.mktemp("served") / "log") as served:
        yield served


def in_a_loop(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine in a thread: a browser of other tests may have left a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
