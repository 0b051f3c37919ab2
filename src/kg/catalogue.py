"""The saved queries as RDF: what each asks, by which terms, and which parameters it takes.

They are described as the SPARQL examples of the SIB are (one `sh:SPARQLExecutable` each,
<https://github.com/sib-swiss/sparql-examples>), with each parameter as a `sh:Parameter` of SHACL
Advanced Features (<https://www.w3.org/TR/shacl-af/#SPARQLTargetType>).
"""

from collections.abc import Iterable, Iterator

from pyoxigraph import BlankNode, Literal, NamedNode, QuerySolutions, Store, Triple

from kg.errors import KgError, QueryRefused
from kg.gate import check_read_only
from kg.queries import Param, SavedQuery
from kg.results import Triples
from kg.sparql import named, tokens
from kg.terms import PREFIXES, Term, expand

DATASET = f"{PREFIXES['dataset']}evidence-kg"
_FORMS = {"SELECT", "ASK", "CONSTRUCT", "DESCRIBE"}
_DATATYPES = {"text": "string", "integer": "integer", "date": "date", "boolean": "boolean"}


def terms_used(query: SavedQuery) -> list[str]:
    """List the IRIs that a saved query names, in its text or as what a parameter may be.

    Raises:
        KgError: its text uses a prefix that it does not declare.

    Example:
        >>> from kg.project import Project
        >>> from kg.queries import load_query
        >>> terms_used(load_query(Project(), "gap-by-theme"))[0]
        'http://www.w3.org/1999/02/22-rdf-syntax-ns#type'
    """
    found = {param.choices_from[1] for param in query.params if param.choices_from}
    try:
        found |= {iri for _, iri in named(query.text)}
    except QueryRefused as error:
        raise KgError(error.what, where=query.path.as_posix(), fix=error.fix) from error
    return sorted(found)


def describe(queries: Iterable[SavedQuery], target: str = DATASET) -> Triples:
    """Describe saved queries as RDF, so that they can be published, and asked themselves.

    Args:
        queries: what to describe.
        target: the IRI of what they are asked of: an endpoint, or else the dataset.

    Raises:
        KgError: the target is no IRI, or a default is not well-formed.

    Example:
        >>> from kg.project import Project
        >>> from kg.queries import list_queries
        >>> len(describe(list_queries(Project())).triples) > 500
        True
    """
    try:
        asked = NamedNode(target)
    except ValueError as error:
        fix = "give an address that begins with http:// or https://"
        raise KgError(f"{target!r} is no IRI", where="--endpoint", fix=fix) from error
    return Triples([triple for query in queries for triple in _query(query, asked)])


def _query(query: SavedQuery, target: NamedNode) -> Iterator[Triple]:
    this = _iri(f"query:{query.id}")
    # The lines of the head are told in triples; what is left runs as it stands.
    text = "".join(
        line for line in query.text.splitlines(keepends=True) if not line.startswith("#+")
    )
    form = check_read_only(text)

    def told(predicate: str, value: Term) -> Triple:
        return Triple(this, _iri(predicate), value)

    yield told("rdf:type", _iri("sh:SPARQLExecutable"))
    yield told("rdf:type", _iri(f"sh:SPARQL{form.capitalize()}Executable"))
    yield told("rdfs:label", Literal(query.summary, language="en"))
    yield told("rdfs:comment", Literal(query.question, language="en"))
    if query.description:
        yield told("dcterms:description", Literal(query.description, language="en"))
    yield told(f"sh:{form.lower()}", Literal(text))
    yield told("schema:target", target)
    if query.tags:
        yield told("schema:keywords", Literal(", ".join(query.tags)))
    for user in query.users:
        yield told("dcterms:audience", Literal(user, language="en"))
    for term in terms_used(query):
        yield told("dcterms:references", NamedNode(term))
    places = {param: NamedNode(f"{this.value}#{param.name}") for param in query.params}
    for place in places.values():
        yield told("sh:parameter", place)
    for param, place in places.items():
        yield from _param(param, place, query)


def _param(param: Param, this: NamedNode, query: SavedQuery) -> Iterator[Triple]:
    def told(predicate: str, value: Term) -> Triple:
        return Triple(this, _iri(predicate), value)

    yield told("rdf:type", _iri("sh:Parameter"))
    yield told("sh:path", _iri(f"parameter:{param.name}"))
    yield told("sh:name", Literal(param.label, language="en"))
    if param.choices_from is None:
        yield told("sh:datatype", _iri(f"xsd:{_DATATYPES[param.type]}"))
    else:
        link, choice = param.choices_from
        if expand(link) == expand("rdf:type"):
            yield told("sh:class", NamedNode(choice))
        else:
            # Concepts of a scheme and subclasses of a class: a value has that link to it.
            hung = NamedNode(f"{this.value}-choice")
            yield told("sh:nodeKind", _iri("sh:IRI"))
            yield told("sh:property", hung)
            yield Triple(hung, _iri("sh:path"), _iri(link))
            yield Triple(hung, _iri("sh:hasValue"), NamedNode(choice))
    rest: Term = _iri("rdf:nil")
    for number, text in reversed(list(enumerate(param.texts))):
        cell = BlankNode(f"{query.id}-{param.name}-{number}")
        yield Triple(cell, _iri("rdf:first"), Literal(text))
        yield Triple(cell, _iri("rdf:rest"), rest)
        rest = cell
    if param.texts:
        yield told("sh:in", rest)
    if not param.multiple:
        yield told("sh:maxCount", Literal(1))
    # Every parameter has a default, so that none has to be given.
    yield told("sh:optional", Literal(True))
    values = _defaults(param, query)
    if len(values) == 1:
        # SHACL has no place for several; they stand in the text all the same.
        yield told("sh:defaultValue", values[0])


def _defaults(param: Param, query: SavedQuery) -> list[Term]:
    """Read the terms in a slot as an engine does; UNDEF is none."""
    start = next(token.start for token in tokens(query.text) if token.text.upper() in _FORMS)
    head = query.text[:start]
    try:
        answer = Store().query(f"{head}SELECT ?x {{ VALUES ?x {{ {param.slot.content} }} }}")
    except SyntaxError as error:
        raise KgError(
            f"the default of {param.name} is not well-formed: {error}",
            where=query.path.as_posix(),
            fix="write a term, or UNDEF for any",
        ) from error
    assert isinstance(answer, QuerySolutions)
    return [row[0] for row in answer if row[0] is not None]


def _iri(name: str) -> NamedNode:
    return NamedNode(expand(name))
