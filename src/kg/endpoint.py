"""A remote SPARQL 1.1 endpoint, asked through SPARQLWrapper and never trusted.

Only `kg.store.open_store` needs it, and imports it when an endpoint is named: SPARQLWrapper is
heavy.
"""

import re
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from io import BytesIO
from time import monotonic
from typing import Any
from urllib.response import addinfourl

import pyoxigraph
from pyoxigraph import QueryBoolean, QueryResultsFormat, QuerySolutions, RdfFormat, Triple
from SPARQLWrapper import POST, SPARQLWrapper

from kg.access import PAGE_TYPES, kind_of, reach, refusal
from kg.errors import QueryRefused
from kg.exchange import Limits, exchange
from kg.gate import check_read_only
from kg.results import Answer, Boolean, Table, Triples
from kg.sparql import malformed
from kg.turtle import nesting

_TABLE_TYPES = ("application/sparql-results+json", "application/json")
_GRAPH_TYPES = ("text/turtle", "application/n-triples")
# A term takes about as many bytes in memory beside its text; an answer may unpack to twice its
# size. Few bytes of JSON can stand for many unbound cells, and of Turtle for many long IRIs.
_CELL = 50
_UNPACKED = 2
# The parsers read what is nested by recursion, and the process dies where the stack ends.
_DEEPEST = 32
# A string that is open is taken as far as it goes, so that the time is proportional to the length.
_MARKS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[{}\[\]]', re.DOTALL)
_MOST_NAMES = 4_000  # of columns; a query has no more words


class EndpointStore:
    """A remote SPARQL 1.1 endpoint; several threads may ask it at once.

    Credentials are taken from the environment alone: KG_ENDPOINT_USER and KG_ENDPOINT_PASSWORD,
    or KG_ENDPOINT_TOKEN. They are sent over https only, unless to this computer.

    Args:
        url: the address of the query endpoint, http or https.
        seconds: for a whole answer, after which the endpoint counts as failed.
        size: the most bytes of an answer.

    Raises:
        EndpointFailed: the address is malformed, or the credentials cannot be used with it.

    Example:
        >>> EndpointStore("https://example.org/sparql").url
        'https://example.org/sparql'
    """

    def __init__(self, url: str, seconds: float = 30, size: int = 50_000_000) -> None:
        self._credentials, self._limits = reach(url, seconds, size)
        self.url = url

    def query(self, text: str) -> Answer:
        """Answer one SPARQL query by asking the endpoint (see `kg.store.Store.query`)."""
        check_read_only(text)
        return self.query_judged(text, _judged(text))

    def query_judged(self, text: str, columns: Sequence[str]) -> Answer:
        """Answer one SPARQL query that has been judged elsewhere.

        Oxigraph cannot judge a query without beginning to answer it, which even of an empty graph
        can take long: that of a stranger is judged where it can be stopped.

        Args:
            text: the query, which must be well-formed.
            columns: those that it asks for, if it asks for rows.
        """
        form = check_read_only(text)
        ends = monotonic() + self._limits.seconds
        client = _Client(self.url, text, form, self._credentials, self._limits)
        body = client.query().response.read()
        try:
            if form in {"CONSTRUCT", "DESCRIBE"}:
                return Triples(self._graph(body, ends))
            return Boolean(self._truth(body)) if form == "ASK" else self._table(body, columns, ends)
        except (SyntaxError, ValueError, MemoryError) as error:
            what = str(error)
        # Outside, as that error holds what Oxigraph read, which only this thread may let go.
        raise self._limits.failed(
            f"the endpoint's answer is not what the SPARQL protocol promises: {what}",
            fix="check that the address is the query endpoint, and look at its answer",
        )

    def _table(self, body: bytes, asked: Sequence[str], ends: float) -> Table:
        answer = _parse_json(body, _UNPACKED * self._limits.size // _CELL)
        if not isinstance(answer, QuerySolutions):
            raise ValueError("yes or no, where rows were asked for")
        columns = tuple(variable.value for variable in answer.variables)
        if sorted(columns) != sorted(asked):
            raise ValueError(f"the columns {', '.join(columns)}, not {', '.join(asked)}")
        return Table(columns, list(self._bounded(map(tuple, answer), ends)))

    def _truth(self, body: bytes) -> bool:
        answer = _parse_json(body, _UNPACKED * self._limits.size // _CELL)
        if not isinstance(answer, QueryBoolean):
            raise ValueError("rows, where yes or no was asked for")
        return bool(answer)

    def _graph(self, body: bytes, ends: float) -> list[Triple]:
        if nesting(body.decode()) > _DEEPEST:
            raise ValueError("brackets are nested too deep")
        # N-Triples are Turtle.
        quads = pyoxigraph.parse(BytesIO(body), format=RdfFormat.TURTLE, base_iri=self.url)
        return [Triple(*row) for row in self._bounded((tuple(quad.triple) for quad in quads), ends)]

    def _bounded(self, rows: Iterator[tuple[Any, ...]], ends: float) -> Iterator[tuple[Any, ...]]:
        left = _UNPACKED * self._limits.size
        for row in rows:
            if any(isinstance(term, Triple) for term in row):
                raise ValueError("a triple stands inside another (RDF 1.2), which is not used here")
            left -= sum(_CELL + len(str(term or "")) for term in row)
            if left < 0:
                raise ValueError("it unpacks to more than twice the size that an answer may have")
            if monotonic() > ends:
                raise ValueError(f"it takes more than {self._limits.seconds:g} seconds to read")
            yield row


class _Client(SPARQLWrapper):
    """One query, put by SPARQLWrapper as the protocol has it, and sent within limits."""

    def __init__(self, url: str, text: str, form: str, credentials: str, limits: Limits) -> None:
        is_graph = form in {"CONSTRUCT", "DESCRIBE"}
        super().__init__(url, returnFormat="turtle" if is_graph else "json")
        # Not by setQuery(): its guess of the form takes the first word that looks like one, which
        # may stand in a comment.
        self.queryString = text
        self.queryType = form
        self.setMethod(POST)
        self.setOnlyConneg(True)
        self._types = _GRAPH_TYPES if is_graph else _TABLE_TYPES
        self.addCustomHttpHeader("Accept", f"{self._types[0]}, {self._types[1]};q=0.8")
        if credentials:
            self.addCustomHttpHeader("Authorization", credentials)
        self._limits = limits

    def _query(self) -> tuple[addinfourl, str]:  # type: ignore[override]  # as urlopen may give
        reply = exchange(self._createRequest(), self._limits)
        kind = kind_of(reply)
        if reply.status != HTTPStatus.OK:
            raise refusal(reply, self._limits, "query")
        if cut := reply.headers.get("KG-Truncated"):
            # As another `kg serve` says of an answer that is not all.
            raise self._limits.failed(
                f"the endpoint cut its answer at its own limit ({self._limits.shown(cut)})",
                fix="ask for less, or in parts with LIMIT and OFFSET",
            )
        if kind in PAGE_TYPES:
            raise self._limits.failed(
                "the endpoint answered with a web page, not as the SPARQL protocol promises",
                fix="give the address of the query endpoint, which often ends in /sparql or /query",
            )
        if kind not in self._types:
            raise self._limits.failed(
                f"the endpoint answered with {kind or 'something unnamed'}, "
                f"where {self._types[0]} was asked for",
                fix="check that the address is the query endpoint",
            )
        length, coding = (reply.headers.get(n) for n in ("Content-Length", "Transfer-Encoding"))
        if self._types is _GRAPH_TYPES and not (length or coding):
            # A table in JSON says itself where it ends; half a graph is a graph too.
            raise self._limits.failed(
                "the endpoint does not say where its graph ends, so that it may be cut off",
                fix="let the server send Content-Length, or chunks",
            )
        return reply, self.returnFormat


def _judged(text: str) -> tuple[str, ...]:
    """Give the columns that a query asks for, if it asks for rows and is well-formed.

    Oxigraph's parser judges a text before it is sent: SPARQLWrapper would send an update as one.
    """
    try:
        asked = pyoxigraph.Store().query(text)
    except SyntaxError as error:
        raise malformed(error, text) from error
    except RuntimeError as error:
        raise QueryRefused(f"the query could not be run: {error}") from error
    if isinstance(asked, QuerySolutions):
        return tuple(variable.value for variable in asked.variables)
    return ()


def _parse_json(body: bytes, most: int) -> QuerySolutions | QueryBoolean:
    """Read SPARQL JSON once it is sure that reading it ends well, and of at most so many parts."""
    if body.count(b"{") > most:
        raise ValueError("too many brackets")
    depth = names = 0
    for mark in _MARKS.finditer(body):
        first = body[mark.start() : mark.start() + 1]
        if first == b'"':
            names += 1
        else:
            names = 0
            depth += 1 if first in b"{[" else -1
        if depth > _DEEPEST or names > _MOST_NAMES:
            raise ValueError("brackets are nested too deep, or there are too many names in a row")
    if depth:
        raise ValueError("it is cut off")
    return pyoxigraph.parse_query_results(BytesIO(body), format=QueryResultsFormat.JSON)
