"""`kg serve --endpoint`: a real endpoint behind it, and those that fail in each way there is."""

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from conftest import Run, Served, Stub, serving
from pyoxigraph import RdfFormat, parse, serialize
from rdflib import Graph
from rdflib.compare import isomorphic
from served import ask, send

from kg.endpoint import EndpointStore
from kg.results import Table, Triples
from kg.store import MemoryStore
from kg.web import pool

THEMES = "SELECT ?theme { ?theme a <https://w3id.org/evidence-kg/ontology#Theme> } ORDER BY ?theme"
TRUE = b'{"head": {}, "boolean": true}'
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/sparql-results+json\r\n"


def whole(body: bytes) -> bytes:
    return OK + b"Content-Length: %d\r\n\r\n" % len(body) + body


@pytest.fixture(scope="module")
def remote(
    serve: Callable[[MemoryStore], EndpointStore],
    store: MemoryStore,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Served]:
    """Our server in front of the Oxigraph server."""
    endpoint = serve(store)
    folder = tmp_path_factory.mktemp("remote")
    with serving(folder / "log", "--endpoint", endpoint.url) as served:
        yield served


def test_an_endpoint_gives_the_rows_that_the_files_give(remote: Served, store: MemoryStore) -> None:
    themes = store.query(THEMES)
    assert isinstance(themes, Table)
    answer = json.loads(ask(remote.url, THEMES).body)
    found = [row["theme"]["value"] for row in answer["results"]["bindings"]]
    assert found == [theme.value for (theme,) in themes.rows]  # type: ignore[union-attr]
    assert json.loads(ask(remote.url, "ASK { ?s ?p ?o }").body)["boolean"] is True
    assert json.loads(ask(remote.url, "ASK { ?s ?p 'nobody' }").body)["boolean"] is False
    query = "CONSTRUCT { ?s a ?c } WHERE { ?s a ?c }"
    triples = store.query(query)
    assert isinstance(triples, Triples)
    lines = "".join(f"{triple} .\n" for triple in triples.triples)
    given = serialize(
        parse(ask(remote.url, query).body, RdfFormat.TURTLE), format=RdfFormat.N_TRIPLES
    )
    assert isomorphic(Graph().parse(given, format="nt"), Graph().parse(data=lines, format="nt"))


def test_a_saved_question_is_put_to_the_endpoint(remote: Served, server: Served) -> None:
    for address in (
        "/api/query/challenge-crossing-agencies?format=csv",
        "/api/query/disagreement-list?format=json",
        "/id/source/martin-2010?format=nt",
    ):
        there, here = send(remote.url, "GET", address), send(server.url, "GET", address)
        assert (there.status, there.kind) == (200, here.kind)
        assert sorted(there.body.splitlines()) == sorted(here.body.splitlines())


def test_the_limits_hold_for_an_endpoint_too(remote: Served) -> None:
    cut = ask(remote.url, "SELECT ?s { ?s ?p ?o . ?s2 ?p2 ?o2 } LIMIT 12000")
    assert cut.status == 200
    assert cut.headers["kg-truncated"] == "rows; rows=10000"
    assert len(json.loads(cut.body)["results"]["bindings"]) == 10_000
    assert ask(remote.url, "SELECT * { SERVICE <http://a> {} }").status == 400
    assert ask(remote.url, "DROP ALL").status == 400
    refused = send(remote.url, "GET", "/sparql?query=ASK+%7B%7D&default-graph-uri=http://a")
    assert refused.status == 400


@pytest.mark.full
def test_what_takes_for_ever_over_no_graph_at_all_is_stopped(remote: Served) -> None:
    """Oxigraph begins to answer what it judges: that must be where it can be stopped."""
    values = " ".join(f"VALUES ?{name} {{ {' '.join(map(str, range(300)))} }}" for name in "abcd")
    pid = remote.process.pid
    for _ in range(4):
        began = time.monotonic()
        answer = ask(remote.url, f"ASK {{ {values} FILTER(?a + ?b + ?c + ?d = -1) }}")
        assert answer.status == 503
        assert time.monotonic() - began < pool.AD_HOC.seconds + 2
    grow = "".join(f"BIND(CONCAT(?x{n}, ?x{n}) AS ?x{n + 1}) " for n in range(40))
    assert ask(remote.url, f'ASK {{ BIND("x" AS ?x0) {grow} FILTER(?x40 = "y") }}').status == 503
    before = remote_cpu(pid)
    time.sleep(1)
    assert remote_cpu(pid) - before < 0.5
    assert ask(remote.url, "ASK {}").status == 200


def remote_cpu(pid: int) -> float:
    return sum(psutil.Process(pid).cpu_times()[:2])


# What an endpoint does once the server has started, and what is told of it.
def silent(client: socket.socket, request: bytes) -> None:
    client.settimeout(20)
    client.recv(1)


def dripping(client: socket.socket, request: bytes) -> None:
    client.sendall(OK + b"Content-Length: 1000\r\n\r\n")
    for _ in range(100):
        client.sendall(b" ")
        time.sleep(0.1)


FAULTS: dict[str, tuple[bytes | Callable[[socket.socket, bytes], None], str]] = {
    "silent": (silent, "no whole answer within 2 seconds"),
    "dripping": (dripping, "no whole answer within 2 seconds"),
    "hanging up": (b"", "does not answer|no web server|breaks off"),
    "truncated": (OK + b"Content-Length: 1000\r\n\r\n" + TRUE, "breaks off before its end"),
    "cut in JSON": (whole(b'{"head": {"vars": ["theme"]}, "results": {'), "not what the SPARQL"),
    "lying about columns": (
        whole(b'{"head": {"vars": ["other"]}, "results": {"bindings": []}}'),
        "the columns other, not theme",
    ),
    "lying about the form": (whole(TRUE), "yes or no, where rows were asked for"),
    "a web page": (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\n<p>x",
        "with a web page",
    ),
    "a fault": (b"HTTP/1.1 500 Oh\r\nContent-Length: 7\r\n\r\nmy oops", "500 .*my oops"),
    "leading elsewhere": (
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n",
        "another|elsewhere|redirect",
    ),
    "no HTTP": (b"220 mail.example ESMTP\r\n", "no web server"),
}


@pytest.mark.full
@pytest.mark.parametrize("name", FAULTS)
def test_an_endpoint_that_fails_is_told_of_and_harms_nothing(
    stub: Callable[..., Stub], tmp_path: Path, name: str
) -> None:
    fault, told = FAULTS[name]
    well = threading.Event()
    well.set()

    def answer(client: socket.socket, request: bytes) -> None:
        if well.is_set():
            client.sendall(whole(TRUE))
        elif callable(fault):
            with suppress(OSError):
                fault(client, request)
        else:
            client.sendall(fault)

    with serving(tmp_path / "log", "--endpoint", stub(answer).url) as served:
        well.clear()
        began = time.monotonic()
        failed = ask(served.url, THEMES)
        assert time.monotonic() - began < pool.AD_HOC.seconds + 2
        assert failed.status in {502, 503}
        problem = json.loads(failed.body)
        assert re.search(told, problem["title"]), problem
        assert problem["fix"]
        assert send(served.url, "GET", "/health").status == 200
        well.set()
        assert json.loads(ask(served.url, "ASK {}").body)["boolean"] is True


@pytest.mark.full
def test_an_endpoint_that_hangs_does_not_make_others_wait_for_ever(
    stub: Callable[..., Stub], tmp_path: Path
) -> None:
    """More ask than the endpoint is asked at a time, and many of them leave."""
    well = threading.Event()
    well.set()
    open_now: list[int] = []
    most = 0

    def answer(client: socket.socket, request: bytes) -> None:
        nonlocal most
        if well.is_set():
            client.sendall(whole(TRUE))
            return
        open_now.append(1)
        most = max(most, len(open_now))
        with suppress(OSError):
            client.settimeout(5)
            client.recv(1)
        open_now.pop()

    with serving(tmp_path / "log", "--endpoint", stub(answer).url) as served:
        well.clear()
        statuses: list[tuple[int, bool]] = []

        def client(number: int) -> None:
            began = time.monotonic()
            status = ask(served.url, f"ASK {{ ?s ?p {number} }}").status
            statuses.append((status, time.monotonic() - began < pool.AD_HOC.seconds + 3))

        threads = [threading.Thread(target=client, args=[number]) for number in range(24)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {status for status, _ in statuses} <= {502, 503}
        assert all(in_time for _, in_time in statuses)
        assert 1 <= most <= 17  # eight for strangers, eight for pages, and those being made
        well.set()
        for _ in range(50):
            if ask(served.url, "ASK {}").status == 200:
                break
            time.sleep(0.1)
        assert ask(served.url, "ASK {}").status == 200


def test_a_server_does_not_start_before_an_endpoint_that_is_dead(kg: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    ended = kg("serve", "--port", "0", "--endpoint", f"http://127.0.0.1:{port}/sparql")
    assert ended.returncode == 2
    assert "the endpoint does not answer" in ended.stderr
    assert "Traceback" not in ended.stderr
