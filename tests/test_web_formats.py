"""In which format `kg serve` answers: what is accepted, what it means, and where it is cut."""

import csv
import io
import json
import xml.etree.ElementTree as ET

import pytest
from conftest import Served
from pyoxigraph import RdfFormat, parse, serialize
from rdflib import Graph
from rdflib.compare import isomorphic
from served import ask

ROWS = (
    'SELECT ?a ?b ?c { VALUES (?a ?b ?c) { (<http://example.org/é> "one, \\"two\\"\\t\\n\\r" 1.5) '
    '(UNDEF "Grüße"@de true) (UNDEF "" UNDEF) } }'
)
EXPECTED = [
    {
        "a": ("uri", "http://example.org/é", None),
        "b": ("literal", 'one, "two"\t\n\r', None),
        "c": ("literal", "1.5", "http://www.w3.org/2001/XMLSchema#decimal"),
    },
    {
        "b": ("literal", "Grüße", "de"),
        "c": ("literal", "true", "http://www.w3.org/2001/XMLSchema#boolean"),
    },
    {"b": ("literal", "", None)},
]
XMLNS = "{http://www.w3.org/2005/sparql-results#}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def from_json(body: bytes) -> list[dict[str, tuple[str, str, str | None]]]:
    told = json.loads(body)
    assert told["head"]["vars"] == ["a", "b", "c"]
    return [
        {n: (t["type"], t["value"], t.get("datatype") or t.get("xml:lang")) for n, t in row.items()}
        for row in told["results"]["bindings"]
    ]


def from_xml(body: bytes) -> list[dict[str, tuple[str, str, str | None]]]:
    rows = []
    for result in ET.fromstring(body).iter(f"{XMLNS}result"):
        row = rows.append({}) or rows[-1]
        for binding in result:
            term = binding[0]
            more = term.get("datatype") or term.get(LANG)
            row[binding.get("name")] = (term.tag.removeprefix(XMLNS), term.text or "", more)
    return rows


def from_csv(body: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body.decode(), newline="")))


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/sparql-results+json", "application/sparql-results+json"),
        ("application/json", "application/sparql-results+json"),
        ("*/*", "application/sparql-results+json"),
        ("", "application/sparql-results+json"),
        ("application/sparql-results+xml", "application/sparql-results+xml"),
        ("application/xml", "application/sparql-results+xml"),
        ("text/csv", "text/csv"),
        ("text/tab-separated-values", "text/tab-separated-values"),
        ("text/csv;q=0.5, application/sparql-results+xml;q=0.9", "application/sparql-results+xml"),
        ("text/csv;q=0.5, image/png, */*;q=0.1", "text/csv"),
        ("TEXT/CSV", "text/csv"),
        ("text/csv;q=0, text/*", "text/tab-separated-values"),
        ("text/turtle, text/csv;q=0.1", "text/csv"),
    ],
)
def test_a_table_comes_in_the_format_accepted(server: Served, accept: str, kind: str) -> None:
    answer = ask(server.url, ROWS, accept)
    assert (answer.status, answer.kind) == (200, kind)
    assert answer.headers["vary"].lower() == "accept"
    assert int(answer.headers["content-length"]) == len(answer.body)
    text = [
        ["http://example.org/é", 'one, "two"\t\n\r', "1.5"],
        ["", "Grüße", "true"],
        ["", "", ""],
    ]
    match kind.rpartition("/")[2].rpartition("+")[2]:
        case "json":
            assert from_json(answer.body) == EXPECTED
        case "xml":
            assert from_xml(answer.body) == EXPECTED
        case "csv":
            assert from_csv(answer.body) == [["a", "b", "c"], *text]
        case _:
            lines = answer.body.decode().split("\n")
            assert lines[:2] == [
                "?a\t?b\t?c",
                '<http://example.org/é>\t"one, \\"two\\"\\t\\n\\r"\t'
                '"1.5"^^<http://www.w3.org/2001/XMLSchema#decimal>',
            ]
            assert len(lines) == 5


GRAPH = """CONSTRUCT {
  <http://example.org/a> <http://example.org/p> "é\\n\\"", 1.5, "x"@de, <http://a/b> ; a [] .
} {}"""


def graph_of(body: bytes, form: RdfFormat) -> Graph:
    """Read a graph with Oxigraph, as rdflib's reader of JSON-LD warns of itself."""
    return Graph().parse(serialize(parse(body, form), format=RdfFormat.N_TRIPLES), format="nt")


@pytest.mark.parametrize(
    ("accept", "kind", "form"),
    [
        ("text/turtle", "text/turtle", RdfFormat.TURTLE),
        ("*/*", "text/turtle", RdfFormat.TURTLE),
        ("application/n-triples", "application/n-triples", RdfFormat.N_TRIPLES),
        ("application/ld+json", "application/ld+json", RdfFormat.JSON_LD),
        ("text/turtle;q=0.2, application/ld+json;q=0.4", "application/ld+json", RdfFormat.JSON_LD),
        (
            "application/sparql-results+json, application/n-triples;q=0.1",
            "application/n-triples",
            RdfFormat.N_TRIPLES,
        ),
    ],
)
def test_a_graph_comes_in_the_format_accepted(
    server: Served, accept: str, kind: str, form: RdfFormat
) -> None:
    answer = ask(server.url, GRAPH, accept)
    assert (answer.status, answer.kind) == (200, kind)
    nothing = ask(server.url, "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o FILTER(false) }", accept)
    assert len(graph_of(nothing.body, form)) == 0
    expected = Graph().parse(data=GRAPH.partition("{")[2].partition("}")[0], format="turtle")
    assert len(expected) == 5
    assert isomorphic(graph_of(answer.body, form), expected)


def test_yes_or_no_comes_in_the_format_accepted(server: Served) -> None:
    for query, truth in [("ASK {}", True), ("ASK { FILTER(false) }", False)]:
        word = str(truth).lower()
        assert json.loads(ask(server.url, query, "application/json").body)["boolean"] is truth
        xml = ET.fromstring(ask(server.url, query, "application/sparql-results+xml").body)
        assert xml.findtext(f"{XMLNS}boolean") == word
        assert word in ask(server.url, query, "text/csv").body.decode()


@pytest.mark.parametrize(
    ("query", "accept"),
    [
        ("SELECT * {}", "text/turtle"),
        ("ASK {}", "application/ld+json"),
        ("CONSTRUCT {} {}", "text/csv"),
        ("DESCRIBE <http://a>", "application/sparql-results+json"),
        ("ASK {}", "image/png"),
        ("ASK {}", "*/*;q=0"),
        ("ASK {}", "nonsense"),
        ("ASK {}", "text/csv;q=nonsense, text/turtle"),
    ],
)
def test_what_cannot_be_given_is_406(server: Served, query: str, accept: str) -> None:
    answer = ask(server.url, query, accept)
    if answer.status == 200:  # an unreadable q counts as 1
        assert "q=nonsense" in accept
        return
    assert (answer.status, answer.kind) == (406, "application/problem+json")
    assert "fix" in json.loads(answer.body)


@pytest.mark.parametrize("form", ["json", "xml", "csv", "tsv"])
def test_a_format_may_be_named_in_the_address(server: Served, form: str) -> None:
    named = ask(server.url, "SELECT (1 AS ?x) {}", "application/ld+json", format=form)
    assert named.status == 200
    assert form in named.kind or (form, named.kind) == ("tsv", "text/tab-separated-values")
    refused = ask(server.url, "ASK {}", format="pdf")
    assert refused.status == 406
    assert "md and xlsx" in json.loads(refused.body)["fix"]
    assert ask(server.url, "ASK {}", format="nt").status == 406


EVERYTHING = "{ ?s ?p ?o . ?s2 ?p2 ?o2 }"


@pytest.mark.parametrize(
    "accept", ["application/json", "application/xml", "text/csv", "text/tab-separated-values"]
)
def test_a_table_cut_off_at_its_rows_says_so(server: Served, accept: str) -> None:
    answer = ask(server.url, f"SELECT ?s ?o2 {EVERYTHING}", accept)
    assert answer.status == 200
    assert answer.headers["kg-truncated"] == "rows; rows=10000"
    match accept:
        case "application/json":
            rows = len(json.loads(answer.body)["results"]["bindings"])
        case "application/xml":
            rows = len(list(ET.fromstring(answer.body).iter(f"{XMLNS}result")))
        case "text/csv":
            rows = len(from_csv(answer.body)) - 1
        case _:
            rows = len(answer.body.decode().removesuffix("\n").split("\n")) - 1
    assert rows == 10_000
    assert (
        "kg-truncated" not in ask(server.url, "SELECT * { ?s ?p ?o } LIMIT 10000", accept).headers
    )


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("text/turtle", RdfFormat.TURTLE),
        ("application/n-triples", RdfFormat.N_TRIPLES),
        ("application/ld+json", RdfFormat.JSON_LD),
    ],
)
def test_a_graph_cut_off_says_so(server: Served, accept: str, form: RdfFormat) -> None:
    answer = ask(server.url, f"CONSTRUCT {{ ?s ?p2 ?o2 }} {EVERYTHING}", accept)
    assert answer.headers["kg-truncated"] == "rows; rows=10000"
    given = {str(quad.triple) for quad in parse(answer.body, form)}
    assert 1 < len(given) <= 10_000


def test_an_answer_cut_off_at_its_size_says_so(server: Served) -> None:
    text = "x" * 2000
    answer = ask(server.url, f'SELECT ?s ("{text}" AS ?t) {EVERYTHING}', "application/json")
    reached, _, rows = answer.headers["kg-truncated"].partition("; rows=")
    assert reached == "size"
    assert len(json.loads(answer.body)["results"]["bindings"]) == int(rows)
    assert 4_000 < int(rows) < 5_300  # 10 MB
    assert len(answer.body) <= 10 * 1024 * 1024


@pytest.mark.parametrize("character", ["\\u0001", "\\u000B", "\\uFFFE"])
def test_xml_is_well_formed_or_refused(server: Served, character: str) -> None:
    query = f'SELECT ("a{character}b" AS ?x) {{}}'
    refused = ask(server.url, query, "application/sparql-results+xml")
    assert refused.status == 400
    assert "XML cannot hold the character U+" in json.loads(refused.body)["title"]
    assert ask(server.url, query, "application/json").status == 200


def test_what_a_format_cannot_hold_is_refused_and_breaks_no_worker(server: Served) -> None:
    told = ask(
        server.url,
        "CONSTRUCT { <http://a> <http://b> <<( <http://a> <http://b> 1 )>> } {}",
        "application/ld+json",
    )
    assert told.status == 400
    assert "cannot be written as jsonld" in json.loads(told.body)["title"]
