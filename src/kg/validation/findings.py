"""What an engine found, in one form, whichever engine it was."""

from typing import TYPE_CHECKING, Any, NamedTuple

import pyoxigraph

from kg.errors import KgError
from kg.terms import PREFIXES, to_sparql

if TYPE_CHECKING:
    from rdflib import Graph


class Finding(NamedTuple):
    """One result of an engine, its terms as texts; a focus that is a literal is in quotes.

    `term` is the value once more, in quotes where it is a literal.
    """

    focus: str
    path: str
    value: str
    shape: str
    message: str
    severity: str
    component: str
    term: str = ""


def read_findings(report: "Graph") -> list[Finding]:
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
        focus = _told(report.value(result, SH.focusNode))
        said, term = ("", "") if value is None else (str(value), _told(value))
        found.append(Finding(focus, path, said, shape, message, severity, component, term))
    return sorted(found)


def focus_text(term: Any) -> str:
    """Write a term of Oxigraph as findings tell it, and what is not bound as nothing.

    Example:
        >>> focus_text(pyoxigraph.NamedNode("urn:x")), focus_text(pyoxigraph.Literal("urn:x"))
        ('urn:x', '"urn:x"')
    """
    if not isinstance(term, pyoxigraph.Literal):
        return str(getattr(term, "value", ""))
    # What no query may hold can stand in the data all the same, and is told.
    return str(term) if "\0" in term.value else to_sparql(term)


def _told(term: Any) -> str:
    from rdflib import Literal

    if not isinstance(term, Literal):
        return str(term)
    if term.language:
        return focus_text(pyoxigraph.Literal(str(term), language=term.language))
    datatype = pyoxigraph.NamedNode(term.datatype or f"{PREFIXES['xsd']}string")
    return focus_text(pyoxigraph.Literal(str(term), datatype=datatype))


def bad_shape(error: BaseException) -> KgError:
    """Tell in the project's way of what an engine says of a shape that it cannot run."""
    what = " ".join(str(error).split())[:300]
    return KgError(
        f"a shape cannot be run ({type(error).__name__}: {what})",
        where="ontology/shapes",
        fix="correct the shape that the message names; or choose another --engine",
    )
