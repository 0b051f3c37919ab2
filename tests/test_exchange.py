"""What a server may do to one exchange: it ends within its limits, and says what happened."""

import gc
import gzip
import http.client
import itertools
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from kg.errors import EndpointFailed
from kg.exchange import Limits, exchange

Start = Callable[..., Any]
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
SECONDS = 0.5


def limits(url: str, **other: Any) -> Limits:
    values = {"seconds": SECONDS, "size": 1_000_000, "follow": True, "direct": True, "tls": None}
    return Limits(where=url, **(values | other))


def ask(url: str, **other: Any) -> bytes:
    request = urllib.request.Request(url, data=b"query=ASK", headers={"Accept": "text/plain"})
    with exchange(request, limits(url, **other)) as reply:
        return bytes(reply.read())


def fails(url: str, what: str, **other: Any) -> EndpointFailed:
    """Ask what must fail, in time and as it is told; give the error."""
    started = time.monotonic()
    with pytest.raises(EndpointFailed, match=what) as error:
        ask(url, **other)
    assert time.monotonic() - started < SECONDS + 1
    assert error.value.fix
    assert error.value.where == url
    assert str(error.value).isprintable()
    return error.value


def repeat(part: bytes, pause: float = 0, first: bytes = OK) -> Callable[..., None]:
    """Send something again and again, until the client has gone."""

    def send(client: socket.socket, _: bytes) -> None:
        client.sendall(first)
        while True:
            time.sleep(pause)
            client.sendall(part)

    return send


def wait_for_the_end() -> None:
    """See the thread that asked end as well."""
    ends = time.monotonic() + 3
    while any(thread.name == "kg endpoint" for thread in threading.enumerate()):
        assert time.monotonic() < ends
        time.sleep(0.01)


def silent(client: socket.socket, _: bytes) -> None:
    client.recv(1)


def test_an_answer_is_taken_in_whole(stub: Start) -> None:
    body = b"x" * 300_000
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(c), c) for c in (body[:7], body[7:])) + b"0\r\n\r\n"
    length = b"Content-Length: %d\r\n\r\n" % len(body)
    for answer in (length + body, b"Transfer-Encoding: chunked\r\n\r\n" + chunks, b"\r\n" + body):
        assert ask(stub(OK + answer).url) == body


@pytest.mark.parametrize(
    "act",
    [
        silent,
        repeat(b" ", 0.1, b"HTTP/1.1 200"),
        repeat(b"x", 0.1, OK + b"X: "),
        repeat(b"x", 0.1, OK + b"\r\n"),
        repeat(b"x", 0.1, OK + b"Content-Length: 900\r\n\r\n"),
        repeat(b"1\r\nx\r\n", 0.1, OK + b"Transfer-Encoding: chunked\r\n\r\n"),
        repeat(b"X: y\r\n", 0.1, OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n"),
        repeat(b"HTTP/1.1 100 Continue\r\n\r\n", 0.01, b""),
        repeat(b"x", 0.1, b"HTTP/1.1 500 Oh\r\n\r\n"),
    ],
    ids=["silent", "status", "header", "body", "length", "chunks", "trailer", "continue", "error"],
)
def test_a_server_that_drips_or_is_silent_is_left_in_time(
    stub: Start, act: Callable[..., None]
) -> None:
    fails(stub(act).url, "within 0.5 seconds")
    wait_for_the_end()  # though the server goes on


def test_a_name_that_takes_long_to_look_up_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: ended.wait(10) and [])
    fails("http://slow.example/", "within 0.5 seconds")
    ended.set()


def test_a_name_that_is_unknown_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    fails("http://nowhere.invalid/", "host is not known")


def test_a_server_that_is_not_there_is_told() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    fails(f"http://127.0.0.1:{port}/", "does not answer: Connection refused")


@pytest.mark.parametrize(
    "act",
    [
        repeat(b"x" * 65536, first=OK + b"\r\n"),
        OK + b"Content-Length: 1000000000000\r\n\r\n",
        repeat(
            b"ffff\r\n" + b"x" * 65535 + b"\r\n", first=OK + b"Transfer-Encoding: chunked\r\n\r\n"
        ),
    ],
    ids=["endless", "announced", "chunks"],
)
def test_an_answer_that_is_too_large_is_left(stub: Start, act: bytes | Callable[..., None]) -> None:
    fails(stub(act).url, "larger than 1 MB")


@pytest.mark.parametrize(
    "rest",
    [
        b"Content-Length: 9\r\n\r\n12345678",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\n1234",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nno number\r\n",
    ],
)
def test_an_answer_that_breaks_off_is_told(stub: Start, rest: bytes) -> None:
    fails(stub(OK + rest).url, "breaks off")


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (b"", "does not answer|no web server"),
        (b"220 mail ready\x1b[2J\r\n", "no web server"),
        (b"HTTP/1.1 " + b"2" * 100_000, "no web server"),
        (OK + b"X: y\r\n" * 200 + b"\r\n", "no web server"),
        (OK + b"X: " + b"y" * 100_000 + b"\r\n\r\n", "no web server"),
    ],
)
def test_what_is_no_http_is_told(stub: Start, answer: bytes, what: str) -> None:
    fails(stub(answer).url, what)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "x\x1b[31m"])
def test_a_packed_answer_is_refused(stub: Start, coding: str) -> None:
    body = gzip.compress(b"0" * 10_000_000)
    head = f"Content-Encoding: {coding}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    found = stub(OK + head + body)
    fails(found.url, "packed")
    assert "accept-encoding: identity" in found.headers()


def test_of_a_refusal_only_the_beginning_is_read(stub: Start) -> None:
    act = repeat(
        b"no \x1b[2J" * 1000, first=b"HTTP/1.1 500 Oh\r\nContent-Length: 100000000\r\n\r\n"
    )
    assert 2_000 <= len(ask(stub(act).url)) < 4_000


def moved(status: int, to: str) -> bytes:
    return f"HTTP/1.1 {status} Moved\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()


@pytest.mark.parametrize(
    ("status", "method", "form"),
    [(s, "post", b"query=ASK") for s in (301, 302, 307, 308)] + [(303, "get", b"")],
)
def test_a_redirect_within_the_origin_is_followed(
    stub: Start, status: int, method: str, form: bytes
) -> None:
    answers = iter([moved(status, "/sparql/?x=1#y"), OK + b"\r\nhere"])
    found = stub(lambda client, _: client.sendall(next(answers)))
    assert ask(found.url) == b"here"
    assert found.headers().startswith(f"{method} /sparql/?x=1 http/1.1")
    assert found.requests[-1].endswith(b"\r\n\r\n" + form)


def test_a_redirect_elsewhere_is_told_and_not_followed(stub: Start) -> None:
    other = stub(OK + b"\r\n")
    error = fails(stub(moved(307, other.url + "?key=1")).url, "another server")
    assert error.fix.endswith(f"--endpoint {other.url}")
    for scheme in ("https://127.0.0.1", "http://localhost", "ftp://127.0.0.1", "//127.0.0.2"):
        fails(stub(moved(301, f"{scheme}/x")).url, "another server")
    assert other.requests == []


def test_an_address_to_copy_is_one_word_for_a_shell(stub: Start) -> None:
    error = fails(stub(moved(307, "http://127.0.0.2/$(x);y")).url, "another server")
    assert error.fix.endswith("--endpoint 'http://127.0.0.2/$(x);y'")


def test_no_redirect_is_followed_with_credentials(stub: Start) -> None:
    found = stub(moved(308, "/sparql/"))
    error = fails(found.url, "no redirect is followed with credentials", follow=False)
    assert error.fix.endswith(f"--endpoint {found.url}/")
    assert len(found.requests) == 1


@pytest.mark.parametrize(
    "to",
    ["http://u:p@127.0.0.1/", "http://[", "http://h:99999999/", "/a b", "/\x1b[2J", "file:///x"],
)
def test_a_redirect_to_what_is_no_address_is_told(stub: Start, to: str) -> None:
    assert "u:p" not in str(fails(stub(moved(302, to)).url, "not to an address"))


def test_redirects_in_circles_end(stub: Start) -> None:
    found = stub(moved(302, "/sparql"))
    fails(found.url, "redirected the query 5 times")
    assert len(found.requests) == 5


def test_proxies_are_used_and_passed_by(stub: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy, server = stub(OK + b"\r\nproxy"), stub(OK + b"\r\nserver")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", proxy.url)
    assert ask(server.url, direct=False) == b"proxy"
    assert ask(server.url) == b"server"
    monkeypatch.setenv("http_proxy", "http:user:pass")
    assert "pass" not in str(fails(server.url, "address of the proxy", direct=False))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of loopback that nobody has signed, with its key."""
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    program = shutil.which("openssl")
    assert program, "the openssl command is needed: apt-get install openssl"
    subprocess.run(
        [
            *(program, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-batch"),
            *("-keyout", path, "-out", path.with_suffix(".crt"), "-subj", "/CN=stub"),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
        ],
        check=True,
        capture_output=True,
    )
    path.write_bytes(path.read_bytes() + path.with_suffix(".crt").read_bytes())
    return path


def test_https_is_held_to_certificates_and_to_the_deadline(stub: Start, certificate: Path) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate)
    trusting = ssl.create_default_context(cafile=str(certificate))
    assert ask(stub(OK + b"\r\nsafe", server).url, tls=trusting) == b"safe"
    dripping = stub(repeat(b"x", 0.1), server)
    fails(dripping.url, "within 0.5 seconds", tls=trusting)
    fails(dripping.url, "not trusted", tls=ssl.create_default_context())


def test_https_at_a_port_without_it_is_told(stub: Start) -> None:
    found = stub(OK + b"\r\n")
    fails(found.url.replace("http", "https", 1), "secure", tls=ssl.create_default_context())


def test_nothing_global_is_changed(stub: Start) -> None:
    def state() -> list[object]:
        parts = [urllib.request._opener, socket.getdefaulttimeout(), dict(os.environ)]  # type: ignore[attr-defined]
        names = (urllib.request, http.client, socket)
        return parts + [dict(vars(module)) for module in names]

    before = state()
    ask(stub(OK + b"\r\n").url)
    fails(stub(moved(302, "http://localhost/")).url, "another server")
    assert state() == before


def test_a_failure_leaves_nothing_for_the_garbage_collector(stub: Start) -> None:
    url = stub(b"no http").url
    gc.collect()
    gc.disable()
    try:
        fails(url, "no web server")
        wait_for_the_end()
        assert not [thing for thing in gc.get_objects() if isinstance(thing, Future)]
    finally:
        gc.enable()


def test_exchanges_at_once_do_not_mix(stub: Start) -> None:
    numbers = itertools.count()

    def count(client: socket.socket, _: bytes) -> None:
        client.sendall(OK + b"\r\n%d" % next(numbers))

    found, got = stub(count), []
    threads = [threading.Thread(target=lambda: got.append(ask(found.url))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(int, got)) == list(range(20))
