"""Every engine says the same of the same data."""

import builtins
from dataclasses import replace
from typing import Any

import pytest
from pyoxigraph import Literal, NamedNode, Triple

from kg.errors import KgError
from kg.project import Project
from kg.reports import Report, Violation, render_report
from kg.terms import expand
from kg.validation import ENGINES, engines, shacl_engine, validate


def told(report: Report) -> list[Violation]:
    """What was found, but for the names of nameless things, which change at each reading."""
    return [v if ":" in v.focus else replace(v, focus="") for v in report.violations]


def test_engines_agree_on_every_example(examples: Project) -> None:
    judge, *others = (validate(examples, engine=name) for name in ("pyshacl", "shacl", "sparql"))
    assert len(judge.violations) > 100
    assert [told(other) for other in others] == [told(judge), told(judge)]
    assert [other.engine for other in others] == ["shacl", "sparql"]


@pytest.mark.parametrize("engine", ["shacl", "sparql"])
def test_engines_agree_on_the_corpus(project: Project, engine: str) -> None:
    report = validate(project, engine=engine)
    assert report.violations == () and report.conforms


def test_the_report_tells_who_judged(project: Project) -> None:
    report = validate(project, engine="shacl")
    assert "Judged by shacl.\n" in render_report(report, "text")
    assert '"engine": "shacl"' in render_report(report, "json")


def test_auto_asks_pyshacl_where_shacl_refuses(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise KgError("a shape cannot be run (look-ahead)")

    monkeypatch.setattr(engines, "LARGE", 0)
    assert validate(project).engine == "shacl"
    monkeypatch.setattr(shacl_engine, "find", refuse)
    assert validate(project).engine == "pyshacl"
    assert "shacl did not judge, pySHACL does: a shape cannot be run" in capsys.readouterr().err
    with pytest.raises(KgError, match="look-ahead"):
        validate(project, engine="shacl")


def test_a_missing_engine_is_told(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *rest: Any) -> Any:
        if name == "shacl":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", missing)
    monkeypatch.setattr(engines, "LARGE", 0)
    with pytest.raises(KgError, match="not installed") as error:
        validate(project, engine="shacl")
    assert "evidence-kg[fast]" in error.value.fix
    assert validate(project).engine == "pyshacl"


def test_there_are_the_engines_that_are_named() -> None:
    assert ENGINES == ("auto", "pyshacl", "shacl", "sparql")


def test_a_panic_of_compiled_code_is_a_refusal(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Panic(BaseException):
        pass

    def panic(*_: object) -> str:
        raise Panic("index out of bounds")

    monkeypatch.setattr(shacl_engine, "_text", panic)
    with pytest.raises(KgError, match="index out of bounds"):
        validate(project, engine="shacl")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("term", ["sh:target", "sh:js"])
def test_what_pyshacl_would_pass_over_is_refused(engine: str, term: str) -> None:
    shape = Triple(NamedNode(expand("kgs:S")), NamedNode(expand(term)), NamedNode("u:x"))
    with pytest.raises(KgError, match=f"no engine judges {term}") as error:
        engines.find([], [shape], engine)
    assert error.value.where == "kgs:S"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("level", ["sh:Debug", "kg:Grave", "Grave"])
def test_a_severity_that_no_report_knows_is_refused(engine: str, level: str) -> None:
    value = NamedNode(expand(level)) if ":" in level else Literal(level)
    shape = Triple(NamedNode(expand("kgs:S")), NamedNode(expand("sh:severity")), value)
    with pytest.raises(KgError, match=f"no engine judges the severity {level}") as error:
        engines.find([], [shape], engine)
    assert error.value.where == "kgs:S"
    assert error.value.fix == "choose one of sh:Violation, sh:Warning, sh:Info"
