"""The shapes as a graph to look things up in, and their targets as SPARQL."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pyoxigraph import NamedNode, Triple

from kg.errors import EndpointFailed
from kg.results import Table
from kg.store import Store
from kg.terms import by_language, expand, to_sparql

TARGETS = ("sh:targetClass", "sh:targetSubjectsOf", "sh:targetObjectsOf", "sh:targetNode")
# The types of a shape, which may be its own target where it is a class too.
SHAPES = {expand("sh:NodeShape"), expand("sh:PropertyShape")}
_CLASS = expand("rdfs:Class")
_PAIRS = """SELECT ?class ?above {
  ?class <http://www.w3.org/2000/01/rdf-schema#subClassOf> ?above FILTER(ISIRI(?class)) }"""


class Shapes:
    """The triples of the shapes, by node and property.

    Example:
        >>> shape, path = NamedNode("x:Shape"), NamedNode(expand("sh:path"))
        >>> Shapes([Triple(shape, path, NamedNode("x:p"))]).text(shape, "sh:path")
        'x:p'
    """

    def __init__(self, triples: Iterable[Triple]) -> None:
        self._values: dict[Any, dict[str, list[Any]]] = defaultdict(dict)
        for triple in triples:
            properties = self._values[triple.subject]
            properties.setdefault(triple.predicate.value, []).append(triple.object)

    def nodes(self) -> Iterator[Any]:
        """Give everything that the shapes say something of."""
        yield from self._values

    def properties(self, node: Any) -> Iterator[str]:
        """Give the properties that are said of a node."""
        yield from self._values.get(node, ())

    def values(self, node: Any, name: str) -> list[Any]:
        """Give the values of a property, which is named by its CURIE."""
        return self._values.get(node, {}).get(expand(name), [])

    def text(self, node: Any, name: str) -> str:
        """Give a value of a property as a text, which is empty where there is none.

        Of several in English, else without a language.
        """
        values = self.values(node, name)
        return str(min(values, key=by_language).value) if values else ""

    def items(self, head: Any) -> list[Any]:
        """Give the members of a list, each once if it has no end."""
        found: list[Any] = []
        seen = set()
        while (rest := self.values(head, "rdf:rest")) and head not in seen:
            seen.add(head)
            found += self.values(head, "rdf:first")
            head = rest[0]
        return found

    def mentioned(self, *names: str) -> set[str]:
        """Give the IRIs that are values of some properties, or of any where none is named."""
        wanted = {expand(name) for name in names}
        return {
            value.value
            for properties in self._values.values()
            for name, values in properties.items()
            for value in values
            if isinstance(value, NamedNode) and (name in wanted or not wanted)
        }

    def classes(self, shape: Any) -> list[Any]:
        """Give the classes of whose things a shape tells; one that is a class tells of its own."""
        kinds = {kind.value for kind in self.values(shape, "rdf:type")}
        itself = _CLASS in kinds and kinds & SHAPES and isinstance(shape, NamedNode)
        return [*self.values(shape, "sh:targetClass"), *([shape] if itself else ())]

    def with_target(self) -> list[Any]:
        """Give the shapes that have a target, and are not deactivated."""
        return [
            node
            for node in self._values
            if self.classes(node) or any(self.values(node, kind) for kind in TARGETS)
            if self.text(node, "sh:deactivated") != "true"
        ]

    def unused(self) -> list[Any]:
        """Give the shapes with a name that have no target and stand in no other."""
        targeted, named = self.with_target(), self.mentioned()
        return [
            node
            for node in self._values
            if {kind.value for kind in self.values(node, "rdf:type")} & SHAPES
            or any(self.values(node, name) for name in ("sh:path", "sh:property"))
            if isinstance(node, NamedNode) and node not in targeted and node.value not in named
            if self.text(node, "sh:deactivated") != "true"
        ]

    def target(self, shape: Any, classes: "Classes") -> str:
        """Write the targets of a shape as a SPARQL pattern that binds `?this`."""
        arms = []
        if wanted := self.classes(shape):
            below = sorted(set().union(*(classes.below(cls.value) for cls in wanted)))
            arms.append(things(below, "this"))
        for used in self.values(shape, "sh:targetSubjectsOf"):
            arms.append(f"?this {to_sparql(used)} [] .")
        for used in self.values(shape, "sh:targetObjectsOf"):
            arms.append(f"[] {to_sparql(used)} ?this .")
        if named := self.values(shape, "sh:targetNode"):
            arms.append(f"VALUES ?this {{ {' '.join(map(to_sparql, named))} }}")
        # What is named beside ?this may be named within, too.
        if not arms[1:] and "VALUES" not in arms[0]:
            return arms[0]
        union = " UNION ".join(f"{{ {arm} }}" for arm in arms)
        return f"{{ SELECT DISTINCT ?this {{ {union} }} }}"


class Classes:
    """The classes of a graph, by which is below which."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._with_things: dict[str, list[str]] = {}
        self._above: dict[str, set[str]] = defaultdict(set)
        self._below: dict[str, set[str]] = defaultdict(set)
        for cls, above in rows(store, _PAIRS, bound=2):
            self._above[cls.value].add(above.value)
            self._below[above.value].add(cls.value)

    def below(self, cls: str) -> list[str]:
        """Give a class, and those subclasses of which a thing is not said to be of it too.

        Where things are written with all their types, that is the class alone, which spares each
        query that asks for its things the search for those of all subclasses.
        """
        if cls not in self._with_things:
            others = sorted(_reached(cls, self._below) - {cls})
            text = f"""SELECT DISTINCT ?class {{ VALUES ?class {{ {iris(others)} }}
                ?thing a ?class MINUS {{ ?thing a <{cls}> }} }}"""
            found = rows(self._store, text) if others else []
            self._with_things[cls] = [cls, *sorted(other.value for (other,) in found)]
        return self._with_things[cls]

    def above(self, cls: str) -> set[str]:
        """Give a class and all that it is a subclass of."""
        return _reached(cls, self._above)


def _reached(start: str, steps: dict[str, set[str]]) -> set[str]:
    found, ahead = {start}, [start]
    while ahead:
        new = steps.get(ahead.pop(), set()) - found
        found |= new
        ahead += new
    return found


def rows(store: Store, text: str, bound: int = 1) -> list[tuple[Any, ...]]:
    """Give the rows that a SELECT query of our own finds, of which the first columns are bound.

    Raises:
        EndpointFailed: they are not, which no store does, but an endpoint may.
    """
    answer = store.query(text)
    if not isinstance(answer, Table) or any(None in row[:bound] for row in answer.rows):
        raise _unusable()
    return answer.rows


def counted(store: Store, text: str) -> int:
    """Give the number that a SELECT query of our own counts.

    Raises:
        EndpointFailed: the answer is no number.
    """
    try:
        ((number,),) = rows(store, text)
        return int(number.value)
    except ValueError as error:
        raise _unusable() from error


def _unusable() -> EndpointFailed:
    return EndpointFailed(
        "the answer is not to what was asked",
        where="the graph that was asked",
        fix="check that --endpoint, if it is one, is the address of SPARQL queries; else tell us, "
        "with the shapes",
    )


def things(classes: Sequence[str], name: str) -> str:
    """Write a pattern that binds a variable to the things of some classes.

    Example:
        >>> things(["x:A"], "this")
        '?this a <x:A> .'
    """
    one, *more = classes
    # Virtuoso does not plan a query with VALUES in MINUS in MINUS.
    return (
        f"VALUES ?class {{ {iris(classes)} }} ?{name} a ?class ."
        if more
        else f"?{name} a <{one}> ."
    )


def iris(names: Iterable[str]) -> str:
    """Write IRIs as the values of a VALUES block."""
    return " ".join(f"<{name}>" for name in names)
