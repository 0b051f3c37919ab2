"""Validation: hold the data against the shapes and the check queries, and report."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from pyoxigraph import BlankNode, NamedNode

from kg.errors import KgError
from kg.project import Project
from kg.queries import read_query, run
from kg.reports import Report, Violation
from kg.results import Table
from kg.store import Store
from kg.terms import PREFIXES, curie
from kg.turtle import read_turtle
from kg.validation.coverage import Coverage
from kg.validation.engines import ENGINES, find
from kg.validation.findings import Finding
from kg.validation.judged import JudgedFiles
from kg.validation.shapes import Shapes, iris, rows

__all__ = ["ENGINES", "validate"]

_MANY = 1_000  # things whose labels are asked for at once


def validate(project: Project, files: Sequence[Path] = (), engine: str = "auto") -> Report:
    """Hold data against the project's shapes, with its ontology and vocabularies at hand.

    Args:
        project: whose shapes, vocabularies and data.
        files: the Turtle files to judge; without any, all data and vocabularies. The project's
            other data stay at hand, so that references resolve, and are not reported on.
        engine: `pyshacl`; `shacl`, which is much faster; or `auto`, which takes that for large data
            where it is installed.

    Raises:
        UnreadableFile: a file is not well-formed Turtle.
        KgError: there is no such engine, it is not installed, or a shape cannot be run.

    Example:
        >>> validate(Project()).conforms
        True
    """
    if engine not in ENGINES:
        raise KgError(
            f"{engine!r} is no engine", where="--engine", fix=f"choose one of {', '.join(ENGINES)}"
        )
    judged = JudgedFiles(project, files)
    rules = [triple for path in project.shape_files() for triple in read_turtle(path).triples]
    shapes = Shapes(rules)
    judge, findings = find(judged.data, rules, engine)
    found = [*_violations(findings, shapes, judged), *_check_queries(project, judged)]
    found += judged.beyond_shapes(found)
    coverage = Coverage(judged.store, shapes, judged.pattern)
    return Report(
        engine=judge,
        files=judged.files,
        triples=judged.triples,
        focus_nodes=coverage.focus_nodes(),
        violations=tuple(
            sorted(set(found), key=lambda v: (v.file, v.line or 0, v.shape, v.path, v.value))
        ),
        classes_without_shape=coverage.classes_without_shape(),
        properties_without_shape=coverage.properties_without_shape(),
        checks=tuple(path.stem for path in project.files("queries", "check-*.rq")),
    )


def _violations(
    findings: Sequence[Finding], shapes: Shapes, judged: JudgedFiles
) -> Iterator[Violation]:
    paths = shapes.mentioned("sh:path")
    labels = _labels(judged.store, {finding.focus for finding in findings})
    for finding in findings:
        # A path of several steps has no name.
        path = finding.path if finding.path in paths else ""
        place = judged.place(finding.focus, path, finding.value)
        if place is None:
            continue
        named = ":" in finding.shape
        shape = NamedNode(finding.shape) if named else BlankNode(finding.shape)
        yield Violation(
            severity=finding.severity.rpartition("#")[2],
            focus=finding.focus,
            label=labels.get(finding.focus, "no label"),
            path=curie(path),
            value="" if finding.value == finding.focus else curie(finding.value),
            message=shapes.text(shape, "sh:message") or finding.message,
            fix=shapes.text(shape, "sh:description") or "see the shape",
            shape=finding.shape,
            component=finding.component,
            file=place[0],
            line=place[1],
        )


def _labels(store: Store, things: set[str]) -> dict[str, str]:
    """Give the labels of things, and of all that have no name."""
    named = sorted(thing for thing in things if ":" in thing)
    label = f"?this <{PREFIXES['rdfs']}label> ?label"
    patterns = [
        f"VALUES ?this {{ {iris(named[start : start + _MANY])} }} {label}"
        for start in range(0, len(named), _MANY)
    ]
    if len(named) < len(things):
        patterns.append(f"{label} FILTER(ISBLANK(?this))")
    texts = (f"SELECT ?this ?label {{ {pattern} }}" for pattern in patterns)
    found = [row for text in texts for row in rows(store, text)]
    # Of several the first by the alphabet.
    return {this.value: label.value for this, label in sorted(found, key=str, reverse=True)}


def _check_queries(project: Project, judged: JudgedFiles) -> Iterator[Violation]:
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
        for row in answer.records():
            told = {name: str(getattr(term, "value", "")) for name, term in row.items()}
            focus, what, value = (told.get(name, "") for name in ("focus", "path", "value"))
            place = judged.place(focus, what, value)
            if place is None:
                continue
            yield Violation(
                severity=query.severity or "Violation",
                focus=focus,
                label=told.get("label") or "no label",
                path=curie(what) if what else "",
                value=curie(value),
                message=told["message"] or query.summary,
                fix=query.description,
                shape=f"queries/{query.id}.rq",
                component="",
                file=place[0],
                line=place[1],
            )
