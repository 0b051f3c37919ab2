"""The engines that hold data against shapes. pySHACL is the judge; the others say the same."""

import sys
from collections.abc import Sequence

from pyoxigraph import Triple

from kg.errors import KgError
from kg.store import MemoryStore, Store
from kg.validation import pyshacl_engine, shacl_engine, sparql_engine
from kg.validation.findings import Finding
from kg.validation.shapes import Shapes
from kg.validation.well_formed import check_known

ENGINES = ("auto", "pyshacl", "shacl", "sparql")
# Up to so many triples pySHACL is as quick as anyone wants.
LARGE = 20_000


def find(
    data: Sequence[Triple], shapes: Sequence[Triple], engine: str, store: Store | None = None
) -> tuple[str, list[Finding]]:
    """Hold data against shapes.

    Args:
        data: the triples.
        shapes: those of the shapes.
        engine: one of `ENGINES`; `auto` asks `shacl` about more than `LARGE` triples where it is
            installed, and pySHACL if that refuses.
        store: the data once more, where they are in a store already.

    Returns:
        The engine that judged, and what it found in a stable order.

    Raises:
        KgError: there is no such engine, it is not installed, or a shape cannot be run.

    Example:
        >>> find([], [], "auto")
        ('', [])
    """
    if engine not in ENGINES:
        raise KgError(
            f"{engine!r} is no engine", where="--engine", fix=f"choose one of {', '.join(ENGINES)}"
        )
    if not shapes:
        return "", []
    check_known(Shapes(shapes))
    try:
        return _judged(data, shapes, engine, store)
    except RecursionError as error:
        raise KgError(
            "shapes, or the steps of a path, stand in each other too deep to be judged",
            where="ontology/shapes",
            fix="say it with fewer of them",
        ) from error


def _judged(
    data: Sequence[Triple], shapes: Sequence[Triple], engine: str, store: Store | None
) -> tuple[str, list[Finding]]:
    if engine == "sparql":
        return "sparql", sparql_engine.find(store or MemoryStore([], data), shapes)
    large = engine == "auto" and len(data) > LARGE
    if large and not shacl_engine.is_installed():
        print(
            f"pySHACL judges {len(data):,} triples; pip install 'evidence-kg[fast]' is faster",
            file=sys.stderr,
        )
    elif engine == "shacl" or large:
        try:
            return "shacl", shacl_engine.find(data, shapes)
        except KgError as error:
            if engine == "shacl":
                raise
            place = f" ({error.where})" if error.where else ""
            print(f"shacl did not judge, pySHACL does: {error.what}{place}", file=sys.stderr)
    return "pyshacl", pyshacl_engine.find(data, shapes)
