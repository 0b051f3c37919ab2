"""How much of a graph the shapes reach: what each met, and what none mentions."""

from pyoxigraph import NamedNode

from kg.store import Store
from kg.terms import PREFIXES
from kg.validation.shapes import Classes, Shapes, counted, iris, rows

_TYPE = f"{PREFIXES['rdf']}type"


class Coverage:
    """What the shapes reach of the things that are judged.

    Args:
        store: the graph.
        shapes: what it is held against.
        judged: a SPARQL pattern that keeps `?this` to the things that are judged.
    """

    def __init__(self, store: Store, shapes: Shapes, judged: str) -> None:
        self._store = store
        self._shapes = shapes
        self._judged = judged
        self._classes = Classes(store)

    def focus_nodes(self) -> dict[str, int]:
        """Count the things that each shape with a target applies to, by the IRI of the shape.

        None, for one without a target that stands in no other.
        """
        targets = {
            str(shape.value): self._shapes.target(shape, self._classes)
            for shape in self._shapes.with_target()
        }
        # Many shapes have the same target.
        counts = {target: self._count(target) for target in set(targets.values())}
        unused = dict.fromkeys((shape.value for shape in self._shapes.unused()), 0)
        return dict(sorted((unused | {s: counts[target] for s, target in targets.items()}).items()))

    def _count(self, target: str) -> int:
        text = f"SELECT (COUNT(DISTINCT ?this) AS ?things) {{ {target} {self._judged} }}"
        return counted(self._store, text)

    def classes_without_shape(self) -> tuple[str, ...]:
        """Name the classes of things that no shape mentions, nor any class above them."""
        targets = (cls for shape in self._shapes.nodes() for cls in self._shapes.classes(shape))
        mentioned = self._shapes.mentioned("sh:class") | {cls.value for cls in targets}
        used = self._unmentioned("?this a ?term .")
        return tuple(cls for cls in used if not mentioned & self._classes.above(cls))

    def properties_without_shape(self) -> tuple[str, ...]:
        """Name the properties of things that no shape mentions."""
        return tuple(name for name in self._unmentioned("?this ?term ?any .") if name != _TYPE)

    def _unmentioned(self, use: str) -> list[str]:
        # First the few terms that no shape mentions, then where they are used. A path may be a
        # sequence or an inverse: any mention counts.
        used = rows(self._store, f"SELECT DISTINCT ?term {{ {use} }}")
        found = {term.value for (term,) in used if isinstance(term, NamedNode)}
        if not (others := sorted(found - self._shapes.mentioned())):
            return []
        text = f"SELECT DISTINCT ?term {{ VALUES ?term {{ {iris(others)} }} {use} {self._judged} }}"
        return sorted(str(term.value) for (term,) in rows(self._store, text))
