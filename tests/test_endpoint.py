"""A remote endpoint is asked as the protocol says, and believed only as far as it keeps to it."""

import base64
import itertools
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from time import sleep
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyoxigraph import BlankNode, Literal

from kg.endpoint import EndpointStore
from kg.errors import EndpointFailed, QueryRefused
from kg.results import Boolean, Table, Triples

Start = Callable[..., Any]
JSON = "application/sparql-results+json"
TURTLE = "text/turtle"
ROWS = (
    b'{"head": {"vars": ["x", "n"]}, "results": {"bindings": ['
    b'{"x": {"type": "uri", "value": "u:x"}, "n": {"type": "literal", "value": "a } \\" [",'
    b' "xml:lang": "en"}}, {"n": {"type": "literal", "value": "1",'
    b' "datatype": "http://www.w3.org/2001/XMLSchema#integer"}}]}}'
)
HEAD = ROWS[: ROWS.index(b"[", 30) + 1]
GRAPH = b"@prefix u: <u:> .\nu:a u:b u:c , [ u:d ( 1 2 ) ] .\n"
SELECT = "SELECT ?x ?n { ?x ?p ?n }"
ASK = "ASK { ?s ?p ?o }"
CONSTRUCT = "CONSTRUCT WHERE { ?s ?p ?o }"


@pytest.fixture(autouse=True)
def no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USER", "PASSWORD", "TOKEN", "SECONDS", "MB"):
        monkeypatch.delenv(f"KG_ENDPOINT_{name}", raising=False)


def http(body: bytes, kind: str = JSON, status: str = "200 OK") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def fails(url: str, what: str, query: str = SELECT, **limits: float) -> EndpointFailed:
    with pytest.raises(EndpointFailed, match=what) as error:
        EndpointStore(url, **limits).query(query)  # type: ignore[arg-type]
    assert error.value.fix
    assert error.value.where == url
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 1_000
    return error.value


def test_rows_truth_and_graphs_are_read(stub: Start) -> None:
    found = stub(http(ROWS, f"{JSON}; charset=utf-8"))
    answer = EndpointStore(found.url).query(SELECT)
    assert isinstance(answer, Table)
    assert answer.columns == ("x", "n")
    assert [[term and term.value for term in row] for row in answer.rows] == [
        ["u:x", 'a } " ['],
        [None, "1"],
    ]
    truth = stub(http(b'{"head": {}, "boolean": false}', "application/json"))
    assert EndpointStore(truth.url).query(ASK) == Boolean(False)
    for kind, body, number in (
        (TURTLE, GRAPH, 7),
        ("application/n-triples", b"<u:a> <u:b> 1 .", 1),
    ):
        graph = EndpointStore(stub(http(body, kind)).url).query(CONSTRUCT)
        assert isinstance(graph, Triples)
        assert len(graph.triples) == number


def test_the_query_is_sent_as_the_protocol_says(stub: Start) -> None:
    found = stub(http(ROWS))
    EndpointStore(f"{found.url}?key=1").query(f"# to DELETE\n{SELECT}")
    assert found.headers().startswith("post /sparql?key=1 http/1.1")
    assert f"accept: {JSON}, " in found.headers()
    assert "authorization" not in found.headers()
    assert found.requests[0].endswith(
        b"query=%23+to+DELETE%0ASELECT+%3Fx+%3Fn+%7B+%3Fx+%3Fp+%3Fn+%7D"
    )


@pytest.mark.parametrize("text", ["DELETE WHERE { ?s ?p ?o }", "SELECT * { ?s ?p }", "DROP ALL"])
def test_what_is_no_query_is_never_sent(stub: Start, text: str) -> None:
    found = stub(http(ROWS))
    with pytest.raises(QueryRefused):
        EndpointStore(found.url).query(text)
    assert found.requests == []


@pytest.mark.parametrize(
    ("query", "kind", "body", "what"),
    [
        (SELECT, "text/html; charset=utf-8", b"<h1>Welcome", "web page"),
        (CONSTRUCT, "application/xhtml+xml", b"<h1>Welcome", "web page"),
        (SELECT, TURTLE, ROWS, "with text/turtle, where application/sparql-results"),
        (CONSTRUCT, JSON, GRAPH, "where text/turtle was asked"),
        (SELECT, "", ROWS, "something unnamed"),
        (SELECT, "x\x1b[2J" + "y" * 9_000, ROWS, "answered with x"),
        (SELECT, JSON, b"<h1>Welcome", "protocol promises"),
        (SELECT, JSON, b"[" * 10_000_000, "nested too deep"),
        (SELECT, JSON, b'{"error": "no"}', "protocol promises"),
        (SELECT, JSON, b'{"boolean": true}', "yes or no, where rows"),
        (ASK, JSON, ROWS, "rows, where yes or no"),
        (ASK, JSON, b'{"head": {}, "boolean": true', "cut off"),
        (SELECT, JSON, ROWS.replace(b'"n"', b'"z"'), "the columns x, z, not x, n"),
        (SELECT, JSON, ROWS.replace(b"u:x", b"no iri"), "protocol promises"),
        (SELECT, JSON, ROWS.replace(b"u:x", b"\xff"), "protocol promises"),
        (SELECT, JSON, ROWS.replace(b"u:x", b"u:" + b"x" * 17_000_000), "protocol promises"),
        (CONSTRUCT, TURTLE, GRAPH + b"u:a u:b", "protocol promises"),
        (CONSTRUCT, TURTLE, b"<u:a> <u:b> <<( <u:a> <u:b> <u:c> )>> .", "RDF 1.2"),
        (CONSTRUCT, TURTLE, b"<u:a> <u:b> \xff", "protocol promises"),
    ],
)
def test_a_lying_answer_is_told(stub: Start, query: str, kind: str, body: bytes, what: str) -> None:
    fails(stub(http(body, kind)).url, what, query)


def rows(row: bytes, number: int) -> bytes:
    return HEAD + (row + b",") * number + b"{}]}}"


def nested(depth: int) -> bytes:
    """Triples within triples, as the JSON of RDF 1.2 has them."""
    term = b'{"type": "uri", "value": "u:x"}'
    open_, close = b'{"type": "triple", "value": {"subject": ', b', "predicate": %b, "object": %b}}'
    inner = open_ * depth + term + close % (term, term) * depth
    return b'{"head": {"vars": ["x", "n"]}, "results": {"bindings": [{"x": %b}]}}' % inner


def long_prefix(triple: bytes) -> bytes:
    return b"@prefix u: <u:%b> .\n" % (b"x" * 50_000) + triple * 900_000


# Made when they are needed, as they are large.
BOMBS: dict[str, tuple[str, str, Callable[[], bytes], str]] = {
    "terms": (SELECT, JSON, lambda: nested(20_000), "nested too deep"),
    "term": (SELECT, JSON, lambda: nested(1), "RDF 1.2"),
    "empty rows": (SELECT, JSON, lambda: rows(b"{}", 1_200_000), "unpacks to more"),
    "rows first": (
        *(SELECT, JSON, lambda: b'{"results": {"bindings": [' + b"{}," * 15_000_000 + b"{}]}}"),
        "too many brackets",
    ),
    "names": (
        *(SELECT, JSON, lambda: b'{"head": {"vars": ["x"%b]}}' % (b',"y"' * 900_000)),
        "too many names",
    ),
    "blank nodes": (
        *(CONSTRUCT, TURTLE, lambda: b"<u:a> <u:b> " + b"[ <u:b> " * 900_000),
        "nested too deep",
    ),
    "inner triples": (
        *(CONSTRUCT, TURTLE, lambda: b"<u:a> <u:b> " + b"<<( <u:a> <u:b> " * 900_000),
        "nested too deep",
    ),
    "prefix": (CONSTRUCT, TURTLE, lambda: long_prefix(b"u:a u:b u:c . "), "unpacks to more"),
    "type": (CONSTRUCT, TURTLE, lambda: long_prefix(b"u:a a 'c'^^u:t . "), "unpacks to more"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_an_answer_that_bursts_a_parser_is_refused(stub: Start, name: str) -> None:
    query, kind, body, what = BOMBS[name]
    fails(stub(http(body(), kind)).url, what, query)


@pytest.mark.parametrize(
    ("status", "kind", "body", "what", "fix"),
    [
        (
            "400 X",
            "text/plain",
            b"no \x1b[31m such\x00 \xe2\x80\xaething",
            "400 Bad Request: no",
            "",
        ),
        ("401 X", "text/html", b"<h1>Stop</h1>", "401 Unauthorized: a web page", "KG_ENDPOINT_"),
        ("403 X", "text/plain", b"", "403 Forbidden", "KG_ENDPOINT_TOKEN"),
        ("404 X", "text/plain", b"\n", "404 Not Found", "address"),
        ("503 X", "text/plain", b"busy", "503 Service Unavailable: busy", "wait"),
        ("500 X", "text/plain", b"\xff" * 100_000_000, "500 Internal Server Error", "allows"),
        ("204 X", JSON, b"", "204 No Content", "allows"),
        ("206 X", JSON, ROWS, "206 Partial Content", "allows"),
        ("799 X", JSON, ROWS, "799 no known status", "allows"),
    ],
)
def test_a_refusal_is_told(
    stub: Start, status: str, kind: str, body: bytes, what: str, fix: str
) -> None:
    error = fails(stub(http(body, kind, status)).url, f"refused the query: {what}")
    assert fix in error.fix


def test_a_graph_that_does_not_say_where_it_ends_is_not_taken(stub: Start) -> None:
    def as_old(body: bytes, kind: str) -> bytes:
        return f"HTTP/1.0 200 OK\r\nContent-Type: {kind}\r\n\r\n".encode() + body

    fails(stub(as_old(GRAPH, TURTLE)).url, "where its graph ends", CONSTRUCT)
    assert isinstance(EndpointStore(stub(as_old(ROWS, JSON)).url).query(SELECT), Table)


def test_an_answer_that_its_server_cut_is_told(stub: Start) -> None:
    for name, value in (
        ("KG-Truncated", "rows; rows=1"),
        ("X-SPARQL-MaxRows", "2"),
        ("X-SQL-State", "S1TAT"),
    ):
        cut = http(ROWS).replace(b"\r\n\r\n", f"\r\n{name}: {value}\r\n\r\n".encode(), 1)
        fails(stub(cut).url, rf"ends at the endpoint's own limit \({name}: {value}\)")


@pytest.mark.parametrize(
    ("query", "behind"),
    [
        (CONSTRUCT, "SELECT (1 AS ?kgRow) { ?s ?p ?o }"),
        (
            "PREFIX u: <u:> # CONSTRUCT\nConstruct { ?s u:b '}' } WHERE { ?s ?p ?o } LIMIT 3",
            "PREFIX u: <u:> # CONSTRUCT\nSELECT (1 AS ?kgRow) WHERE { ?s ?p ?o } LIMIT 3",
        ),
        ("DESCRIBE ?s WHERE { ?s ?p ?o }", "SELECT (1 AS ?kgRow) { ?s ?p ?o }"),
        ("DESCRIBE <u:a>", ""),
    ],
)
def test_a_graph_that_virtuoso_cuts_is_told_by_the_rows_behind_it(
    stub: Start, query: str, behind: str
) -> None:
    def virtuoso(client: socket.socket, request: bytes) -> None:
        is_rows = b"query=" in request and b"kgRow" in request
        answer = http(ROWS) if is_rows else http(GRAPH, TURTLE)
        head = b"\r\nServer: Virtuoso/07.20\r\n" + b"X-SPARQL-MaxRows: 2\r\n" * is_rows
        client.sendall(answer.replace(b"\r\n", head, 1))

    found = stub(virtuoso)
    if not behind:
        assert isinstance(EndpointStore(found.url).query(query), Triples)
        return
    fails(found.url, "X-SPARQL-MaxRows: 2", query)
    assert parse_qs(found.requests[-1].rpartition(b"\r\n")[2].decode())["query"] == [behind]


def test_what_virtuoso_writes_in_its_own_way_is_read(stub: Start) -> None:
    boolean = b'"datatype": "http://www.w3.org/2001/XMLSchema#boolean", "value": "%b"'
    row = b'{"x": {"type": "bnode", "value": "nodeID://b10"}, "n": {"type": "typed-literal", %b}}'
    for written, read in ((b"1", "true"), (b"0", "false"), (b"true", "true")):
        body = HEAD + row % (boolean % written) + b"]}}"
        answer = EndpointStore(stub(http(body)).url).query(SELECT)
        assert isinstance(answer, Table)
        ((blank, truth),) = answer.rows
        assert (blank, truth) == (BlankNode("b10"), Literal(read == "true"))
    yes = ROWS[:10] + b'"vars": ["__ASK_RETVAL"]}, "results": {"bindings": [%b]}}'
    one = b'{"__ASK_RETVAL": {"type": "literal", "value": "1"}}'
    for rows_, truth in ((one, True), (b"", False)):
        assert EndpointStore(stub(http(yes % rows_)).url).query(ASK) == Boolean(truth)


def test_rows_that_are_cut_anywhere_are_never_taken_for_whole(stub: Start) -> None:
    cuts = iter(ROWS[:end] for end in range(len(ROWS)))
    found = stub(lambda client, _: client.sendall(http(next(cuts))))
    for _ in ROWS:
        fails(found.url, "protocol promises")


WHOLE = {SELECT: http(ROWS), CONSTRUCT: http(GRAPH, TURTLE), ASK: http(b'{"boolean": true}')}


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    query=st.sampled_from(list(WHOLE)),
    edits=st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 20), st.binary(max_size=4)),
        min_size=1,
        max_size=4,
    ),
)
def test_whatever_is_answered_it_is_an_answer_or_a_failure(
    stub: Start, query: str, edits: list[tuple[float, int, bytes]]
) -> None:
    answer = WHOLE[query]
    for place, out, put in edits:
        at = int(place * len(answer))
        answer = answer[:at] + put + answer[at + out :]
    try:
        EndpointStore(stub(answer).url, seconds=5).query(query)
    except EndpointFailed as error:
        assert error.fix
        assert str(error).isprintable()


def test_several_threads_may_ask_one_store(stub: Start) -> None:
    def echo(client: socket.socket, request: bytes) -> None:
        client.sendall(http(ROWS.replace(b"u:x", b"u:" + request.rpartition(b"number-")[2])))

    store = EndpointStore(stub(echo).url)
    got: dict[int, Any] = {}

    def ask(number: int) -> None:
        got[number] = store.query(f"{SELECT} #number-{number}")

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {n: table.rows[0][0].value for n, table in got.items()} == {
        n: f"u:{n}" for n in range(20)
    }


def test_limits_are_set_in_the_environment(stub: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    body = rows(b'{"x": {"type": "uri", "value": "u:a"}}', 100)
    monkeypatch.setenv("KG_ENDPOINT_MB", "0.001")
    fails(stub(http(body)).url, "larger than 0.001 MB")
    monkeypatch.setenv("KG_ENDPOINT_MB", "1")
    answer = EndpointStore(stub(http(body)).url).query(SELECT)
    assert isinstance(answer, Table) and len(answer.rows) == 101
    monkeypatch.setenv("KG_ENDPOINT_SECONDS", "0.2")
    assert "KG_ENDPOINT_SECONDS" in fails(stub(lambda *_: sleep(1)).url, "within 0.2 seconds").fix
    for wrong in ("0", "-1", "nan", "inf", "1e30", "much"):
        monkeypatch.setenv("KG_ENDPOINT_SECONDS", wrong)
        with pytest.raises(EndpointFailed, match=f"KG_ENDPOINT_SECONDS is '{wrong}'"):
            EndpointStore("http://127.0.0.1:9/")


def endless(client: socket.socket, _: bytes) -> None:
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + HEAD)
    while True:
        client.sendall(b'{"x": {"type": "uri", "value": "u:x"}},' * 1_000)


def held(url: str, query: str) -> tuple[str, int]:
    """Ask in a process of its own; give what it says, and the most megabytes it held."""
    program = (
        "import re, sys\n"
        "from pathlib import Path\n"
        "from kg.endpoint import EndpointStore\n"
        "from kg.errors import EndpointFailed\n"
        "try:\n    print(len(EndpointStore(sys.argv[1]).query(sys.argv[2]).rows))\n"
        "except EndpointFailed as error:\n    print(error)\n"
        "print(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])\n"
    )
    arguments = [sys.executable, "-c", program, url, query]
    ended = subprocess.run(arguments, capture_output=True, text=True, check=True)
    told, kilobytes = ended.stdout.splitlines()
    return told, int(kilobytes) // 1024


@pytest.mark.full
@pytest.mark.parametrize("name", BOMBS)
def test_little_memory_is_taken_by_what_bursts(stub: Start, name: str) -> None:
    query, kind, body, what = BOMBS[name]
    told, megabytes = held(stub(http(body(), kind)).url, query)
    assert what in told
    assert megabytes < 200


@pytest.mark.full
def test_little_memory_is_taken_by_what_is_large(stub: Start) -> None:
    term = b'{"type": "uri", "value": "http://example.org/id/1"}'
    large = rows(b'{"x": %b, "n": %b}' % (term, term), 400_000)
    for act, what, most in (
        (endless, "larger than 50 MB", 200),
        (http(b"x" * 100_000_000, status="500 X"), "refused", 200),
        (http(large), "400001", 300),
    ):
        told, megabytes = held(stub(act).url, SELECT)
        assert what in told
        assert megabytes < most


CREDENTIALS = [
    ({"USER": "me", "PASSWORD": "s3cret"}, "basic " + base64.b64encode(b"me:s3cret").decode()),
    ({"TOKEN": "s3cret"}, "bearer s3cret"),
]


@pytest.mark.parametrize(("values", "header"), CREDENTIALS)
def test_credentials_are_sent_and_never_leave_the_origin(
    stub: Start, monkeypatch: pytest.MonkeyPatch, values: dict[str, str], header: str
) -> None:
    for name, value in values.items():
        monkeypatch.setenv(f"KG_ENDPOINT_{name}", value)
    found, other = stub(http(ROWS)), stub(http(ROWS))
    EndpointStore(found.url).query(SELECT)
    assert f"authorization: {header.lower()}" in found.headers()
    for to in (other.url, "/elsewhere"):
        back = b"HTTP/1.1 307 X\r\nLocation: %b\r\n\r\n" % to.encode()
        fails(stub(back).url, "redirects the request")
    assert other.requests == []
    said = fails(stub(http(header.encode() + b" s3cret", "text/plain", "400 X")).url, "refused")
    assert "s3cret" not in str(said) and header.split()[1] not in str(said)


@pytest.mark.parametrize(
    ("url", "values", "what"),
    [
        ("http://example.org/", {"TOKEN": "s3cret"}, "unprotected"),
        ("http://127.evil.example/", {"USER": "me", "PASSWORD": "s3cret"}, "unprotected"),
        ("https://example.org/", {"USER": "s3cret"}, "only one"),
        ("https://example.org/", {"PASSWORD": "s3cret"}, "only one"),
        ("https://example.org/", {"USER": "me", "TOKEN": "s3cret"}, "beside"),
        ("https://example.org/", {"TOKEN": "s3cret\r\nX: y"}, "no bearer token"),
        ("https://example.org/", {"USER": "s3cret:", "PASSWORD": "x"}, "colon"),
        ("https://example.org/", {"USER": "me", "PASSWORD": "s3cret\n"}, "printed"),
    ],
)
def test_credentials_that_cannot_be_used_are_told_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, url: str, values: dict[str, str], what: str
) -> None:
    for name, value in values.items():
        monkeypatch.setenv(f"KG_ENDPOINT_{name}", value)
    with pytest.raises(EndpointFailed, match=what) as error:
        EndpointStore(url)
    assert "s3cret" not in str(error.value)
    assert error.value.fix


@pytest.mark.parametrize("url", ["http://localhost:9/", "http://127.9.9.9/", "http://[::1]:9/"])
def test_this_computer_needs_no_https(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("KG_ENDPOINT_TOKEN", "s3cret")
    assert EndpointStore(url).url == url


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("http://me:s3cret@example.org/", "holds an @"),
        ("ftp://me:s3cret@example.org/", "holds an @"),
        ("https://me:1/s3cret@example.org/", "holds an @"),
        ("http://me%3As3cret%40example.org/", "malformed"),
        ("file:///etc/hostname", "no address"),
        ("example.org/sparql", "no address"),
        ("", "no address"),
        ("http://", "malformed"),
        ("http:///sparql", "malformed"),
        ("http://[::1", "malformed"),
        ("http://a b/", "malformed"),
        ("http://a/\r\nX: y", "malformed"),
        ("http://a:port/", "malformed"),
        ("http://a:99999/", "malformed"),
        ("http://ä.example/", "malformed"),
        ("http://a..example/", "malformed"),
        (f"http://{'a' * 64}.example/", "malformed"),
    ],
)
def test_an_address_that_cannot_be_asked_is_told(url: str, what: str) -> None:
    with pytest.raises(EndpointFailed, match=what) as error:
        EndpointStore(url)
    assert "me:s3cret" not in str(error.value)
    assert error.value.fix
    assert str(error.value).isprintable()


def test_reading_an_answer_counts_as_time(stub: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kg.endpoint.monotonic", itertools.count(step=20).__next__)
    fails(stub(http(ROWS)).url, "more than 30 seconds to read")


def test_no_proxy_stands_before_this_computer(stub: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = stub(http(b"", status="500 X"))
    monkeypatch.setenv("http_proxy", proxy.url)
    monkeypatch.delenv("no_proxy", raising=False)
    assert isinstance(EndpointStore(stub(http(ROWS)).url).query(SELECT), Table)
    assert proxy.requests == []


def test_keys_in_the_address_are_not_shown(stub: Start) -> None:
    found = stub(http(b"", status="500 X"))
    with pytest.raises(EndpointFailed, match="refused") as error:
        EndpointStore(f"{found.url}?key=s3cret#s3cret").query(ASK)
    assert error.value.where == found.url
