"""The graph that is asked: Oxigraph in memory, or a remote SPARQL 1.1 endpoint."""

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import pyoxigraph
from pyoxigraph import (
    Quad,
    QueryBoolean,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Triple,
)

from kg.errors import QueryRefused
from kg.project import Project
from kg.results import Answer, Boolean, Table, Triples
from kg.sparql import check_read_only, malformed


class Store(Protocol):
    """Anything that answers SPARQL queries."""

    def query(self, text: str) -> Answer:
        """Answer one SPARQL query.

        Raises:
            QueryRefused: the text is malformed, or asks for more than reading this graph.
            EndpointFailed: a remote endpoint gave no usable answer.
        """


class MemoryStore:
    """Oxigraph in memory, holding the triples of some Turtle files.

    Args:
        files: the files.
        triples: what it holds besides.

    Example:
        >>> MemoryStore(Project().vocabulary_files()).query("ASK { ?s ?p ?o }")
        Boolean(value=True)
    """

    def __init__(self, files: list[Path], triples: Iterable[Triple] = ()) -> None:
        self.graph = pyoxigraph.Store()
        self.graph.extend(Quad(*triple) for triple in triples)
        for path in files:
            try:
                self.graph.load(path=str(path), format=RdfFormat.TURTLE)
            except (OSError, SyntaxError, ValueError):
                # Reading it once more in full says what is wrong and where, in a steward's words.
                from kg.turtle import read_turtle

                self.graph.extend(
                    Quad(t.subject, t.predicate, t.object) for t in read_turtle(path).triples
                )

    def query(self, text: str) -> Answer:
        """Answer one SPARQL query over the files' triples (see `Store.query`)."""
        check_read_only(text)
        try:
            return _read(self.graph.query(text))
        except SyntaxError as error:
            raise malformed(error) from error
        except RuntimeError as error:
            raise QueryRefused(f"the query could not be run: {error}") from error


def open_store(project: Project, endpoint: str | None = None) -> Store:
    """Open the graph to ask: a remote endpoint if one is named, else the project's files.

    Raises:
        UnreadableFile: a file of the project is not well-formed Turtle.
        EndpointFailed: the endpoint is no web address, or the credentials for it cannot be used.

    Example:
        >>> open_store(Project()).query("ASK { ?s ?p ?o }")
        Boolean(value=True)
    """
    if endpoint:
        # Here, as it loads SPARQLWrapper.
        from kg.endpoint import EndpointStore

        return EndpointStore(endpoint)
    return MemoryStore(project.graph_files())


def _read(answer: QuerySolutions | QueryBoolean | QueryTriples) -> Answer:
    if isinstance(answer, QueryBoolean):
        return Boolean(bool(answer))
    if isinstance(answer, QueryTriples):
        return Triples(list(answer))
    columns = tuple(variable.value for variable in answer.variables)
    return Table(columns, [tuple(row) for row in answer])
