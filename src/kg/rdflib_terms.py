"""Terms of Oxigraph as those of rdflib, with literals as they are written."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pyoxigraph

from kg.terms import is_iri, is_literal, quiet_literals, read_literal

if TYPE_CHECKING:
    from rdflib import Graph
    from rdflib.term import Identifier


def to_rdflib(triples: Iterable[pyoxigraph.Triple]) -> "Graph":
    """Copy what Oxigraph read strictly into a plain in-memory rdflib graph, literals as written."""
    from rdflib import Graph

    graph = Graph()
    with quiet_literals():
        for triple in triples:
            graph.add((_term(triple.subject), _term(triple.predicate), _term(triple.object)))
    return graph


def read_term(text: str) -> "Identifier":
    """Give the term of rdflib that a finding tells.

    Example:
        >>> read_term('"1"@en'), read_term("urn:x"), read_term("b0")
        (rdflib.term.Literal('1', lang='en'), rdflib.term.URIRef('urn:x'), rdflib.term.BNode('b0'))
    """
    if not is_literal(text):
        return _term((pyoxigraph.NamedNode if is_iri(text) else pyoxigraph.BlankNode)(text))
    with quiet_literals():
        return _term(read_literal(text))


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
