"""Prefixes and namespaces; IRI to CURIE and back; RDF terms written safely into SPARQL."""

import logging
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any, cast

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, parse

from kg.errors import KgError, UnknownName

BASE = "https://w3id.org/evidence-kg/"

# One prefix per kind of thing, as shared by data, queries, shapes and views.
KINDS = (
    *("source", "statement", "passage", "evidence", "quantity", "disagreement", "event"),
    *("organisation", "agency", "theme", "coding", "trend", "valence", "voice", "difference"),
    *("design", "status", "unit", "place", "profession", "group", "instrument"),
    *("scheme", "collection", "graph", "dataset", "span", "query", "parameter", "metric"),
    "measurement",
)

PREFIXES: dict[str, str] = {
    "kg": f"{BASE}ontology#",
    "kgs": f"{BASE}shapes#",
    **{kind: f"{BASE}{kind}/" for kind in KINDS},
    "aif": "http://www.arg.dundee.ac.uk/aif#",
    "biro": "http://purl.org/spar/biro/",
    "c4o": "http://purl.org/spar/c4o/",
    "cito": "http://purl.org/spar/cito/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcterms": "http://purl.org/dc/terms/",
    "dqv": "http://www.w3.org/ns/dqv#",
    "fabio": "http://purl.org/spar/fabio/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "oa": "http://www.w3.org/ns/oa#",
    "obo": "http://purl.obolibrary.org/obo/",
    "org": "http://www.w3.org/ns/org#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "prov": "http://www.w3.org/ns/prov#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "schema": "https://schema.org/",
    "sh": "http://www.w3.org/ns/shacl#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "vann": "http://purl.org/vocab/vann/",
    "void": "http://rdfs.org/ns/void#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}

# Longest namespace first, so that `ontology#` is tried before the base that it begins with.
_BY_NAMESPACE = sorted(((ns, p) for p, ns in PREFIXES.items()), key=lambda pair: -len(pair[0]))

Term = NamedNode | Literal | BlankNode


def curie(iri: str) -> str:
    """Shorten an IRI to `prefix:name`, or give it back unchanged where no prefix fits.

    Example:
        >>> curie("https://w3id.org/evidence-kg/theme/policy-context")
        'theme:policy-context'
        >>> curie("https://example.org/x")
        'https://example.org/x'
    """
    for namespace, prefix in _BY_NAMESPACE:
        if iri.startswith(namespace):
            local = iri[len(namespace) :]
            # Anything else would need escaping to be a prefixed name in Turtle or SPARQL.
            if local and local.replace("-", "").replace("_", "").isalnum() and local.isascii():
                return f"{prefix}:{local}" if local[0] != "-" else iri
            return iri
    return iri


def expand(name: str) -> str:
    """Give the full IRI for a CURIE with a known prefix, for `<IRI>`, or for an absolute IRI.

    Raises:
        UnknownName: the prefix is not one of `PREFIXES`, or the IRI is malformed.

    Example:
        >>> expand("agency:health")
        'https://w3id.org/evidence-kg/agency/health'
    """
    text = name[1:-1] if name.startswith("<") and name.endswith(">") else name
    prefix, colon, local = text.partition(":")
    if colon and prefix in PREFIXES and not local.startswith("//"):
        text = PREFIXES[prefix] + local
    elif not (colon and local.startswith("//")) and not text.startswith("urn:"):
        raise UnknownName(
            f"{name!r} has no known prefix",
            fix=f"write a full IRI, or one of the prefixes {nearest_of(prefix, PREFIXES)}",
        )
    try:
        return str(NamedNode(text).value)
    except ValueError as error:
        raise UnknownName(
            f"{name!r} is not a well-formed IRI", fix="an IRI holds no spaces, quotes or brackets"
        ) from error


def nearest_of(name: str, known: Iterable[str]) -> str:
    """List the known names most like the given one, for an error message.

    Example:
        >>> nearest_of("helth", ["education", "health", "police"])
        'health'
    """
    names = sorted(known)
    return ", ".join(get_close_matches(name, names, n=3, cutoff=0.5) or names[:12])


def local_name(iri: str) -> str:
    """Give what follows the last `#`, `/` or `:` of an IRI.

    Example:
        >>> local_name("https://w3id.org/evidence-kg/source/fish-2009")
        'fish-2009'
    """
    return iri.rstrip("/#").replace("#", "/").replace(":", "/").rpartition("/")[2]


def to_sparql(term: Term) -> str:
    r"""Write one term as SPARQL text that every engine reads back as that very term.

    Strings are escaped so that nothing in them can end the literal, in rdflib (which expands
    `\u` escapes before it reads tokens, and turns raw tabs into spaces) as in Oxigraph.

    Raises:
        KgError: a blank node (it would be a variable), or a character that RDF does not allow.

    Example:
        >>> to_sparql(Literal('say "no"'))
        '"say \\"no\\""'
        >>> to_sparql(NamedNode("https://w3id.org/evidence-kg/agency/health"))
        '<https://w3id.org/evidence-kg/agency/health>'
    """
    if isinstance(term, NamedNode):
        return f"<{term.value}>"
    if isinstance(term, BlankNode):
        raise KgError("a blank node cannot be asked for", fix="use the IRI of a named thing")
    text = _quoted(term.value)
    if term.language:
        return f"{text}@{term.language}"
    datatype = term.datatype.value
    return text if datatype == f"{PREFIXES['xsd']}string" else f"{text}^^<{datatype}>"


_ESCAPES = {'"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}


def _quoted(value: str) -> str:
    out: list[str] = []
    after_backslash = False
    for char in value:
        if char == "\0" or "\ud800" <= char <= "\udfff":
            raise KgError("a text holds a character that RDF does not allow", fix="remove it")
        if char == "\\":
            out.append("\\\\")
        elif after_backslash and char in "uU":
            # rdflib reads a backslash pair followed by u as an escape unless the u is one itself.
            out.append(f"\\U{ord(char):08X}")
        else:
            out.append(_ESCAPES.get(char, char))
        after_backslash = char == "\\"
    return f'"{"".join(out)}"'


def is_iri(text: str) -> bool:
    """Tell whether a term in a report is an IRI; else it is a blank node or a quoted literal.

    Args:
        text: an IRI, the name of a blank node, or a literal in its quotes.

    Example:
        >>> is_iri("urn:x"), is_iri("b0"), is_iri('"urn:x"')
        (True, False, False)
    """
    return ":" in text and not is_literal(text)


def is_literal(text: str) -> bool:
    """Tell whether a term in a report is a literal, in its quotes.

    Example:
        >>> is_literal('"x"'), is_literal("urn:x")
        (True, False)
    """
    return text.startswith('"')


def read_literal(text: str) -> Literal:
    """Give the literal that a term in a report is.

    Example:
        >>> read_literal('"1"@en').language
        'en'
    """
    (quad,) = parse(f"<x:s> <x:p> {text} .", format=RdfFormat.N_TRIPLES)
    return cast(Literal, quad.object)


def by_language(text: Any) -> tuple[int, str]:
    """Give the key by which texts are sorted: those in English, then those without a language.

    Args:
        text: a term of Oxigraph or of rdflib.

    Example:
        >>> texts = [Literal("un", language="fr"), Literal("one", language="en"), Literal("1")]
        >>> [text.value for text in sorted(texts, key=by_language)]
        ['one', '1', 'un']
    """
    language = getattr(text, "language", None) or ""
    return 0 if language.lower().startswith("en") else 1 + bool(language), str(text)


@contextmanager
def quiet_literals() -> Iterator[None]:
    """Keep rdflib from remarks on ill-typed literals: the shapes report them in plain words.

    Example:
        >>> from rdflib import XSD, Literal
        >>> with quiet_literals():
        ...     Literal("soon", datatype=XSD.date).value
    """
    log = logging.getLogger("rdflib.term")
    level = log.level
    # Each would print a traceback.
    log.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Parsing weird boolean", UserWarning)
            yield
    finally:
        log.setLevel(level)
