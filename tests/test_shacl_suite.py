"""The W3C tests of SHACL, through our own call of each engine.

What is not as W3C wants it stands in `shacl_suite.toml` with its reason; a new failure fails here,
and so does a new pass. W3C leaves the words of a report open: they are compared where the shapes of
a test give them. Shapes and paths without a name have another in each report, and count as equal.
"""

import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest
from judging import JUDGES, comparable, judged
from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse

from kg.errors import KgError
from kg.terms import PREFIXES
from kg.validation.findings import Finding, focus_text

SUITE = Path(__file__).parent.parent.parent / "shared/suites/data-shapes/data-shapes-test-suite"
BASE = "https://w3c.github.io/data-shapes/data-shapes-test-suite/"
KNOWN = Path(__file__).with_name("shacl_suite.toml")
MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
SH, SHT = PREFIXES["sh"], "http://www.w3.org/ns/shacl-test#"
A = NamedNode(f"{PREFIXES['rdf']}type")
# As a result of a report calls them, in the order in which a finding has them.
PARTS = ("focusNode", "resultPath", "value", "sourceShape", "resultMessage", "resultSeverity")
WHOLE = ("pyshacl", "shacl")  # the engines that claim all of SHACL
PARTIAL = tuple(name for name in JUDGES if name not in WHOLE)

Judged = list[Finding] | None  # nothing where the shapes are refused


class Test(NamedTuple):
    """One test: its data, its shapes, and what W3C wants to be found."""

    __test__ = False
    data: list[Triple]
    shapes: list[Triple]
    wanted: Judged

    def judged_by(self, engine: str) -> Judged:
        try:
            return judged(self.data, self.shapes, engine)
        except KgError as error:
            assert error.what and error.fix
            return None

    def is_wanted(self, found: Judged) -> bool:
        told = found if self.wanted and self.wanted[0].message else silent(found)
        return told == self.wanted


def silent(found: Judged) -> Judged:
    return found and sorted(finding._replace(message="") for finding in found)


def objects(triples: list[Triple], subject: object, predicate: str) -> list[NamedNode | Literal]:
    wanted = NamedNode(predicate)
    return [t.object for t in triples if t.subject == subject and t.predicate == wanted]  # type: ignore[misc]


def read(address: str, *, anew: bool = False) -> list[Triple]:
    """Read a file of the suite, anew with other names for its blank nodes."""
    text = (SUITE / address.removeprefix(BASE)).read_bytes()
    quads = parse(text, format=RdfFormat.TURTLE, base_iri=address, rename_blank_nodes=anew)
    return [quad.triple for quad in quads]


def read_finding(triples: list[Triple], result: object) -> Finding:
    told = [objects(triples, result, SH + part) for part in (*PARTS, "sourceConstraintComponent")]
    found = Finding(*(each[0].value if each else "" for each in told))
    value = focus_text(told[2][0]) if told[2] else ""
    return comparable(found._replace(focus=focus_text(told[0][0]), term=value))


def read_test(address: str, triples: list[Triple], test: NamedNode | BlankNode) -> Test:
    (action,), (result,) = (objects(triples, test, MF + part) for part in ("action", "result"))
    (data,), (shapes,) = (
        objects(triples, action, f"{SHT}{part}Graph") for part in ("data", "shapes")
    )
    results = objects(triples, result, f"{SH}result")
    return Test(
        # What W3C wants is read together with the data, so that their blank nodes have one name.
        triples if data.value == address else read(data.value),
        read(shapes.value, anew=True),
        None
        if result == NamedNode(f"{SHT}Failure")
        else sorted(read_finding(triples, each) for each in results),
    )


@pytest.fixture(scope="module")
def tests() -> dict[str, Test]:
    if not SUITE.is_dir():
        pytest.skip("the W3C tests are not at ../shared/suites/data-shapes/")
    found = {}
    for path in sorted(SUITE.glob("tests/**/*.ttl")):
        address = BASE + path.relative_to(SUITE).as_posix()
        triples = read(address)
        for triple in triples:
            if triple.predicate == A and triple.object == NamedNode(f"{SHT}Validate"):
                name = path.relative_to(SUITE / "tests").with_suffix("").as_posix()
                found[name] = read_test(address, triples, triple.subject)  # type: ignore[arg-type]
    assert len(found) == 121
    return found


@pytest.fixture(scope="module")
def reports(tests: dict[str, Test]) -> dict[str, dict[str, Judged]]:
    """What each engine that claims all of SHACL finds, by test."""
    return {
        engine: {name: test.judged_by(engine) for name, test in tests.items()} for engine in WHOLE
    }


def known(engine: str) -> set[str]:
    """The tests that an engine is known to fail."""
    written = tomllib.loads(KNOWN.read_text(encoding="utf-8"))
    groups = written.get(engine, []) + (written["refused"] if engine in WHOLE else [])
    assert all(group["reason"] and group["tests"] for group in groups)
    return {name for group in groups for name in group["tests"]}


@pytest.mark.parametrize("engine", WHOLE)
def test_reports_are_as_w3c_wants_them(
    engine: str, tests: dict[str, Test], reports: dict[str, dict[str, Judged]]
) -> None:
    found = reports[engine]
    failed = {name: found[name] for name, test in tests.items() if not test.is_wanted(found[name])}
    assert {name: why for name, why in failed.items() if name not in known(engine)} == {}
    assert known(engine) - failed.keys() == set(), "new passes: take them out of shacl_suite.toml"


def test_reports_are_equal(tests: dict[str, Test], reports: dict[str, dict[str, Judged]]) -> None:
    judge, fast = (reports[engine] for engine in WHOLE)
    exceptions = known("pyshacl") | known("shacl")
    worded = {
        name
        for name, test in tests.items()
        if any(triple.predicate.value == f"{SH}message" for triple in test.shapes)
    }
    assert len(worded - exceptions) >= 8
    for name in tests.keys() - exceptions:
        told = (judge[name], fast[name])
        one, other = told if name in worded else map(silent, told)
        assert one == other, name


@pytest.mark.parametrize("engine", JUDGES)
def test_what_no_engine_judges_is_refused_by_name(engine: str, tests: dict[str, Test]) -> None:
    for name in known("refused"):
        with pytest.raises(KgError, match="no engine judges"):
            judged(tests[name].data, tests[name].shapes, engine)


@pytest.mark.parametrize("engine", PARTIAL)
def test_what_an_engine_does_not_know_it_refuses(engine: str, tests: dict[str, Test]) -> None:
    reports = {name: test.judged_by(engine) for name, test in tests.items()}
    run = {name: found for name, found in reports.items() if found is not None}
    assert run
    failed = {name: found for name, found in run.items() if not tests[name].is_wanted(found)}
    assert {name: why for name, why in failed.items() if name not in known(engine)} == {}
    assert known(engine) - failed.keys() == set(), "new passes: take them out of shacl_suite.toml"
