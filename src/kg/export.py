"""The whole graph as one file, with or without the triples that rules derive."""

from collections.abc import Iterable, Iterator
from typing import Any

import pyoxigraph
from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    DefaultGraph,
    NamedNode,
    Quad,
    QueryTriples,
    Store,
    Triple,
)

from kg.errors import KgError, QueryRefused
from kg.gate import check_read_only
from kg.project import Project
from kg.results import GRAPH_FORMATS, Triples
from kg.store import Store as Asked
from kg.terms import PREFIXES
from kg.turtle import read_turtle

DERIVED = NamedNode(f"{PREFIXES['graph']}derived")


def export_graph(
    project: Project, form: str, *, derived: bool = False, asked: Asked | None = None
) -> bytes:
    r"""Write the project's graph, vocabularies and all, in one of `ttl`, `nt` and `jsonld`.

    The same graph gives the same bytes: from files in the order of the files, from a store or an
    endpoint sorted, as that has no order of its own. A store may keep the value of a number and
    not how it was written: `1.50` comes out of Oxigraph as `1.5`.

    Args:
        project: whose graph.
        form: the format.
        derived: whether to add what `ontology/rules/*.rq` derive: in the named graph
            `graph:derived` for `jsonld`, among the other triples for the formats without graphs.
        asked: a store or an endpoint to take the graph from; without one, the project's files.

    Raises:
        KgError: there is no such format, or a rule cannot be run.

    Example:
        >>> export_graph(Project(), "nt").count(b"\n") > 1000
        True
    """
    if form not in GRAPH_FORMATS:
        raise KgError(
            f"{form!r} is no format",
            where="--format",
            fix=f"choose one of {', '.join(GRAPH_FORMATS)}",
        )
    quads = _numbered(_asked(asked) if asked else _from_files(project))
    if derived:
        store = Store()
        store.bulk_extend(quads)
        place = DERIVED if form == "jsonld" else DefaultGraph()
        quads += [
            Quad(triple.subject, triple.predicate, triple.object, place)
            for path in project.files("ontology", "rules/*.rq")
            for triple in sorted(
                _derive(store, path.read_text(encoding="utf-8"), project.shown(path)), key=str
            )
        ]
    prefixes = None if form == "nt" else PREFIXES
    if form == "jsonld":
        return pyoxigraph.serialize(quads, format=GRAPH_FORMATS[form], prefixes=prefixes) or b""
    triples = dict.fromkeys(quad.triple for quad in quads)
    return pyoxigraph.serialize(triples, format=GRAPH_FORMATS[form], prefixes=prefixes) or b""


def _from_files(project: Project) -> Iterator[Triple]:
    for path in project.graph_files():
        yield from read_turtle(path).triples


def _asked(store: Asked) -> list[Triple]:
    answer = store.query("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }")
    triples = answer.triples if isinstance(answer, Triples) else []
    graph = Dataset(Quad(*triple) for triple in triples)
    # Blank nodes have other names in each store; by these the order would change.
    graph.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return sorted((quad.triple for quad in graph), key=str)


def _numbered(triples: Iterable[Triple]) -> list[Quad]:
    """Name blank nodes by the order in which they come, so that each export has the same bytes."""
    names: dict[BlankNode, BlankNode] = {}

    def named(term: Any) -> Any:
        if isinstance(term, BlankNode):
            return names.setdefault(term, BlankNode(f"b{len(names)}"))
        return term

    return [Quad(named(t.subject), t.predicate, named(t.object)) for t in triples]


def _derive(store: Store, rule: str, where: str) -> QueryTriples:
    try:
        check_read_only(rule)
        answer = store.query(rule)
    except QueryRefused as error:
        raise KgError(error.what, where=where, fix=error.fix) from error
    except SyntaxError as error:
        raise KgError(
            f"the rule is not well-formed: {error}", where=where, fix="correct its SPARQL"
        ) from error
    if not isinstance(answer, QueryTriples):
        raise KgError("the rule derives no triples", where=where, fix="write it as a CONSTRUCT")
    return answer
