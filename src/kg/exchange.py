"""One HTTP request and its answer, within limits of time and size, whatever the server does."""

import re
import shlex
import socket
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http.client import (
    HTTPConnection,
    HTTPException,
    HTTPResponse,
    HTTPSConnection,
    IncompleteRead,
    InvalidURL,
)
from io import BytesIO
from ssl import SSLCertVerificationError, SSLContext, SSLError
from threading import Thread
from typing import Any, cast
from urllib.error import URLError
from urllib.parse import SplitResult, urljoin, urlsplit
from urllib.request import (
    AbstractHTTPHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    getproxies,
    proxy_bypass,
)
from urllib.response import addinfourl

from kg.errors import EndpointFailed

_PORTS = {"http": 80, "https": 443}
_REDIRECTS = {301, 302, 303, 307, 308}
_UNDONE = {301, 307, 308}  # by the others a server may send on whoever it has served
_MOST_REDIRECTS = 5
_PART = 64 * 1024
_ENOUGH = 2_000  # bytes of what a server says when it refuses


class SentElsewhere(EndpointFailed):
    """An endpoint that did nothing of what was asked, and sends whoever asks to another address."""


@dataclass(frozen=True)
class Limits:
    """What one exchange may take, and where it may go.

    Args:
        where: the address as messages show it.
        seconds: for the whole exchange, from looking up the name to the last byte.
        size: the most bytes of an answer.
        follow: whether to follow redirects, which may only lead to the same origin.
        direct: whether to pass by the proxies that the environment names.
        tls: what certificates are judged by; needed for https only.
        secrets: what no message may show, even where the server repeats it.
    """

    where: str
    seconds: float
    size: int
    follow: bool
    direct: bool
    tls: SSLContext | None
    secrets: tuple[str, ...] = ()

    def failed(
        self, what: str, fix: str, kind: type[EndpointFailed] = EndpointFailed
    ) -> EndpointFailed:
        """Make the error that tells what went wrong with this endpoint."""
        return kind(self.shown(what), where=self.where, fix=self.shown(fix))

    def shown(self, text: str) -> str:
        """Make a text that may be a server's fit to show: one line, harmless, not too long.

        Example:
            >>> limits = Limits("x", 1, 1, True, True, None, ("s3cret",))
            >>> limits.shown("no, s3cret!" + chr(27) + "[2J  bye")
            'no, ***! [2J bye'
        """
        for secret in self.secrets:
            text = text.replace(secret, "***")
        # Escape sequences and signs that turn the direction of a text are not printable.
        shown = "".join(c if c.isprintable() else " " for c in text[:_ENOUGH])
        return " ".join(shown.split())[:400]


def exchange(request: Request, limits: Limits) -> addinfourl:
    """Send a request and take in its whole answer; of one that is not 200, only the beginning.

    It goes through an opener of its own, and nothing is shared between two exchanges. A thread
    does the work, since neither looking up a name nor reading headers that drip can be bounded
    from within: when the time is over, its connections are cut and it ends on its own.

    Raises:
        EndpointFailed: no whole answer came within the limits, or it leads elsewhere.
    """
    line = _Line()
    answer: Future[addinfourl] = Future()
    Thread(
        target=_work, args=(request, limits, line, answer), name="kg endpoint", daemon=True
    ).start()
    try:
        return answer.result(limits.seconds)
    except (ValueError, InvalidURL):
        # Addresses are checked before; this is one of a proxy, and may hold a password.
        raise limits.failed(
            "the address of the proxy is malformed",
            fix="correct http_proxy or https_proxy in the environment",
        ) from None
    except (HTTPException, OSError) as error:
        raise _failure(error, limits) from error
    finally:
        line.cut()
        del answer  # it holds the error, which holds this frame


def knock(url: str, limits: Limits) -> None:
    """Find out whether anybody is at an address, before much is made ready to be sent there.

    Of an address that is reached by way of a proxy, only the proxy can tell, when it is asked.

    Raises:
        EndpointFailed: nobody answers there.
    """
    scheme, host, port = origin(urlsplit(url))
    if not limits.direct and scheme in getproxies() and not proxy_bypass(host):
        return
    try:
        socket.create_connection((host, port), limits.seconds).close()
    except OSError as error:
        raise _failure(error, limits) from error


def origin(parts: SplitResult) -> tuple[str, str, int | None]:
    """Give what two addresses of the same origin share: scheme, host and port.

    Raises:
        ValueError: the port is no number of a port.

    Example:
        >>> origin(urlsplit("HTTPS://Example.org/sparql"))
        ('https', 'example.org', 443)
    """
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme)


class _Line:
    """The sockets of one exchange, which another thread may cut."""

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []
        self._is_cut = False

    def hold(self, connected: socket.socket) -> None:
        # Noted before looking, as cut() looks after setting: one of the two always sees it.
        self._sockets.append(connected)
        if self._is_cut:
            self.cut()

    def cut(self) -> None:
        self._is_cut = True
        for connected in self._sockets:
            with suppress(OSError):  # it is closed already
                # Past the TLS layer, which is not for two threads, to the connection below it.
                socket.socket.shutdown(connected, socket.SHUT_RDWR)


class _Connection(HTTPConnection):
    """A connection whose socket is held by the line."""

    line: _Line

    def connect(self) -> None:
        super().connect()
        self.line.hold(self.sock)

    def endheaders(self, *body: Any, **how: Any) -> None:
        # A server may refuse before it has been sent all, and hang up; its answer says why.
        with suppress(BrokenPipeError, ConnectionResetError):
            super().endheaders(*body, **how)


class _SecureConnection(_Connection, HTTPSConnection):
    """The same over TLS."""


class _Connecting(AbstractHTTPHandler):
    """What opens http and https addresses, and no others, over connections that can be cut."""

    def __init__(self, line: _Line, tls: SSLContext | None) -> None:
        super().__init__()
        self._line = line
        self._tls = tls

    def http_open(self, request: Request) -> HTTPResponse:
        return self.do_open(partial(self._connection, _Connection), request)

    def https_open(self, request: Request) -> HTTPResponse:
        secure = partial(_SecureConnection, context=self._tls)
        return self.do_open(partial(self._connection, secure), request)

    http_request = https_request = AbstractHTTPHandler.do_request_

    def _connection(
        self, kind: Callable[..., _Connection], host: str, *, timeout: float
    ) -> _Connection:
        connection = kind(host, timeout=timeout)
        connection.line = self._line
        return connection


def _work(request: Request, limits: Limits, line: _Line, answer: Future[addinfourl]) -> None:
    try:
        answer.set_result(_run(request, limits, line))
    except BaseException as error:
        answer.set_exception(error)
    finally:
        del answer  # for the same reason


def _run(request: Request, limits: Limits, line: _Line) -> addinfourl:
    # Without the usual handlers a redirect or an error is an answer like any other.
    opener = OpenerDirector()
    opener.add_handler(_Connecting(line, limits.tls))
    if not limits.direct:
        opener.add_handler(ProxyHandler())
    for _ in range(_MOST_REDIRECTS):
        with cast(HTTPResponse, opener.open(request, timeout=limits.seconds)) as response:
            if response.status in _REDIRECTS:
                request = _redirected(request, response, limits)
            else:
                body = _whole(response, limits) if response.status == 200 else _some(response)
                return addinfourl(body, response.headers, request.full_url, response.status)
    raise limits.failed(
        f"the endpoint redirected the query {_MOST_REDIRECTS} times",
        fix="ask whoever runs it for the address of the query endpoint itself",
    )


def _redirected(request: Request, response: HTTPResponse, limits: Limits) -> Request:
    """Give the request to send instead, to the same origin only."""
    asked = urlsplit(request.full_url)
    try:
        target = urlsplit(urljoin(request.full_url, response.headers.get("Location", "")))
        same = origin(target) == origin(asked)
    except ValueError:
        target, same = urlsplit(""), False
    # What follows the path may hold keys; who has to write it knows them.
    told = f"{target.scheme}://{target.netloc}{target.path}"
    kind = SentElsewhere if response.status in _UNDONE else EndpointFailed
    plain = f"{told}?{target.query}"
    if not target.netloc or "@" in told or not re.fullmatch(r"[!-~]+", plain):
        raise limits.failed(
            f"the endpoint redirects the request (status {response.status}), but not to an address",
            fix="ask whoever runs it for the address of the query endpoint",
            kind=kind,
        )
    if not same or not limits.follow:
        why = "it is another server"
        if same:
            why = "no redirect is followed with credentials, or with a graph to store"
        raise limits.failed(
            f"the endpoint redirects the request (status {response.status}) to {told}, "
            f"which was not asked: {why}",
            fix=f"if that is the endpoint you mean, write --endpoint {shlex.quote(told)}",
            kind=kind,
        )
    address = target._replace(fragment="").geturl()
    if response.status == 303:
        return Request(address, headers={"Accept": request.get_header("Accept", "*/*")})
    # As the query only reads, it may be sent once more as it is.
    return Request(address, data=request.data, headers=request.headers)


def _whole(response: HTTPResponse, limits: Limits) -> BytesIO:
    packed = response.headers.get("Content-Encoding", "identity")
    if packed.strip().lower() != "identity":
        raise limits.failed(
            f"the endpoint packed its answer ({packed}), which was not asked for",
            fix="let the server, or the proxy before it, send answers as they are",
        )
    body = BytesIO()
    if response.length is None or response.length <= limits.size:
        while body.tell() <= limits.size and (part := response.read1(_PART)):
            body.write(part)
        if body.tell() <= limits.size:
            if response.length:
                raise IncompleteRead(b"", response.length)
            return BytesIO(body.getvalue())
    raise limits.failed(
        f"the answer is larger than {limits.size / 1e6:g} MB",
        fix="ask for less, for example with LIMIT, or set KG_ENDPOINT_MB to more",
    )


def _some(response: HTTPResponse) -> BytesIO:
    body = BytesIO()
    # What is said before it breaks off is all there is to tell.
    with suppress(HTTPException, ConnectionError):
        while body.tell() < _ENOUGH and (part := response.read1(_ENOUGH)):
            body.write(part)
    return BytesIO(body.getvalue())


def _failure(error: Exception, limits: Limits) -> EndpointFailed:
    """Tell an error of the network or of HTTP as what it means for who asked."""
    reason = error.reason if isinstance(error, URLError) else error
    match reason:
        case TimeoutError():
            return limits.failed(
                f"the endpoint gave no whole answer within {limits.seconds:g} seconds",
                fix="check that the server is well, or ask for less; of a slow one, set "
                "KG_ENDPOINT_SECONDS to more",
            )
        case SSLCertVerificationError():
            return limits.failed(
                f"the endpoint's certificate is not trusted: {reason.verify_message}",
                fix="check the address; name an authority of your own in SSL_CERT_FILE",
            )
        case SSLError():
            return limits.failed(
                "no secure connection could be made with the endpoint",
                fix="check that the server speaks https at this port",
            )
        case socket.gaierror():
            return limits.failed(
                "the endpoint's host is not known", fix="check the address, and the network"
            )
        case IncompleteRead():
            return limits.failed(
                "the endpoint's answer breaks off before its end",
                fix="ask again; if it stays so, look at the log of the server",
            )
        case OSError():
            return limits.failed(
                f"the endpoint does not answer: {reason.strerror or reason}",
                fix="check the address, and that the server is running",
            )
        case _:
            return limits.failed(
                f"what answers is no web server: {str(reason) or type(reason).__name__}",
                fix="check the address and its port",
            )
