"""An answer, or what stood in its way, as an HTTP response."""

import asyncio
import re
from contextlib import suppress

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from kg.errors import EndpointFailed, KgError
from kg.store import Most
from kg.web.guard import refusal
from kg.web.keeping import Kept
from kg.web.negotiation import MEDIA_TYPES, OTHER_TYPES, NotAcceptable
from kg.web.pool import Busy, Reply, Stopped
from kg.web.protocol import ReadOnly, WrongMediaType

# A client that does not read holds its answer in memory: so much of all of those who ask the same
# workers, and so many seconds of each.
_MOST_SENT = 256 * 1024 * 1024
_SENDING = 120


class NotHere(KgError):
    """An address that nothing stands at."""


class NotReady(KgError):
    """A page that is still being made."""


_STATUSES: dict[type[KgError], int] = {
    NotHere: 404,
    NotReady: 503,
    NotAcceptable: 406,
    WrongMediaType: 415,
    ReadOnly: 403,
    Stopped: 503,
    Busy: 503,
    EndpointFailed: 502,
}


class Gone(Exception):
    """The client that asked has gone."""


class _Sent(Response):
    """An answer in pieces, held in memory until the client has taken it, within limits."""

    def __init__(
        self, asker: Kept, pieces: list[bytes], media_type: str, headers: dict[str, str]
    ) -> None:
        self._size = sum(map(len, pieces))
        super().__init__(
            media_type=media_type, headers={**headers, "content-length": str(self._size)}
        )
        self._asker = asker
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._asker.sending + self._size > _MOST_SENT:
            full = Busy("too many answers are on their way", fix="wait a moment and ask again")
            await refused(full)(scope, receive, send)
            return
        self._asker.sending += self._size
        try:
            # What is left then is cut off, as the length that was promised tells.
            with suppress(TimeoutError):
                async with asyncio.timeout(_SENDING):
                    await self._send(send)
        finally:
            self._asker.sending -= self._size

    async def _send(self, send: Send) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        for piece in self._pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body"})


async def answered(
    asker: Kept,
    request: Request,
    text: str,
    forms: dict[str, str],
    dataset: dict[str, list[str]] | None = None,
) -> Response:
    """Ask a query and send its answer in the format chosen.

    Raises:
        KgError: there is no answer, or none in this format.
    """
    reply = await while_heard(asker, request, text, forms, dataset)
    if not reply.form:
        raise NotAcceptable(
            f"the answer is a {reply.kind}, which none of the formats that you accept can hold",
            where="Accept",
            fix="accept application/sparql-results+json or text/turtle",
        )
    headers = {
        "vary": "Accept",
        "access-control-expose-headers": "KG-Truncated",
        **truncation(reply),
    }
    if reply.tag:
        # Answers are kept here; browsers and proxies are to ask whether theirs still holds.
        headers |= {"etag": reply.tag, "cache-control": "no-cache"}
        if request.method == "GET" and _has(request, reply.tag):
            return Response(status_code=304, headers=headers)
    media_type = MEDIA_TYPES.get(reply.form) or OTHER_TYPES[reply.form]
    return _Sent(asker, reply.body, media_type, headers)


def _has(request: Request, tag: str) -> bool:
    """Whether the client has what this tag stands for, also if a proxy weakened it to `W/"…"`."""
    held = request.headers.get("if-none-match", "")
    return held.strip() == "*" or tag in re.findall(r'"[^"]*"', held)


def truncation(reply: Reply) -> dict[str, str]:
    """Head an answer that was cut with what it was cut at."""
    if not reply.reached:
        return {}
    return {"kg-truncated": f"{reply.reached}; rows={reply.rows}"}


async def while_heard(
    asker: Kept,
    request: Request,
    text: str,
    forms: dict[str, str],
    dataset: dict[str, list[str]] | None = None,
    most: Most | None = None,
) -> Reply:
    """Ask a query for as long as the client waits for the answer.

    Raises:
        KgError: there is no answer.
        Gone: the client hung up.
    """
    # A client that says no-cache wants the answer worked out anew (RFC 9111, 5.2.1.4).
    is_anew = "no-cache" in request.headers.get("cache-control", "")
    if not is_anew and (kept := asker.kept(text, forms, dataset, most)):
        return kept
    asking = asyncio.create_task(asker.ask(text, forms, dataset, most))
    leaving = asyncio.create_task(_left(request))
    try:
        await asyncio.wait({asking, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not asking.done():
            leaving.result()  # or why what it sends is heard no longer
            raise Gone
        return asking.result()
    finally:
        leaving.cancel()
        asking.cancel()


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def refused(error: KgError) -> Response:
    """Tell a program why there is no answer."""
    status = status_of(error)
    headers = {"retry-after": "1"} if status == 503 else None
    # On the command line a parameter stands after -p.
    where = error.where.removeprefix("-p ")
    return refusal(status, error.what, error.fix, where, headers)


def status_of(error: KgError) -> int:
    """Give the HTTP status of an error.

    Example:
        >>> status_of(Busy("too many ask at once"))
        503
    """
    return next((s for kind, s in _STATUSES.items() if isinstance(error, kind)), 400)
