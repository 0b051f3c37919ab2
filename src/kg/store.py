"""The graph that is asked: Oxigraph in memory, or a remote SPARQL 1.1 endpoint."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import pyoxigraph
from pyoxigraph import (
    Quad,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Triple,
)

from kg.errors import EndpointFailed, QueryRefused
from kg.gate import check_read_only
from kg.project import Project
from kg.results import Answer, Boolean, Table, Triples


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
            raise _malformed(error) from error
        except RuntimeError as error:
            raise QueryRefused(f"the query could not be run: {error}") from error


class EndpointStore:
    """A remote SPARQL 1.1 endpoint, asked through SPARQLWrapper.

    Args:
        url: the address of the query endpoint, http or https.
        timeout: seconds to wait for the endpoint before giving up.
    """

    def __init__(self, url: str, timeout: int = 30) -> None:
        if not url.startswith(("http://", "https://")):
            raise EndpointFailed(
                f"{url!r} is no address of a SPARQL endpoint",
                where="--endpoint",
                fix="give one that begins with http:// or https://",
            )
        self.url = url
        self.timeout = timeout

    def query(self, text: str) -> Answer:
        """Answer one SPARQL query by asking the endpoint (see `Store.query`)."""
        kind = check_read_only(text)
        try:
            # Oxigraph's parser judges the text first: SPARQLWrapper would send an update as one.
            pyoxigraph.Store().query(text)
        except SyntaxError as error:
            raise _malformed(error) from error
        is_graph = kind in {"CONSTRUCT", "DESCRIBE"}
        body = self._ask(text, kind, "turtle" if is_graph else "json")
        try:
            if is_graph:
                quads = pyoxigraph.parse(body, format=RdfFormat.TURTLE, base_iri=self.url)
                return Triples([quad.triple for quad in quads])
            return _read(pyoxigraph.parse_query_results(body, format=QueryResultsFormat.JSON))
        except (SyntaxError, ValueError) as error:
            raise EndpointFailed(
                "the endpoint's answer is not what the SPARQL protocol promises",
                where=self.url,
                fix="check that the address is the query endpoint, not a web page of it",
            ) from error

    def _ask(self, text: str, kind: str, form: str) -> bytes:
        from http.client import InvalidURL
        from urllib.error import HTTPError, URLError

        from SPARQLWrapper import POST, SPARQLWrapper
        from SPARQLWrapper.SPARQLExceptions import SPARQLWrapperException

        client = SPARQLWrapper(self.url)
        client.setQuery(text)
        # Its own guess looks for a keyword anywhere, and finds LOAD in a comment on workloads.
        client.queryType = kind
        client.setMethod(POST)
        client.setReturnFormat(form)
        client.setTimeout(self.timeout)
        try:
            return bytes(client.query().response.read())
        except (SPARQLWrapperException, HTTPError) as error:
            detail = " ".join(str(error).split())[:300]
            raise EndpointFailed(
                f"the endpoint refused the query: {detail}",
                where=self.url,
                fix="check the address and what the endpoint allows",
            ) from error
        except (ValueError, InvalidURL) as error:
            raise EndpointFailed(
                f"the address of the endpoint is malformed: {error}",
                where=self.url,
                fix="write it as http://host:port/query",
            ) from error
        except (URLError, OSError) as error:
            raise EndpointFailed(
                f"the endpoint does not answer: {getattr(error, 'reason', error)}",
                where=self.url,
                fix="check the address, and that the server is running",
            ) from error


def open_store(project: Project, endpoint: str | None = None) -> Store:
    """Open the graph to ask: a remote endpoint if one is named, else the project's files.

    Raises:
        UnreadableFile: a file of the project is not well-formed Turtle.
        EndpointFailed: the endpoint is no web address.

    Example:
        >>> open_store(Project()).query("ASK { ?s ?p ?o }")
        Boolean(value=True)
    """
    return EndpointStore(endpoint) if endpoint else MemoryStore(project.graph_files())


def _read(answer: QuerySolutions | QueryBoolean | QueryTriples) -> Answer:
    if isinstance(answer, QueryBoolean):
        return Boolean(bool(answer))
    if isinstance(answer, QueryTriples):
        return Triples(list(answer))
    columns = tuple(variable.value for variable in answer.variables)
    return Table(columns, [tuple(row) for row in answer])


def _malformed(error: SyntaxError) -> QueryRefused:
    text = " ".join(str(error).split())
    place = re.match(r"error at (\d+):(\d+): (.*)", text)
    where, detail = (f"line {place[1]}, column {place[2]}", place[3]) if place else ("query", text)
    if "Prefix not found" in detail:
        return QueryRefused(
            "a prefix is used that is not declared",
            where=where,
            fix="add its PREFIX line at the head; `kg query show` prints ours",
        )
    if detail.startswith("expected one of"):
        detail = "this is where the query stops being SPARQL: " + detail[:160]
    return QueryRefused(detail, where=where, fix="correct the query at this place")
