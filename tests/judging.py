"""What the tests of several engines share: to ask one, and to compare what each found."""

from collections.abc import Iterable
from pathlib import Path

from pyoxigraph import Triple

from kg.turtle import read_turtle
from kg.validation.engines import ENGINES, find
from kg.validation.findings import Finding

JUDGES = tuple(name for name in ENGINES if name != "auto")


def judged(data: list[Triple], shapes: list[Triple], engine: str) -> list[Finding]:
    """What an engine finds, without the names it makes up for a shape or path that has none."""
    judge, found = find(data, shapes, engine)
    assert judge == engine
    return sorted(comparable(finding) for finding in found)


def comparable(finding: Finding) -> Finding:
    path, shape = (name if ":" in name else "nameless" for name in (finding.path, finding.shape))
    return finding._replace(path=path if finding.path else "", shape=shape)


def read(paths: Iterable[Path]) -> list[Triple]:
    return [triple for path in paths for triple in read_turtle(path).triples]
