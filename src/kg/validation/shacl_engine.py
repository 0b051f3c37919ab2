"""`shacl`, a compiled engine: the report of pySHACL in a fraction of the time."""

from collections.abc import Sequence

from pyoxigraph import BlankNode, RdfFormat, Triple, parse, serialize

from kg.errors import KgError
from kg.rdflib_terms import to_rdflib
from kg.validation.findings import Finding, bad_shape, read_findings
from kg.validation.shapes import Shapes
from kg.validation.well_formed import check_form

_LINES = RdfFormat.N_TRIPLES


def is_installed() -> bool:
    """Tell whether the engine came with the program."""
    try:
        import shacl  # noqa: F401
    except ImportError:
        return False
    return True


def find(data: Sequence[Triple], shapes: Sequence[Triple]) -> list[Finding]:
    """Hold data against shapes.

    Raises:
        KgError: it is not installed, or refuses a shape.

    Example:
        >>> find([], [])
        []
    """
    try:
        import shacl
    except ImportError as error:
        raise KgError(
            "the engine shacl is not installed",
            where="--engine",
            fix="pip install 'evidence-kg[fast]', or choose pyshacl",
        ) from error

    check_form(Shapes(shapes))
    try:
        compiled = shacl.Shapes.from_text(_text(shapes), "ntriples")
        report = compiled.validate_text(_text(data), "ntriples").serialize("ntriples")
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of compiled code is no Exception
        raise bad_shape(error) from error
    # Read by Oxigraph, as rdflib would give each blank node yet another name.
    found = read_findings(to_rdflib(quad.triple for quad in parse(report, format=_LINES)))
    names = _names("1_b", shapes)
    if not all(":" in finding.focus and ":" in finding.value for finding in found):
        names |= _names("0_b", [*shapes, *data])
    return sorted(
        finding._replace(
            focus=names.get(finding.focus, finding.focus),
            value=names.get(finding.term, finding.value),
            shape=names.get(finding.shape, finding.shape),
            term=names.get(finding.term, finding.term),
        )
        for finding in found
    )


def _names(start: str, triples: Sequence[Triple]) -> dict[str, str]:
    """Give the names of blank nodes by those that the engine calls them.

    It numbers them in the order in which it meets them, those of the shapes first: one that is a
    shape as 1_b7, one that is found as 0_b7.
    """
    given = (part for triple in triples for part in (triple.subject, triple.object))
    nameless = dict.fromkeys(part for part in given if isinstance(part, BlankNode))
    return {f"{start}{number}": node.value for number, node in enumerate(nameless)}


def _text(triples: Sequence[Triple]) -> str:
    return (serialize(triples, format=_LINES) or b"").decode()
