"""The W3C tests of SPARQL 1.0 and 1.1, through our own gate, store and result formats.

What is not as W3C wants it stands in `sparql_suite.toml` with its reason; a new failure fails here,
and so does a new pass. Entailment regimes are not claimed, and their tests are left out.
"""

import csv
import io
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    Literal,
    NamedNode,
    Quad,
    QueryBoolean,
    QueryResultsFormat,
    RdfFormat,
    Store,
    Triple,
    parse,
    parse_query_results,
)
from rdflib import RDF, Graph, Namespace, URIRef
from rdflib.collection import Collection

from kg.errors import QueryRefused
from kg.results import Boolean, Table, Triples, render
from kg.store import MemoryStore

pytestmark = pytest.mark.full

SUITE = Path(__file__).parent.parent.parent / "shared/suites/rdf-tests/sparql"
BASE = "https://w3c.github.io/rdf-tests/sparql/"
EXPECTED = Path(__file__).with_name("sparql_suite.toml")
MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
QT = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-query#")
UT = Namespace("http://www.w3.org/2009/sparql/tests/test-update#")
RS = "http://www.w3.org/2001/sw/DataAccess/tests/result-set#"
# Of other recommendations than those of queries and their results.
LEFT_OUT = {"entailment", "graph-store-protocol", "http-rdf-update", "protocol"}
KINDS = {
    "QueryEvaluationTest": "evaluation",
    "CSVResultFormatTest": "evaluation",
    "PositiveSyntaxTest": "positive",
    "PositiveSyntaxTest11": "positive",
    "NegativeSyntaxTest": "negative",
    "NegativeSyntaxTest11": "negative",
    "UpdateEvaluationTest": "update",
    "PositiveUpdateSyntaxTest11": "update",
    "NegativeUpdateSyntaxTest11": "update",
}


class Test(NamedTuple):
    """One test of a manifest: its query, the data asked, by named graph, and the answer's file."""

    __test__ = False
    name: str
    query: str
    data: list[str]
    named: list[str]
    result: str
    is_lax: bool  # repeated rows may be left out, as REDUCED allows

    def text(self) -> str:
        """The query as it is asked, with the base that W3C gives beside it."""
        return f"BASE <{self.query}>\n{path(self.query).read_text(encoding='utf-8')}"


def path(address: str) -> Path:
    return SUITE / address.removeprefix(BASE)


def read_manifests() -> Iterator[tuple[str, Test]]:
    """Give each test with its kind, as the manifests include one another."""
    waiting = [f"{BASE}sparql10/manifest.ttl", f"{BASE}sparql11/manifest-all.ttl"]
    while waiting:
        manifest = waiting.pop(0)
        folder = path(manifest).parent.name
        if folder in LEFT_OUT:
            continue
        graph = Graph().parse(path(manifest), publicID=manifest)
        for included in graph.objects(predicate=MF.include):
            waiting += [str(each) for each in Collection(graph, included)]
        for entries in graph.objects(predicate=MF.entries):
            for test in Collection(graph, entries):
                kind = str(graph.value(test, RDF.type)).rpartition("#")[2]
                if kind in KINDS:
                    where = path(manifest).parent.relative_to(SUITE).as_posix()
                    name = f"{where}/{str(test).rpartition('#')[2]}"
                    yield KINDS[kind], read_test(graph, URIRef(str(test)), name)


def read_test(graph: Graph, test: URIRef, name: str) -> Test:
    action = graph.value(test, MF.action)
    query = graph.value(action, QT.query) or graph.value(action, UT.request) or action
    return Test(
        name,
        str(query),
        [str(data) for data in graph.objects(action, QT.data)],
        [str(data) for data in graph.objects(action, QT.graphData)],
        str(graph.value(test, MF.result, default="")),
        (test, MF.resultCardinality, MF.LaxCardinality) in graph,
    )


@pytest.fixture(scope="module")
def tests() -> dict[str, list[Test]]:
    if not SUITE.is_dir():
        pytest.skip("the W3C tests are not at ../shared/suites/rdf-tests/")
    found: dict[str, list[Test]] = {}
    for kind, test in read_manifests():
        found.setdefault(kind, []).append(test)
    return found


def hold(kind: str, failed: dict[str, str]) -> None:
    """Compare what failed with what is expected to, in both directions."""
    groups = tomllib.loads(EXPECTED.read_text(encoding="utf-8"))[kind]
    assert all(group["reason"] and group["tests"] for group in groups)
    expected = {name for group in groups for name in group["tests"]}
    assert {name: why for name, why in failed.items() if name not in expected} == {}, "new failures"
    assert expected - failed.keys() == set(), "new passes: take them out of sparql_suite.toml"


def load(test: Test) -> MemoryStore:
    """Put the data of a test into a store of ours."""
    store = MemoryStore([])
    for addresses, is_named in ((test.data, False), (test.named, True)):
        for address in addresses:
            form = RdfFormat.from_extension(path(address).suffix[1:])
            store.graph.load(
                path(address).read_bytes(),
                format=form,
                base_iri=address,
                to_graph=NamedNode(address) if is_named else None,
            )
    return store


def same(triples: list[Triple]) -> Dataset:
    """A graph whose blank nodes have names that hang on what is said of them alone."""
    store = Store()  # writes numbers and dates in their one canonical form
    store.extend(Quad(*triple) for triple in triples)
    graph = Dataset(store)
    graph.canonicalize(CanonicalizationAlgorithm.UNSTABLE)
    return graph


def rows_graph(columns: list[str], rows: list[dict[str, object]], ordered: bool) -> Dataset:
    """Say the rows of a table in triples, so that they compare like graphs: as a multiset."""
    triples = [Triple(BlankNode(), NamedNode("x:column"), Literal(name)) for name in columns]
    for number, row in enumerate(rows):
        this = BlankNode()
        place = Literal(number if ordered else 0)
        triples.append(Triple(this, NamedNode("x:place"), place))
        triples += [
            Triple(this, NamedNode(f"x:{name}"), term)  # type: ignore[arg-type]
            for name, term in row.items()
        ]
    return same(triples)


def result_set(address: str) -> bool | tuple[list[str], list[dict[str, object]], bool]:
    """Read an answer that is written as RDF: true or false, or columns, rows and whether sorted."""
    form = RdfFormat.from_extension(path(address).suffix[1:])
    quads = list(parse(path(address).read_bytes(), format=form, base_iri=address))

    def values(subject: object, name: str) -> list[object]:
        wanted = NamedNode(RS + name)
        return [q.object for q in quads if q.subject == subject and q.predicate == wanted]

    result = next(q.subject for q in quads if q.object == NamedNode(f"{RS}ResultSet"))
    if values(result, "boolean"):
        return values(result, "boolean")[0].value == "true"  # type: ignore[attr-defined]
    numbered = []
    for solution in values(result, "solution"):
        cells = {
            values(binding, "variable")[0].value: values(binding, "value")[0]  # type: ignore[attr-defined]
            for binding in values(solution, "binding")
        }
        index = values(solution, "index")
        numbered.append((int(index[0].value) if index else 0, cells))  # type: ignore[attr-defined]
    numbered.sort(key=lambda pair: pair[0])
    columns = [name.value for name in values(result, "resultVariable")]  # type: ignore[attr-defined]
    return columns, [cells for _, cells in numbered], any(index for index, _ in numbered)


def wrong(test: Test) -> str:
    """Say what is wrong with the answer to a test, or nothing."""
    answer = load(test).query(test.text())
    kind = path(test.result).suffix
    if isinstance(answer, Triples):
        ours = parse(render(answer, "ttl"), format=RdfFormat.TURTLE)
        theirs = parse(
            path(test.result).read_bytes(),
            format=RdfFormat.from_extension(kind[1:]),
            base_iri=test.result,
        )
        return "" if same([q.triple for q in ours]) == same([q.triple for q in theirs]) else "graph"
    if kind == ".csv":
        return wrong_csv(answer, test)
    if kind in {".ttl", ".rdf"}:
        wanted = result_set(test.result)
    else:
        form = {"srx": "XML", "srj": "JSON", "tsv": "TSV"}[kind[1:]]
        read = parse_query_results(
            path(test.result).read_bytes(), format=getattr(QueryResultsFormat, form)
        )
        wanted = bool(read) if isinstance(read, QueryBoolean) else (*table(read), False)
    if isinstance(answer, Boolean):
        return "" if answer.value is wanted else f"{answer.value}"
    ours_form = QueryResultsFormat.TSV if kind == ".tsv" else QueryResultsFormat.JSON
    body = render(answer, "tsv" if kind == ".tsv" else "json")
    columns, rows = table(parse_query_results(body, format=ours_form))
    if isinstance(wanted, bool):
        return "a table"
    columns_wanted, rows_wanted, is_sorted = wanted
    if test.is_lax:
        rows, rows_wanted = unique(rows), unique(rows_wanted)
    if rows_graph(columns, rows, is_sorted) == rows_graph(columns_wanted, rows_wanted, is_sorted):
        return ""
    return f"{columns} {rows} instead of {wanted}"


def table(read: object) -> tuple[list[str], list[dict[str, object]]]:
    columns = [variable.value for variable in read.variables]  # type: ignore[attr-defined]
    rows = [
        {name: term for name, term in zip(columns, row, strict=True) if term is not None}
        for row in read  # type: ignore[attr-defined]
    ]
    return columns, rows


def unique(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    return [row for number, row in enumerate(rows) if row not in rows[:number]]


def wrong_csv(answer: Table | Boolean, test: Test) -> str:
    """Compare two texts of CSV, which has no types: blank nodes are only known to be some."""

    def rows(body: bytes) -> Counter[frozenset[tuple[str, str]]]:
        records = csv.DictReader(io.StringIO(body.decode(), newline=""))
        return Counter(
            frozenset((name, "_:" if cell.startswith("_:") else cell) for name, cell in row.items())
            for row in records
        )

    ours, theirs = rows(render(answer, "csv")), rows(path(test.result).read_bytes())
    return "" if ours == theirs else f"{ours} instead of {theirs}"


def test_evaluation(tests: dict[str, list[Test]]) -> None:
    failed = {}
    for test in tests["evaluation"]:
        try:
            why = wrong(test)
        except QueryRefused as error:
            why = f"refused: {error}"
        if why:
            failed[test.name] = why
    hold("evaluation", failed)
    assert len(tests["evaluation"]) == 525


def test_what_is_sparql_is_let_in(tests: dict[str, list[Test]]) -> None:
    failed = {}
    for test in tests["positive"]:
        try:
            MemoryStore([]).query(test.text())
        except QueryRefused as error:
            failed[test.name] = str(error)
    hold("positive", failed)
    assert len(tests["positive"]) == 215


def test_what_is_no_sparql_is_refused(tests: dict[str, list[Test]]) -> None:
    failed = {}
    for test in tests["negative"]:
        try:
            MemoryStore([]).query(test.text())
            failed[test.name] = "let in"
        except QueryRefused as error:
            assert error.what and error.fix
    hold("negative", failed)
    assert len(tests["negative"]) == 98


def test_updates_are_refused_and_change_nothing(tests: dict[str, list[Test]]) -> None:
    store = MemoryStore([], [Triple(NamedNode("x:s"), NamedNode("x:p"), Literal("kept"))])
    before = store.graph.dump(format=RdfFormat.N_QUADS)
    for test in tests["update"]:
        with pytest.raises(QueryRefused):
            store.query(test.text())
        assert store.graph.dump(format=RdfFormat.N_QUADS) == before, test.name
    assert len(tests["update"]) == 149
