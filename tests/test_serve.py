"""`kg serve` as people run it: how it starts, what it refuses, and how it ends."""

import json
import signal
import socket
import time
import urllib.request
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from conftest import Run, Served, serving
from served import send


def test_it_answers_and_ends_when_told(tmp_path: Path) -> None:
    with serving(tmp_path / "log") as served:
        with urllib.request.urlopen(f"{served.url}health", timeout=10) as answer:
            assert json.load(answer)["status"] == "ok"
        served.process.send_signal(signal.SIGINT)
        assert served.process.wait(timeout=30) == 0


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGHUP], ids=["SIGTERM", "SIGHUP"])
def test_it_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sent: signal.Signals
) -> None:
    rest = tmp_path / "rest"
    rest.mkdir()
    monkeypatch.setenv("TMPDIR", str(rest))
    with serving(tmp_path / "log") as served:
        family = psutil.Process(served.process.pid).children(recursive=True)
        assert len(family) >= 6  # the graph, the pages, and two workers of each kind
        assert list(rest.iterdir())
        served.process.send_signal(sent)
        assert served.process.wait(timeout=30) == 0
    _, alive = psutil.wait_procs(family, timeout=5)
    assert alive == []
    assert list(rest.iterdir()) == []


def test_each_request_is_a_line_of_its_log(tmp_path: Path) -> None:
    with serving(tmp_path / "log") as served:
        urllib.request.urlopen(f"{served.url}sparql?query=ASK%7B%7D", timeout=10).close()
    lines = served.log.read_text(encoding="utf-8").splitlines()
    told = [json.loads(line) for line in lines if line.startswith("{")]
    asked = next(each for each in told if each.get("path") == "/sparql")
    assert (asked["method"], asked["status"], asked["client"]) == ("GET", 200, "127.0.0.1")
    assert asked["bytes"] > 0 and asked["milliseconds"] > 0 and asked["time"]
    # What people ask is their own business.
    assert "ASK" not in served.log.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--store", "nowhere"], "there is no Oxigraph store in this folder"),
        (["--store", "nowhere", "--endpoint", "http://127.0.0.1:9/"], "a store and an endpoint"),
        (["--endpoint", "http://127.0.0.1:9/sparql"], "127.0.0.1:9"),
        (["--hostname", "http://x/"], "'http://x/' is no name of a host"),
        (["--host", "not.a.host.invalid"], "the port cannot be opened"),
    ],
)
def test_what_cannot_be_served_is_told(kg: Run, arguments: list[str], told: str) -> None:
    ended = kg("serve", "--port", "0", *arguments)
    assert ended.returncode == 2
    assert told in ended.stderr and "To mend it" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_port_that_is_taken_is_told(kg: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = kg("serve", "--port", str(taken.getsockname()[1]))
    assert ended.returncode == 2
    assert "choose another with --port" in ended.stderr


_HEAD = b"GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\n"
_BODY = (
    b"POST /sparql HTTP/1.1\r\nhost: 127.0.0.1\r\ntransfer-encoding: chunked\r\n"
    b"content-type: application/sparql-query\r\n\r\n6\r\nASK {}\r\n"
)


@pytest.mark.parametrize(
    ("begun", "endless"),
    [
        (b"GET /", b"a"),
        (_HEAD + b"x: ", b"a"),
        (_HEAD, b"x: y\r\n"),
        (_BODY + b"0\r\nx: ", b"a"),
        (_BODY + b"6;", b"a"),
    ],
    ids=["address", "header", "headers", "trailer", "chunk"],
)
def test_what_has_no_end_is_not_kept(server: Served, begun: bytes, endless: bytes) -> None:
    """One connection could otherwise fill the memory in the time that a request may take."""
    where = ("127.0.0.1", urlsplit(server.url).port or 0)
    piece = endless * (64 * 1024 // len(endless))
    with socket.create_connection(where, timeout=10) as client:
        client.sendall(begun)
        with pytest.raises(ConnectionError):
            for _ in range(400):
                client.sendall(piece)
    assert send(server.url, "GET", "/health").status == 200


def test_a_head_without_end_is_told_of(server: Served) -> None:
    where = ("127.0.0.1", urlsplit(server.url).port or 0)
    with socket.create_connection(where, timeout=10) as client:
        client.sendall(_HEAD + b"x: ")
        time.sleep(0.5)  # so that what follows is a piece of its own, and all of it is read
        client.sendall(b"a" * 65 * 1024)
        assert client.recv(100).startswith(b"HTTP/1.1 431 ")


@pytest.mark.full
def test_half_a_request_is_not_waited_for(tmp_path: Path) -> None:
    """Nor do more connections than there are places keep others out for good."""
    with serving(tmp_path / "log") as served, ExitStack() as stack:
        port = int(served.url.rstrip("/").rpartition(":")[2])
        held = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(600)
        ]
        for each in held:
            with suppress(OSError):
                each.sendall(
                    b"POST /sparql HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 9\r\n\r\nq"
                )
        ends = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{served.url}health", timeout=5).close()
                break
            except OSError:
                assert time.monotonic() < ends, "the server hears nobody any more"
                time.sleep(1)
        assert served.log.stat().st_size < 1_000_000
