"""The report of a validation, and its form for people, programs and pull requests."""

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from html import escape
from itertools import groupby
from pathlib import Path
from urllib.parse import urljoin

from kg.errors import KgError
from kg.results import check_format, printable
from kg.terms import PREFIXES, curie

FORMATS = ("text", "json", "ttl", "html", "github")
# What a check query of the project is named by in a report of triples.
_BASE = "https://w3id.org/evidence-kg/"
SEVERITIES = ("Violation", "Warning", "Info")
_MANY = 20


@dataclass(frozen=True)
class Violation:
    """One result: which thing is not as a shape wants it, where it stands, how to mend it.

    `path` and `value` are for people. For programs `path_iri` is the path in full, and `value_term`
    the value, which is in quotes with its language or datatype where it is a literal.
    """

    severity: str
    focus: str
    label: str
    path: str
    value: str
    message: str
    fix: str
    shape: str
    component: str
    file: str
    line: int | None
    path_iri: str = ""
    value_term: str = ""

    @property
    def place(self) -> str:
        """The file and the line, as `file:line`."""
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True)
class Report:
    """Everything that one validation found.

    `focus_nodes` counts the things that each node shape was held against (shape IRI to number);
    `classes_without_shape` and `properties_without_shape` are used in the data and mentioned by
    no shape. `engine` is the one that held the data against the shapes.
    """

    files: tuple[str, ...]
    triples: int
    focus_nodes: dict[str, int]
    violations: tuple[Violation, ...] = ()
    classes_without_shape: tuple[str, ...] = ()
    properties_without_shape: tuple[str, ...] = ()
    checks: tuple[str, ...] = field(default=())
    engine: str = ""

    def __str__(self) -> str:
        return render_report(self, "text").rstrip("\n")

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"

    @property
    def checked(self) -> int:
        """How many times a thing was held against a shape; nought means nothing was checked."""
        return sum(self.focus_nodes.values())

    @property
    def conforms(self) -> bool:
        """Whether something was checked and nothing is in violation (warnings are allowed)."""
        return self.checked > 0 and not any(v.severity == "Violation" for v in self.violations)

    @property
    def shapes_without_data(self) -> tuple[str, ...]:
        """The node shapes that met nothing in the data."""
        return tuple(shape for shape, number in self.focus_nodes.items() if not number)

    @property
    def exit_code(self) -> int:
        """0 if the data conform, else 1."""
        return 0 if self.conforms else 1


def count(number: int, one: str, many: str = "") -> str:
    """Write a number with its noun.

    Example:
        >>> count(1, "problem"), count(0, "problem"), count(2, "query", "queries")
        ('1 problem', '0 problems', '2 queries')
    """
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def summary(report: Report) -> str:
    """Say in one sentence how the validation ended."""
    things = f"{count(report.checked, 'check')} on {count(report.triples, 'triple')}"
    if not report.checked and not any(v.severity == "Violation" for v in report.violations):
        return "Nothing was checked: no shape met any data."
    if not report.violations:
        return f"The data conform ({things}{_within(len(report.files))})."
    parts = [
        count(number, word)
        for word, severity in (("problem", "Violation"), ("warning", "Warning"), ("note", "Info"))
        if (number := sum(v.severity == severity for v in report.violations))
    ]
    files = {violation.file for violation in report.violations if violation.file}
    verdict = "The data conform, with" if report.conforms else "The data do not conform:"
    return f"{verdict} {' and '.join(parts)}{_within(len(files))} ({things})."


def judge(report: Report) -> str:
    """Say which engine judged, where something was checked."""
    return f"Judged by {report.engine}." if report.engine and report.checked else ""


def _within(files: int) -> str:
    """Tell of files, where there are any: a store and an endpoint have none."""
    return f" in {count(files, 'file')}" if files else ""


def grouped(report: Report) -> list[tuple[str, str, str, list[Violation]]]:
    """Gather results by severity, message and fix, the gravest and most frequent first."""

    def key(violation: Violation) -> tuple[int, str, str]:
        rank = SEVERITIES.index(violation.severity)
        return (rank, violation.message, violation.fix)

    groups = [
        (SEVERITIES[rank], message, fix, list(members))
        for (rank, message, fix), members in groupby(sorted(report.violations, key=key), key)
    ]
    return sorted(groups, key=lambda group: (SEVERITIES.index(group[0]), -len(group[3])))


def notes(report: Report) -> list[str]:
    """Say what the validation could not tell, for it met nothing to hold against a shape."""
    parts = (
        ("Shapes that met no data", report.shapes_without_data),
        ("Classes in the data that no shape mentions", report.classes_without_shape),
        ("Properties in the data that no shape mentions", report.properties_without_shape),
    )
    lines = []
    for head, iris in parts:
        # One file meets few shapes; the whole list of the others would hide what matters.
        names = [curie(iri) for iri in iris[:_MANY]]
        more = (
            f" and {len(iris) - _MANY} more; --format json names all" if len(iris) > _MANY else ""
        )
        lines += [f"{head} ({len(iris)}): {', '.join(names)}{more}."] if iris else []
    return lines


def render_report(report: Report, form: str) -> str:
    """Write a report in one of `FORMATS`.

    Raises:
        KgError: there is no such format.

    Example:
        >>> print(render_report(Report((), 0, {}), "text"), end="")
        Nothing was checked: no shape met any data.
    """
    check_format(form, FORMATS)
    match form:
        case "text":
            return _text(report)
        case "json":
            return _json(report)
        case "ttl":
            return _turtle(report)
        case "html":
            return _html(report)
    return _github(report)


def _text(report: Report) -> str:
    lines: list[str] = []
    for severity, message, fix, members in grouped(report):
        lines.append(f"{severity} ({len(members)}): {message}")
        lines.append(f"  To mend it: {fix}")
        for violation in members:
            value = f", {violation.path}" if violation.path else ""
            value += f" {violation.value}" if violation.value else ""
            lines.append(f"  - {_told(violation)} ({curie(violation.focus)}){value}")
        lines.append("")
    lines += notes(report)
    lines += [line for line in (judge(report), summary(report)) if line]
    return "".join(f"{_one_line(line)}\n" for line in lines)


def _told(violation: Violation) -> str:
    """Name the thing, after its place if it has one."""
    return f"{violation.place}: {violation.label}" if violation.file else violation.label


def _one_line(text: str) -> str:
    """Keep what stands in the data from breaking a line or steering the terminal."""
    indent = text[: len(text) - len(text.lstrip(" "))]
    return indent + printable(" ".join(text.split()))


def _json(report: Report) -> str:
    document = {
        "conforms": report.conforms,
        "checked": report.checked,
        **asdict(report),
        "shapes_without_data": report.shapes_without_data,
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _turtle(report: Report) -> str:
    from rdflib import RDF, RDFS, SH, BNode, Graph, Literal, URIRef

    from kg.rdflib_terms import read_term

    graph = Graph()
    for prefix in ("sh", "kgs", "rdfs"):
        graph.bind(prefix, PREFIXES[prefix])
    root = BNode("report")
    graph.add((root, RDF.type, SH.ValidationReport))
    # By SHACL a graph conforms when there is no result at all, not even a warning.
    graph.add((root, SH.conforms, Literal(report.conforms and not report.violations)))
    graph.add(
        (root, RDFS.comment, Literal(f"{summary(report)} {judge(report)}".strip(), lang="en"))
    )
    for number, violation in enumerate(report.violations):
        result = BNode(f"result{number:06d}")
        graph.add((root, SH.result, result))
        graph.add((result, RDF.type, SH.ValidationResult))
        graph.add((result, SH.focusNode, read_term(violation.focus)))
        if violation.path_iri:
            graph.add((result, SH.resultPath, URIRef(violation.path_iri)))
        graph.add((result, SH.resultSeverity, SH[violation.severity]))
        graph.add((result, SH.resultMessage, Literal(violation.message)))
        # One in brackets has no name to be told.
        is_named = re.search("[:/]", violation.shape)
        shape = URIRef(urljoin(_BASE, violation.shape)) if is_named else BNode(violation.shape)
        graph.add((result, SH.sourceShape, shape))
        if violation.component:
            graph.add((result, SH.sourceConstraintComponent, URIRef(violation.component)))
        if violation.value_term:
            graph.add((result, SH.value, read_term(violation.value_term)))
        comment = f"{_told(violation)}. To mend it: {violation.fix}"
        graph.add((result, RDFS.comment, Literal(comment, lang="en")))
    return str(graph.serialize(format="turtle"))


def _html(report: Report) -> str:
    from jinja2 import Environment, PackageLoader

    environment = Environment(
        loader=PackageLoader("kg", "templates"), autoescape=True, trim_blocks=True
    )
    environment.filters["curie"] = curie
    page = environment.get_template("report.html.j2")
    return page.render(
        report=report,
        groups=grouped(report),
        notes=notes(report),
        summary=summary(report),
        judge=judge(report),
    )


def _github(report: Report) -> str:
    levels = {"Violation": "error", "Warning": "warning", "Info": "notice"}
    lines = []
    for violation in report.violations:
        text = f"{violation.label} ({curie(violation.focus)}). To mend it: {violation.fix}"
        place = (violation.file, violation.line or 1)
        lines.append(remark(violation.message, text, *place, level=levels[violation.severity]))
    level = "notice" if report.conforms else "error"
    lines.append(remark("kg validate", f"{summary(report)} {judge(report)}".strip(), level=level))
    return "".join(f"{line}\n" for line in lines)


def remark(title: str, text: str, file: str = "", line: int = 1, *, level: str = "error") -> str:
    """Write a remark on a line of a pull request, as the runners of GitHub take it from a log.

    Args:
        title: the problem.
        text: what to do about it.
        file: the file, from the folder that the command runs in; without one, on the whole.
        line: the line in it, from 1.
        level: error, warning or notice.

    Example:
        >>> remark("it is empty", "add a work", "data/works.ttl", 1)
        '::error file=data/works.ttl,line=1,title=it is empty::add a work'
    """
    place = f"file={_escaped(file, ',:')},line={line}," if file else ""
    return f"::{level} {place}title={_escaped(title, ',:')}::{_escaped(text)}"


def refusal(error: KgError) -> str:
    """Write what ended a command as a remark, on its line where it names a file.

    Example:
        >>> refusal(KgError("it is no engine", where="--engine", fix="choose pyshacl"))
        '::error title=it is no engine::--engine. To mend it: choose pyshacl'
    """
    named = re.fullmatch(r"(.+?)(?::(\d+))?(?::\d+)?", error.where)
    path = Path(named[1]).absolute() if named else None
    if not named or not path or not path.is_file():
        return remark(error.what, f"{error.where}. To mend it: {error.fix}")
    here = Path.cwd()
    shown = path.relative_to(here) if path.is_relative_to(here) else path
    return remark(error.what, f"To mend it: {error.fix}", shown.as_posix(), int(named[2] or 1))


def _escaped(text: str, also: Iterable[str] = ()) -> str:
    # The percent sign first: it begins the escapes of the others.
    for char in ("%", "\r", "\n", *also):
        text = text.replace(char, f"%{ord(char):02X}")
    return text
