"""The engines that hold data against shapes, and the one form in which each says what it found.

pySHACL is the judge. `shacl`, a compiled engine, gives the same report in a fraction of the time.
"""

import logging
import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import pyoxigraph

from kg.errors import KgError

if TYPE_CHECKING:
    from rdflib import Graph
    from rdflib.term import Identifier

ENGINES = ("auto", "pyshacl", "shacl")
# Up to so many triples pySHACL is as quick as anyone wants.
LARGE = 20_000


class Finding(NamedTuple):
    """One result of an engine, its terms as texts."""

    focus: str
    path: str
    value: str
    shape: str
    message: str
    severity: str
    component: str


def find(
    data: list[pyoxigraph.Triple], shapes: list[pyoxigraph.Triple], graph: "Graph", engine: str
) -> tuple[str, list[Finding]]:
    """Hold data against shapes.

    Args:
        data: the triples.
        shapes: those of the shapes.
        graph: the data once more, for pySHACL.
        engine: one of `ENGINES`; `auto` asks `shacl` about more than `LARGE` triples where it is
            installed, and pySHACL if that refuses.

    Returns:
        The engine that judged, and what it found in a stable order.

    Raises:
        KgError: there is no such engine, it is not installed, or a shape cannot be run.
    """
    if not shapes:
        return "", []
    if engine == "shacl" or (engine == "auto" and len(graph) > LARGE and _installed()):
        try:
            return "shacl", _shacl(data, shapes)
        except KgError as error:
            if engine == "shacl":
                raise
            print(f"shacl did not judge, pySHACL does: {error.what}", file=sys.stderr)
    return "pyshacl", _pyshacl(graph, shapes)


def to_rdflib(triples: Iterable[pyoxigraph.Triple]) -> "Graph":
    """Copy what Oxigraph read strictly into a plain in-memory rdflib graph, literals as written."""
    from rdflib import Graph

    graph = Graph()
    for triple in triples:
        graph.add((_term(triple.subject), _term(triple.predicate), _term(triple.object)))
    return graph


def _term(value: Any) -> "Identifier":
    from rdflib import BNode, Literal, URIRef

    if isinstance(value, pyoxigraph.NamedNode):
        return URIRef(value.value)
    if isinstance(value, pyoxigraph.BlankNode):
        return BNode(value.value)
    if value.language:
        return Literal(value.value, lang=value.language)
    # rdflib and pySHACL take a plain string and xsd:string for two things.
    plain = value.datatype.value.endswith("#string")
    datatype = None if plain else URIRef(value.datatype.value)
    return Literal(value.value, datatype=datatype, normalize=False)


def _findings(report: "Graph") -> list[Finding]:
    """Read the results of a SHACL report, in RDF; messages stay those of the engine."""
    from rdflib import SH

    found = []
    # Results that hang from sh:detail explain another result and are none of their own.
    for result in report.objects(None, SH.result):
        value = report.value(result, SH.value)
        parts = (SH.resultPath, SH.sourceShape, SH.resultMessage)
        path, shape, message = (str(report.value(result, part) or "") for part in parts)
        severity = str(report.value(result, SH.resultSeverity) or SH.Violation)
        component = str(report.value(result, SH.sourceConstraintComponent) or "")
        focus, said = str(report.value(result, SH.focusNode)), "" if value is None else str(value)
        found.append(Finding(focus, path, said, shape, message, severity, component))
    return sorted(found)


def _installed() -> bool:
    try:
        import shacl  # noqa: F401
    except ImportError:
        return False
    return True


def _shacl(data: list[pyoxigraph.Triple], shapes: list[pyoxigraph.Triple]) -> list[Finding]:
    try:
        from shacl import Shapes
    except ImportError as error:
        raise KgError(
            "the engine shacl is not installed",
            where="--engine",
            fix="pip install 'evidence-kg[fast]', or choose pyshacl",
        ) from error

    lines = pyoxigraph.RdfFormat.N_TRIPLES
    try:
        compiled = Shapes.from_text(_text(shapes), "ntriples")
        report = compiled.validate_text(_text(data), "ntriples").serialize("ntriples")
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of compiled code is no Exception
        raise _bad_shape(error) from error
    given = (part for triple in [*shapes, *data] for part in (triple.subject, triple.object))
    nameless = dict.fromkeys(part for part in given if isinstance(part, pyoxigraph.BlankNode))
    # It numbers blank nodes in the order in which it meets them, those of the shapes first.
    names = {f"0_b{number}": node.value for number, node in enumerate(nameless)}
    # Read by Oxigraph, as rdflib would give each blank node yet another name.
    results = to_rdflib(quad.triple for quad in pyoxigraph.parse(report, format=lines))
    return sorted(
        finding._replace(
            focus=names.get(finding.focus, finding.focus),
            value=names.get(finding.value, finding.value),
        )
        for finding in _findings(results)
    )


def _text(triples: list[pyoxigraph.Triple]) -> str:
    written = pyoxigraph.serialize(triples, format=pyoxigraph.RdfFormat.N_TRIPLES)
    return (written or b"").decode()


def _pyshacl(data: "Graph", shapes: list[pyoxigraph.Triple]) -> list[Finding]:
    from pyshacl import validate as pyshacl_validate
    from pyshacl.errors import ShapeRecursionWarning
    from rdflib import Graph

    try:
        with _no_fetching(), warnings.catch_warnings():
            warnings.simplefilter("error", ShapeRecursionWarning)
            warnings.simplefilter("ignore", DeprecationWarning)
            _, report, text = pyshacl_validate(
                data, shacl_graph=to_rdflib(shapes), inference="none", advanced=False, inplace=True
            )
    except Exception as error:  # rdflib has no kind of its own for what a shape's SPARQL asks
        raise _bad_shape(error) from error
    if not isinstance(report, Graph):
        raise KgError(f"a shape cannot be run: {text}", where="ontology/shapes", fix="correct it")
    return _findings(report)


@contextmanager
def _no_fetching() -> Iterator[None]:
    """Keep rdflib from reading files and addresses that a shape's SPARQL may name."""
    import rdflib.plugins.sparql as engine

    before, engine.SPARQL_LOAD_GRAPHS = engine.SPARQL_LOAD_GRAPHS, False
    log = logging.getLogger("rdflib.term")
    level = log.level
    # Each ill-typed literal would print a traceback; the shapes report them in plain words.
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        engine.SPARQL_LOAD_GRAPHS = before
        log.setLevel(level)


def _bad_shape(error: BaseException) -> KgError:
    what = " ".join(str(error).split())[:300]
    return KgError(
        f"a shape cannot be run ({type(error).__name__}: {what})",
        where="ontology/shapes",
        fix="correct the shape that the message names; shapes may not refer to themselves",
    )
