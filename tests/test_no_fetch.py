"""Nothing that is read here has anything fetched: a listener on loopback hears of no vector.

Each vector names the listener in a query, a shape, a rule, a file of data, a workbook, or an answer
of an endpoint, in the ways in which RDF and XML software is known to fetch.
"""

import socket
import threading
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import pytest
from conftest import Run, Served, Stub
from openpyxl import Workbook
from served import send

from kg.endpoint import EndpointStore
from kg.errors import KgError
from kg.export import export_graph
from kg.fmt import format_files
from kg.project import Project, start_home
from kg.queries import load_query, run
from kg.sheets.plan import plan
from kg.store import MemoryStore
from kg.validation import validate

QUERIES = {
    "service": "SELECT * { SERVICE <URL> { ?s ?p ?o } }",
    "service-silent": "SELECT * { SERVICE SILENT <URL> { ?s ?p ?o } }",
    "service-lower": "select * { service <URL> { ?s ?p ?o } }",
    "service-no-space": "SELECT*{SERVICE<URL>{?s ?p ?o}}",
    "service-comment": "SELECT * { SERVICE # to\n <URL> { ?s ?p ?o } }",
    "service-escaped": "SELECT * { SER\\u0056ICE <URL> { ?s ?p ?o } }",
    "service-variable": "SELECT * { BIND(<URL> AS ?g) SERVICE ?g { ?s ?p ?o } }",
    "service-prefix": "PREFIX e: <URL> SELECT * { SERVICE e: { ?s ?p ?o } }",
    "service-base": "BASE <URL> SELECT * { SERVICE <x> { ?s ?p ?o } }",
    "service-optional": "SELECT * { ?s ?p ?o OPTIONAL { SERVICE <URL> { ?s ?p ?o } } }",
    "service-exists": "SELECT * { ?s ?p ?o FILTER EXISTS { SERVICE <URL> { ?s ?p ?o } } }",
    "service-minus": "SELECT * { ?s ?p ?o MINUS { SERVICE <URL> { ?s ?p ?o } } }",
    "service-sub": "SELECT * { { SELECT * { SERVICE <URL> { ?s ?p ?o } } } }",
    "service-construct": "CONSTRUCT { ?s ?p ?o } { SERVICE <URL> { ?s ?p ?o } }",
    "from": "SELECT * FROM <URL> { ?s ?p ?o }",
    "from-no-space": "SELECT*FROM<URL>{?s ?p ?o}",
    "from-named": "SELECT * FROM NAMED <URL> { GRAPH ?g { ?s ?p ?o } }",
    "from-ask": "ASK FROM <URL> { ?s ?p ?o }",
    "graph": "SELECT * { GRAPH <URL> { ?s ?p ?o } }",
    "describe": "DESCRIBE <URL>",
    "function": "SELECT (<URL>(1) AS ?x) {}",
    "load": "LOAD <URL>",
    "load-into": "LOAD SILENT <URL> INTO GRAPH <u:g>",
    "insert-service": "INSERT { ?s ?p ?o } WHERE { SERVICE <URL> { ?s ?p ?o } }",
}
TURTLE = {
    "imports": "<u:o> a <http://www.w3.org/2002/07/owl#Ontology> ; "
    "<http://www.w3.org/2002/07/owl#imports> <URL> .",
    "see-also": "<URL> <http://www.w3.org/2000/01/rdf-schema#seeAlso> <URL> .",
    "defined-by": "<u:s> <http://www.w3.org/2000/01/rdf-schema#isDefinedBy> <URL> .",
    "shapes-graph": "<u:s> <http://www.w3.org/ns/shacl#shapesGraph> <URL> .",
    "type": "<u:s> a <URL> .",
    "datatype": '<u:s> <u:p> "1"^^<URL> .',
    "base": "@base <URL> . <a> <b> <c> .",
    "prefix": "@prefix e: <URL> . e:a e:b e:c .",
    "json-ld": '{"@context": "URL", "@id": "u:s"}',
    "rdf-xml": '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY e SYSTEM "URL">]><r>&e;</r>',
    "xml-dtd": '<?xml version="1.0"?><!DOCTYPE r SYSTEM "URL"><r/>',
    "trig": "GRAPH <URL> { <u:s> <u:p> <u:o> }",
}
SHACL = (
    "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix owl: <http://www.w3.org/2002/07/owl#> ."
)
SHAPE = f"{SHACL} <u:shape> a sh:NodeShape ; sh:targetNode <u:n> ; sh:message 'm' ; "
SHAPES = {
    "imports": f"{SHACL} <u:o> a owl:Ontology ; owl:imports <URL> .",
    "shapes-graph": f"{SHACL} <u:o> sh:shapesGraph <URL> .",
    "suggested": f"{SHACL} <u:o> sh:suggestedShapesGraph <URL> .",
    "entailment": f"{SHACL} <u:o> sh:entailment <URL> .",
    "library": f"{SHACL} <u:l> a sh:JSLibrary ; sh:jsLibraryURL 'URL'^^<u:any> .",
    "js": SHAPE + "sh:js [ sh:jsFunctionName 'f' ; sh:jsLibrary [ sh:jsLibraryURL 'URL' ] ] .",
    "service": SHAPE + "sh:sparql [ sh:select 'SELECT $this { SERVICE <URL> { ?s ?p ?o } }' ] .",
    "silent": SHAPE + "sh:sparql [ sh:select 'SELECT $this { SERVICE SILENT <URL> {} }' ] .",
    "from": SHAPE + "sh:sparql [ sh:select 'SELECT $this FROM <URL> { ?s ?p ?o }' ] .",
    "named": SHAPE + "sh:sparql [ sh:select "
    "'SELECT $this FROM NAMED <URL> { GRAPH ?g { ?s ?p ?o } }' ] .",
    "graph": SHAPE + "sh:sparql [ sh:select 'SELECT $this { GRAPH <URL> { ?s ?p ?o } }' ] .",
    "ask": f"{SHACL} <u:c> a sh:ConstraintComponent ; sh:parameter [ sh:path <u:p> ] ; "
    "sh:validator [ a sh:SPARQLAskValidator ; sh:ask 'ASK { SERVICE <URL> {} }' ] . "
    "<u:shape> a sh:NodeShape ; sh:targetNode <u:n> ; <u:p> 1 .",
    "target": SHAPE + "sh:target [ a sh:SPARQLTarget ; "
    "sh:select 'SELECT ?this { SERVICE <URL> { ?this ?p ?o } }' ] .",
    "rule": SHAPE + "sh:rule [ a sh:SPARQLRule ; "
    "sh:construct 'CONSTRUCT { $this a <u:x> } { SERVICE <URL> {} }' ] .",
    "declare": SHAPE + "sh:sparql [ sh:prefixes [ sh:declare [ sh:prefix 'e' ; "
    "sh:namespace 'URL' ] ] ; sh:select 'SELECT $this { SERVICE e: {} }' ] .",
}
TABLE, GRAPH = "SELECT * { ?s ?p ?o }", "CONSTRUCT WHERE { ?s ?p ?o }"
JSON_LD = b'{"@context": "URL", "@id": "u:s", "p": "o"}'
ENTITY = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY % a SYSTEM "URL"> %a; <!ENTITY b SYSTEM "URL">]>'
)
ROWS = (
    b'<sparql xmlns="http://www.w3.org/2005/sparql-results#"><head/><results>&b;</results></sparql>'
)
RDF_XML = b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">&b;</rdf:RDF>'
ANSWERS = {
    "json-ld": (GRAPH, "application/ld+json", JSON_LD),
    "json-ld-as-turtle": (GRAPH, "text/turtle", JSON_LD),
    "json-ld-as-json": (TABLE, "application/json", JSON_LD),
    "context-in-rows": (
        *(TABLE, "application/sparql-results+json"),
        b'{"@context": "URL", "head": {"vars": ["s", "p", "o"], "link": ["URL"]}, '
        b'"results": {"bindings": []}}',
    ),
    "rdf-xml": (GRAPH, "application/rdf+xml", ENTITY + RDF_XML),
    "rows-xml": (TABLE, "application/sparql-results+xml", ENTITY + ROWS),
    "xml-as-json": (TABLE, "application/sparql-results+json", ENTITY + ROWS),
    "style-sheet": (TABLE, "application/xml", b'<?xml-stylesheet href="URL"?>' + ROWS),
    "html": (TABLE, "text/html", b'<meta http-equiv="refresh" content="0;url=URL"><img src="URL">'),
    "turtle-imports": (
        *(GRAPH, "text/turtle"),
        b"<u:o> <http://www.w3.org/2002/07/owl#imports> <URL> . "
        b"<u:o> a <http://www.w3.org/2002/07/owl#Ontology> .",
    ),
}
CELLS = {
    "webservice": '=WEBSERVICE("URL")',
    "hyperlink": '=HYPERLINK("URL")',
    "image": '=IMAGE("URL")',
    "dde": "=cmd|'/c URL'!A1",
    "reference": "='URL/[book.xlsx]Sheet1'!A1",
}


@dataclass
class Listener:
    url: str
    heard: list[bytes] = field(default_factory=list)

    def named(self, text: str) -> str:
        return text.replace("URL", self.url)


@pytest.fixture(scope="module")
def anyone() -> Iterator[Listener]:
    """Listen on loopback, and keep what is said."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        listener = Listener(f"http://127.0.0.1:{server.getsockname()[1]}/x")

        def listen() -> None:
            with suppress(OSError):
                while True:
                    client, _ = server.accept()
                    with client, suppress(OSError):
                        client.settimeout(2)
                        listener.heard.append(client.recv(1000))
                        client.sendall(b"HTTP/1.0 404 Not Found\r\n\r\n")

        thread = threading.Thread(target=listen)
        thread.start()
        yield listener
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.fixture
def listener(anyone: Listener) -> Iterator[Listener]:
    anyone.heard.clear()
    yield anyone
    assert anyone.heard == []
    # And it would have been heard.
    with suppress(OSError):
        urllib.request.urlopen(anyone.url, timeout=5)
    assert len(anyone.heard) == 1


@pytest.fixture
def home(tmp_path: Path) -> Path:
    start_home(tmp_path / "home")
    return tmp_path / "home"


@pytest.mark.parametrize("name", QUERIES)
def test_a_query(listener: Listener, server: Served, stub: Callable[..., Stub], name: str) -> None:
    """As it is asked here, of an endpoint, and of the server in each of the ways there are."""
    text = listener.named(QUERIES[name])
    endpoint = stub(b"HTTP/1.1 404 Not Found\r\n\r\n")
    for store in (MemoryStore([]), EndpointStore(endpoint.url)):
        with suppress(KgError):
            store.query(text)
    # What asks an endpoint to fetch is not passed on to it either.
    if name.startswith(("service", "from", "load", "insert")):
        assert endpoint.requests == []
    form = "application/x-www-form-urlencoded"
    answers = [
        send(server.url, "GET", f"/sparql?{urlencode({'query': text})}"),
        send(server.url, "POST", "/sparql", urlencode({"query": text}).encode(), content_type=form),
        send(server.url, "POST", "/sparql", text.encode(), content_type="application/sparql-query"),
        send(
            *(server.url, "POST", "/sparql", text.encode()),
            content_type="application/sparql-update",
        ),
        send(
            *(server.url, "POST", "/sparql", urlencode({"update": text}).encode()),
            content_type=form,
        ),
    ]
    assert all(answer.status < 500 for answer in answers)


@pytest.mark.full
@pytest.mark.parametrize("name", ["service", "service-escaped", "from", "load"])
def test_a_query_on_the_command_line(listener: Listener, kg: Run, name: str) -> None:
    done = kg("sparql", "-", stdin=listener.named(QUERIES[name]))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["default-graph-uri", "named-graph-uri", "using-graph-uri"])
def test_a_graph_that_the_protocol_names(listener: Listener, server: Served, name: str) -> None:
    fields = {"query": "SELECT * { ?s ?p ?o } LIMIT 1", name: listener.url}
    assert send(server.url, "GET", f"/sparql?{urlencode(fields)}").status < 500


@pytest.mark.full
@pytest.mark.parametrize("name", ["service", "service-silent", "service-escaped", "from", "load"])
@pytest.mark.parametrize("kind", ["saved", "check", "rule"])
def test_a_file_of_a_home(listener: Listener, home: Path, kind: str, name: str) -> None:
    text = listener.named(QUERIES[name])
    folder, file = {
        "saved": ("queries", "mine.rq"),
        "check": ("queries", "check-mine.rq"),
        "rule": ("ontology/rules", "mine.rq"),
    }[kind]
    head = "#+ question: What?\n#+ summary: It.\n" if kind != "rule" else ""
    (home / folder).mkdir(parents=True, exist_ok=True)
    (home / folder / file).write_text(head + text, "utf-8")
    with pytest.raises(KgError):
        if kind == "saved":
            project = Project(home)
            run(load_query(project, "mine"), MemoryStore(project.graph_files()))
        elif kind == "check":
            validate(Project(home))
        else:
            export_graph(Project(home), "nt", derived=True)


@pytest.mark.full
@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("engine", ["pyshacl", "shacl", "sparql"])
def test_a_shape(listener: Listener, home: Path, engine: str, name: str) -> None:
    shapes = home / "ontology" / "shapes"
    shapes.mkdir(parents=True, exist_ok=True)
    (shapes / "mine.ttl").write_text(listener.named(SHAPES[name]), "utf-8")
    data = next((home / "data").rglob("*.ttl"))
    data.write_text(data.read_text("utf-8") + "\n<u:n> a <u:thing> .\n", "utf-8")
    with suppress(KgError):
        validate(Project(home), engine=engine)


@pytest.mark.full
@pytest.mark.parametrize("name", TURTLE)
def test_a_file_of_data(listener: Listener, home: Path, name: str) -> None:
    file = home / "data" / "triples" / "mine.ttl"
    file.write_text(listener.named(TURTLE[name]), "utf-8")
    project = Project(home)
    for read in (
        lambda: MemoryStore(project.graph_files()),
        lambda: validate(project, [file]),
        lambda: format_files(project, [file]),
    ):
        with suppress(KgError):
            read()


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_of_an_endpoint(listener: Listener, stub: Callable[..., Stub], name: str) -> None:
    query, kind, body = ANSWERS[name]
    body = body.replace(b"URL", listener.url.encode())
    link = f'Link: <{listener.url}>; rel="http://www.w3.org/ns/json-ld#context"'
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n{link}\r\nContent-Length: {len(body)}"
    found = stub(f"{head}\r\n\r\n".encode() + body)
    with suppress(KgError):
        EndpointStore(found.url).query(query)
    assert found.requests


@pytest.mark.parametrize("token", ["", "secret"])
@pytest.mark.parametrize("status", [300, 301, 302, 303, 305, 307, 308])
def test_a_query_is_not_led_elsewhere(
    listener: Listener,
    stub: Callable[..., Stub],
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    token: str,
) -> None:
    monkeypatch.setenv("KG_ENDPOINT_TOKEN", token)
    location = f"Location: {listener.url}\r\nRefresh: 0; url={listener.url}"
    found = stub(f"HTTP/1.1 {status} Moved\r\n{location}\r\nContent-Length: 0\r\n\r\n".encode())
    with pytest.raises(KgError):
        EndpointStore(found.url).query(TABLE)
    assert found.requests


@pytest.mark.full
@pytest.mark.parametrize("name", CELLS)
def test_a_cell_of_a_workbook(listener: Listener, home: Path, tmp_path: Path, name: str) -> None:
    book = Workbook()
    book.active.append(["id", "label"])  # type: ignore[union-attr]
    book.active.append(["x", listener.named(CELLS[name])])  # type: ignore[union-attr]
    book.save(tmp_path / "book.xlsx")
    with suppress(KgError):
        plan(Project(home), tmp_path / "book.xlsx", "", None, delete=False, overwrite=False)


@pytest.mark.full
@pytest.mark.parametrize("part", ["external-link", "entity", "image"])
def test_a_part_of_a_workbook(listener: Listener, home: Path, tmp_path: Path, part: str) -> None:
    file = tmp_path / "book.xlsx"
    Workbook().save(file)
    types = {"external-link": "externalLinkPath", "image": "image", "entity": "hyperlink"}
    rels = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="rId9" TargetMode="External" Target="URL" Type="http://schemas.'
        f'openxmlformats.org/officeDocument/2006/relationships/{types[part]}"/></Relationships>'
    )
    if part == "entity":
        rels = '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY e SYSTEM "URL">]><r>&e;</r>'
    with zipfile.ZipFile(file, "a") as packed:
        packed.writestr("xl/worksheets/_rels/sheet1.xml.rels", listener.named(rels))
    with suppress(KgError):
        plan(Project(home), file, "", None, delete=False, overwrite=False)
