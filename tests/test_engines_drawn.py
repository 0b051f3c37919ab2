"""Every engine finds the same in small cases that are drawn at random: shapes in shapes, and data.

Nothing is drawn on which engines are known to differ (docs/validate.md, "Where they differ"): so
only numbers are held against bounds, and put in order. What an engine does not know it may refuse:
so most cases are drawn of what `sparql` knows, and others, for `shacl`, of all of SHACL Core.
"""

import random
from collections.abc import Callable

import pytest
from pyoxigraph import RdfFormat, Triple, parse

from kg.errors import KgError
from kg.validation.engines import find

PREFIXES = """
@prefix : <x:> . @prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
THINGS = (":a", ":b", ":c", ":d", ":e")
NAMELESS = ("_:x", "_:y")
CLASSES = (":T", ":U", ":V")
# The values of :n are numbers, those of :r things, and those of the others of all kinds.
NUMBERS = ("1", "2", "3", "2.5")
TEXTS = ('"x"', '"y"', '"xy"', '""', '"x"@en', '"x"@en-GB', '"y"@de')
OTHERS = ("true", '"2010-01-01"^^xsd:date', '"2010"^^xsd:gYear', '"x"^^xsd:integer')
LITERALS = NUMBERS + TEXTS + OTHERS
PROPERTIES = (":p", ":q", ":r", ":n")
TYPES = ("string", "integer", "date", "boolean", "decimal", "gYear")
DEEPEST = 2
REFUSALS = ("does not know", "does not judge")


Part = Callable[[int], str]


class Case:
    """Data and shapes, of one seed: of what `sparql` knows, or of the whole of SHACL Core."""

    def __init__(self, seed: int, whole: bool) -> None:
        self.draw = random.Random(seed)
        self.whole = whole
        self.inner: list[str] = []
        self.data = self._data()
        shape = f":S {self._target()} ; {self._shape(0)} ; sh:message 'm' ."
        self.shapes = "\n".join((shape, *self.inner))

    def _value(self) -> str:
        return self.draw.choice(self.draw.choice((LITERALS, THINGS)))

    def _data(self) -> str:
        draw, told = self.draw, [":V rdfs:subClassOf :T ."] * self.draw.randint(0, 1)
        for thing in THINGS + NAMELESS * self.whole:
            told += [f"{thing} a {draw.choice(CLASSES)} ."] * draw.randint(0, 1)
            for _ in range(draw.randint(1, 9)):
                name = draw.choice(PROPERTIES)
                kinds = {":n": NUMBERS, ":r": THINGS + NAMELESS * self.whole}
                value = draw.choice(kinds[name]) if name in kinds else self._value()
                told.append(f"{thing} {name} {value} .")
        return "\n".join(told)

    def _target(self) -> str:
        cls, name = self.draw.choice(CLASSES), self.draw.choice(PROPERTIES)
        return self.draw.choice(
            (
                f"sh:targetClass {cls}",
                "sh:targetClass :T, :U",
                f"sh:targetSubjectsOf {name}",
                f"sh:targetObjectsOf {name}",
                f"sh:targetNode :a, :nowhere, {self.draw.choice(LITERALS)}",
            )
        )

    def _path(self, depth: int = 0) -> str:
        kind = self.draw.randint(depth, 15)
        if kind in {0, 1} and depth < 2:
            return f"( {self._path(depth + 1)} {self._path(depth + 1)} )"
        if kind == 2:
            return f"[ sh:alternativePath ( {self._path(2)} {self._path(2)} ) ]"
        if kind == 3:
            return f"[ sh:inversePath {self._path(3)} ]"
        if self.whole and kind == 4:
            repeated = self.draw.choice(("zeroOrMorePath", "oneOrMorePath", "zeroOrOnePath"))
            return f"[ sh:{repeated} {self._path(3)} ]"
        return self.draw.choice(PROPERTIES)

    def _shape(self, depth: int) -> str:
        if self.draw.random() < 0.5:
            return self._property(depth)
        return self._node(depth)

    def _node(self, depth: int) -> str:
        said = self._several(self._of_value, depth)
        if self.whole and self.draw.random() < 0.1:
            said += f" ; sh:closed true ; sh:ignoredProperties ( {self.draw.choice(PROPERTIES)} )"
        return said + self._else()

    def _else(self) -> str:
        """What may be said of any shape."""
        drawn = self.draw.random() if self.whole else 1
        if drawn < 0.05:
            return f" ; sh:deactivated {self.draw.choice(('true', 'false'))}"
        return f" ; sh:severity sh:{self.draw.choice(('Info', 'Warning'))}" if drawn < 0.15 else ""

    def _within(self, depth: int) -> str:
        """A shape in another, in brackets or by its name."""
        shape = self._shape(depth)
        if self.whole and self.draw.random() < 0.2:
            self.inner.append(f":N{len(self.inner)} {shape} .")
            return self.inner[-1].split()[0]
        return f"[ {shape} ]"

    def _several(self, part: Part, depth: int) -> str:
        parts = [part(depth) for _ in range(self.draw.randint(1, 2))]
        # Most may be said only once of a shape.
        return " ; ".join({each.split()[0]: each for each in parts}.values())

    def _property(self, depth: int) -> str:
        if self.draw.random() < 0.1:
            bound = self.draw.choice(("sh:minInclusive 2", "sh:maxInclusive 2.5", "sh:lessThan :n"))
            return f"sh:path :n ; {bound}"
        return f"sh:path {self._path()} ; {self._several(self._of_property, depth)}{self._else()}"

    def _list(self, depth: int) -> str:
        return " ".join(self._within(depth) for _ in range(self.draw.randint(1, 3)))

    def _of_value(self, depth: int) -> str:
        choose = self.draw.choice
        name = choose(("not", "and", "or", "xone", "property", "else"))
        if self.whole and self.draw.random() < 0.3:
            if depth < DEEPEST and self.draw.random() < 0.5:
                return f"sh:node [ {self._node(depth + 1)} ]"
            return choose(
                (
                    f"sh:minLength {self.draw.randint(1, 3)}",
                    "sh:pattern 'X' ; sh:flags 'i'",
                    f"sh:nodeKind sh:{choose(('IRIOrLiteral', 'BlankNodeOrIRI'))}",
                    "sh:datatype <http://www.w3.org/1999/02/22-rdf-syntax-ns#langString>",
                )
            )
        if name == "else" or depth == DEEPEST:
            members = " ".join(self._value() for _ in range(self.draw.randint(1, 4)))
            return choose(
                (
                    f"sh:datatype xsd:{choose(TYPES)}",
                    f"sh:nodeKind sh:{choose(('IRI', 'Literal', 'BlankNode'))}",
                    f"sh:pattern '{choose(('^x', 'y$', '[xy]', '^.$'))}'",
                    f"sh:maxLength {self.draw.randint(0, 5)}",
                    f"sh:languageIn ( '{choose(('en', 'de', 'en-GB'))}' )",
                    f"sh:class {choose(CLASSES)}",
                    f"sh:in ( {members} )",
                )
            )
        if name == "property":
            return f"sh:property [ {self._property(depth + 1)} ]"
        if name == "not":
            return f"sh:not {self._within(depth + 1)}"
        return f"sh:{name} ( {self._list(depth + 1)} )"

    def _of_property(self, depth: int) -> str:
        choose, number = self.draw.choice, self.draw.randint(0, 3)
        if depth == DEEPEST or self.draw.random() < 0.5:
            counts = (f"sh:minCount {number}", f"sh:maxCount {number}")
            return choose(
                (
                    *counts * 3,
                    f"sh:hasValue {self._value()}",
                    f"sh:equals {choose(PROPERTIES)}",
                    f"sh:disjoint {choose(PROPERTIES)}",
                    *["sh:uniqueLang true"] * self.whole,
                )
            )
        if self.draw.random() < 0.4:
            return f"sh:property [ {self._property(depth + 1)} ]"
        if self.draw.random() < 0.3:
            count = choose(("sh:qualifiedMinCount", "sh:qualifiedMaxCount"))
            apart = " ; sh:qualifiedValueShapesDisjoint true" * choose((0, self.whole))
            return f"sh:qualifiedValueShape {self._within(depth + 1)} ; {count} {number}{apart}"
        return self._of_value(depth)


def found(data: list[Triple], shapes: list[Triple], engine: str) -> set[tuple[str, ...]] | None:
    """What an engine finds, but for names of paths that each makes up; nothing if it refuses."""
    try:
        _, findings = find(data, shapes, engine)
    except KgError as error:
        if any(words in error.what for words in REFUSALS):
            return None
        raise
    return {
        (
            *(f.focus, f.path if ":" in f.path else "", f.value),
            *(f.shape, f.severity, f.component),
        )
        for f in findings
    }


def read(text: str) -> list[Triple]:
    return [quad.triple for quad in parse(PREFIXES + text, format=RdfFormat.TURTLE)]


def agree(seeds: range, engines: tuple[str, ...], whole: bool = False) -> None:
    judged = broken = 0
    for seed in seeds:
        case = Case(seed, whole)
        # Blank nodes have the same names in each reading of the same triples alone.
        data, shapes = read(case.data), read(case.shapes)
        wanted = found(data, shapes, "pyshacl")
        assert wanted is not None
        broken += bool(wanted)
        for engine in engines:
            told = found(data, shapes, engine)
            judged += told is not None
            assert told in (wanted, None), f"{engine}, {seed=}:\n{case.data}\n{case.shapes}"
    # Hardly any is refused, and enough is found for a difference to show.
    assert judged > 0.9 * len(engines) * len(seeds)
    assert broken > 0.4 * len(seeds)


BOTH = ("shacl", "sparql")


def test_on_cases_drawn_at_random() -> None:
    agree(range(300), BOTH)


def test_on_cases_of_the_whole_drawn_at_random() -> None:
    agree(range(300), ("shacl",), whole=True)


@pytest.mark.full
def test_on_many_cases_drawn_at_random() -> None:
    agree(range(300, 3000), BOTH)


@pytest.mark.full
def test_on_many_cases_of_the_whole_drawn_at_random() -> None:
    agree(range(300, 3000), ("shacl",), whole=True)
