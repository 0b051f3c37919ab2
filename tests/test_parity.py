"""Every engine finds the same, told in the same words: on each example and on the corpus."""

from pathlib import Path

import pytest
from judging import JUDGES, judged, read
from pyoxigraph import Triple

from kg.project import Project
from kg.terms import local_name
from kg.validation.engines import Finding

TESTS = Path(__file__).parent
FURTHER = tuple(engine for engine in JUDGES if engine != "pyshacl")
SHAPES = read(Project().shape_files())


@pytest.fixture(scope="module")
def examples(project: Project) -> list[Triple]:
    """Every ok and bad example of a shape or check query, and what they lean on."""
    background = [
        project.home / "data/triples" / f"{n}.ttl" for n in ("works", "organisations", "events")
    ]
    own = [
        TESTS / "shapes/fixture.ttl",
        *TESTS.glob("shapes/*/*.ttl"),
        *TESTS.glob("checks/*/*.ttl"),
    ]
    assert len(own) > 300
    return read([*project.vocabulary_files(), *background, *own])


@pytest.fixture(scope="module")
def wanted(examples: list[Triple]) -> list[Finding]:
    """What pySHACL, the judge, finds in the examples."""
    return judged(examples, SHAPES, "pyshacl")


def test_the_examples_break_every_shape(wanted: list[Finding]) -> None:
    broken = {local_name(finding.shape) for finding in wanted}
    assert broken == {path.name for path in TESTS.glob("shapes/*") if path.is_dir()}


@pytest.mark.parametrize("engine", FURTHER)
def test_on_every_example(engine: str, examples: list[Triple], wanted: list[Finding]) -> None:
    assert judged(examples, SHAPES, engine) == wanted


@pytest.mark.full
@pytest.mark.parametrize("engine", FURTHER)
def test_on_the_corpus(engine: str, project: Project) -> None:
    corpus = read(project.graph_files())
    wanted = judged(corpus, SHAPES, "pyshacl")
    # The unions of the ontology, which need no names there.
    assert {local_name(finding.shape) for finding in wanted} == {"Thing-label", "ThingShape"}
    assert judged(corpus, SHAPES, engine) == wanted
