import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from kg.errors import EndpointFailed, QueryRefused, UnreadableFile
from kg.project import Project
from kg.results import Boolean, Table, Triples
from kg.store import EndpointStore, MemoryStore, open_store

ONE = '{"head": {"vars": ["x"]}, "results": {"bindings": [{"x": {"type": "uri", "value": "u:x"}}]}}'


class Stub(BaseHTTPRequestHandler):
    """An endpoint that answers as the path says."""

    def do_POST(self) -> None:
        status, kind, body = {
            "/good": (200, "application/sparql-results+json", ONE),
            "/graph": (200, "text/turtle", "<u:a> <u:b> <u:c> ."),
            "/page": (200, "text/html", "<h1>Welcome</h1>"),
            "/cut": (200, "application/sparql-results+json", ONE[:50]),
            "/refuse": (400, "text/plain", "no such thing"),
            "/broken": (500, "text/plain", "oh"),
        }[self.path]
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def stub() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Stub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_endpoint_answers_are_read(stub: str) -> None:
    answer = EndpointStore(f"{stub}/good").query("SELECT ?x { ?x ?p ?o }")
    assert isinstance(answer, Table)
    assert str(answer.rows[0][0]) == "<u:x>"
    graph = EndpointStore(f"{stub}/graph").query("CONSTRUCT WHERE { ?s ?p ?o }")
    assert isinstance(graph, Triples)
    assert len(graph.triples) == 1


@pytest.mark.parametrize(
    ("path", "what"),
    [("page", "protocol"), ("cut", "protocol"), ("refuse", "refused"), ("broken", "refused")],
)
def test_an_endpoint_that_fails_is_told_apart(stub: str, path: str, what: str) -> None:
    with pytest.raises(EndpointFailed, match=what) as error:
        EndpointStore(f"{stub}/{path}").query("SELECT ?x { ?x ?p ?o }")
    assert error.value.fix
    assert stub in error.value.where


def test_a_dead_endpoint_is_told() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(EndpointFailed, match="does not answer"):
        EndpointStore(f"http://127.0.0.1:{port}/").query("ASK { ?s ?p ?o }")


def test_an_endpoint_is_a_web_address(project: Project) -> None:
    with pytest.raises(EndpointFailed, match="no address"):
        open_store(project, "file:///etc/hostname")


@pytest.mark.parametrize("store", [MemoryStore([]), EndpointStore("http://127.0.0.1:9/")])
def test_updates_never_reach_a_store(store: MemoryStore | EndpointStore) -> None:
    with pytest.raises(QueryRefused):
        store.query("DELETE WHERE { ?s ?p ?o }")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("SELECT * { ?s ?p }", "stops being SPARQL"),
        ("SELECT * { ?s foo:bar ?o }", "prefix"),
        ("SELECT ?x (COUNT(*) AS ?n) { ?s ?p ?o }", "unbound"),
    ],
)
def test_a_malformed_query_names_its_place(text: str, what: str) -> None:
    with pytest.raises(QueryRefused, match=what) as error:
        MemoryStore([]).query(text)
    assert error.value.where.startswith("line 1")


def test_a_faulty_data_file_is_named(tmp_path: Path) -> None:
    bad = tmp_path / "bad.ttl"
    bad.write_text("<u:a> <u:b> .", encoding="utf-8")
    with pytest.raises(UnreadableFile) as error:
        MemoryStore([bad])
    assert "bad.ttl:1:" in error.value.where


def test_ask(store: MemoryStore) -> None:
    assert store.query("ASK { ?s ?p ?o }") == Boolean(True)
