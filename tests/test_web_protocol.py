"""The SPARQL 1.1 Protocol as `kg serve` speaks it: the tests of the W3C, and what they leave out.

The W3C's manifest stays where it is; what it asks is sent to a server whose store on disk holds
the graphs that it names.
"""

import hashlib
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

import pytest
from conftest import ROOT, serving
from pyoxigraph import NamedNode, Quad, RdfFormat, Store, parse, serialize
from rdflib import RDF, Graph, Namespace, URIRef
from rdflib.collection import Collection
from served import Answer, ask, send

SUITE = ROOT.parent / "shared" / "suites" / "rdf-tests" / "sparql" / "sparql11" / "protocol"
DATA = "http://kasei.us/2009/09/sparql/data/data{}.rdf"
DOCUMENT = "http://xmlns.com/foaf/0.1/Document"
FORM, DIRECT = "application/x-www-form-urlencoded", "application/sparql-query"
UPDATE = "application/sparql-update"
# The tests that the server fails on purpose, with the status that it gives instead, and why.
REFUSED = {
    "query_multiple_dataset": (400, "FROM is refused: a graph is named by the protocol alone"),
    "update_dataset_default_graph": (403, "the endpoint only reads"),
    "update_dataset_default_graphs": (403, "the endpoint only reads"),
    "update_dataset_named_graphs": (403, "the endpoint only reads"),
    "update_dataset_full": (403, "the endpoint only reads"),
    "update_post_form": (403, "the endpoint only reads"),
    "update_post_direct": (403, "the endpoint only reads"),
    "update_base_uri": (403, "the endpoint only reads"),
}
_MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
_HT = Namespace("http://www.w3.org/2011/http#")
_CNT = Namespace("http://www.w3.org/2011/content#")
_SD = Namespace("http://www.w3.org/ns/sparql-service-description#")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the graphs that the manifest names, and their union as the default graph."""
    if not SUITE.is_dir():
        pytest.skip("the W3C tests are not at ../shared/suites/rdf-tests/")
    place = tmp_path_factory.mktemp("protocol")
    store = Store(str(place / "store"))
    for number in range(4):
        iri = NamedNode(DATA.format(number))
        quad = Quad(iri, NamedNode(str(RDF.type)), NamedNode(DOCUMENT))
        store.extend([quad, Quad(*quad.triple, iri)])
    store.flush()
    return place


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    with serving(folder / "log", "--store", str(folder / "store")) as served:
        yield served.url


def hash_of(folder: Path) -> str:
    lines = Store.read_only(str(folder / "store")).dump(format=RdfFormat.N_QUADS).splitlines()
    assert len(lines) == 8
    return hashlib.sha256(b"\n".join(sorted(lines))).hexdigest()


def requests() -> dict[str, list[tuple[str, str, bytes | None, dict[str, str], Graph, URIRef]]]:
    """The requests of each test of the manifest, in order."""
    manifest = Graph().parse(SUITE / "manifest.ttl")
    base = "http://www.w3.org/2009/sparql/docs/tests/data-sparql11/protocol/manifest#"
    found = {}
    for test in manifest.subjects(RDF.type, _MF.ProtocolTest):
        action = manifest.value(test, _MF.action)
        each = found[str(test).removeprefix(base)] = []
        for request in Collection(manifest, manifest.value(action, _HT.requests)):
            headers = {
                str(manifest.value(h, _HT.fieldName)): str(manifest.value(h, _HT.fieldValue))
                for h in Collection(manifest, manifest.value(request, _HT.headers))
            }
            content = manifest.value(request, _HT.body)
            body = None
            if content:
                encoding = str(manifest.value(content, _CNT.characterEncoding))
                body = str(manifest.value(content, _CNT.chars)).encode(encoding)
            path = str(manifest.value(request, _HT.absolutePath)).replace("/sparql/", "/sparql", 1)
            method = str(manifest.value(request, _HT.methodName))
            each.append((method, path, body, headers, manifest, manifest.value(request, _HT.resp)))
    return found


def as_expected(answer: Answer, manifest: Graph, expected: URIRef) -> bool:
    statuses = {str(s)[-3:-2] for s in manifest.objects(expected, _MF.expectedStatus)}
    if str(answer.status)[0] not in statuses:
        return False
    truth = manifest.value(expected, _MF.expectedBoolean)
    if truth is not None and json.loads(answer.body)["boolean"] is not truth.toPython():
        return False
    form = manifest.value(expected, _MF.expectedFormat)
    kinds = {
        None: {"application/problem+json", "application/sparql-results+json"},
        "boolean": {"application/sparql-results+json", "application/sparql-results+xml"},
        "tabular": {"application/sparql-results+json", "text/csv"},
        "RDF": {"text/turtle", "application/n-triples"},
    }
    return answer.kind in kinds[str(form) if form else None]


def test_the_protocol_tests_of_the_w3c(url: str, folder: Path) -> None:
    tests = requests()
    assert len([name for name in tests if "update" in name]) == 14
    assert len(tests) == 34
    before = hash_of(folder)
    for name, each in tests.items():
        for number, (method, path, body, headers, manifest, expected) in enumerate(each):
            answer = send(url, method, path, body, **headers)
            passes = as_expected(answer, manifest, expected)
            if name in REFUSED:
                # The second request of an update test asks whether the update was made.
                status = REFUSED[name][0] if number == 0 else 200
                assert not passes, f"{name} passes now: take it off the list"
                assert answer.status == status, name
            else:
                assert passes, (name, answer)
    assert hash_of(folder) == before


def test_an_update_in_any_guise_is_refused(url: str, folder: Path) -> None:
    before = hash_of(folder)
    drop = "DROP ALL"
    attempts = [
        send(url, "POST", "/sparql", drop.encode(), content_type=UPDATE),
        send(url, "POST", "/sparql", drop.encode(), content_type=f"{UPDATE}; charset=utf-8"),
        send(url, "POST", "/sparql", drop.encode(), content_type=UPDATE.upper()),
        send(url, "POST", "/sparql", drop.encode(), content_type=DIRECT),
        send(url, "POST", f"/sparql?update={quote(drop)}", b"", content_type=FORM),
        send(url, "POST", f"/sparql?update={quote(drop)}", b"ASK {}", content_type=DIRECT),
        send(url, "POST", "/sparql", b"query=ASK+{}&update=DROP+ALL", content_type=FORM),
        send(url, "POST", "/sparql", b"%75pdate=DROP+ALL", content_type=FORM),
        send(url, "GET", f"/sparql?query=ASK+%7B%7D&update={quote(drop)}"),
        send(url, "GET", f"/sparql?query={quote(drop)}"),
        send(url, "POST", "/update", drop.encode(), content_type=UPDATE),
        send(url, "PUT", f"/sparql?graph={quote(DATA.format(1))}", b"", content_type="text/turtle"),
        send(url, "DELETE", "/sparql?default"),
    ]
    assert [a.status for a in attempts] == [403] * 3 + [400] + [403] * 5 + [400, 405, 405, 405]
    assert all(a.kind == "application/problem+json" for a in attempts)
    assert hash_of(folder) == before


def test_each_way_to_ask_gives_the_same_answer(url: str) -> None:
    query = 'SELECT ?s ("é€𝄞" AS ?text) { ?s a ?type } ORDER BY ?s'
    accept = "application/sparql-results+json"
    form = urlencode({"query": query}).encode()
    answers = [
        ask(url, query, accept),
        send(url, "POST", "/sparql", form, content_type=FORM, accept=accept),
        send(url, "POST", "/sparql", form, content_type=f"{FORM}; charset=UTF-8", accept=accept),
        send(url, "POST", "/sparql", query.encode(), content_type=DIRECT, accept=accept),
        send(url, "POST", "/sparql", query.encode(), content_type=f'{DIRECT}; charset="utf-8"'),
        send(
            url,
            "POST",
            "/sparql",
            iter([query[:9].encode(), query[9:].encode()]),
            content_type=DIRECT,
        ),
        send(
            url,
            "POST",
            "/sparql?format=json",
            query.encode(),
            content_type=DIRECT,
            accept="text/csv",
        ),
    ]
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert "é€𝄞" in json.loads(answers[0].body)["results"]["bindings"][3]["text"]["value"]


@pytest.mark.parametrize(
    "address", ["/sparql?query=ASK+%7B%7D", "/sparql", "/health", "/api/queries"]
)
def test_head_is_get_without_the_body(url: str, address: str) -> None:
    get, head = (send(url, method, address) for method in ("GET", "HEAD"))
    assert (head.status, head.body) == (200, b"")
    assert get.headers["content-length"] == head.headers["content-length"] == str(len(get.body))
    assert get.kind == head.kind


BAD = {
    "two queries": ("GET", "/sparql?query=ASK+%7B%7D&query=ASK+%7B%7D", None, {}, 400),
    "in address and form": (
        "POST",
        "/sparql?query=ASK+%7B%7D",
        b"query=ASK+{}",
        {"content-type": FORM},
        400,
    ),
    "in address and body": (
        "POST",
        "/sparql?query=ASK+%7B%7D",
        b"ASK {}",
        {"content-type": DIRECT},
        400,
    ),
    "none in the form": ("POST", "/sparql", b"format=json", {"content-type": FORM}, 400),
    "an empty body": ("POST", "/sparql", b"", {"content-type": DIRECT}, 400),
    "no UTF-8 in the address": ("GET", "/sparql?query=ASK+%7B%7D+%23%FF", None, {}, 400),
    "no UTF-8 in the form": (
        "POST",
        "/sparql",
        b"query=ASK+%7B%7D+%23%FF",
        {"content-type": FORM},
        400,
    ),
    "raw bytes in the form": (
        "POST",
        "/sparql",
        "query=ASK+{}+é".encode(),
        {"content-type": FORM},
        400,
    ),
    "no UTF-8 in the body": ("POST", "/sparql", b"ASK {} #\xff", {"content-type": DIRECT}, 400),
    "Latin-1": ("POST", "/sparql", b"ASK {}", {"content-type": f"{DIRECT}; charset=latin-1"}, 415),
    "compressed": (
        *("POST", "/sparql", b"\x1f\x8b\x08"),
        {"content-type": DIRECT, "content-encoding": "gzip"},
        415,
    ),
    "an unknown charset": (
        "POST",
        "/sparql",
        b"ASK {}",
        {"content-type": f"{DIRECT}; charset=x"},
        415,
    ),
    "another type": ("POST", "/sparql", b"ASK {}", {"content-type": "application/json"}, 415),
    "a form of parts": ("POST", "/sparql", b"ASK {}", {"content-type": "multipart/form-data"}, 415),
    "a type that is none": ("POST", "/sparql", b"ASK {}", {"content-type": "query"}, 415),
    "no type": ("POST", "/sparql", b"ASK {}", {}, 415),
    "many fields": ("GET", f"/sparql?query=ASK+%7B%7D{'&a=b' * 60}", None, {}, 400),
    "no such graph": ("GET", "/sparql?query=ASK+%7B%7D&named-graph-uri=http://a", None, {}, 400),
    "a graph that is no IRI": (
        "GET",
        "/sparql?query=ASK+%7B%7D&default-graph-uri=a+b",
        None,
        {},
        400,
    ),
    "an empty graph": ("GET", "/sparql?query=ASK+%7B%7D&default-graph-uri=", None, {}, 400),
    "PUT": ("PUT", "/sparql", b"", {}, 405),
    "PATCH": ("PATCH", "/sparql?query=ASK+%7B%7D", None, {}, 405),
    "DELETE": ("DELETE", "/sparql", None, {}, 405),
    "a line end in the address": ("GET", "/a%0D%0Ab", None, {}, 404),
    "a length of many digits": ("GET", "/sparql", None, {"content-length": "0" * 5000}, 413),
    "a declared length": ("POST", "/sparql", b" " * 1_048_577, {"content-type": DIRECT}, 413),
    "long headers": ("GET", "/sparql?query=ASK+%7B%7D", None, {"accept": "*/*," * 5000}, 431),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_not_as_the_protocol_has_it_is_refused_in_words(url: str, name: str) -> None:
    method, address, body, headers, status = BAD[name]
    answer = send(url, method, address, body, **headers)
    assert answer.status == status
    assert answer.kind == "application/problem+json"
    told = json.loads(answer.body)
    assert told["status"] == status
    assert told["title"] and told["fix"]
    if status == 405:
        assert {"GET", "POST"} <= set(answer.headers["allow"].split(", "))


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_body_that_never_ends_is_cut_off(url: str, method: str) -> None:
    head = f"{method} /sparql?query=ASK+%7B%7D HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\n"
    head += f"Content-Type: {DIRECT}\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), timeout=10) as client:
        client.sendall(head.encode())
        sent = 0
        try:
            while sent < 50_000_000:
                client.sendall(b"10000\r\n" + b" " * 65536 + b"\r\n")
                sent += 65536
        except OSError:
            pass
    assert sent < 20_000_000  # what the sockets hold comes on top of what is taken
    assert ask(url, "ASK {}").status == 200


def test_the_service_description_tells_what_there_is(url: str) -> None:
    for accept, form in [
        ("text/turtle", RdfFormat.TURTLE),
        ("application/n-triples", RdfFormat.N_TRIPLES),
        ("application/ld+json", RdfFormat.JSON_LD),
        ("*/*", RdfFormat.TURTLE),
    ]:
        answer = send(url, "GET", "/sparql", accept=accept)
        assert answer.status == 200
        assert answer.headers["vary"].lower() == "accept"
        triples = serialize(parse(answer.body, form), format=RdfFormat.N_TRIPLES)
        told = Graph().parse(triples, format="nt")
        (service,) = told.subjects(RDF.type, _SD.Service)
        assert told.value(service, _SD.endpoint) == URIRef(f"{url}sparql")
        assert list(told.objects(service, _SD.supportedLanguage)) == [_SD.SPARQL11Query]
        formats = {
            str(f).removeprefix("http://www.w3.org/ns/formats/")
            for f in told.objects(service, _SD.resultFormat)
        }
        assert formats == {
            "SPARQL_Results_JSON",
            "SPARQL_Results_XML",
            "SPARQL_Results_CSV",
            "SPARQL_Results_TSV",
            "Turtle",
            "N-Triples",
            "JSON-LD",
        }
        dataset = told.value(service, _SD.defaultDataset)
        assert (told.value(dataset, _SD.defaultGraph), RDF.type, _SD.Graph) in told
    assert send(url, "GET", "/sparql", accept="image/png").status == 406
