"""A graph sent to a server, by the SPARQL 1.1 Graph Store HTTP Protocol."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO
from urllib.parse import urlencode, urlsplit
from urllib.request import Request

import pyoxigraph
from pyoxigraph import RdfFormat, Triple

from kg.access import PAGE_TYPES, SECONDS, kind_of, limit, reach, refusal
from kg.data_files import Progress, format_of, stream
from kg.errors import EndpointFailed, KgError
from kg.exchange import Limits, SentElsewhere, exchange, knock
from kg.reports import count
from kg.terms import expand

_SECONDS = 60
_SLOWEST = 100_000  # bytes a second
_ANSWER = 1_000_000  # bytes; only its status counts
_DONE = {HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT}
_ADDRESS = "give the address of its graph store, as docs/remote-endpoint.md has it of some servers"
_AGAIN = "then push again: no triple is doubled, but those with blank nodes"
_LOOK = "look at the log of the server"
_FIXES = {
    **dict.fromkeys((400, 404, 415, 501), _ADDRESS),
    403: "let the server be written to, and set KG_ENDPOINT_USER and KG_ENDPOINT_PASSWORD, or "
    "KG_ENDPOINT_TOKEN, to those who may",
    405: f"let the server be written to, or {_ADDRESS}",
    413: "push fewer files at a time, or let the server take larger requests",
    **dict.fromkeys((500, 502, 504), _LOOK),
    507: "make room on the server",
}
# Virtuoso has no graph without a name, and answers 500.
_UNNAMED = {**_FIXES, 500: f"{_LOOK}; or name a graph with --graph, if it keeps none without"}

Told = Callable[[str], None]


def triples_of(files: Sequence[Path], told: Told = lambda text: None) -> Iterator[Triple]:
    """Give the triples of Turtle and N-Triples files, one file after the other.

    Args:
        files: the files; a wrong ending is told at once, all else as they are read.
        told: is told each file before it is read.

    Raises:
        UnreadableFile: a file cannot be read.

    Example:
        >>> from kg.project import Project
        >>> len([*triples_of(Project().vocabulary_files())]) > 1000
        True
    """
    for path in files:
        format_of(path)
    return _read(files, told)


def _read(files: Sequence[Path], told: Told) -> Iterator[Triple]:
    for number, path in enumerate(files, start=1):
        told(f"reading {number} of {len(files)}: {path.as_posix()}")
        yield from stream(path)


def push(
    triples: Iterable[Triple],
    url: str,
    graph: str = "",
    *,
    replace: bool = False,
    told: Told = lambda text: None,
) -> int:
    """Add triples to a graph on a server, or put them in the place of that graph.

    They go as N-Triples by way of a temporary file, and in one request: so a fault in a file is
    found before anything is sent, little memory is taken, and a server that works in transactions
    takes all or nothing.

    Args:
        triples: what to send.
        url: the address of the server's graph store.
        graph: the IRI or CURIE of the graph on the server; none is its default graph.
        replace: whether to replace what the graph holds now.
        told: is told how far it is.

    Returns:
        How many triples were sent.

    Raises:
        KgError: there are no triples, or the name of the graph is no IRI.
        EndpointFailed: the address or the credentials cannot be used, or the server did not take
            the triples; the error says what may have come of them.
    """
    allowed = limit(SECONDS[0], _SECONDS)
    credentials, limits = reach(url, allowed, _ANSWER)
    address = _addressed(url, graph)
    knock(url, limits)
    with TemporaryFile(prefix="kg-push-") as body:
        number = _write(triples, body)
        size = body.tell()
        body.seek(0)
        reading = Progress(body, size, lambda text: told(f"sent {text}"))
        headers = {"Content-Type": "application/n-triples", "Content-Length": str(size)}
        if credentials:
            headers["Authorization"] = credentials
        method = "PUT" if replace else "POST"
        request = Request(address, data=reading, headers=headers, method=method)
        told(f"sending {count(number, 'triple')} ({size / 1e6:,.1f} MB)")
        seconds = allowed + size / _SLOWEST
        try:
            _send(
                request,
                reading,
                dataclasses.replace(limits, seconds=seconds, follow=False),
                _FIXES if graph else _UNNAMED,
            )
        except KeyboardInterrupt:
            told(f"stopped: {_gone(reading)}")
            raise
    return number


def _addressed(url: str, graph: str) -> str:
    """Give the address of a graph of the graph store, as the protocol names it there."""
    parts = urlsplit(url)
    name = urlencode({"graph": expand(graph)}) if graph else "default"
    return parts._replace(query="&".join(filter(None, (parts.query, name))), fragment="").geturl()


def _write(triples: Iterable[Triple], body: IO[bytes]) -> int:
    number = 0

    def counted() -> Iterator[Triple]:
        nonlocal number
        for number, triple in enumerate(triples, start=1):  # noqa: B007 - told when it ends
            yield triple

    pyoxigraph.serialize(counted(), body, format=RdfFormat.N_TRIPLES)
    if not number:
        raise KgError("there are no triples to push", fix="name files that hold some")
    return number


def _send(request: Request, reading: Progress, limits: Limits, fixes: Mapping[int, str]) -> None:
    try:
        reply = exchange(request, limits)
    except SentElsewhere:
        raise
    except EndpointFailed as error:
        raise _unsure(error, reading) from error
    if reply.status not in _DONE:
        refused = refusal(reply, limits, "graph", fixes)
        may_have_kept = (reply.status or 0) >= 500 and reply.status != HTTPStatus.NOT_IMPLEMENTED
        raise _unsure(refused, reading) if may_have_kept else refused
    # Virtuoso calls an empty answer a page.
    if kind_of(reply) in PAGE_TYPES and reply.read().strip():
        raise limits.failed(
            "the endpoint answered with a web page, as no graph store does", _ADDRESS
        )
    if reading.done < reading.size:
        raise _unsure(limits.failed("the endpoint did not read the whole graph", _LOOK), reading)


def _unsure(error: EndpointFailed, reading: Progress) -> EndpointFailed:
    """Tell, of a push that was cut off, what went and what is not known."""
    if not reading.done:
        return error
    what = f"{error.what}; {_gone(reading)}"
    return EndpointFailed(what, where=error.where, fix=f"{error.fix}; {_AGAIN}")


def _gone(reading: Progress) -> str:
    return (
        f"{reading.done:,} of {reading.size:,} bytes of the graph had been sent, and what the "
        "endpoint kept of them is not known"
    )
