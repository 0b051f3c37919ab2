"""The constraints of SHACL as SPARQL: for each, a group of patterns that finds what violates it.

Each group begins with what binds the things to judge. What is absent is found by MINUS, by
counting, or by OPTIONAL, in time that grows with the data in every store; FILTER NOT EXISTS is slow
in some.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any, NamedTuple

from pyoxigraph import BlankNode, NamedNode, Store

from kg.errors import KgError
from kg.terms import PREFIXES, curie, to_sparql
from kg.validation.lexical import DATATYPES
from kg.validation.shapes import Classes, Shapes, things

_SH, _XSD = PREFIXES["sh"], PREFIXES["xsd"]
_KINDS = {f"{_SH}IRI": "ISIRI", f"{_SH}Literal": "ISLITERAL", f"{_SH}BlankNode": "ISBLANK"}
# One group without groups in it: there $this is bound wherever it stands.
_SELECT = re.compile(r"\s*SELECT\s+\$this\s+\?value\s+WHERE\s*\{([^{}]*)\}\s*")
_UNKNOWN_NAME = re.compile(r"[$?](PATH|shapesGraph|currentShape)\b")
# What every engine puts in order alike.
_IN_ORDER = {f"{_XSD}integer", f"{_XSD}decimal"}


class Rule(NamedTuple):
    """What violates a constraint: the variables of the focus and the value, and what binds them.

    Where `screen` finds nothing, none of the rules that have the same one does.
    """

    shape: Any
    name: str
    focus: str
    value: str
    group: str
    screen: str


class _Given(NamedTuple):
    """A constraint of a shape: its parameter, and what binds the focus and, from it, the value.

    Of a shape within a constraint, `outer` is the value of that constraint, which is judged by it.
    """

    shape: Any
    parameter: Any
    focus: str
    value: str
    base: str
    step: str
    outer: str

    @property
    def values(self) -> str:
        """The group that binds focus and value."""
        return f"{self.base} {self.step}"

    @property
    def reached(self) -> str:
        """The group that binds the focus to a value that is bound already."""
        return self.values if self.step else ""

    @property
    def number(self) -> str:
        """The parameter as a number of things or characters."""
        return str(self.parameter.value)


class Writer:
    """Writes shapes as rules."""

    def __init__(self, shapes: Shapes, classes: Classes) -> None:
        self.shapes = shapes
        self.classes = classes
        self._numbers = count(1)

    def rules(self, shape: Any, focus: str, base: str, outer: str = "") -> Iterator[Rule]:
        """Give the rules of a shape, and of the property shapes in it, at any depth.

        Args:
            shape: the shape.
            focus: the variable of what it is held against.
            base: the group that binds that.
            outer: the variable that each rule is to bind besides.
        """
        value, step, writers = focus, "", OF_NODES
        if paths := self.shapes.values(shape, "sh:path"):
            value, writers = f"value{next(self._numbers)}", OF_PROPERTIES
            step = f"?{focus} {self._path(paths[0], shape)} ?{value} ."
        names = [name.removeprefix(_SH) for name in self.shapes.properties(shape)]
        given = [
            (name, _Given(shape, parameter, focus, value, base, step, outer))
            for name in names
            if name in COMPONENTS
            for parameter in self.shapes.values(shape, f"sh:{name}")
        ]
        screened, screen = self._screen(given)
        for name, each in given:
            if name in writers:
                named = "" if name in OF_SETS else "value" if name == "sparql" else value
                by = screen if name in screened else ""
                yield Rule(shape, name, focus, named, writers[name](self, each), by)
            else:
                raise refused(f"sh:{name} {'beside' if step else 'without'} a path", shape)
        for inner in self.shapes.values(shape, "sh:property"):
            yield from self.rules(inner, value, f"{base} {step}", outer)

    def _screen(self, given: Sequence[tuple[str, _Given]]) -> tuple[set[str], str]:
        """Write one group for all constraints that one look at each value can judge."""
        screened = [(name, each) for name, each in given if name in TESTS]
        needed = [(name, each) for name, each in given if name == "minCount" and each.number == "1"]
        if not screened or not (screened + needed)[1:]:
            return set(), ""
        first = screened[0][1]
        tests = " && ".join(f"({TESTS[name](self, each)})" for name, each in screened)
        wrong = f"!COALESCE({tests}, false)"
        if needed:
            wrong = f"!BOUND(?{first.value}) || {wrong}"
            return {name for name, _ in screened + needed}, (
                f"{first.base} OPTIONAL {{ {first.step} }} FILTER({wrong})"
            )
        return {name for name, _ in screened}, f"{first.values} FILTER({wrong})"

    def violators(self, shape: Any, given: _Given) -> str:
        """Write which values of a constraint violate a shape."""
        rules = self.rules(shape, given.value, given.values, given.value)
        groups = [f"{{ {rule.group} }}" for rule in rules] or ["{ FILTER(false) }"]
        return f"{{ SELECT DISTINCT ?{given.value} {{ {' UNION '.join(groups)} }} }}"

    def _path(self, path: Any, shape: Any) -> str:
        if isinstance(path, NamedNode):
            return to_sparql(path)
        if steps := self.shapes.items(path):
            return f"({'/'.join(self._path(step, shape) for step in steps)})"
        if back := self.shapes.values(path, "sh:inversePath"):
            return f"^({self._path(back[0], shape)})"
        if ways := self.shapes.values(path, "sh:alternativePath"):
            return f"({'|'.join(self._path(way, shape) for way in self.shapes.items(ways[0]))})"
        raise refused("this kind of sh:path", shape)


_Write = Callable[[Writer, _Given], str]


def _failing(test: _Write) -> _Write:
    """Write a constraint that each value meets or not by itself; an error is a violation."""
    return lambda writer, given: f"{given.values} FILTER(!COALESCE({test(writer, given)}, false))"


def _datatype(_: Writer, given: _Given) -> str:
    name = given.parameter.value.removeprefix(_XSD)
    if name not in DATATYPES:
        raise refused(f"sh:datatype {curie(given.parameter.value)}", given.shape)
    same = f"DATATYPE(?{given.value}) = <{_XSD}{name}>"
    written = DATATYPES[name]
    return f'{same} && REGEX(STR(?{given.value}), "{written}")' if written else same


def _node_kind(_: Writer, given: _Given) -> str:
    if given.parameter.value not in _KINDS:
        raise refused(f"sh:nodeKind {curie(given.parameter.value)}", given.shape)
    return f"{_KINDS[given.parameter.value]}(?{given.value})"


def _pattern(_: Writer, given: _Given) -> str:
    pattern = to_sparql(given.parameter)
    # What cannot be read, for it is malformed or too large, would be met by nothing.
    read = f'ASK {{ BIND(REGEX("", {pattern}) AS ?read) FILTER(BOUND(?read)) }}'
    if not bool(Store().query(read)):
        raise refused("this sh:pattern, which is malformed or too large", given.shape)
    return f"REGEX(STR(?{given.value}), {pattern})"


def _compared(operator: str) -> _Write:
    def test(_: Writer, given: _Given) -> str:
        if getattr(given.parameter, "datatype", NamedNode(_XSD)).value not in _IN_ORDER:
            raise refused("a bound that is no integer or decimal", given.shape)
        return f"?{given.value} {operator} {to_sparql(given.parameter)}"

    return test


def _language_in(writer: Writer, given: _Given) -> str:
    if not (tags := writer.shapes.items(given.parameter)):
        raise refused("sh:languageIn without a language", given.shape)
    return " || ".join(f"LANGMATCHES(LANG(?{given.value}), {to_sparql(tag)})" for tag in tags)


def _max_length(_: Writer, given: _Given) -> str:
    return f"STRLEN(STR(?{given.value})) <= {given.number}"


def _class(writer: Writer, given: _Given) -> str:
    return _of_none(writer, given, [given.parameter])


def _of_none(writer: Writer, given: _Given, classes: Sequence[Any]) -> str:
    below = sorted({name for cls in classes for name in writer.classes.below(cls.value)})
    return f"{given.values} MINUS {{ {things(below, given.value)} }}"


def _term(term: Any, given: _Given) -> str:
    if isinstance(term, BlankNode):
        raise refused("a value without an IRI", given.shape)
    return to_sparql(term)


def _in(writer: Writer, given: _Given) -> str:
    members = writer.shapes.items(given.parameter)
    terms = [_term(member, given) for member in members]
    if all(isinstance(member, NamedNode) for member in members):
        return f"?{given.value} IN ({', '.join(terms)})"
    # Of literals that are equal, such as 1 and 1.0, one alone may be meant.
    return " || ".join(f"SAMETERM(?{given.value}, {term})" for term in terms)


def _not(writer: Writer, given: _Given) -> str:
    return f"{given.values} MINUS {writer.violators(given.parameter, given)}"


def _members(writer: Writer, given: _Given) -> list[str]:
    return [writer.violators(shape, given) for shape in writer.shapes.items(given.parameter)]


def _and(writer: Writer, given: _Given) -> str:
    return f"{given.reached} {{ {' UNION '.join(_members(writer, given))} }}"


def _or(writer: Writer, given: _Given) -> str:
    shapes, members = writer.shapes, writer.shapes.items(given.parameter)
    names = {name.removeprefix(_SH) for each in members for name in shapes.properties(each)}
    classes = [shapes.values(member, "sh:class") for member in members]
    # In one search, which takes a fifth of the time of one for each member.
    if names == {"class"} and all(len(each) == 1 for each in classes):
        return _of_none(writer, given, [cls for (cls,) in classes])
    if names <= TESTS.keys() and all([*shapes.properties(each)] for each in members):
        met = " || ".join(f"COALESCE({_all(writer, given, member)}, false)" for member in members)
        return f"{given.values} FILTER(!({met}))"
    return f"{given.reached} {' '.join(_members(writer, given))}"


def _all(writer: Writer, given: _Given, shape: Any) -> str:
    """Write the tests of a shape that has nothing else."""
    tests = [
        TESTS[name.removeprefix(_SH)](writer, given._replace(shape=shape, parameter=parameter))
        for name in writer.shapes.properties(shape)
        for parameter in writer.shapes.values(shape, name)
    ]
    return " && ".join(f"({test})" for test in tests)


def _xone(writer: Writer, given: _Given) -> str:
    # All but one must be violated; with the value itself that makes as many as there are shapes.
    groups = [given.values, *_members(writer, given)]
    arms = (f"{{ {group} BIND({number} AS ?arm) }}" for number, group in enumerate(groups))
    return (
        f"{given.reached} {{ SELECT ?{given.value} {{ {' UNION '.join(arms)} }} "
        f"GROUP BY ?{given.value} HAVING(COUNT(DISTINCT ?arm) != {len(groups) - 1}) }}"
    )


def _equals(writer: Writer, given: _Given) -> str:
    other = f"?{given.focus} {to_sparql(given.parameter)} ?{given.value} ."
    return (
        f"{{ {given.values} MINUS {{ {other} }} }} UNION "
        f"{{ {given.base} {other} MINUS {{ {given.step} }} }}"
    )


def _disjoint(writer: Writer, given: _Given) -> str:
    return f"{given.values} ?{given.focus} {to_sparql(given.parameter)} ?{given.value} ."


def _ordered(operator: str) -> _Write:
    def write(_: Writer, given: _Given) -> str:
        other = f"?{given.focus} {to_sparql(given.parameter)} ?other ."
        return f"{given.values} {other} FILTER(!COALESCE(?{given.value} {operator} ?other, false))"

    return write


def _has_value(_: Writer, given: _Given) -> str:
    wanted = given.step.replace(f"?{given.value} .", f"{_term(given.parameter, given)} .")
    return f"{given.base} MINUS {{ {wanted} }}"


def _counted(group: str, given: _Given, wrong: str) -> str:
    names = " ".join(f"?{name}" for name in dict.fromkeys((given.outer, given.focus)) if name)
    return (
        f"{{ SELECT {names} {{ {group} }} GROUP BY {names} "
        f"HAVING(COUNT(DISTINCT ?{given.value}) {wrong} {given.number}) }}"
    )


def _min_count(_: Writer, given: _Given) -> str:
    if given.number == "1":
        return f"{given.base} OPTIONAL {{ {given.step} }} FILTER(!BOUND(?{given.value}))"
    return _counted(f"{given.base} OPTIONAL {{ {given.step} }}", given, "<")


def _max_count(_: Writer, given: _Given) -> str:
    if given.number == "0":
        return given.values
    if given.number == "1":
        # Looked for in half the time that counting takes.
        another = given.step.replace(f"?{given.value} .", "?other .")
        return f"{given.values} {another} FILTER(!SAMETERM(?{given.value}, ?other))"
    return _counted(given.values, given, ">")


def _qualified(writer: Writer, given: _Given) -> str:
    shapes = writer.shapes.values(given.shape, "sh:qualifiedValueShape")
    if len(shapes) != 1:
        raise refused("several sh:qualifiedValueShape of one shape", given.shape)
    return f"{given.step} MINUS {writer.violators(shapes[0], given)}"


def _qualified_min_count(writer: Writer, given: _Given) -> str:
    met = _qualified(writer, given)
    return _counted(f"{given.base} OPTIONAL {{ {met} }}", given, "<")


def _qualified_max_count(writer: Writer, given: _Given) -> str:
    return _counted(f"{given.base} {_qualified(writer, given)}", given, ">")


def _sparql(writer: Writer, given: _Given) -> str:
    select = writer.shapes.text(given.parameter, "sh:select")
    found = _SELECT.fullmatch(select)
    if not found or _UNKNOWN_NAME.search(select) or given.focus != "this":
        what = "sh:sparql other than SELECT $this ?value WHERE { ... } without groups, of a target"
        raise refused(what, given.shape)
    # It may end with a comment.
    return f"{given.base} {found[1]}\n"


# What an expression tells of each value by itself.
TESTS: dict[str, _Write] = {
    "datatype": _datatype,
    "nodeKind": _node_kind,
    "pattern": _pattern,
    "maxLength": _max_length,
    "minInclusive": _compared(">="),
    "maxInclusive": _compared("<="),
    "languageIn": _language_in,
    "in": _in,
}
OF_VALUES: dict[str, _Write] = {
    **{name: _failing(test) for name, test in TESTS.items()},
    "class": _class,
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
ORDERED = {"lessThan": _ordered("<"), "lessThanOrEquals": _ordered("<=")}
OF_NODES = {**OF_VALUES, "sparql": _sparql}
OF_PROPERTIES: dict[str, _Write] = {
    **OF_VALUES,
    **OF_SETS,
    "equals": _equals,
    "disjoint": _disjoint,
    **ORDERED,
}
COMPONENTS = tuple(sorted({*OF_NODES, *OF_PROPERTIES}))


def refused(what: str, shape: Any) -> KgError:
    """Tell of something in a shape that is not known here."""
    named = isinstance(shape, NamedNode)
    return KgError(
        f"the engine sparql does not know {what}",
        where=curie(shape.value) if named else "a shape in ontology/shapes",
        fix="choose another engine, which judges files, not stores and endpoints",
    )
