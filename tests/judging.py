"""What the tests of several engines share: to ask one, and to compare what each found."""

from collections.abc import Iterable
from pathlib import Path

from pyoxigraph import Triple

from kg.turtle import read_turtle
from kg.validation.engines import ENGINES, find
from kg.validation.findings import Finding

JUDGES = tuple(name for name in ENGINES if name != "auto")


def judged(data: list[Triple], shapes: list[Triple], engine: str) -> list[Finding]:
    judge, found = find(data, shapes, engine)
    assert judge == engine
    return sorted(comparable(finding) for finding in found)


def comparable(finding: Finding) -> Finding:
    """Take out the name of a path or shape that has none: each engine makes up another."""
    path, shape = (name if ":" in name else "" for name in (finding.path, finding.shape))
    return finding._replace(path=path, shape=shape)


def read(paths: Iterable[Path]) -> list[Triple]:
    return [triple for path in paths for triple in read_turtle(path).triples]
