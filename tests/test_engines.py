"""Every engine says the same of the same data."""

import builtins
from dataclasses import replace
from typing import Any

import pytest
from pyoxigraph import NamedNode, RdfFormat, Triple, parse

from kg.errors import KgError
from kg.project import Project
from kg.reports import Report, Violation, render_report
from kg.store import MemoryStore
from kg.validation import ENGINES, engines, shacl_engine, validate
from kg.validation.coverage import Coverage
from kg.validation.shapes import Shapes


def told(report: Report) -> list[Violation]:
    """What was found, but for the names of nameless things, which change at each reading."""
    return [v if ":" in v.focus else replace(v, focus="", value_term="") for v in report.violations]


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
    for form in ("ttl", "html", "github"):
        assert "Judged by shacl." in render_report(report, form)


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


def test_a_missing_engine_is_told(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
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
    assert "pip install 'evidence-kg[fast]' is faster" in capsys.readouterr().err


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


TURTLE = """
@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix kgs: <https://w3id.org/evidence-kg/shapes#> .
"""
# What some engines would pass over, read in another way, or run without an end.
UNJUDGED = {
    "sh:target [ ]": "sh:target",
    "sh:js [ ]": "sh:js",
    "sh:rule [ ]": "sh:rule",
    "sh:entailment <x:e>": "sh:entailment",
    "sh:expression [ ]": "sh:expression",
    "sh:path <x:p> ; sh:mincount 1": "sh:mincount",
    "sh:path <x:p> ; sh:someValue [ ]": "sh:someValue",
    "a sh:Nodeshape": "sh:Nodeshape",
    "sh:nodeKind sh:Iri": "sh:Iri",
    "sh:severity sh:Debug": "the severity sh:Debug",
    "sh:severity 'Grave'": "the severity Grave",
    "sh:targetNode [ ]": "sh:targetNode without an IRI",
    "sh:targetObjectsOf [ ]": "sh:targetObjectsOf without an IRI",
    "sh:targetClass 'kg:Theme'": "sh:targetClass without an IRI",
    "sh:targetClass [ owl:unionOf ( owl:Thing ) ]": "sh:targetClass without an IRI",
    "sh:targetSubjectsOf 'x:p'": "sh:targetSubjectsOf without an IRI",
    "sh:class []": "sh:class without an IRI",
    "sh:path <x:p> ; sh:class ( <x:T> <x:U> )": "sh:class without an IRI",
    "sh:path <x:p> ; sh:datatype 'xsd:date'": "sh:datatype without an IRI",
    "sh:disjoint 'x:p'": "sh:disjoint without an IRI",
    "sh:path <x:p> ; sh:lessThan [ sh:inversePath <x:p> ]": "sh:lessThan without an IRI",
    "sh:path () ; sh:minCount 1": "an empty list in sh:path",
    "sh:node ( [ sh:class <x:T> ] [ sh:class <x:U> ] )": "a list where one shape belongs",
    "sh:or ( ( [ sh:class <x:T> ] ) )": "a list where one shape belongs",
    "sh:closed 1": "sh:closed other than",
    "sh:deactivated '1'^^<http://www.w3.org/2001/XMLSchema#boolean>": "sh:deactivated other than",
    "sh:qualifiedMinCount 1 ; sh:qualifiedValueShape [ ]": "without sh:path",
    "sh:minCount 1": "sh:minCount without sh:path",
    "a owl:Class, sh:NodeShape": "a shape that is a class",
    "a rdfs:Class ; sh:nodeKind sh:Literal": "a shape that is a class",
    "sh:node kgs:Nowhere": "a shape of which nothing is said, kgs:Nowhere",
    "sh:or ( kgs:Nowhere [ ] )": "a shape of which nothing is said, kgs:Nowhere",
    "sh:node kgs:S": "a shape that leads back",
    "sh:or ( [ ] [ sh:not [ sh:property kgs:S ] ] )": "a shape that leads back",
    "sh:path <x:p> ; sh:qualifiedMinCount 1 ; sh:qualifiedValueShape kgs:S": "leads back",
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("said", UNJUDGED)
def test_what_an_engine_would_pass_over_is_refused(engine: str, said: str) -> None:
    with pytest.raises(KgError, match="no engine judges") as error:
        engines.find([], read(f"kgs:S {said} ."), engine)
    assert UNJUDGED[said] in error.value.what
    assert error.value.where == "kgs:S" and error.value.fix


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("step", ["sh:not", "sh:inversePath"])
def test_what_is_nested_too_deep_is_told(engine: str, step: str) -> None:
    chain = "".join(f"_:n{number} {step} _:n{number + 1} . " for number in range(1500))
    first = "sh:not _:n0" if step == "sh:not" else "sh:path _:n0 ; sh:minCount 1"
    text = (
        f"<x:S> sh:targetNode <x:a> ; {first} . {chain} _:n1500 {step} <x:T> . <x:T> sh:name 'T' ."
    )
    with pytest.raises(KgError) as error:
        engines.find([], read(text), engine)
    assert error.value.where and error.value.fix


def test_a_misspelt_parameter_is_told_its_name() -> None:
    with pytest.raises(KgError) as error:
        engines.find([], read("kgs:S sh:path <x:p> ; sh:maxcount 1 ."), "auto")
    assert "is it one of sh:maxCount" in error.value.fix


@pytest.mark.parametrize(
    "path",
    [
        "[ sh:inversePath ( <x:p> <x:q> ) ]",
        "( <x:p> [ sh:inversePath [ sh:alternativePath ( <x:p> ( <x:p> <x:q> ) ) ] ] )",
        "[ sh:inversePath [ sh:oneOrMorePath ( <x:p> <x:q> ) ] ]",
    ],
)
def test_an_inverse_of_a_list_is_refused(path: str) -> None:
    """PySHACL does not turn the order of its steps."""
    with pytest.raises(KgError, match="no engine judges sh:inversePath of a list") as error:
        engines.find([], read(f"kgs:S sh:path {path} ; sh:maxCount 0 ."), "auto")
    assert "( [ sh:inversePath :last ] [ sh:inversePath :first ] )" in error.value.fix


def test_a_class_that_is_its_own_shape_is_counted() -> None:
    shapes = Shapes(read("<x:T> a rdfs:Class, sh:NodeShape ; sh:nodeKind sh:IRI ."))
    coverage = Coverage(MemoryStore([], read("<x:a> a <x:T> . <x:b> a <x:U> .")), shapes, "")
    assert coverage.focus_nodes() == {"x:T": 1}
    assert coverage.classes_without_shape() == ("x:U",)


def test_a_shape_that_is_deactivated_is_not_counted() -> None:
    shapes = Shapes(read("<x:S> sh:targetClass <x:T> ; sh:deactivated true ; sh:nodeKind sh:IRI ."))
    coverage = Coverage(MemoryStore([], read("<x:a> a <x:T> .")), shapes, "")
    assert coverage.focus_nodes() == {}


def test_a_shape_without_a_target_that_no_other_names_is_told() -> None:
    shapes = """<x:S> sh:targetClass <x:T> ; sh:property <x:P> ; sh:node <x:N> .
        <x:N> a sh:NodeShape . <x:P> sh:path <x:p> .
        <x:Lost> a sh:NodeShape ; sh:property [ sh:path <x:p> ] .
        <x:Off> a sh:NodeShape ; sh:deactivated true . <x:LostPath> sh:path <x:p> ."""
    coverage = Coverage(MemoryStore([], read("<x:a> a <x:T> .")), Shapes(read(shapes)), "")
    assert coverage.focus_nodes() == {"x:Lost": 0, "x:LostPath": 0, "x:S": 1}


@pytest.mark.parametrize("said", ["'eins'@de, 'one'@en, 'one'", "'eins'@de, 'one'"])
def test_of_several_messages_the_english_one_is_told(said: str) -> None:
    shapes = Shapes(read(f"<x:S> sh:message {said} ."))
    assert shapes.text(NamedNode("x:S"), "sh:message") == "one"


def read(text: str) -> list[Triple]:
    return [quad.triple for quad in parse(TURTLE + text, format=RdfFormat.TURTLE)]
