"""SHACL as SPARQL: each constraint becomes one query, which is asked where the data are."""

import re
from collections.abc import Sequence
from typing import Any

from pyoxigraph import NamedNode, Triple

from kg.errors import QueryRefused
from kg.store import Store
from kg.terms import PREFIXES, curie
from kg.validation.constraints import COMPONENTS, ORDERED, Rule, Writer, refused
from kg.validation.findings import Finding, bad_shape, focus_text
from kg.validation.shapes import TARGETS, Classes, Shapes, rows
from kg.validation.well_formed import check_form

_SH = PREFIXES["sh"]
_PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9-]*: <[^<>\s\"{}|^`\\]*>")
# What else may stand in the shapes, as it constrains nothing by itself.
_ELSE = {
    *("message", "description", "severity", "name", "path", "property", "qualifiedValueShape"),
    *(target.removeprefix("sh:") for target in TARGETS),
}
_PARTS = {
    *("select", "prefixes", "declare", "prefix", "namespace", "inversePath", "alternativePath"),
}
_TYPES = {
    f"{_SH}{name}"
    for name in ("NodeShape", "PropertyShape", "SPARQLConstraint", "PrefixDeclaration")
}
_NAMELESS = f"""SELECT ?above {{
  ?class <{PREFIXES["rdfs"]}subClassOf> ?above FILTER(ISBLANK(?class)) }} LIMIT 1"""


def find(store: Store, shapes: Sequence[Triple]) -> list[Finding]:
    """Hold a graph against shapes, where it is.

    Args:
        store: the graph.
        shapes: the triples of the shapes.

    Raises:
        KgError: the shapes hold something that is not known here, which the error names.
        EndpointFailed: a remote endpoint gave no usable answer.

    Example:
        >>> from kg.store import MemoryStore
        >>> find(MemoryStore([]), [])
        []
    """
    graph = Shapes(shapes)
    check_form(graph)
    _check(graph)
    classes = Classes(store)
    for (above,) in rows(store, _NAMELESS):
        raise refused("a subclass without an IRI", above)
    writer = Writer(graph, classes)
    heading = _heading(graph)
    found: list[Finding] = []
    clean = {"": False}

    def ask(rule: Rule, wanted: str, group: str, end: str = "") -> list[tuple[Any, ...]]:
        try:
            return rows(store, f"{heading}SELECT DISTINCT {wanted} {{ {group} }}{end}")
        except QueryRefused as error:
            if rule.name == "sparql":
                raise bad_shape(error) from error
            # What we wrote is right, but longer or deeper than a query may be.
            raise refused(f"a shape so long or deep ({error.what})", rule.shape) from error

    for shape in graph.with_target():
        for rule in writer.rules(shape, "this", graph.target(shape, classes)):
            if rule.screen not in clean:
                clean[rule.screen] = not ask(rule, f"?{rule.focus}", rule.screen, " LIMIT 1")
            if not clean[rule.screen]:
                # Two values that are out of order are one result for each such pair.
                other = "other" if rule.name in ORDERED else ""
                names = dict.fromkeys(name for name in (rule.focus, rule.value, other) if name)
                answer = ask(rule, f"?{' ?'.join(names)}", rule.group)
                found += (_finding(graph, rule, row) for row in answer)
    return sorted(found)


def _finding(shapes: Shapes, rule: Rule, row: Sequence[Any]) -> Finding:
    path = next(iter(shapes.values(rule.shape, "sh:path")), None)
    # A constraint in SPARQL need not bind ?value: then it is told of the focus.
    value = row[0] if rule.value in {"", rule.focus} else row[1] or row[0]
    name = "SPARQL" if rule.name == "sparql" else rule.name[0].upper() + rule.name[1:]
    return Finding(
        focus=focus_text(row[0]),
        # A path of several steps has no name.
        path=path.value if isinstance(path, NamedNode) else "",
        value=value.value if rule.value else "",
        shape=rule.shape.value,
        message=shapes.text(rule.shape, "sh:message"),
        severity=shapes.text(rule.shape, "sh:severity") or f"{_SH}Violation",
        component=f"{_SH}{name}ConstraintComponent",
        term=focus_text(value) if rule.value else "",
    )


def _check(shapes: Shapes) -> None:
    """Refuse what is not known here, wherever in the shapes it stands."""
    known = {f"{_SH}{name}" for name in {*COMPONENTS, *_ELSE, *_PARTS}}
    for node in shapes.nodes():
        for name in shapes.properties(node):
            if name.startswith(_SH) and name not in known:
                raise refused(curie(name), node)
        types = {str(kind.value) for kind in shapes.values(node, "rdf:type")}
        if wrong := {kind for kind in types if kind.startswith(_SH)} - _TYPES:
            raise refused(curie(min(wrong)), node)
        for constraint in shapes.values(node, "sh:sparql"):
            if shapes.values(constraint, "sh:message"):
                raise refused("sh:message in sh:sparql", node)


def _heading(shapes: Shapes) -> str:
    """Write the prefixes that the SPARQL in the shapes uses."""
    names: dict[str, str] = {}
    for node in shapes.nodes():
        for declared in shapes.values(node, "sh:declare"):
            name = shapes.text(declared, "sh:prefix")
            space = shapes.text(declared, "sh:namespace")
            if names.setdefault(name, space) != space:
                raise refused(f"two namespaces for the prefix {name}:", node)
            if not _PREFIX.fullmatch(f"{name}: <{space}>"):
                raise refused(f"the prefix {name}: for {space}", node)
    return "".join(f"PREFIX {name}: <{space}>\n" for name, space in names.items())
