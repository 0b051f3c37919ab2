"""The generator of large graphs: what it makes is measured, so it must be as real data are."""

import csv
import importlib
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import pyshacl
import pytest
from judging import JUDGES, judged, read
from pyoxigraph import RdfFormat, serialize
from rdflib import SH, Graph, URIRef

from kg.errors import KgError
from kg.project import Project
from kg.terms import local_name
from kg.validation import validate
from kg.validation.findings import Finding

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
# SHACL as W3C describes it: the component that each parameter belongs to.
SHACL = Graph().parse(Path(pyshacl.__file__).parent / "assets" / "shacl.ttl")
COMPONENTS = {
    local_name(str(SHACL.value(parameter, SH.path))): local_name(str(component))
    for component, parameter in SHACL.subject_objects(SH.parameter)
}
NO_CONSTRAINT = {"property", "flags", "qualifiedValueShape"}

Result = tuple[str, str]  # the shape or check query, and the component


def made(folder: Path, triples: int, seed: int, errors: int = 0) -> bytes:
    program = BENCHMARKS / "generate.py"
    asked = [program, str(triples), folder, "--seed", str(seed), "--errors", str(errors)]
    subprocess.run([sys.executable, *asked], check=True, capture_output=True)
    return (folder / "data" / "triples" / "made-1.ttl").read_bytes()


def injected(folder: Path, of_each_kind: int) -> set[tuple[Result, str]]:
    """What must be found in a home with errors: the result that each gives, and where."""
    with (folder / "errors.csv").open(encoding="utf-8", newline="") as file:
        errors = [(row["kind"], row["focus"]) for row in csv.DictReader(file)]
    assert set(Counter(kind for kind, _ in errors).values()) == {of_each_kind}
    assert len({focus for _, focus in errors}) == len(errors) > 200 * of_each_kind
    return {(result_of(kind), focus) for kind, focus in errors}


def result_of(kind: str) -> Result:
    shape, _, parameter = kind.partition("/")
    return shape, COMPONENTS[parameter.partition("-")[0]] if parameter else ""


def in_one_form(findings: list[Finding]) -> list[Finding]:
    """Write decimals as Oxigraph keeps them, which holds 1.0 and 1 for one term."""
    decimal = re.compile(r"(?<![\w.])(-?\d+)(?:(\.\d*?[1-9])0*|\.0+)(?![\w.])")

    def short(text: str) -> str:
        return decimal.sub(lambda found: found[1] + (found[2] or ""), text)

    return sorted(
        f._replace(value=short(f.value), term=short(f.term))
        if re.fullmatch(r"-?\d+\.\d+", f.value)
        else f
        for f in findings
    )


@pytest.fixture
def benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test import from the folder of that name."""
    monkeypatch.syspath_prepend(BENCHMARKS)


@pytest.fixture
def error_kinds(benchmarks: None) -> ModuleType:
    return importlib.import_module("error_kinds")


def test_a_seed_gives_one_graph(tmp_path: Path) -> None:
    first = made(tmp_path / "a", 3000, seed=1)
    assert first == made(tmp_path / "b", 3000, seed=1)
    assert first != made(tmp_path / "c", 3000, seed=2)
    assert 3000 <= len(first.splitlines()) < 3100


def test_a_folder_made_again_holds_the_new_graph_alone(tmp_path: Path) -> None:
    made(tmp_path, 201_000, seed=1, errors=1)
    data = tmp_path / "data" / "triples"
    for name in ("mine.ttl", "made-by-hand.ttl"):
        (data / name).write_text("", encoding="utf-8")
    mine = {"mine.ttl", "made-by-hand.ttl"}
    assert {path.name for path in data.iterdir()} == mine | {"made-1.ttl", "made-2.ttl"}
    made(tmp_path, 1000, seed=1)
    assert {path.name for path in data.iterdir()} == mine | {"made-1.ttl"}
    assert not (tmp_path / "errors.csv").exists()


def test_a_graph_of_no_triples_is_refused(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError) as raised:
        made(tmp_path, -5, seed=1)
    assert b"triples: there must be one at least" in raised.value.stderr


def test_errors_are_added_to_a_graph_that_stays_as_it_is(tmp_path: Path) -> None:
    plain = made(tmp_path / "plain", 1000, seed=1)
    assert not (tmp_path / "plain" / "errors.csv").exists()
    flawed = made(tmp_path / "a", 1000, seed=1, errors=1)
    assert flawed.startswith(plain) and flawed != plain
    assert flawed == made(tmp_path / "b", 1000, seed=1, errors=1)
    for name in ("a", "b"):
        assert injected(tmp_path / name, 1) == injected(tmp_path / "a", 1)


def test_each_error_is_found_where_it_was_made(tmp_path: Path) -> None:
    made(tmp_path, 1000, seed=2, errors=1)
    report = validate(Project(tmp_path), engine="shacl")
    found = {
        ((local_name(v.shape).removesuffix(".rq"), local_name(v.component)), v.focus)
        for v in report.violations
    }
    assert injected(tmp_path, 1) - found == set()


def test_a_flawed_review_is_right_but_for_its_errors(benchmarks: None, tmp_path: Path) -> None:
    flawed = importlib.import_module("errors").FlawedReview(seed=3)
    data = tmp_path / "data" / "triples"
    data.mkdir(parents=True)
    triples = [*flawed.maker.shipped.background, *flawed.right]
    serialize(triples, str(data / "right.ttl"), format=RdfFormat.N_TRIPLES)
    assert validate(Project(tmp_path), engine="shacl").conforms


def test_there_is_a_kind_of_error_for_each_constraint(error_kinds: ModuleType) -> None:
    shapes = Graph()
    for path in Project().shape_files():
        shapes.parse(path)
    constraints = Counter(
        (local_name(shape), COMPONENTS[local_name(parameter)])
        for shape, parameter, _ in shapes
        if isinstance(shape, URIRef) and local_name(parameter) in COMPONENTS.keys() - NO_CONSTRAINT
    )
    checks = Counter((path.stem, "") for path in Project().files("queries", "check-*.rq"))
    assert len(constraints) > 200 and len(checks) > 5
    kinds = [kind.name for kind in error_kinds.kinds(Project())]
    assert Counter(result_of(kind) for kind in kinds) == constraints + checks
    assert len(set(kinds)) == len(kinds)


@pytest.mark.parametrize(
    ("shape", "missing"),
    [
        ("sh:path rdfs:label ; sh:uniqueLang true", "A/uniqueLang"),
        ("sh:path ( kg:statedIn kg:design ) ; sh:minCount 1", "A/minCount"),
    ],
)
def test_a_constraint_without_a_kind_of_error_is_told(
    shape: str, missing: str, error_kinds: ModuleType, tmp_path: Path
) -> None:
    shutil.copytree(Project().home / "ontology", tmp_path / "ontology")
    shutil.copytree(Project().home / "queries", tmp_path / "queries")
    (tmp_path / "data" / "triples").mkdir(parents=True)
    text = (tmp_path / "ontology/shapes/statement.ttl").read_text(encoding="utf-8")
    heads = "".join(line for line in text.splitlines(keepends=True) if line.startswith("@prefix"))
    (tmp_path / "ontology/shapes/new.ttl").write_text(
        f"{heads}kgs:A a sh:PropertyShape ; {shape} ; sh:severity sh:Violation .", encoding="utf-8"
    )
    with pytest.raises(KgError, match=f"the kind {missing}\\."):
        list(error_kinds.kinds(Project(tmp_path)))


@pytest.mark.full
def test_it_conforms(tmp_path: Path) -> None:
    made(tmp_path, 10_000, seed=3)
    report = validate(Project(tmp_path))
    assert report.conforms


@pytest.mark.full
def test_every_engine_finds_the_same_errors(tmp_path: Path) -> None:
    made(tmp_path, 10_000, seed=4, errors=2)
    project = Project(tmp_path)
    data, shapes = read(project.graph_files()), read(project.shape_files())
    wanted = in_one_form(judged(data, shapes, "pyshacl"))
    found = {((local_name(f.shape), local_name(f.component)), f.focus) for f in wanted}
    of_shapes = {error for error in injected(tmp_path, 2) if not error[0][0].startswith("check-")}
    assert of_shapes - found == set()
    for engine in JUDGES:
        assert engine == "pyshacl" or in_one_form(judged(data, shapes, engine)) == wanted, engine


def test_parts_of_the_page_stand_in_order_of_size(
    benchmarks: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = importlib.import_module("told")
    monkeypatch.setattr(told, "PAGE", tmp_path / "page.md")
    for size in ("10,000", "1,000,000", "100,000"):
        told.tell(f"Stores at {size} triples", "", [], [])
    titles = re.findall(
        "(?m)^## Stores at (.*) triples$", (tmp_path / "page.md").read_text("utf-8")
    )
    assert titles == ["10,000", "100,000", "1,000,000"]
