"""`kg push`: a graph goes to a server as the Graph Store Protocol says, and faults are told."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Run
from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from kg import push as pushing
from kg.errors import EndpointFailed, KgError, UnreadableFile
from kg.generations import build
from kg.project import Project
from kg.push import push, triples_of
from kg.results import Table
from kg.store import MemoryStore, Store

Start = Callable[..., Any]
ONE = Triple(NamedNode("u:s"), NamedNode("u:p"), Literal("é"))
LINE = b'<u:s> <u:p> "\xc3\xa9" .\n'
COUNT = "SELECT (COUNT(*) AS ?n) {{ {} }}"
LARGE = [
    Triple(NamedNode("u:s"), NamedNode("u:p"), Literal("x" * 1_000_000 + str(n))) for n in range(20)
]


@pytest.fixture(autouse=True)
def no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USER", "PASSWORD", "TOKEN"):
        monkeypatch.delenv(f"KG_ENDPOINT_{name}", raising=False)


def answer(status: str, body: bytes = b"", kind: str = "text/plain", more: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


def count(store: Store, pattern: str = "?s ?p ?o") -> int:
    found = store.query(COUNT.format(pattern))
    assert isinstance(found, Table)
    return int(found.rows[0][0].value)  # type: ignore[union-attr]


def fails(url: str, what: str, triples: Iterable[Triple] = (ONE,), **how: Any) -> EndpointFailed:
    with pytest.raises(EndpointFailed, match=what) as error:
        push(triples, url, **how)
    assert error.value.fix
    assert str(error.value).isprintable()
    return error.value


def test_a_server_holds_what_is_pushed(kg: Run, serve: Start, tmp_path: Path) -> None:
    server = serve(MemoryStore([]), writable=True)
    address = server.url.replace("/query", "/store")
    project = Project()
    held = count(MemoryStore(project.graph_files()))

    sent = kg("push", "--endpoint", address)
    assert (sent.returncode, sent.stdout) == (0, "")
    assert f"sent {held:,} triples: added to the default graph" in sent.stderr
    assert count(server) == held
    assert kg("push", "--endpoint", address, "--replace").returncode == 0
    assert count(server) == held
    assert kg("push", "--endpoint", address, str(project.data_files()[0])).returncode == 0
    assert count(server) == held  # what is there is not doubled

    works = next(path for path in project.data_files() if path.name == "works.ttl")
    extra = tmp_path / "extra.nt"
    extra.write_bytes(LINE)
    assert kg("push", "--endpoint", address, str(works), str(extra), "--replace").returncode == 0
    assert count(server) == count(MemoryStore([works])) + 1
    for replaced in (False, True):
        more = ["--replace"] if replaced else []
        sent = kg("push", "--endpoint", address, "--graph", "graph:x", *more, str(extra))
        assert f"the graph graph:x {'is now' if replaced else ''}".strip() in sent.stderr
        named = "GRAPH <https://w3id.org/evidence-kg/graph/x> { ?s ?p ?o }"
        assert count(server, named) == 1
    assert count(server) == count(MemoryStore([works])) + 1

    build([extra], tmp_path / "store")
    sent = kg("push", "--endpoint", address, "--store", str(tmp_path / "store"), "--replace")
    assert sent.returncode == 0
    assert count(server) == 1


def test_a_server_that_only_reads_says_so(serve: Start) -> None:
    server = serve(MemoryStore([]))
    for place in ("store", "query", "none"):
        error = fails(server.url.replace("query", place), "refused the graph: 4(03|04|15)")
        assert "written to" in error.fix or "graph store" in error.fix


def test_it_is_sent_as_the_protocol_says(stub: Start) -> None:
    found = stub(answer("204 X"))
    assert push([ONE], found.url) == 1
    assert found.headers().startswith("post /sparql?default http/1.1")
    assert "content-type: application/n-triples" in found.headers()
    assert f"content-length: {len(LINE)}" in found.headers()
    assert found.requests[0].endswith(b"\r\n\r\n" + LINE)
    push([ONE], f"{found.url}?key=1#x", "urn:a&b", replace=True)
    assert found.headers().startswith("put /sparql?key=1&graph=urn%3aa%26b http/1.1")


def test_blank_nodes_of_two_files_stay_apart(stub: Start, tmp_path: Path) -> None:
    files = [tmp_path / "a.ttl", tmp_path / "b.nt"]
    for path in files:
        path.write_text("_:x <u:p> <u:o> .\n", "utf-8")
    nodes = {triple.subject for triple in triples_of(files)}
    assert len(nodes) == 2 and all(isinstance(node, BlankNode) for node in nodes)


@pytest.mark.parametrize(
    ("content", "what"),
    [(b"<u:a> <u:b> <u:c> .\n<u:a> b .\n", "bad.ttl:2"), (None, "cannot be read")],
)
def test_nothing_is_sent_of_files_that_are_not_sound(
    kg: Run, stub: Start, tmp_path: Path, content: bytes | None, what: str
) -> None:
    found = stub(answer("204 X"))
    good, bad = tmp_path / "good.nt", tmp_path / "bad.ttl"
    good.write_bytes(LINE)
    if content is not None:
        bad.write_bytes(content)
    sent = kg("push", "--endpoint", found.url, str(good), str(bad))
    assert (sent.returncode, found.requests) == (2, [])
    assert what in sent.stderr and "To mend it" in sent.stderr


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ([], "--endpoint: no server is named"),
        (["--endpoint", "example.org"], "no address"),
        (["--endpoint", "http://[::1"], "malformed"),
        (["--endpoint", "http://127.0.0.1:9/", "a.csv"], "a.csv: this is neither Turtle"),
        (["--endpoint", "http://127.0.0.1:9/", "--graph", "works"], "no known prefix"),
        (["--endpoint", "http://127.0.0.1:9/", "--store", ".", "a.nt"], "files and a store"),
    ],
)
def test_bad_usage_is_told(kg: Run, given: list[str], what: str) -> None:
    ended = kg("push", *given)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert what in ended.stderr and "Traceback" not in ended.stderr


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.nt")
    with pytest.raises(UnreadableFile, match="a pipe or a device"):
        [*triples_of([tmp_path / "pipe.nt"])]


def test_an_empty_graph_replaces_none(stub: Start) -> None:
    found = stub(answer("204 X"))
    with pytest.raises(KgError, match="no triples"):
        push([], found.url, replace=True)
    assert found.requests == []


@pytest.mark.parametrize(
    ("said", "what", "fix"),
    [
        (answer("401 X"), "401 Unauthorized", "KG_ENDPOINT_USER"),
        (answer("403 X"), "403 Forbidden", "written to"),
        (answer("404 X"), "404 Not Found", "graph store"),
        (answer("405 X"), "405 Method Not Allowed", "written to"),
        (answer("413 X"), "413", "fewer files"),
        (answer("415 X"), "415", "graph store"),
        (answer("501 X"), "501 Not Implemented", "graph store"),
        (answer("503 X", b"busy\x1b"), "503 Service Unavailable: busy.* is not known", "wait"),
        (answer("507 X"), "507 Insufficient Storage.* is not known", "room"),
        (answer("500 X"), "is not known", "--graph, if it keeps none without; then push again"),
        (answer("200 OK", b"<h1>", "text/html"), "web page", "graph store"),
        (answer("201 X", b"<h1>", "text/html"), "web page", "graph store"),
        (b"", "is not known", "push again"),
        (answer("303 X", more="Location: /done\r\n"), "redirect.* is not known", "/done"),
        (answer("307 X", more="Location: /other\r\n"), "redirect.* with a graph", "/other"),
        (answer("301 X", more="Location: http://127.0.0.2/\r\n"), "another server", "127.0.0.2"),
    ],
)
def test_what_a_server_refuses_is_told(stub: Start, said: bytes, what: str, fix: str) -> None:
    found = stub(said)
    error = fails(found.url, what)
    assert fix in error.fix
    assert ("is not known" in error.what) == ("push again" in error.fix) == ("not known" in what)
    assert len(found.requests) == 1


def test_who_named_a_graph_is_not_told_to(stub: Start) -> None:
    error = fails(stub(answer("500 X")).url, "is not known", graph="agency:health")
    assert "log of the server" in error.fix
    assert "--graph" not in error.fix


def test_an_empty_page_is_no_page(stub: Start) -> None:
    assert push([ONE], stub(answer("200 OK", b"", "text/html")).url) == 1


def test_a_server_that_is_not_there_has_been_sent_nothing() -> None:
    def read() -> Iterator[Triple]:
        pytest.fail("what is to be sent was read first")
        yield ONE

    error = fails("http://127.0.0.1:9/", "does not answer", read())
    assert "known" not in str(error)


def test_a_proxy_stands_for_whoever_is_behind_it(
    stub: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = stub(answer("204 X"))
    monkeypatch.setenv("http_proxy", found.url)
    monkeypatch.delenv("no_proxy", raising=False)
    assert push([ONE], "http://nobody.invalid/store") == 1
    assert found.headers().startswith("post http://nobody.invalid/store?default")


@pytest.mark.parametrize(
    ("said", "what"),
    [
        (answer("413 X"), "413"),
        (answer("204 X"), "did not read the whole graph"),
        (b"", "bytes of the graph had been sent, and what the endpoint kept"),
    ],
)
def test_a_server_that_hangs_up_in_the_middle_is_heard(stub: Start, said: bytes, what: str) -> None:
    def act(client: Any, _: bytes) -> None:
        client.recv(100_000)
        client.sendall(said)

    fails(stub(act, whole=False).url, what, LARGE)


@pytest.mark.parametrize(
    ("values", "header"),
    [({"USER": "me", "PASSWORD": "s3cret"}, "basic bwu6"), ({"TOKEN": "s3cret"}, "bearer s3cret")],
)
def test_credentials_are_sent_and_not_shown(
    stub: Start, monkeypatch: pytest.MonkeyPatch, values: dict[str, str], header: str
) -> None:
    for name, value in values.items():
        monkeypatch.setenv(f"KG_ENDPOINT_{name}", value)
    told: list[str] = []
    found = stub(answer("204 X"))
    push([ONE], f"{found.url}?key=k3y", told=told.append)
    told.append(str(fails(f"{stub(answer('404 X', b'no /?key=k3y')).url}?key=k3y", "404")))
    assert f"authorization: {header}" in found.headers()
    said = fails(stub(answer("400 X", b"no s3cret")).url, "400", told=told.append)
    assert "s3cret" not in f"{said}{told}" and "k3y" not in f"{said}{told}"
    fails("http://example.org/store", "unprotected")


def test_progress_is_told_of_what_is_large(stub: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    push(LARGE[:1], stub(answer("204 X")).url, told=told.append)
    assert told == ["sending 1 triple (1.0 MB)"]
    monkeypatch.setattr("kg.data_files._MANY", 1_000_000)
    told.clear()
    push(LARGE[:2], stub(answer("204 X")).url, told=told.append)
    assert told[0] == "sending 2 triples (2.0 MB)"
    assert len(told) == 11 and told[-1] == "sent 2 of 2 MB"


def test_memory_is_bounded_by_one_triple(stub: Start, tmp_path: Path) -> None:
    file = tmp_path / "large.nt"
    with file.open("wb") as lines:
        for n in range(100):
            lines.write(b'<u:s> <u:p> "%d %b" .\n' % (n, b"x" * 1_000_000))

    def swallow(client: Any, _: bytes) -> None:
        left = file.stat().st_size
        while left > 0 and (part := client.recv(1_000_000)):
            left -= len(part)
        client.sendall(answer("204 X"))

    program = (
        "import sys, resource, pathlib, kg.push as p\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "p.push(p.triples_of([pathlib.Path(sys.argv[1])]), sys.argv[2])\n"
        "print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)\n"
    )
    url = stub(swallow, whole=False).url
    ended = subprocess.run(
        [sys.executable, "-c", program, str(file), url], capture_output=True, text=True, check=True
    )
    assert int(ended.stdout) < 50  # megabytes, of 100 that are sent


def test_a_push_that_is_stopped_says_how_much_had_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(request: Any, limits: object) -> None:
        request.data.read(5)
        raise KeyboardInterrupt

    monkeypatch.setattr(pushing, "knock", lambda url, limits: None)
    monkeypatch.setattr(pushing, "exchange", stop)
    told: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        push([ONE], "http://127.0.0.1:1/store", told=told.append)
    assert told[-1].startswith(f"stopped: 5 of {len(LINE)} bytes of the graph had been sent")
