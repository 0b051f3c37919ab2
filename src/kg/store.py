"""The graph that is asked: Oxigraph in memory, or a remote SPARQL 1.1 endpoint."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar, cast

import pyoxigraph
from pyoxigraph import (
    NamedNode,
    Quad,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Triple,
)

from kg.errors import EndpointFailed, KgError, QueryRefused
from kg.project import Project
from kg.results import Answer, Boolean, Table, Triples
from kg.sparql import check_read_only

# `default_graph` and `named_graphs`, each a list of IRIs, as pyoxigraph calls them.
Dataset = Mapping[str, Sequence[str]]
_Given = QuerySolutions | QueryBoolean | QueryTriples
_Read = TypeVar("_Read")


class Store(Protocol):
    """Anything that answers SPARQL queries."""

    def query(self, text: str) -> Answer:
        """Answer one SPARQL query.

        Raises:
            QueryRefused: the text is malformed, or asks for more than reading this graph.
            EndpointFailed: a remote endpoint gave no usable answer.
        """


@dataclass(frozen=True)
class Most:
    """How much of an answer is given: rows (or triples), and characters in all of them."""

    rows: int
    size: int


class LocalStore:
    """An Oxigraph store in this process.

    Args:
        graph: the store.

    Example:
        >>> LocalStore(pyoxigraph.Store()).query("ASK { ?s ?p ?o }")
        Boolean(value=False)
    """

    def __init__(self, graph: pyoxigraph.Store) -> None:
        self.graph = graph

    def query(self, text: str) -> Answer:
        """Answer one SPARQL query (see `Store.query`)."""
        check_read_only(text)
        return self._ask(text, _read, None)

    def some(self, text: str, most: Most, dataset: Dataset | None = None) -> tuple[Answer, str]:
        """Answer one SPARQL query up to a limit, and tell which limit was reached, if any.

        Args:
            text: the query.
            most: where the answer ends; what is beyond is never worked out.
            dataset: the graphs to ask, where they are not the default.

        Returns:
            The answer, and `rows`, `size` or an empty text.

        Raises:
            QueryRefused: as `Store.query`; or the dataset names a graph that is not here.

        Example:
            >>> store = MemoryStore(Project().vocabulary_files())
            >>> answer, reached = store.some("SELECT * { ?s ?p ?o }", Most(rows=2, size=1000))
            >>> len(answer.rows), reached
            (2, 'rows')
        """
        check_read_only(text)
        return self._ask(text, lambda answer: _read_some(answer, most), dataset)

    def _ask(self, text: str, read: Callable[[_Given], _Read], dataset: Dataset | None) -> _Read:
        graphs = {}
        for part, names in (dataset or {}).items():
            graphs[part] = [NamedNode(name) for name in names]
            for graph in graphs[part]:
                if not self.graph.contains_named_graph(graph):
                    raise QueryRefused(
                        f"there is no graph {graph} here",
                        where=f"{part.replace('_', '-').rstrip('s')}-uri",
                        fix="leave it out to ask the graph that is here",
                    )
        try:
            return read(self.graph.query(text, **graphs))
        except SyntaxError as error:
            raise _malformed(error) from error
        except RuntimeError as error:
            raise QueryRefused(f"the query could not be run: {error}") from error


class MemoryStore(LocalStore):
    """Oxigraph in memory, holding the triples of some Turtle files.

    Args:
        files: the files.
        triples: what it holds besides.
        reading: is told each file before it is read.

    Example:
        >>> MemoryStore(Project().vocabulary_files()).query("ASK { ?s ?p ?o }")
        Boolean(value=True)
    """

    def __init__(
        self,
        files: list[Path],
        triples: Iterable[Triple] = (),
        reading: Callable[[Path], None] = lambda path: None,
    ) -> None:
        super().__init__(pyoxigraph.Store())
        self.graph.extend(Quad(*triple) for triple in triples)
        for path in files:
            reading(path)
            try:
                self.graph.load(path=str(path), format=RdfFormat.TURTLE)
            except (OSError, SyntaxError, ValueError):
                # Reading it once more in full says what is wrong and where, in a steward's words.
                from kg.turtle import read_turtle

                self.graph.extend(
                    Quad(t.subject, t.predicate, t.object) for t in read_turtle(path).triples
                )


class DiskStore(LocalStore):
    """An Oxigraph store on disk, opened to be read.

    Args:
        folder: where it is. What another program writes to it later is not seen.

    Raises:
        KgError: there is no store, or it cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        # Oxigraph itself would make an empty store of any folder.
        if not (folder / "CURRENT").is_file():
            raise KgError(
                "there is no Oxigraph store in this folder",
                where=folder.as_posix(),
                fix="name the folder of a store",
            )
        try:
            super().__init__(pyoxigraph.Store.read_only(str(folder)))
        except (OSError, RuntimeError) as error:
            raise KgError(
                f"the store cannot be read: {' '.join(str(error).split())}",
                where=folder.as_posix(),
                fix="check its rights, or build it anew from the files",
            ) from error


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


def _read(answer: _Given) -> Answer:
    if isinstance(answer, QueryBoolean):
        return Boolean(bool(answer))
    if isinstance(answer, QueryTriples):
        return Triples(list(answer))
    columns = tuple(variable.value for variable in answer.variables)
    return Table(columns, [tuple(row) for row in answer])


def _read_some(answer: _Given, most: Most) -> tuple[Answer, str]:
    if isinstance(answer, QueryBoolean):
        return Boolean(bool(answer)), ""
    rows = []
    size = 0
    reached = ""
    for row in answer:
        # Counted as the text that the terms come to, which is near what any format makes of them.
        size += sum(len(str(term)) for term in row if term is not None)
        reached = "rows" if len(rows) == most.rows else "size" if size > most.size else ""
        if reached:
            break
        rows.append(row)
    if isinstance(answer, QueryTriples):
        return Triples(cast("list[Triple]", rows)), reached
    columns = tuple(variable.value for variable in answer.variables)
    return Table(columns, [tuple(row) for row in rows]), reached


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
