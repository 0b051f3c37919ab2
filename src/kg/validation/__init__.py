"""Validation: hold the data against the shapes and the check queries, and report."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pyoxigraph import BlankNode, NamedNode, Triple

from kg.errors import KgError
from kg.project import Project
from kg.queries import read_query, run
from kg.reports import SEVERITIES, Report, Violation
from kg.results import Table
from kg.store import Store
from kg.terms import PREFIXES, by_language, curie, is_iri, is_literal
from kg.turtle import read_turtle
from kg.validation.coverage import Coverage
from kg.validation.engines import ENGINES, find
from kg.validation.findings import Finding, focus_text
from kg.validation.judged import JudgedFiles, JudgedStore
from kg.validation.shapes import Shapes, iris, rows

__all__ = ["ENGINES", "validate"]

_Judged = JudgedFiles | JudgedStore
_SPARQL = f"{PREFIXES['sh']}SPARQLConstraintComponent"
_CONSTRAINT = NamedNode(f"{PREFIXES['sh']}sparql")
_MESSAGE = NamedNode(f"{PREFIXES['sh']}message")
_VALIDATORS = ("sh:validator", "sh:nodeValidator", "sh:propertyValidator")
_MANY = 1_000  # things whose labels are asked for at once


def validate(
    project: Project,
    files: Sequence[Path] = (),
    engine: str = "auto",
    asked: Store | None = None,
) -> Report:
    """Hold data against the project's shapes, with its ontology and vocabularies at hand.

    Args:
        project: whose shapes, vocabularies and data.
        files: the Turtle files to judge; without any, all data and vocabularies. The project's
            other data stay at hand, so that references resolve, and are not reported on.
        engine: `pyshacl`; `shacl`, which is much faster; `sparql`, which asks the data where they
            are; or `auto`, which takes `shacl` for large data where it is installed, and `sparql`
            for a store or an endpoint.
        asked: a store or an endpoint whose data are judged in place of files.

    Raises:
        UnreadableFile: a file is not well-formed Turtle.
        KgError: there is no such engine, it is not installed or does not judge stores, or a shape
            cannot be run.
        EndpointFailed: the endpoint gave no usable answer.

    Example:
        >>> validate(Project()).conforms
        True
    """
    if engine not in ENGINES:
        raise KgError(
            f"{engine!r} is no engine", where="--engine", fix=f"choose one of {', '.join(ENGINES)}"
        )
    if asked and (files or engine not in {"auto", "sparql"}):
        what = "files are named beside it" if files else f"the engine {engine} judges files alone"
        raise KgError(
            f"a store or an endpoint is judged where it is: {what}",
            where="FILE" if files else "--engine",
            fix="leave it out; or leave out --store and --endpoint, and name the Turtle files that "
            "the data were loaded from",
        )
    rules = [triple for path in project.shape_files() for triple in read_turtle(path).triples]
    shapes = Shapes(rules)
    judged = JudgedStore(project, asked) if asked else JudgedFiles(project, files)
    how = "sparql" if asked else engine
    judge, findings = find(judged.data, [*_with_one_message(rules)], how, judged.store)
    found = [*_violations(findings, shapes, judged), *_check_queries(project, judged)]
    found += judged.beyond_shapes(found)
    coverage = Coverage(judged.store, shapes, judged.pattern)
    return Report(
        engine=judge,
        files=judged.files,
        triples=judged.triples,
        focus_nodes=coverage.focus_nodes(),
        violations=tuple(
            sorted(
                set(found), key=lambda v: (v.file, v.line or 0, v.shape, v.path, v.value, v.focus)
            )
        ),
        classes_without_shape=coverage.classes_without_shape(),
        properties_without_shape=coverage.properties_without_shape(),
        checks=tuple(path.stem for path in project.files("queries", "check-*.rq")),
    )


def _with_one_message(rules: Sequence[Triple]) -> Iterator[Triple]:
    """Leave one message to each constraint in SPARQL: engines give several in no order.

    Those of shapes are looked up afterwards; one that stands for a constraint's is given to a copy
    of it, as other shapes may share the constraint.
    """
    shapes = Shapes(rules)
    copies: dict[tuple[Any, Any], BlankNode] = {}
    for node in shapes.nodes():
        constraints = shapes.values(node, "sh:sparql")
        told = {each: shapes.values(each, "sh:message") for each in constraints}
        for each in constraints if any(told.values()) else ():
            copy = each if told[each] else copies.setdefault((node, each), BlankNode())
            texts = told[each] or shapes.values(node, "sh:message")
            yield from (Triple(copy, _MESSAGE, text) for text in sorted(texts, key=by_language)[:1])
    for triple in rules:
        link = (triple.subject, triple.object)
        if triple.predicate == _CONSTRAINT and link in copies:
            yield Triple(triple.subject, _CONSTRAINT, copies[link])
        elif triple.predicate != _MESSAGE:
            yield triple
    for (_, constraint), copy in copies.items():
        for triple in rules:
            if triple.subject == constraint and triple.predicate != _MESSAGE:
                yield Triple(copy, triple.predicate, triple.object)


def _violations(
    findings: Sequence[Finding], shapes: Shapes, judged: _Judged
) -> Iterator[Violation]:
    paths = shapes.mentioned("sh:path")
    labels = _labels(judged.store, {finding.focus for finding in findings})
    # A path of several steps has no name.
    wanted = [(f.focus, f.path if f.path in paths else "", f.value) for f in findings]
    places = judged.places(wanted)
    for finding, (_, path, _), place in zip(findings, wanted, places, strict=True):
        if place is None:
            continue
        shape = _node(finding.shape)
        yield Violation(
            severity=finding.severity.rpartition("#")[2],
            focus=finding.focus,
            label=labels.get(finding.focus) or "no label",
            path=curie(path),
            value=_shown(finding),
            message=_message(shapes, shape, finding),
            fix=shapes.text(shape, "sh:description") or "see the shape",
            shape=finding.shape,
            component=finding.component,
            file=place[0],
            line=place[1],
            path_iri=path,
            value_term=finding.term,
        )


def _node(name: str) -> NamedNode | BlankNode:
    return (NamedNode if is_iri(name) else BlankNode)(name)


def _shown(finding: Finding) -> str:
    """Write a value for people, where it is not the focus itself."""
    told = finding.value if is_literal(finding.term) else curie(finding.value)
    return "" if finding.term == finding.focus else told


def _message(shapes: Shapes, shape: NamedNode | BlankNode, finding: Finding) -> str:
    """Give the message of a constraint in SPARQL, else of its shape, else of each engine one."""
    within = [shapes.text(each, "sh:message") for each in shapes.values(shape, "sh:sparql")]
    if finding.component == _SPARQL and finding.message and any(within):
        return finding.message
    component = finding.component
    # As written: pySHACL mixes up the values that it fills in for several things.
    ways = [way for name in _VALIDATORS for way in shapes.values(_node(component), name)]
    own = "".join([shapes.text(way, "sh:message") for way in ways][:1])
    return shapes.text(shape, "sh:message") or own or f"It does not meet {curie(component)}"


def _labels(store: Store, things: set[str]) -> dict[str, str]:
    """Give the labels of the things of which something is said, and of all without a name."""
    named = sorted(filter(is_iri, things))
    label = f"?this <{PREFIXES['rdfs']}label> ?label"
    patterns = [
        f"VALUES ?this {{ {iris(named[start : start + _MANY])} }} "
        f"?this ?how ?what OPTIONAL {{ {label} }}"
        for start in range(0, len(named), _MANY)
    ]
    if len(named) < len(things):
        patterns.append(f"{label} FILTER(ISBLANK(?this))")
    texts = (f"SELECT DISTINCT ?this ?label {{ {pattern} }}" for pattern in patterns)
    found = [row for text in texts for row in rows(store, text)]
    # Of several the first by the alphabet.
    found.sort(key=str, reverse=True)
    return {this.value: label.value if label else "" for this, label in found}


def _check_queries(project: Project, judged: _Judged) -> Iterator[Violation]:
    """Run `queries/check-*.rq`: every row is a problem.

    It has `?focus ?message`, and may have a `?label`, and `?path` and `?value` for its line.
    """
    for path in project.files("queries", "check-*.rq"):
        query = read_query(path, project)
        answer = run(query, judged.store)
        if not isinstance(answer, Table) or answer.columns[:2] != ("focus", "message"):
            raise KgError(
                "a check query does not give ?focus ?message",
                where=project.shown(query.path),
                fix="begin its SELECT with ?focus ?message",
            )
        if query.severity not in {"", *SEVERITIES}:
            raise KgError(
                f"a check query has the severity {query.severity!r}",
                where=project.shown(query.path),
                fix=f"choose one of {', '.join(SEVERITIES)}",
            )
        found = [
            {name: str(getattr(term, "value", "")) for name, term in row.items()}
            | {"focus": focus_text(row["focus"]), "term": focus_text(row.get("value"))}
            for row in answer.records()
        ]
        wanted = [(t["focus"], t.get("path", ""), t.get("value", "")) for t in found]
        places = judged.places(wanted)
        for told, (focus, what, value), place in zip(found, wanted, places, strict=True):
            if place is None:
                continue
            yield Violation(
                severity=query.severity or "Violation",
                focus=focus,
                label=told.get("label") or "no label",
                path=curie(what) if what else "",
                value=value if is_literal(told["term"]) else curie(value),
                message=told["message"] or query.summary,
                fix=query.description,
                shape=f"queries/{query.id}.rq",
                component="",
                file=place[0],
                line=place[1],
                path_iri=what,
                value_term=told["term"],
            )
