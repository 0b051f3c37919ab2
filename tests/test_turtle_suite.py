"""The W3C tests of Turtle 1.1, through our own reader and through the canonical layout."""

from pathlib import Path

import pytest
from pyoxigraph import CanonicalizationAlgorithm, Dataset, Quad, RdfFormat, Triple, parse
from rdflib import Graph, Namespace

from kg.errors import KgError, UnreadableFile
from kg.fmt import format_file
from kg.turtle import read_turtle

SUITE = Path(__file__).parent.parent.parent / "shared/suites/rdf-tests/rdf/rdf11/rdf-turtle"
BASE = "https://w3c.github.io/rdf-tests/rdf/rdf11/rdf-turtle/"
MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
KINDS = ("PositiveSyntax", "NegativeSyntax", "Eval", "NegativeEval")


@pytest.fixture(scope="module")
def tests() -> dict[str, list[tuple[str, str]]]:
    """The names of the files by kind of test: what is read, and what it says as N-Triples."""
    if not SUITE.is_dir():
        pytest.skip("the W3C tests are not at ../shared/suites/rdf-tests/")
    manifest = Graph().parse(SUITE / "manifest.ttl", publicID=BASE)
    rdft = Namespace("http://www.w3.org/ns/rdftest#")
    return {
        kind: [
            (
                str(manifest.value(test, MF.action)).rpartition("/")[2],
                str(manifest.value(test, MF.result, default="")).rpartition("/")[2],
            )
            for test in sorted(manifest.subjects(predicate=None, object=rdft[f"TestTurtle{kind}"]))
        ]
        for kind in KINDS
    }


def put(folder: Path, name: str) -> Path:
    """Copy a test with its base, which W3C gives beside the text and this graph asks for in it."""
    path = folder / name
    path.write_bytes(f"@base <{BASE}{name}> . ".encode() + (SUITE / name).read_bytes())
    return path


def same(triples: list[Triple]) -> Dataset:
    """A graph whose blank nodes have names that hang on what is said of them alone."""
    graph = Dataset(Quad(*triple) for triple in triples)
    graph.canonicalize(CanonicalizationAlgorithm.UNSTABLE)
    return graph


def test_what_is_no_turtle_is_refused_with_its_line(
    tests: dict[str, list[tuple[str, str]]], tmp_path: Path
) -> None:
    files = [name for kind in KINDS if "Negative" in kind for name, _ in tests[kind]]
    assert len(files) == 94
    for name in files:
        with pytest.raises(UnreadableFile) as error:
            read_turtle(put(tmp_path, name))
        file, line, column = error.value.where.rsplit(":", 2)
        assert file.endswith(name) and int(line) > 0 and int(column) > 0
        assert error.value.what and error.value.fix


def test_what_is_turtle_is_read_and_keeps_its_sense_in_the_canonical_layout(
    tests: dict[str, list[tuple[str, str]]], tmp_path: Path
) -> None:
    files = [*tests["PositiveSyntax"], *tests["Eval"]]
    nameless = 0
    for name, result in files:
        path = put(tmp_path, name)
        triples = read_turtle(path).triples
        if result:
            wanted = parse((SUITE / result).read_bytes(), format=RdfFormat.N_TRIPLES)
            assert same(triples) == same([quad.triple for quad in wanted]), name
        try:
            path.write_text(format_file(path), encoding="utf-8", newline="")
        except KgError as error:
            # By design: everything in this graph has a name.
            assert error.what == "there is a blank node in the data"
            assert int(error.where.rpartition(":")[2]) > 0
            nameless += 1
            continue
        assert set(read_turtle(path).triples) == set(triples), name
        assert format_file(path) == path.read_text(encoding="utf-8")
    assert (len(files), nameless) == (219, 44)
