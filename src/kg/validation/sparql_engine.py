"""SHACL as SPARQL: each constraint becomes one query, which is asked where the data are.

What violates a shape is written as groups of patterns, each of which begins with what binds the
things to judge. What is absent is found by MINUS or by counting, in time that grows with the data
in every store; FILTER NOT EXISTS is slow in some.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any, NamedTuple

from pyoxigraph import NamedNode, Triple

from kg.errors import KgError
from kg.store import Store
from kg.terms import PREFIXES, curie, to_sparql
from kg.validation.findings import Finding
from kg.validation.shapes import TARGETS, Classes, Shapes, iris, rows

_SH, _XSD = PREFIXES["sh"], PREFIXES["xsd"]
# How the literals of a datatype are written. pySHACL takes years and months as they come. What is
# not listed is not kept apart by every store.
_DAY = (
    "((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
    "|02-(0[1-9]|1[0-9]|2[0-8]))"
)
_LEAP = "([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29"
_DATE = f"([0-9]{{4}}-{_DAY}|{_LEAP})"
_TIME = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]+)?"
_ZONE = "(Z|[+-][0-9]{2}:[0-9]{2})?"
DATATYPES = {
    "string": "",
    "boolean": "^(true|false|1|0)$",
    "integer": "^[+-]?[0-9]+$",
    "decimal": "^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)$",
    "date": f"^{_DATE}{_ZONE}$",
    "dateTime": f"^{_DATE}T{_TIME}{_ZONE}$",
    "gYear": "",
    "gYearMonth": "",
}
_KINDS = {f"{_SH}IRI": "ISIRI", f"{_SH}Literal": "ISLITERAL", f"{_SH}BlankNode": "ISBLANK"}
# One group without groups in it: there $this is bound wherever it stands.
_SELECT = re.compile(r"\s*SELECT\s+\$this\s+\?value\s+WHERE\s*\{([^{}]*)\}\s*")
_UNKNOWN_NAME = re.compile(r"[$?](PATH|shapesGraph|currentShape)\b")
_UNLIKE = re.compile(r"\(\?[=!<]|\\[1-9]")
# What else may stand in the shapes, as it constrains nothing by itself.
_ELSE = {
    *("message", "description", "severity", "name", "path", "property", "qualifiedValueShape"),
    *(target.removeprefix("sh:") for target in TARGETS),
}
_PARTS = {
    *("select", "prefixes", "declare", "prefix", "namespace", "inversePath", "alternativePath"),
}
_TYPES = {f"{_SH}{name}" for name in ("NodeShape", "PropertyShape", "SPARQLConstraint")}
_CLASSES = {f"{PREFIXES['rdfs']}Class", f"{PREFIXES['owl']}Class"}


class _Rule(NamedTuple):
    """What violates a constraint: the variables of the focus and the value, and what binds them."""

    shape: Any
    name: str
    focus: str
    value: str
    group: str


class _Given(NamedTuple):
    """A constraint of a shape: its parameter, and what binds the focus and, from it, the value."""

    shape: Any
    parameter: Any
    focus: str
    value: str
    base: str
    step: str

    @property
    def values(self) -> str:
        """The group that binds focus and value."""
        return f"{self.base} {self.step}"


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
    _check(graph)
    classes = Classes(store)
    writer = _Writer(graph, classes)
    heading = _heading(graph)
    found: list[Finding] = []
    for shape in graph.with_target():
        for rule in writer.rules(shape, "this", graph.target(shape, classes)):
            # Two values that are out of order are one result for each such pair.
            other = "other" if rule.name in _ORDERED else ""
            names = dict.fromkeys(name for name in (rule.focus, rule.value, other) if name)
            text = f"{heading}SELECT DISTINCT ?{' ?'.join(names)} {{ {rule.group} }}"
            found += (_finding(graph, rule, row) for row in rows(store, text))
    return sorted(found)


def _finding(shapes: Shapes, rule: _Rule, row: Sequence[Any]) -> Finding:
    path = next(iter(shapes.values(rule.shape, "sh:path")), None)
    name = "SPARQL" if rule.name == "sparql" else rule.name[0].upper() + rule.name[1:]
    return Finding(
        focus=row[0].value,
        # A path of several steps has no name.
        path=path.value if isinstance(path, NamedNode) else "",
        value=row[0 if rule.value == rule.focus else 1].value if rule.value else "",
        shape=rule.shape.value,
        message=shapes.text(rule.shape, "sh:message"),
        severity=shapes.text(rule.shape, "sh:severity") or f"{_SH}Violation",
        component=f"{_SH}{name}ConstraintComponent",
    )


class _Writer:
    """Writes shapes as rules."""

    def __init__(self, shapes: Shapes, classes: Classes) -> None:
        self.shapes = shapes
        self.classes = classes
        self._numbers = count(1)
        self._open: list[Any] = []

    def rules(self, shape: Any, focus: str, base: str) -> Iterator[_Rule]:
        """Give the rules of a shape, and of the property shapes in it, at any depth."""
        if shape in self._open:
            raise _refused("a shape that leads back to itself", shape)
        self._open.append(shape)
        value, step, writers = focus, "", OF_NODES
        if paths := self.shapes.values(shape, "sh:path"):
            value, writers = f"value{next(self._numbers)}", OF_PROPERTIES
            step = f"?{focus} {self._path(paths[0], shape)} ?{value} ."
        for name in self.shapes.properties(shape):
            name = name.removeprefix(_SH)
            for parameter in self.shapes.values(shape, f"sh:{name}") if name in writers else ():
                given = _Given(shape, parameter, focus, value, base, step)
                group = writers[name](self, given)
                named = "" if name in OF_SETS else "value" if name == "sparql" else value
                yield _Rule(shape, name, focus, named, group)
            if name in COMPONENTS and name not in writers:
                raise _refused(f"sh:{name} {'beside' if step else 'without'} a path", shape)
        for inner in self.shapes.values(shape, "sh:property"):
            yield from self.rules(inner, value, f"{base} {step}")
        self._open.pop()

    def violators(self, shape: Any, given: _Given) -> str:
        """Write which values of a constraint violate a shape."""
        rules = self.rules(shape, given.value, given.values)
        groups = [f"{{ {rule.group} }}" for rule in rules] or ["{ FILTER(false) }"]
        return f"{{ SELECT DISTINCT ?{given.value} {{ {' UNION '.join(groups)} }} }}"

    def _path(self, path: Any, shape: Any) -> str:
        if isinstance(path, NamedNode):
            return to_sparql(path)
        if steps := self.shapes.items(path):
            return f"({'/'.join(self._path(step, shape) for step in steps)})"
        if back := self.shapes.values(path, "sh:inversePath"):
            return f"^{self._path(back[0], shape)}"
        if ways := self.shapes.values(path, "sh:alternativePath"):
            return f"({'|'.join(self._path(way, shape) for way in self.shapes.items(ways[0]))})"
        raise _refused("this kind of sh:path", shape)


_Write = Callable[[_Writer, _Given], str]


def _passing(test: Callable[[_Given], str]) -> _Write:
    """Write a constraint that each value meets or not by itself; an error is a violation."""
    return lambda _, given: f"{given.values} FILTER(!COALESCE({test(given)}, false))"


def _datatype(given: _Given) -> str:
    name = given.parameter.value.removeprefix(_XSD)
    if name not in DATATYPES:
        raise _refused(f"sh:datatype {curie(given.parameter.value)}", given.shape)
    same = f"DATATYPE(?{given.value}) = <{_XSD}{name}>"
    written = DATATYPES[name]
    return f'{same} && REGEX(STR(?{given.value}), "{written}")' if written else same


def _node_kind(given: _Given) -> str:
    if given.parameter.value not in _KINDS:
        raise _refused(f"sh:nodeKind {curie(given.parameter.value)}", given.shape)
    return f"{_KINDS[given.parameter.value]}(?{given.value})"


def _pattern(given: _Given) -> str:
    if _UNLIKE.search(given.parameter.value):
        raise _refused("look-around or a back-reference in sh:pattern", given.shape)
    return f"REGEX(STR(?{given.value}), {to_sparql(given.parameter)})"


def _compared(operator: str) -> _Write:
    return _passing(lambda given: f"?{given.value} {operator} {to_sparql(given.parameter)}")


def _language_in(writer: _Writer, given: _Given) -> str:
    tags = writer.shapes.items(given.parameter)
    matched = (f"LANGMATCHES(LANG(?{given.value}), {to_sparql(tag)})" for tag in tags)
    return _passing(lambda _: " || ".join(matched))(writer, given)


def _class(writer: _Writer, given: _Given) -> str:
    below = iris(sorted(writer.classes.below(given.parameter.value)))
    return f"{given.values} MINUS {{ VALUES ?class {{ {below} }} ?{given.value} a ?class }}"


def _in(writer: _Writer, given: _Given) -> str:
    members = " ".join(map(to_sparql, writer.shapes.items(given.parameter)))
    return f"{given.values} MINUS {{ VALUES ?{given.value} {{ {members} }} }}"


def _not(writer: _Writer, given: _Given) -> str:
    return f"{given.values} MINUS {writer.violators(given.parameter, given)}"


def _members(writer: _Writer, given: _Given) -> list[str]:
    return [writer.violators(shape, given) for shape in writer.shapes.items(given.parameter)]


def _and(writer: _Writer, given: _Given) -> str:
    return f"{given.values} {{ {' UNION '.join(_members(writer, given))} }}"


def _or(writer: _Writer, given: _Given) -> str:
    return f"{given.values} {' '.join(_members(writer, given))}"


def _xone(writer: _Writer, given: _Given) -> str:
    # All but one must be violated; with the value itself that makes as many as there are shapes.
    groups = [given.values, *_members(writer, given)]
    arms = (f"{{ {group} BIND({number} AS ?arm) }}" for number, group in enumerate(groups))
    return (
        f"{given.values} {{ SELECT ?{given.value} {{ {' UNION '.join(arms)} }} "
        f"GROUP BY ?{given.value} HAVING(COUNT(DISTINCT ?arm) != {len(groups) - 1}) }}"
    )


def _equals(writer: _Writer, given: _Given) -> str:
    other = f"?{given.focus} {to_sparql(given.parameter)} ?{given.value} ."
    return (
        f"{{ {given.values} MINUS {{ {other} }} }} UNION "
        f"{{ {given.base} {other} MINUS {{ {given.step} }} }}"
    )


def _disjoint(writer: _Writer, given: _Given) -> str:
    return f"{given.values} ?{given.focus} {to_sparql(given.parameter)} ?{given.value} ."


def _ordered(operator: str) -> _Write:
    def write(_: _Writer, given: _Given) -> str:
        other = f"?{given.focus} {to_sparql(given.parameter)} ?other ."
        return f"{given.values} {other} FILTER(!COALESCE(?{given.value} {operator} ?other, false))"

    return write


def _has_value(_: _Writer, given: _Given) -> str:
    wanted = f"VALUES ?{given.value} {{ {to_sparql(given.parameter)} }}"
    return f"{given.base} MINUS {{ {given.step} {wanted} }}"


def _counted(group: str, given: _Given, wrong: str) -> str:
    return (
        f"{{ SELECT ?{given.focus} {{ {group} }} GROUP BY ?{given.focus} "
        f"HAVING(COUNT(DISTINCT ?{given.value}) {wrong} {given.parameter.value}) }}"
    )


def _min_count(_: _Writer, given: _Given) -> str:
    if given.parameter.value == "1":
        return f"{given.base} MINUS {{ {given.step} }}"
    return _counted(f"{given.base} OPTIONAL {{ {given.step} }}", given, "<")


def _max_count(_: _Writer, given: _Given) -> str:
    if given.parameter.value == "0":
        return given.values
    return _counted(given.values, given, ">")


def _qualified(writer: _Writer, given: _Given) -> str:
    (shape,) = writer.shapes.values(given.shape, "sh:qualifiedValueShape")
    return f"{given.step} MINUS {writer.violators(shape, given)}"


def _qualified_min_count(writer: _Writer, given: _Given) -> str:
    met = _qualified(writer, given)
    return _counted(f"{given.base} OPTIONAL {{ {met} }}", given, "<")


def _qualified_max_count(writer: _Writer, given: _Given) -> str:
    return _counted(f"{given.base} {_qualified(writer, given)}", given, ">")


def _sparql(writer: _Writer, given: _Given) -> str:
    select = writer.shapes.text(given.parameter, "sh:select")
    found = _SELECT.fullmatch(select)
    if not found or _UNKNOWN_NAME.search(select) or given.focus != "this":
        what = "sh:sparql other than SELECT $this ?value WHERE { ... } without groups, of a target"
        raise _refused(what, given.shape)
    return f"{given.base} {found[1]}"


OF_VALUES: dict[str, _Write] = {
    "datatype": _passing(_datatype),
    "nodeKind": _passing(_node_kind),
    "pattern": _passing(_pattern),
    "maxLength": _passing(lambda g: f"STRLEN(STR(?{g.value})) <= {g.parameter.value}"),
    "minInclusive": _compared(">="),
    "maxInclusive": _compared("<="),
    "languageIn": _language_in,
    "class": _class,
    "in": _in,
    "not": _not,
    "and": _and,
    "or": _or,
    "xone": _xone,
}
OF_SETS: dict[str, _Write] = {
    "minCount": _min_count,
    "maxCount": _max_count,
    "hasValue": _has_value,
    "qualifiedMinCount": _qualified_min_count,
    "qualifiedMaxCount": _qualified_max_count,
}
_ORDERED = {"lessThan": _ordered("<"), "lessThanOrEquals": _ordered("<=")}
OF_NODES = {**OF_VALUES, "sparql": _sparql}
OF_PROPERTIES: dict[str, _Write] = {
    **OF_VALUES,
    **OF_SETS,
    "equals": _equals,
    "disjoint": _disjoint,
    **_ORDERED,
}
COMPONENTS = tuple(sorted({*OF_NODES, *OF_PROPERTIES}))


def _check(shapes: Shapes) -> None:
    """Refuse what is not known here, wherever in the shapes it stands."""
    known = {f"{_SH}{name}" for name in {*COMPONENTS, *_ELSE, *_PARTS}}
    for node in shapes.nodes():
        for name in shapes.properties(node):
            if name.startswith(_SH) and name not in known:
                raise _refused(curie(name), node)
        types = {str(kind.value) for kind in shapes.values(node, "rdf:type")}
        if wrong := {kind for kind in types if kind.startswith(_SH)} - _TYPES:
            raise _refused(curie(min(wrong)), node)
        if types & _TYPES and types & _CLASSES:
            raise _refused("a class that is a shape, and its own target", node)


def _heading(shapes: Shapes) -> str:
    """Write the prefixes that the SPARQL in the shapes uses."""
    names: dict[str, str] = {}
    for node in shapes.nodes():
        for declared in shapes.values(node, "sh:declare"):
            name = shapes.text(declared, "sh:prefix")
            space = shapes.text(declared, "sh:namespace")
            if names.setdefault(name, space) != space:
                raise _refused(f"two namespaces for the prefix {name}:", node)
    return "".join(f"PREFIX {name}: <{space}>\n" for name, space in names.items())


def _refused(what: str, shape: Any) -> KgError:
    named = isinstance(shape, NamedNode)
    return KgError(
        f"the engine sparql does not know {what}",
        where=curie(shape.value) if named else "a shape in ontology/shapes",
        fix="choose another engine, which judges files, not stores and endpoints",
    )
