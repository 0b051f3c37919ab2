"""Shapes that are refused, by name: those that no engine judges, and those that only pySHACL does.

pySHACL refuses the latter in words of its own, or reads them in another way than the others.
"""

import re
from graphlib import CycleError, TopologicalSorter
from typing import Any

from pyoxigraph import BlankNode, Literal, NamedNode

from kg.errors import KgError
from kg.reports import SEVERITIES
from kg.terms import PREFIXES, curie, expand, nearest_of
from kg.validation.lexical import COMMON_PATTERN
from kg.validation.shapes import SHAPES, Shapes

_NUMBERS = (
    *("sh:minCount", "sh:maxCount", "sh:minLength", "sh:maxLength"),
    *("sh:qualifiedMinCount", "sh:qualifiedMaxCount"),
)
_LISTS = ("sh:in", "sh:languageIn", "sh:ignoredProperties")
_LISTS_WITHIN = ("sh:and", "sh:or", "sh:xone")
_BOUNDS = ("sh:minInclusive", "sh:maxInclusive", "sh:minExclusive", "sh:maxExclusive")
_VALIDATORS = ("sh:validator", "sh:nodeValidator", "sh:propertyValidator")
# What has a query of a shape look into other graphs: there is one.
_ELSEWHERE = re.compile(r"(?<![?$:<\w])(FROM|GRAPH)\b", re.IGNORECASE)
_ONCE = (
    *("sh:path", "sh:datatype", "sh:nodeKind", "sh:in", "sh:languageIn", "sh:uniqueLang"),
    *_BOUNDS,
    *("sh:closed", "sh:deactivated", "sh:severity", "sh:inversePath", "sh:alternativePath"),
    *_NUMBERS,
)
_CLASSES = {expand(name) for name in ("rdfs:Class", "owl:Class")}
# Whose literals engines were seen to tell apart alike, from those that are not well-formed.
_DATATYPES = {
    *("string", "boolean", "integer", "decimal", "float", "double", "date", "dateTime", "gYear"),
    *("gYearMonth", "anyURI", "int", "long", "short", "byte", "nonNegativeInteger"),
    *("positiveInteger", "nonPositiveInteger", "negativeInteger", "unsignedLong", "unsignedInt"),
    *("unsignedShort", "unsignedByte", "gMonth", "gDay", "gMonthDay", "normalizedString", "token"),
    *("language", "Name", "NCName", "NMTOKEN", "QName"),
}
_TEXTS = ("sh:pattern", "sh:flags")
_CHECKED = (PREFIXES["xsd"], PREFIXES["rdf"], PREFIXES["rdfs"])
_LANGUAGE = expand("rdf:langString")
_EMPTY = Literal("")
_NIL = NamedNode(expand("rdf:nil"))
_INTEGER = f"{PREFIXES['xsd']}integer"
_BOOLEAN = NamedNode(expand("xsd:boolean"))


_SH = PREFIXES["sh"]
_SEVERITIES = {NamedNode(expand(f"sh:{name}")) for name in SEVERITIES}
# What SHACL 1.0 has: Core, SHACL-SPARQL, and what describes; a report in the file harms nothing.
_OF_PROPERTIES = (
    *("minCount", "maxCount", "uniqueLang", "lessThan", "lessThanOrEquals"),
    *("qualifiedValueShape", "qualifiedMinCount", "qualifiedMaxCount"),
    "qualifiedValueShapesDisjoint",
)
_TERMS = {
    *("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf"),
    *("class", "datatype", "nodeKind", "in", "hasValue", "equals", "disjoint", *_OF_PROPERTIES),
    *("minInclusive", "maxInclusive", "minExclusive", "maxExclusive", "minLength", "maxLength"),
    *("pattern", "flags", "languageIn", "closed", "ignoredProperties", "deactivated"),
    *("not", "and", "or", "xone", "node", "property"),
    *("path", "inversePath", "alternativePath", "zeroOrMorePath", "oneOrMorePath"),
    *("zeroOrOnePath", "severity", "message", "name", "description", "order", "group"),
    *("defaultValue", "sparql", "select", "ask", "prefixes", "declare", "prefix", "namespace"),
    *("parameter", "optional", "labelTemplate", "validator", "nodeValidator"),
    *("propertyValidator", "shapesGraph", "suggestedShapesGraph", "shapesGraphWellFormed"),
    *("conforms", "result", "detail", "focusNode", "resultPath", "value", "sourceShape"),
    *("sourceConstraint", "sourceConstraintComponent", "resultSeverity", "resultMessage"),
}
_TYPES = {
    *("Shape", "NodeShape", "PropertyShape", "PropertyGroup", "PrefixDeclaration", "Parameter"),
    *("SPARQLConstraint", "ConstraintComponent", "SPARQLAskValidator", "SPARQLSelectValidator"),
    *("ValidationReport", "ValidationResult"),
}
_KINDS = {
    *("IRI", "Literal", "BlankNode", "IRIOrLiteral", "BlankNodeOrIRI", "BlankNodeOrLiteral"),
}
_WITHIN = ("sh:node", "sh:property", "sh:not", "sh:qualifiedValueShape")
_STEPS = ("sh:inversePath", "sh:zeroOrMorePath", "sh:oneOrMorePath", "sh:zeroOrOnePath")
# What has an IRI for its value: of a text or a list, engines make nothing, or each another thing.
_OF_IRIS = (
    *("sh:targetClass", "sh:targetSubjectsOf", "sh:targetObjectsOf", "sh:class", "sh:datatype"),
    *("sh:equals", "sh:disjoint", "sh:lessThan", "sh:lessThanOrEquals"),
)
_BOOLEANS = ("sh:closed", "sh:deactivated", "sh:uniqueLang", "sh:qualifiedValueShapesDisjoint")
_WORDS = {Literal("true", datatype=_BOOLEAN), Literal("false", datatype=_BOOLEAN)}


def check_known(shapes: Shapes) -> None:
    """Refuse shapes that no engine judges, or not as they are meant.

    Raises:
        KgError: there is one, which the error names.

    Example:
        >>> check_known(Shapes([]))
    """
    _check_inner(shapes)
    _check_inverses(shapes)
    for node in shapes.nodes():
        _check_class(shapes, node)
        for name in shapes.properties(node):
            _check_name(name, _TERMS, node)
        for kind in shapes.values(node, "rdf:type"):
            _check_name(kind.value, _TYPES, node)
        if any(isinstance(target, BlankNode) for target in shapes.values(node, "sh:targetNode")):
            raise _unknown("sh:targetNode without an IRI", node, "name what the shape is for")
        for name in _OF_IRIS:
            if not all(isinstance(value, NamedNode) for value in shapes.values(node, name)):
                raise _unknown(f"{name} without an IRI", node, "name one class or property")
        if _NIL in shapes.values(node, "sh:path"):
            raise _unknown("an empty list in sh:path", node, "name its properties")
        for kind in shapes.values(node, "sh:nodeKind"):
            _check_name(kind.value, _KINDS, node)
        for name in _BOOLEANS:
            if not {*shapes.values(node, name)} <= _WORDS:
                raise _unknown(f"{name} other than true or false", node, "write the word")
        if not shapes.values(node, "sh:path"):
            for name in _OF_PROPERTIES:
                if shapes.values(node, f"sh:{name}"):
                    raise _unknown(f"sh:{name} without sh:path", node, "give the shape a sh:path")
        for level in shapes.values(node, "sh:severity"):
            if level not in _SEVERITIES:
                fix = f"choose one of {', '.join(f'sh:{name}' for name in SEVERITIES)}"
                raise _unknown(f"the severity {curie(level.value)}", node, fix)


def _check_name(iri: str, known: set[str], node: Any) -> None:
    name = iri.removeprefix(_SH)
    if iri.startswith(_SH) and name not in known:
        near = nearest_of(f"sh:{name}", (f"sh:{each}" for each in known))
        fix = f"write what SHACL 1.0 has, without its extensions: is it one of {near}?"
        raise _unknown(f"sh:{name}", node, fix)


def _check_inner(shapes: Shapes) -> None:
    inner = {
        node: [
            *(shape for name in _WITHIN for shape in shapes.values(node, name)),
            *(
                s
                for name in _LISTS_WITHIN
                for head in shapes.values(node, name)
                for s in shapes.items(head)
            ),
        ]
        for node in shapes.nodes()
    }
    for node, within in inner.items():
        for shape in within:
            if shapes.values(shape, "rdf:rest"):
                raise _unknown("a list where one shape belongs", node, "name one, or use sh:and")
            if shape not in inner and not isinstance(shape, BlankNode):
                fix = "correct its name, or add the shape to ontology/shapes"
                raise _unknown(f"a shape of which nothing is said, {curie(shape.value)}", node, fix)
    try:
        TopologicalSorter(inner).prepare()
    except CycleError as error:
        named = [node for node in error.args[1] if isinstance(node, NamedNode)]
        fix = "say it without a loop: what it asks of itself has no meaning in SHACL"
        raise _unknown("a shape that leads back to itself", (*named, None)[0], fix) from error


def _check_class(shapes: Shapes, node: Any) -> None:
    types = {kind.value for kind in shapes.values(node, "rdf:type")}
    said = types & SHAPES or any(name.startswith(_SH) for name in shapes.properties(node))
    plain = {expand("rdfs:Class")} <= types and types & SHAPES
    if types & _CLASSES and said and not plain:
        fix = "say both a rdfs:Class, sh:NodeShape; or name the class in sh:targetClass"
        raise _unknown("a shape that is a class, but not by both types", node, fix)


def _check_inverses(shapes: Shapes) -> None:
    name, seen = "sh:inversePath", set()
    ahead = [(step, node) for node in shapes.nodes() for step in shapes.values(node, name)]
    while ahead:
        step, node = ahead.pop()
        if shapes.values(step, "rdf:rest"):
            fix = "turn each step: ( [ sh:inversePath :last ] [ sh:inversePath :first ] )"
            raise _unknown("sh:inversePath of a list", node, fix)
        if step not in seen:
            seen.add(step)
            ahead += [(inner, node) for name in _STEPS for inner in shapes.values(step, name)]
            for head in shapes.values(step, "sh:alternativePath"):
                ahead += [(inner, node) for inner in shapes.items(head)]


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
        for name in (*_LISTS, *_LISTS_WITHIN):
            for head in shapes.values(node, name):
                _check_list(shapes, head, name, node, least=int(name in _LISTS_WITHIN))
        for kind in shapes.values(node, "sh:datatype"):
            name = kind.value.removeprefix(PREFIXES["xsd"])
            if kind.value.startswith(_CHECKED) and name not in {*_DATATYPES, _LANGUAGE}:
                raise _refused(f"sh:datatype {curie(kind.value)}", node)
        if any(flags != Literal("i") for flags in shapes.values(node, "sh:flags")):
            raise _refused("sh:flags other than 'i'", node)
        tags = [tag for head in shapes.values(node, "sh:languageIn") for tag in shapes.items(head)]
        patterns = [text for name in _TEXTS for text in shapes.values(node, name)]
        if not all(_is_text(value) for value in (*tags, *patterns)) or _EMPTY in tags:
            raise _refused(f"what is no plain text in sh:languageIn or {' or '.join(_TEXTS)}", node)
        if not all(
            COMMON_PATTERN.fullmatch(text.value) for text in shapes.values(node, "sh:pattern")
        ):
            raise _refused("what engines read in several ways in sh:pattern", node)
        if shapes.values(node, "sh:closed") and shapes.values(node, "sh:path"):
            raise _refused("sh:closed beside sh:path", node)
        _check_types(shapes, node)
        _check_own(shapes, node)
        bounds = [bound for name in _BOUNDS for bound in shapes.values(node, name)]
        if not all(isinstance(bound, Literal) for bound in bounds):
            raise _refused("a bound that is no literal", node)
        if shapes.values(node, "sh:ignoredProperties") and not shapes.values(node, "sh:closed"):
            raise _refused("sh:ignoredProperties without sh:closed", node)
        for name in ("sh:select", "sh:ask"):
            if found := _ELSEWHERE.search(shapes.text(node, name)):
                raise _refused(f"{found[1]} in {name}", node)
        for path in shapes.values(node, "sh:path"):
            _check_path(shapes, path, node, ())
        for inner in shapes.values(node, "sh:property"):
            if not shapes.values(inner, "sh:path"):
                raise _refused("sh:property without sh:path", node)
        if _CLASSES & {above.value for above in shapes.values(node, "rdfs:subClassOf")}:
            raise _refused("a class of classes", node)
        if shapes.values(node, "sh:path"):
            _check_qualified(shapes, node)
        for constraint in shapes.values(node, "sh:sparql"):
            _check_sparql(shapes, constraint, node)


def _check_types(shapes: Shapes, node: Any) -> None:
    types = {kind.value for kind in shapes.values(node, "rdf:type")}
    path = shapes.values(node, "sh:path")
    if path and expand("sh:NodeShape") in types:
        raise _refused("a sh:NodeShape with sh:path", node)
    if not path and expand("sh:PropertyShape") in types:
        raise _refused("a sh:PropertyShape without sh:path", node)
    if expand("sh:ConstraintComponent") in types and not (
        shapes.values(node, "sh:parameter")
        and any(shapes.values(node, name) for name in _VALIDATORS)
    ):
        raise _refused("a sh:ConstraintComponent without a parameter or a validator", node)


def _check_own(shapes: Shapes, component: Any) -> None:
    """Refuse uses of a component of the shapes' own for which it has no validator."""
    needed = {
        path.value
        for parameter in shapes.values(component, "sh:parameter")
        for path in shapes.values(parameter, "sh:path")
        if shapes.text(parameter, "sh:optional") != "true"
    }
    for node in shapes.nodes() if needed else ():
        name = "sh:propertyValidator" if shapes.values(node, "sh:path") else "sh:nodeValidator"
        ways = (shapes.values(component, way) for way in (name, "sh:validator"))
        if needed <= {*shapes.properties(node)} and not any(ways):
            raise _refused(f"what is asked of a component without {name}", node)


def _is_text(value: Any) -> bool:
    return isinstance(value, Literal) and value == Literal(value.value)


def _check_number(value: Any, name: str, node: Any) -> None:
    whole = isinstance(value, Literal) and value.datatype.value == _INTEGER
    if not whole or not re.fullmatch("[0-9]{1,9}", value.value):
        raise _refused(f"the number {value.value!r} in {name}", node)


def _check_list(shapes: Shapes, head: Any, name: str, node: Any, *, least: int) -> None:
    seen: set[Any] = set()
    while head != _NIL:
        parts = (shapes.values(head, "rdf:first"), shapes.values(head, "rdf:rest"))
        if head in seen or any(len(part) != 1 for part in parts):
            raise _refused(f"a list without an end, or with several, in {name}", node)
        seen.add(head)
        head = parts[1][0]
    if len(seen) < least:
        raise _refused(f"a list of {('nothing', 'one')[len(seen)]} in {name}", node)


def _check_path(shapes: Shapes, path: Any, node: Any, inside: tuple[Any, ...]) -> None:
    if path in inside:
        raise _refused("a path that leads back to itself", node)
    if shapes.values(path, "rdf:rest"):
        _check_list(shapes, path, "sh:path", node, least=2)
    ways = shapes.values(path, "sh:alternativePath")
    for head in ways:
        _check_list(shapes, head, "sh:alternativePath", node, least=2)
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
    for name in ("sh:deactivated", "sh:severity"):
        if constraint != node and shapes.values(constraint, name):
            raise _refused(f"{name} in sh:sparql", node)


def _unknown(what: str, node: Any, fix: str) -> KgError:
    return KgError(f"no engine judges {what}", where=shown(node), fix=fix)


def _refused(what: str, node: Any) -> KgError:
    fix = "correct the shape; or choose --engine pyshacl, which judges files"
    return KgError(f"a fast engine does not judge {what}", where=shown(node), fix=fix)


def shown(node: Any) -> str:
    """Name a shape in an error."""
    return curie(node.value) if isinstance(node, NamedNode) else "a shape in ontology/shapes"
