"""Validation: hold the data against the shapes and the check queries, and report."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyoxigraph

from kg.errors import KgError
from kg.locations import Locations, locate
from kg.project import Project
from kg.reports import Report, Violation
from kg.terms import PREFIXES, curie
from kg.turtle import Document, bracket_line, read_turtle
from kg.validation.engines import ENGINES, Finding, find, to_rdflib

if TYPE_CHECKING:
    from rdflib import Graph

__all__ = ["ENGINES", "validate"]

# The shape that finds things without a name.
_NAMELESS = f"{PREFIXES['kgs']}ThingShape"


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
    if not files and not project.data_files():
        raise KgError(
            "nothing was checked: there is no Turtle file in data/triples",
            where=project.home.as_posix(),
            fix="put the data there, choose another --home, or name files",
        )
    # The ontology is what data are judged by; its unions have no names, as data must.
    judged = list(files) or [*project.files("ontology", "vocab/*.ttl"), *project.data_files()]
    documents = {path.resolve(): read_turtle(path) for path in [*judged, *project.graph_files()]}
    wanted = {path.resolve() for path in judged}
    rules = [triple for path in project.shape_files() for triple in read_turtle(path).triples]
    triples = [triple for document in documents.values() for triple in document.triples]
    shapes, data = to_rdflib(rules), to_rdflib(triples)
    own = to_rdflib(triple for path in wanted for triple in documents[path].triples)

    places = _Places(project, documents, wanted, own)
    judge, judged_so = find(triples, rules, data, engine)
    results = [
        *_violations(judged_so, data, shapes, places),
        *_check_queries(project, data, places),
    ]
    told = {violation.file for violation in results if violation.shape == _NAMELESS}
    results += [
        _blank_node(document, project.shown(document.path))
        for document in (documents[path] for path in wanted)
        if _has_blank_node(document) and project.shown(document.path) not in told
    ]
    results += [
        _mark(project.shown(path))
        for path in judged
        if path.read_bytes().startswith(b"\xef\xbb\xbf")
    ]
    found = sorted(
        {violation for violation in results if violation.file},
        key=lambda v: (v.file, v.line or 0, v.shape, v.path, v.value),
    )
    return Report(
        engine=judge,
        files=tuple(project.shown(path) for path in judged),
        triples=len(own),
        focus_nodes=_focus_nodes(shapes, data, own),
        violations=tuple(found),
        classes_without_shape=_classes_without_shape(shapes, data, own),
        properties_without_shape=_properties_without_shape(shapes, own),
        checks=tuple(path.stem for path in project.files("queries", "check-*.rq")),
    )


def _has_blank_node(document: Document) -> bool:
    parts = (part for triple in document.triples for part in triple)
    return any(isinstance(part, pyoxigraph.BlankNode) for part in parts)


def _blank_node(document: Document, shown: str) -> Violation:
    """Report a blank node that no shape has met, for want of a class."""
    message = "A thing in the data has no IRI of its own"
    fix = "Give it an IRI in place of the square brackets or the underscore name"
    return _of_file(
        "Violation", "a thing without a name", message, fix, shown, bracket_line(document.text)
    )


def _mark(shown: str) -> Violation:
    """Report a byte order mark, which does no harm here and stops other readers."""
    message = "It begins with a byte order mark (BOM), which other Turtle readers refuse"
    fix = "Save it as UTF-8 without a byte order mark, or run kg fmt"
    return _of_file("Info", "the file", message, fix, shown, 1)


def _of_file(severity: str, label: str, message: str, fix: str, shown: str, line: int) -> Violation:
    said = {"severity": severity, "label": label, "message": message, "fix": fix, "file": shown}
    nothing = dict.fromkeys(("path", "value", "component"), "")
    return Violation(focus="blank", shape=_NAMELESS, line=line, **said, **nothing)


class _Places:
    """Finds file and line of a triple; reads a file for its lines only when one is asked."""

    def __init__(
        self, project: Project, documents: dict[Path, Document], wanted: set[Path], own: "Graph"
    ) -> None:
        self.project = project
        self.own = own
        self.files: dict[str, list[Path]] = {}
        # A blank node has another name each time it is read; the first of its file is shown.
        self.blank_lines = {
            path: bracket_line(documents[path].text)
            for path in wanted
            if _has_blank_node(documents[path])
        }
        for path in wanted:
            for triple in documents[path].triples:
                subject = str(triple.subject.value)  # type: ignore[union-attr]  # no triple terms here
                self.files.setdefault(subject, []).append(path)
        self.shown = {path: project.shown(documents[path].path) for path in wanted}
        self._locations: dict[Path, Locations] = {}

    def of(self, focus: str, path: str, value: str) -> tuple[str, int | None]:
        """Give file and line of what is wrong, or an empty file if it is not in those judged."""
        best: tuple[str, int | None] = ("", None)
        for file in dict.fromkeys(self.files.get(focus, ())):
            if file not in self._locations:
                self._locations[file] = locate(file)
            where = self._locations[file]
            line = where.line(focus, path, value)
            if line is None and file in self.blank_lines and ":" not in focus:
                line = self.blank_lines[file]
            best = best if best[0] else (self.shown[file], line)
            if (focus, path) in where.lines:
                return self.shown[file], line
        return best


def _violations(
    found: Sequence[Finding], data: "Graph", shapes: "Graph", places: _Places
) -> Iterator[Violation]:
    from rdflib import RDFS, SH, BNode, URIRef

    paths = {str(path) for path in shapes.objects(None, SH.path) if isinstance(path, URIRef)}
    for finding in found:
        # A path of several steps has no name.
        path = finding.path if finding.path in paths else ""
        file, line = places.of(finding.focus, path, finding.value)
        shape = URIRef(finding.shape)
        named = ":" in finding.focus
        label = data.value(URIRef(finding.focus) if named else BNode(finding.focus), RDFS.label)
        yield Violation(
            severity=finding.severity.rpartition("#")[2],
            focus=finding.focus,
            label=str(label or "no label"),
            path=curie(path),
            value="" if finding.value == finding.focus else curie(finding.value),
            message=str(shapes.value(shape, SH.message) or finding.message),
            fix=str(shapes.value(shape, SH.description) or "see the shape"),
            shape=finding.shape,
            component=finding.component,
            file=file,
            line=line,
        )


def _check_queries(project: Project, data: "Graph", places: _Places) -> Iterator[Violation]:
    """Run `queries/check-*.rq`: every row is a problem.

    It has `?focus ?message`, and may have a `?label`, and `?path` and `?value` for its line.
    """
    from kg.queries import read_query, run
    from kg.results import Table
    from kg.store import MemoryStore

    paths = project.files("queries", "check-*.rq")
    if not paths:
        return
    store = MemoryStore([])
    store.graph.bulk_load(
        data.serialize(format="nt", encoding="utf-8"), pyoxigraph.RdfFormat.N_TRIPLES
    )
    for query in (read_query(path, project) for path in paths):
        answer = run(query, store)
        if not isinstance(answer, Table) or answer.columns[:2] != ("focus", "message"):
            raise KgError(
                "a check query does not give ?focus ?message",
                where=project.shown(query.path),
                fix="begin its SELECT with ?focus ?message",
            )
        for row in answer.records():
            told = {name: str(getattr(term, "value", "")) for name, term in row.items()}
            focus, path, value = (told.get(name, "") for name in ("focus", "path", "value"))
            file, line = places.of(focus, path, value)
            yield Violation(
                severity=query.severity or "Violation",
                focus=focus,
                label=told.get("label") or "no label",
                path=curie(path) if path else "",
                value=curie(value),
                message=told["message"] or query.summary,
                fix=query.description,
                shape=f"queries/{query.id}.rq",
                component="",
                file=file,
                line=line,
            )


def _focus_nodes(shapes: "Graph", data: "Graph", own: "Graph") -> dict[str, int]:
    """Count, for each node shape with a target, the things of the judged files it applies to."""
    from rdflib import RDF, RDFS, SH, URIRef

    subjects = set(own.subjects())
    counts: dict[str, int] = {}
    for shape in shapes.subjects(unique=True):
        targets: set[Any] = set()
        has_target = False
        for wanted in shapes.objects(shape, SH.targetClass):
            has_target = True
            for cls in data.transitive_subjects(RDFS.subClassOf, wanted):
                targets |= set(data.subjects(RDF.type, cls))
        for wanted in shapes.objects(shape, SH.targetSubjectsOf):
            has_target = True
            targets |= set(data.subjects(URIRef(str(wanted)), None))
        for wanted in shapes.objects(shape, SH.targetObjectsOf):
            has_target = True
            targets |= set(data.objects(None, URIRef(str(wanted))))
        for wanted in shapes.objects(shape, SH.targetNode):
            has_target = True
            targets.add(wanted)
        if has_target:
            counts[str(shape)] = len(targets & subjects)
    return dict(sorted(counts.items()))


def _classes_without_shape(shapes: "Graph", data: "Graph", own: "Graph") -> tuple[str, ...]:
    from rdflib import RDF, RDFS, SH

    mentioned = set(shapes.objects(None, SH.targetClass)) | set(shapes.objects(None, SH["class"]))
    used = set(own.objects(None, RDF.type))
    return tuple(
        sorted(
            str(cls)
            for cls in used
            if not mentioned & set(data.transitive_objects(cls, RDFS.subClassOf))
            and not any(shapes.triples((None, None, cls)))
        )
    )


def _properties_without_shape(shapes: "Graph", own: "Graph") -> tuple[str, ...]:
    from rdflib import RDF

    # A path may be a sequence or an inverse: any mention of a property in the shapes counts.
    mentioned = set(shapes.objects())
    return tuple(sorted(str(p) for p in set(own.predicates()) - mentioned - {RDF.type}))
