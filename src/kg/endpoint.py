"""A remote SPARQL 1.1 endpoint, asked through SPARQLWrapper and never trusted.

Only `kg.store.open_store` needs it, and imports it when an endpoint is named: SPARQLWrapper is
heavy.
"""

import re
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from io import BytesIO
from time import monotonic
from typing import Any, cast
from urllib.response import addinfourl

import pyoxigraph
from pyoxigraph import (
    Literal,
    NamedNode,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    RdfFormat,
    Triple,
)
from SPARQLWrapper import POST, SPARQLWrapper

from kg.access import MEGABYTES, PAGE_TYPES, SECONDS, kind_of, limit, reach, refusal
from kg.errors import QueryRefused
from kg.exchange import Limits, exchange
from kg.gate import check_read_only
from kg.results import Answer, Boolean, Table, Triples
from kg.sparql import malformed, tokens
from kg.terms import PREFIXES
from kg.turtle import nesting

_TABLE_TYPES = ("application/sparql-results+json", "application/json")
_GRAPH_TYPES = ("text/turtle", "application/n-triples")
_GRAPH_FORMS = ("CONSTRUCT", "DESCRIBE")
# What another `kg serve`, and Virtuoso of its limits of rows and of time, say of an answer.
_CUT_BY = ("KG-Truncated", "X-SPARQL-MaxRows", "X-SQL-State")
_TRUTH = "__ASK_RETVAL"  # the column of Virtuoso's answer to an ASK: a row for yes, none for no
# A term takes about as many bytes in memory beside its text; an answer may unpack to twice its
# size. Few bytes of JSON can stand for many unbound cells, and of Turtle for many long IRIs.
_CELL = 50
_UNPACKED = 2
# The parsers read what is nested by recursion, and the process dies where the stack ends.
_DEEPEST = 32
# A string that is open is taken as far as it goes, so that the time is proportional to the length.
_MARKS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[{}\[\]]', re.DOTALL)
_BOOLEAN = NamedNode(f"{PREFIXES['xsd']}boolean")
_MOST_NAMES = 4_000  # of columns; a query has no more words


class EndpointStore:
    """A remote SPARQL 1.1 endpoint; several threads may ask it at once.

    Credentials are taken from the environment alone: KG_ENDPOINT_USER and KG_ENDPOINT_PASSWORD,
    or KG_ENDPOINT_TOKEN. They are sent over https only, unless to this computer.

    Args:
        url: the address of the query endpoint, http or https.
        seconds: for a whole answer, after which the endpoint counts as failed; without it
            KG_ENDPOINT_SECONDS of the environment, else 30.
        size: the most bytes of an answer; without it KG_ENDPOINT_MB million, else 50 million.

    Raises:
        EndpointFailed: the address is malformed, or the credentials cannot be used with it, or a
            limit in the environment is no number.

    Example:
        >>> EndpointStore("https://example.org/sparql").url
        'https://example.org/sparql'
    """

    def __init__(self, url: str, seconds: float = 0, size: int = 0) -> None:
        self._credentials, self._limits = reach(
            url,
            seconds or limit(*SECONDS),
            size or int(limit(*MEGABYTES) * 1_000_000),
        )
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
        reply = self._asked(text, form)
        body = reply.read()
        if form in _GRAPH_FORMS and reply.headers.get("Server", "").startswith("Virtuoso"):
            self._check_whole(text)
        try:
            if form in _GRAPH_FORMS:
                return Triples(self._graph(body, ends))
            return Boolean(self._truth(body)) if form == "ASK" else self._table(body, columns, ends)
        except (SyntaxError, ValueError, MemoryError) as error:
            what = str(error)
        # Outside, as that error holds what Oxigraph read, which only this thread may let go.
        raise self._limits.failed(
            f"the endpoint's answer is not what the SPARQL protocol promises: {what}",
            fix="check that the address is the query endpoint, and look at its answer",
        )

    def _asked(self, text: str, form: str) -> addinfourl:
        client = _Client(self.url, text, form, self._credentials, self._limits)
        return cast(addinfourl, client.query().response)

    def _check_whole(self, text: str) -> None:
        """Refuse a graph that Virtuoso may have cut, which it tells only of rows."""
        if rows := _rows_behind(text):
            self._asked(rows, "SELECT")

    def _table(self, body: bytes, asked: Sequence[str], ends: float) -> Table:
        answer = _parse_json(body, _UNPACKED * self._limits.size // _CELL)
        if not isinstance(answer, QuerySolutions):
            raise ValueError("yes or no, where rows were asked for")
        columns = tuple(variable.value for variable in answer.variables)
        if sorted(columns) != sorted(asked):
            raise ValueError(f"the columns {', '.join(columns)}, not {', '.join(asked)}")
        rows = (tuple(map(_written, row)) for row in answer)
        return Table(columns, list(self._bounded(rows, ends)))

    def _truth(self, body: bytes) -> bool:
        answer = _parse_json(body, _UNPACKED * self._limits.size // _CELL)
        if isinstance(answer, QueryBoolean):
            return bool(answer)
        if [variable.value for variable in answer.variables] == [_TRUTH]:
            return [str(row[0].value) for row in answer] == ["1"]
        raise ValueError("rows, where yes or no was asked for")

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
        is_graph = form in _GRAPH_FORMS
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
        for name in _CUT_BY:
            if limit := reply.headers.get(name):
                told = f"{name}: {self._limits.shown(limit)}"
                raise self._limits.failed(
                    f"the answer ends at the endpoint's own limit ({told}), so that it may not "
                    "be whole",
                    fix="ask for less, in parts with LIMIT and OFFSET, or let the limit be raised",
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


def _rows_behind(text: str) -> str:
    """Give the query for a row for each solution that a graph is made of; empty without any."""
    found = [*tokens(text)]
    words = [token.text.upper() for token in found]
    begin = next(n for n, word in enumerate(words) if word in _GRAPH_FORMS)
    if words[begin : begin + 2] == ["CONSTRUCT", "{"]:
        end = words.index("}", begin)  # no group stands in a template
    elif "{" in words:
        end = words.index("{", begin) - 1
    else:
        return ""
    return f"{text[: found[begin].start]}SELECT (1 AS ?kgRow){text[found[end].end :]}"


def _written(term: Any) -> Any:
    """Write a boolean as everybody does: Virtuoso has 1 and 0."""
    if isinstance(term, Literal) and term.datatype == _BOOLEAN and term.value in {"0", "1"}:
        return Literal(term.value == "1")
    return term


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
    # Virtuoso's names of blank nodes, which hold what no name may.
    body = body.replace(b'"bnode", "value": "nodeID://', b'"bnode", "value": "')
    return pyoxigraph.parse_query_results(BytesIO(body), format=QueryResultsFormat.JSON)
