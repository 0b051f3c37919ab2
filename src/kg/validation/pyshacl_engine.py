"""pySHACL, the judge: slow, and the one whose reports the others must give."""

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from traceback import extract_tb

from pyoxigraph import Triple

from kg.errors import KgError
from kg.rdflib_terms import to_rdflib
from kg.terms import quiet_literals
from kg.validation.findings import Finding, bad_shape, read_findings


def find(data: Sequence[Triple], shapes: Sequence[Triple]) -> list[Finding]:
    """Hold data against shapes.

    Raises:
        KgError: a shape cannot be run.

    Example:
        >>> find([], [])
        []
    """
    from pyshacl import validate
    from pyshacl.errors import ShapeRecursionWarning
    from rdflib import Graph

    graph, rules = to_rdflib(data), to_rdflib(shapes)
    try:
        with _no_fetching(), _no_remarks(), quiet_literals(), warnings.catch_warnings():
            warnings.simplefilter("error", ShapeRecursionWarning)
            for kind in (DeprecationWarning, FutureWarning):
                warnings.simplefilter("ignore", kind)
            _, report, text = validate(
                graph, shacl_graph=rules, inference="none", advanced=False, inplace=True
            )
    except Exception as error:  # rdflib has no kind of its own for what a shape's SPARQL asks
        raise (_incomparable(error) if _is_of_data(error) else bad_shape(error)) from error
    if not isinstance(report, Graph):
        raise KgError(f"a shape cannot be run: {text}", where="ontology/shapes", fix="correct it")
    return read_findings(report)


def _is_of_data(error: Exception) -> bool:
    """Tell whether the data are at fault: values that cannot be compared."""
    frames = extract_tb(error.__traceback__)
    return any(frame.name.startswith("_compare_lt") for frame in frames)


def _incomparable(error: Exception) -> KgError:
    return KgError(
        f"pySHACL cannot compare two values that sh:lessThan puts in order ({error})",
        where="the data",
        fix="choose --engine shacl, which tells the value and its line: it has no IRI, or is not "
        "written as its datatype asks",
    )


@contextmanager
def _no_remarks() -> Iterator[None]:
    """Keep pySHACL from writing to the terminal what its error says again."""
    log = logging.getLogger("pyshacl-validate")
    before, log.disabled = log.disabled, True
    try:
        yield
    finally:
        log.disabled = before


@contextmanager
def _no_fetching() -> Iterator[None]:
    """Keep rdflib from reading files and addresses that a shape's SPARQL may name."""
    import rdflib.plugins.sparql as engine

    before, engine.SPARQL_LOAD_GRAPHS = engine.SPARQL_LOAD_GRAPHS, False
    try:
        yield
    finally:
        engine.SPARQL_LOAD_GRAPHS = before
