"""Hostile parameter values: 2,000 of each type give what plain Python gives, in every engine.

A value is asked as a parameter of a saved query, and answered a second time by a filter in Python
over the same data. No value may give other rows, end in anything but our own error, or make
anybody ask a server that listens for it.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, RdfFormat
from rdflib import Graph

from kg.endpoint import EndpointStore
from kg.errors import KgError
from kg.project import Project
from kg.queries import SavedQuery, choices, read_query, run
from kg.results import Table, Triples
from kg.store import MemoryStore, Store

XSD = "http://www.w3.org/2001/XMLSchema#"
HOME = "https://w3id.org/evidence-kg/"
Ask = Callable[[str], Table]

# What ends a literal, a block or a query; what engines expand; what only looks like a value.
ATTACKS = [
    *('"', "'", "\\", "\\\\", '\\"', '\\\\"', '"""', "'''", '"@en', '" }', "} #", "#", "\\u0022"),
    *("\\U00000022", "\\\\u0022", "\\u0022 || true) } #", '" || true) } #', "} UNION { ?s ?p ?o }"),
    *('" } SERVICE <TRAP> { ?a ?b ?c } #', "<TRAP>", "SERVICE <TRAP> {}", "FROM <TRAP>"),
    *("UNDEF", "any", "ANY", "?thing", "$thing", "() }", "{", "}", "1) } #", "BIND(1 AS ?x)"),
    *("\t", "\n", "\r", "\r\n", "\b", "\f", "\x00", "\x1b[31m", "\x7f", "\u2028", "\ufeff"),
    *(
        "\ud800",
        "\U0001f600",
        "\u202eabc",
        "e\u0301",
        "\u00e9",
        "a" * 3000,
        " ",
        "",
        "%22",
        "&quot;",
    ),
    *("1e5", "+2", " 2 ", "2.0", "0x2", "02", "-0", "\u0662", "\uff12", "2_0", "9" * 18, "9" * 19),
    *("2009-02-30", "2009-03-12T00:00", "20090312", "2009-W11-4", "09-03-12", "2009-03-12Z"),
    *("true", "TRUE", "yes", "1", "0", "no", " false ", "tru\u0435", '"true"', "true^^xsd:boolean"),
    *("theme:a", "kg:Theme", f"<{HOME}theme/a>", f"{HOME}theme/a", "a", "A", "a-b", "a_b", "aB"),
    *("urn:x", "urn:x> } #", "http://e/a b", "theme:a> } #", "theme:", ":a", "//a", "javascript:a"),
]
THEMES = ["a", "a-b", "c2"]
NUMBERS = [-5, -1, 0, 1, 2, 7, 10**17]
DAYS = ["2009-03-12", "2010-10-01", "1999-12-31"]
VALID = [*map(str, NUMBERS), *DAYS, *THEMES, *(f"theme:{name}" for name in THEMES), "true", "no"]

# What the head of a query says of a parameter of each type, and its default.
TYPES = {
    "text": ("type: text", '"x"'),
    "iri": ('type: iri, class: "kg:Theme"', f"<{HOME}theme/a>"),
    "integer": ("type: integer", "0"),
    "date": ("type: date", f'"2009-03-12"^^<{XSD}date>'),
    "boolean": ("type: boolean", "true"),
}

values = st.one_of(
    st.sampled_from(ATTACKS + VALID),
    st.lists(st.sampled_from(ATTACKS), min_size=2, max_size=4).map("".join),
    st.tuples(st.sampled_from(ATTACKS + VALID), st.text(max_size=4)).map("".join),
    st.tuples(st.text(max_size=2), st.sampled_from(VALID), st.text(max_size=2)).map("".join),
    st.text(alphabet=st.characters(), max_size=30),
    st.integers(-(10**19), 10**19).map(str),
    st.dates().map(str),
)


def is_rdf(text: str) -> bool:
    """Whether RDF allows the text: no NUL, and no half of a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def things() -> dict[str, dict[str, Literal | NamedNode]]:
    """By type, every thing of the graph and its value."""
    terms: dict[str, list[Literal | NamedNode]] = {
        "text": [Literal(text) for text in ATTACKS if is_rdf(text)],
        "iri": [NamedNode(f"{HOME}theme/{name}") for name in THEMES],
        "integer": [Literal(number) for number in NUMBERS],
        "date": [Literal(day, datatype=NamedNode(f"{XSD}date")) for day in DAYS],
        "boolean": [Literal(True), Literal(False)],
    }
    return {
        kind: {f"urn:{kind}:{place}": term for place, term in enumerate(of_kind)}
        for kind, of_kind in terms.items()
    }


THINGS = things()


def theme_named(text: str) -> str | None:
    """The theme that a full IRI, a CURIE or a bare name stands for."""
    for name in THEMES:
        full = (f"{HOME}theme/{name}", f"theme:{name}")
        if ":" in text and text in (*full, *(f"<{form}>" for form in full)):
            return name
        bare = text.replace("-", "").replace("_", "").casefold()
        if ":" not in text and bare == name.replace("-", ""):
            return name
    return None


def wanted(kind: str, value: str) -> set[str] | None:
    """What plain Python finds for a value, or None where it is no value of its type."""
    held = {name: term.value for name, term in THINGS[kind].items()}
    text = value.strip()
    sought: str | None
    match kind:
        case "text":
            sought = value if is_rdf(value) else None
        case _ if text.lower() == "any":
            sought = None  # no parameter here is optional
        case "iri":
            theme = theme_named(text)
            sought = f"{HOME}theme/{theme}" if theme else None
        case "integer":
            fits = re.fullmatch("-?[0-9]+", text) and len(text) <= 18
            sought = str(int(text)) if fits else None
        case "date":
            try:
                sought = date.fromisoformat(text).isoformat()
            except ValueError:
                sought = None
        case _:
            truths = {"true": "true", "yes": "true", "false": "false", "no": "false"}
            sought = truths.get(text.lower())
    return None if sought is None else {name for name, one in held.items() if one == sought}


@pytest.fixture(scope="module")
def trap() -> Iterator[tuple[str, list[str]]]:
    """A server that nobody may ask, and what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            asked.append(str(self.rfile.readline()))
            self.close_connection = True

    with HTTPServer(("127.0.0.1", 0), Handler) as listening:
        Thread(target=listening.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_port}/trap", asked
        listening.shutdown()


@pytest.fixture(scope="module")
def held() -> MemoryStore:
    """A graph of things with one value each."""
    store = MemoryStore([])
    value = NamedNode("urn:value")
    for of_kind in THINGS.values():
        store.graph.extend(Quad(NamedNode(name), value, term) for name, term in of_kind.items())
    kind = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
    theme = NamedNode(f"{HOME}ontology#Theme")
    store.graph.extend(Quad(NamedNode(f"{HOME}theme/{name}"), kind, theme) for name in THEMES)
    return store


@pytest.fixture(scope="module")
def server(serve: Callable[[MemoryStore], EndpointStore], held: MemoryStore) -> EndpointStore:
    return serve(held)


@pytest.fixture(scope="module")
def queries(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SavedQuery]:
    """One saved query a type: which things have this very value?"""
    folder = tmp_path_factory.mktemp("queries")
    made = {}
    for kind, (described, default) in TYPES.items():
        path = folder / f"{kind}.rq"
        path.write_text(
            "#+ summary: Things of a value\n#+ question: Which things have it?\n#+ params:\n"
            f"#+   wanted: {{ label: Value, {described} }}\n"
            f"SELECT ?thing WHERE {{ VALUES ?wanted {{ {default} }} "
            "?thing <urn:value> ?wanted } ORDER BY STR(?thing)",
            encoding="utf-8",
        )
        made[kind] = read_query(path, Project())
    return made


def asker(store: Store) -> Ask:
    def ask(text: str) -> Table:
        answer = store.query(text)
        assert isinstance(answer, Table)
        return answer

    return ask


def hold(kind: str, query: SavedQuery, store: Store, trap: tuple[str, list[str]], ask: Ask) -> None:
    """Ask with 2,000 different values of one type, and compare with plain Python."""
    seen: set[str] = set()

    @settings(
        max_examples=3000,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(values)
    def each(value: str) -> None:
        value = value.replace("TRAP", trap[0])
        seen.add(value)
        expected = wanted(kind, value)
        try:
            text = query.bind({"wanted": [value]}, store)
        except KgError as error:
            assert expected is None, value
            assert error.what
            return
        assert expected is not None, value
        assert {str(row[0].value) for row in ask(text).rows if row[0]} == expected, value

    each()
    assert len(seen) >= 2000
    assert trap[1] == []


@pytest.mark.parametrize("kind", TYPES)
def test_oxigraph_gives_what_python_gives(
    kind: str, queries: dict[str, SavedQuery], held: MemoryStore, trap: tuple[str, list[str]]
) -> None:
    hold(kind, queries[kind], held, trap, asker(held))


@pytest.mark.full
@pytest.mark.parametrize("kind", TYPES)
def test_rdflib_gives_what_python_gives(
    kind: str,
    queries: dict[str, SavedQuery],
    held: MemoryStore,
    trap: tuple[str, list[str]],
    ask_rdflib: Callable[[Graph, str], Table | Triples],
) -> None:
    graph = Graph()
    triples = held.graph.dump(format=RdfFormat.N_TRIPLES, from_graph=DefaultGraph())
    graph.parse(data=triples or b"", format="nt")

    def ask(text: str) -> Table:
        answer = ask_rdflib(graph, text)
        assert isinstance(answer, Table)
        return answer

    hold(kind, queries[kind], held, trap, ask)


@pytest.mark.full
@pytest.mark.parametrize("kind", TYPES)
def test_a_server_gives_what_python_gives(
    kind: str,
    queries: dict[str, SavedQuery],
    held: MemoryStore,
    trap: tuple[str, list[str]],
    server: EndpointStore,
) -> None:
    hold(kind, queries[kind], held, trap, asker(server))


def test_each_type_can_find_something(queries: dict[str, SavedQuery], held: MemoryStore) -> None:
    """Or else every value would rightly find nothing, and the tests above could not fail."""
    for kind, value in {
        "text": '" || true) } #',
        "iri": "theme:a-b",
        "integer": "-5",
        "date": "1999-12-31",
        "boolean": "no",
    }.items():
        answer = run(queries[kind], held, {"wanted": [value]})
        assert isinstance(answer, Table)
        assert len(answer.rows) == 1
        assert wanted(kind, value) == {str(getattr(answer.rows[0][0], "value", ""))}
    assert set(choices(queries["iri"].params[0], held)) == {f"{HOME}theme/{n}" for n in THEMES}
