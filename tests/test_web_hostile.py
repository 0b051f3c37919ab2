"""The corpus of hostile queries against `kg serve`: each ends in time, and leaves nothing."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from conftest import Served, serving
from hostile import Hostile, hostile_queries
from served import Answer, ask, send, tree

from kg.web import pool

DIRECT = "application/sparql-query"
# A deadline of two seconds, and what a busy machine may add.
SECONDS = pool.AD_HOC.seconds + 2
SAVED = "/api/query/challenge-crossing-agencies"
QUICK = (
    "service.rq load.rq from-file.rq nest-braces.rq product-count.rq grow-concat.rq bytes-nul.rq "
    "bytes-invalid.rq product-order.rq rows-without-end.rq number-digits.rq update-escaped.rq"
).split()


def attack(
    served: Served, queries: list[Hostile], clients: int = 1, *, twice: bool = False
) -> dict[str, Answer]:
    """Send them all, and hold each to its deadline and to what must become of it.

    What is worked out `twice`, here and at an endpoint, may be stopped where it would be answered.
    """
    answers: dict[str, Answer] = {}
    slow: dict[str, float] = {}
    left = iter(queries)
    lock = threading.Lock()

    def client() -> None:
        while True:
            with lock:
                query = next(left, None)
            if query is None:
                return
            began = time.monotonic()
            answers[query.name] = send(
                served.url, "POST", "/sparql", query.text, content_type=DIRECT
            )
            slow[query.name] = time.monotonic() - began

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {name: took for name, took in slow.items() if took > SECONDS} == {}
    became = {}
    expected = {query.name: query.expect for query in queries}
    for query in queries:
        answer = answers[query.name]
        is_cut = "kg-truncated" in answer.headers
        # One that asks another server tells with 502 that it was cut there.
        kinds = {200: "stopped" if is_cut else "answered", 502: "stopped", 503: "stopped"}
        became[query.name] = kinds.get(answer.status, "refused" if answer.status < 500 else "died")
        if answer.status != 200:
            told = json.loads(answer.body)
            assert told["title"] and told["fix"], query.name
            assert "Traceback" not in told["title"]
    if twice:
        late = {n for n, end in became.items() if (end, expected[n]) == ("stopped", "answered")}
        assert len(late) < 10
        expected |= dict.fromkeys(late, "stopped")
    assert became == expected
    return answers


def memory(pid: int) -> int:
    """What a server and its workers have in memory for themselves, in bytes."""
    return sum(process.memory_full_info().uss for process in tree(pid))


def states(pid: int) -> list[bool]:
    """Whether each process of a server is alive, or what is left of one that has ended."""
    return sorted(process.status() != psutil.STATUS_ZOMBIE for process in tree(pid))


def workers(served: Served) -> int:
    """How many workers a server has, without those that have been stopped and not yet replaced."""
    health = send(served.url, "GET", "/health")
    told = json.loads(health.body)
    assert (health.status, told["status"]) == (200, "ok")
    return int(told["workers"])


@contextmanager
def unharmed(served: Served) -> Iterator[None]:
    """Hold a server to being after an attack what it was before."""
    pid = served.process.pid
    saved = send(served.url, "GET", SAVED)
    assert saved.status == 200
    # What memory a worker keeps after its first large answer, it does not take again.
    large = f'SELECT ("{"x" * 900}" AS ?t) {{ ?s ?p ?o . ?s2 ?p2 ?o2 }}'
    for _ in range(6):
        assert ask(served.url, large).headers["kg-truncated"]
    time.sleep(1)
    ready, processes = workers(served), states(pid)
    descriptors, before = psutil.Process(pid).num_fds(), memory(pid)
    assert len(processes) > ready > 0
    yield
    # One that is being stopped still counts as a process, and its successor does not yet.
    for _ in range(100):
        left = psutil.Process(pid).num_fds()
        if (workers(served), states(pid)) == (ready, processes) and left <= descriptors:
            break
        time.sleep(0.1)
    assert (workers(served), states(pid)) == (ready, processes)
    assert left <= descriptors
    assert send(served.url, "GET", SAVED).body == saved.body
    time.sleep(2)
    # Of a server as small as this one, a tenth is little; so there are some MB on top.
    assert memory(pid) < 1.1 * before + 20 * 1024**2
    log = served.log.read_text(encoding="utf-8")
    assert "Traceback" not in log
    assert '"level": "ERROR"' not in log


@pytest.fixture(scope="module")
def target(server: Served) -> Served:
    """The server with its pages made, so that what that takes is not laid at an attack's door."""
    server.pages()
    return server


def test_a_few_hostile_queries(server: Served) -> None:
    attack(server, [query for query in hostile_queries() if f"{query.name}.rq" in QUICK])
    assert send(server.url, "GET", SAVED).status == 200


@pytest.mark.full
def test_every_hostile_query_one_after_another(target: Served) -> None:
    with unharmed(target):
        attack(target, hostile_queries())


@pytest.mark.full
def test_hostile_queries_of_several_at_once_leave_others_their_answers(target: Served) -> None:
    """They wait for each other, within their deadlines; saved questions do not wait for them."""
    queries = [query for query in hostile_queries() if query.expect == "stopped"]
    with unharmed(target):
        stop = threading.Event()
        times: list[float] = []

        def friend() -> None:
            while not stop.is_set():
                began = time.monotonic()
                assert send(target.url, "GET", SAVED).status == 200
                times.append(time.monotonic() - began)

        thread = threading.Thread(target=friend)
        thread.start()
        try:
            attack(target, queries, clients=4)
        finally:
            stop.set()
            thread.join()
        assert len(times) > 50
        assert sorted(times)[len(times) * 99 // 100] < 2


@pytest.mark.full
def test_every_hostile_query_through_a_server_that_asks_another(
    target: Served, tmp_path: Path
) -> None:
    with serving(tmp_path / "log", "--endpoint", f"{target.url}sparql") as served:
        served.pages()
        attack(served, hostile_queries(), clients=4, twice=True)
        assert workers(served)


@pytest.mark.full
def test_clients_that_hang_up_leave_nothing_behind(target: Served) -> None:
    where = ("127.0.0.1", urlsplit(target.url).port or 0)
    query = b"SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    head = f"POST /sparql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {DIRECT}\r\n"
    whole = f"{head}Content-Length: {len(query)}\r\n\r\n".encode() + query
    with unharmed(target):
        for cut in (0, 10, len(whole) - 5, *[len(whole)] * 20):
            with socket.create_connection(where, timeout=5) as client:
                client.sendall(whole[:cut])
                time.sleep(0.05)
        # What they asked is stopped at once, and not at its deadline.
        began = time.monotonic()
        assert ask(target.url, "ASK {}").status == 200
        assert time.monotonic() - began < pool.AD_HOC.seconds


@pytest.mark.full
def test_clients_that_do_not_read_do_not_fill_the_memory(target: Served) -> None:
    """All of their answers have 256 MB, and what they took is given back when they hang up."""
    where = ("127.0.0.1", urlsplit(target.url).port or 0)
    query = f'SELECT ("{"x" * 900}" AS ?t) {{ ?s ?p ?o . ?s2 ?p2 ?o2 }}'.encode()
    head = f"POST /sparql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {DIRECT}\r\n"
    whole = f"{head}Content-Length: {len(query)}\r\n\r\n".encode() + query
    with unharmed(target):
        before = memory(target.process.pid)
        clients = []
        try:
            for _ in range(60):
                clients.append(socket.create_connection(where, timeout=5))
                clients[-1].sendall(whole)
                time.sleep(0.2)
            time.sleep(3)
            assert memory(target.process.pid) - before < 400 * 1024**2
        finally:
            for client in clients:
                client.close()
