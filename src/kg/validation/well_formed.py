"""Shapes that are refused, by name: those that no engine judges, and those that only pySHACL does.

pySHACL refuses the latter in words of its own, or reads them in another way than the others.
"""

import re
from typing import Any

from pyoxigraph import Literal, NamedNode

from kg.errors import KgError
from kg.reports import SEVERITIES
from kg.terms import PREFIXES, curie, expand
from kg.validation.shapes import Shapes

_NUMBERS = (
    *("sh:minCount", "sh:maxCount", "sh:minLength", "sh:maxLength"),
    *("sh:qualifiedMinCount", "sh:qualifiedMaxCount"),
)
_LISTS = ("sh:in", "sh:languageIn", "sh:ignoredProperties")
_LISTS_OF_SOME = ("sh:and", "sh:or", "sh:xone", "sh:alternativePath")
_ONCE = (
    *("sh:path", "sh:datatype", "sh:nodeKind", "sh:in", "sh:languageIn", "sh:uniqueLang"),
    *("sh:minInclusive", "sh:maxInclusive", "sh:minExclusive", "sh:maxExclusive"),
    *("sh:closed", "sh:deactivated", "sh:severity", "sh:inversePath", "sh:alternativePath"),
    *_NUMBERS,
)
_CLASSES = {NamedNode(expand(name)) for name in ("rdfs:Class", "owl:Class")}
_NIL = NamedNode(expand("rdf:nil"))
_INTEGER = f"{PREFIXES['xsd']}integer"


_SEVERITIES = {NamedNode(expand(f"sh:{name}")) for name in SEVERITIES}


def check_known(shapes: Shapes) -> None:
    """Refuse shapes that no engine judges, or not as they are meant.

    Raises:
        KgError: there is one, which the error names.

    Example:
        >>> check_known(Shapes([]))
    """
    for node in shapes.nodes():
        for level in shapes.values(node, "sh:severity"):
            if level not in _SEVERITIES:
                fix = f"choose one of {', '.join(f'sh:{name}' for name in SEVERITIES)}"
                raise _unknown(f"the severity {curie(level.value)}", node, fix)


def check_form(shapes: Shapes) -> None:
    """Refuse shapes that only pySHACL judges as it should.

    Raises:
        KgError: there is one, which the error names.

    Example:
        >>> check_form(Shapes([]))
    """
    for node in shapes.nodes():
        for name in _ONCE:
            if len(shapes.values(node, name)) > 1:
                raise _refused(f"several {name} of one shape", node)
        for name in _NUMBERS:
            for value in shapes.values(node, name):
                _check_number(value, name, node)
        for name in (*_LISTS, *_LISTS_OF_SOME):
            for head in shapes.values(node, name):
                _check_list(shapes, head, name, node, some=name in _LISTS_OF_SOME)
        for path in shapes.values(node, "sh:path"):
            _check_path(shapes, path, node, ())
        for inner in shapes.values(node, "sh:property"):
            if not shapes.values(inner, "sh:path"):
                raise _refused("sh:property without sh:path", node)
        if _CLASSES & {*shapes.values(node, "rdfs:subClassOf")}:
            raise _refused("a class of classes", node)
        if shapes.values(node, "sh:path"):
            _check_qualified(shapes, node)
        for constraint in shapes.values(node, "sh:sparql"):
            _check_sparql(shapes, constraint, node)


def _check_number(value: Any, name: str, node: Any) -> None:
    whole = isinstance(value, Literal) and value.datatype.value == _INTEGER
    if not whole or not re.fullmatch("[0-9]+", value.value):
        raise _refused(f"the number {value.value!r} in {name}", node)


def _check_list(shapes: Shapes, head: Any, name: str, node: Any, *, some: bool) -> None:
    if some and head == _NIL:
        raise _refused(f"a list of nothing in {name}", node)
    seen = set()
    while head != _NIL:
        parts = (shapes.values(head, "rdf:first"), shapes.values(head, "rdf:rest"))
        if head in seen or any(len(part) != 1 for part in parts):
            raise _refused(f"a list without an end, or with several, in {name}", node)
        seen.add(head)
        head = parts[1][0]


def _check_path(shapes: Shapes, path: Any, node: Any, inside: tuple[Any, ...]) -> None:
    if path in inside:
        raise _refused("a path that leads back to itself", node)
    if shapes.values(path, "rdf:rest"):
        _check_list(shapes, path, "sh:path", node, some=True)
    ways = shapes.values(path, "sh:alternativePath")
    steps = [step for head in (path, *ways) for step in shapes.items(head)]
    for step in (*steps, *shapes.values(path, "sh:inversePath")):
        _check_path(shapes, step, node, (*inside, path))


def _check_qualified(shapes: Shapes, node: Any) -> None:
    counts = [n for n in _NUMBERS[-2:] if shapes.values(node, n)]
    inner = shapes.values(node, "sh:qualifiedValueShape")
    if counts and not inner:
        raise _refused("a qualified count without sh:qualifiedValueShape", node)
    if inner and not counts:
        raise _refused("sh:qualifiedValueShape without a count", node)


def _check_sparql(shapes: Shapes, constraint: Any, node: Any) -> None:
    if len(shapes.values(constraint, "sh:select")) != 1:
        raise _refused("sh:sparql without one sh:select", node)
    if shapes.values(constraint, "sh:deactivated"):
        raise _refused("sh:deactivated in sh:sparql", node)


def _unknown(what: str, node: Any, fix: str) -> KgError:
    return KgError(f"no engine judges {what}", where=shown(node), fix=fix)


def _refused(what: str, node: Any) -> KgError:
    fix = "correct the shape; or choose --engine pyshacl, which judges files"
    return KgError(f"a fast engine does not judge {what}", where=shown(node), fix=fix)


def shown(node: Any) -> str:
    """Name a shape in an error."""
    return curie(node.value) if isinstance(node, NamedNode) else "a shape in ontology/shapes"
