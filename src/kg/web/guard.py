"""What stands before every page: which requests are heard at all, and what each answer says."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse

from kg.view_pages import styles_of_networks

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

LARGEST_BODY = 1024 * 1024
_DIGITS = 20  # of a length, as Python reads no number of thousands of them
_LARGEST_HEAD = 16 * 1024  # of headers, as reading some takes longer than in proportion
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
# Pages say in their head what they need, which is less for most; both policies hold.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' {}; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_ASKED_WITH = "accept, cache-control, content-type, if-none-match"
_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    # Or browsers show pages of before a restart without asking whether they still hold.
    "cache-control": "no-cache",
}


class Guard:
    """An ASGI application that lets through what may be heard, and heads what it answers.

    Args:
        app: what answers.
        hosts: names by which the server may be called, besides those of the loopback.
        cors: whether the pages of other sites may ask, and read what is answered.
    """

    def __init__(self, app: App, *, hosts: tuple[str, ...] = (), cors: bool = False) -> None:
        self._app = app
        self._hosts = {name.casefold() for name in (*_LOOPBACK, *hosts)}
        self._cors = cors
        own_styles = " ".join(f"'{each}'" for each in styles_of_networks())
        self._headers = {**_HEADERS, "content-security-policy": _POLICY.format(own_styles)}

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # HEAD is a GET whose answer loses its body, which is for the HTTP server to do.
        scope = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope

        headers = Headers(scope=scope)
        body = _Body(receive, headers)

        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                told = MutableHeaders(scope=message)
                for name, value in self._added().items():
                    told.setdefault(name, value)
                if body.is_endless:
                    told["connection"] = "close"
            await send(message)

        refused = self._refusal(scope["method"], headers)
        if refused:
            await refused(scope, receive, headed)
            return
        await self._app(scope, body.receive, headed)

    def _added(self) -> dict[str, str]:
        if self._cors:
            return {**self._headers, "access-control-allow-origin": "*"}
        return {**self._headers, "cross-origin-resource-policy": "same-origin"}

    def _refusal(self, method: str, headers: Headers) -> JSONResponse | None:
        if sum(len(name) + len(value) for name, value in headers.raw) > _LARGEST_HEAD:
            return refusal(431, "the headers of the request are too long", "send fewer or shorter")
        hosts = headers.getlist("host")
        host = hosts[0] if len(hosts) == 1 else ""
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
        if name.casefold() not in self._hosts:
            # A page elsewhere may give its own name an address of the loopback (DNS rebinding).
            return refusal(
                400,
                f"this server is not called {name!r}" if name else "the request names no one host",
                "use the address that it told when it started, or start it with --hostname",
            )
        if method == "OPTIONS" and self._cors:
            return JSONResponse(
                None,
                headers={
                    "access-control-allow-methods": "GET, POST",
                    "access-control-allow-headers": _ASKED_WITH,
                    "access-control-max-age": "86400",
                },
            )
        site = headers.get("sec-fetch-site", "none")
        # What is put into the frame of another page, or embedded there, is no visit.
        goes_to = headers.get("sec-fetch-dest", "document"), headers.get("sec-fetch-mode")
        visit = goes_to == ("document", "navigate") and method == "GET"
        origin = headers.get("origin", "")
        foreign = origin and origin.partition("://")[2].casefold() != host.casefold()
        if not self._cors and (foreign or (site in {"cross-site", "same-site"} and not visit)):
            return refusal(
                403,
                "the pages of other sites may not ask this server",
                "open the address itself, or start the server with --cors",
            )
        length = headers.get("content-length", "0")
        if len(length) > _DIGITS or not length.isdecimal() or int(length) > LARGEST_BODY:
            return too_large()
        return None


class TooLarge(Exception):
    """A body went on beyond what is read of one."""


class _Body:
    """The body of a request, read up to the limit: one may say nothing of its length, or lie."""

    def __init__(self, receive: Receive, headers: Headers) -> None:
        self._receive = receive
        self._taken = 0
        # One that says how long it is is left to end; of any other, nobody knows when it does.
        self.is_endless = "transfer-encoding" in headers

    async def receive(self) -> Message:
        message = await self._receive()
        self._taken += len(message.get("body", b""))
        if self._taken > LARGEST_BODY:
            raise TooLarge
        if not message.get("more_body"):
            self.is_endless = False
        return message


def too_large() -> JSONResponse:
    """Answer a request whose body is not read."""
    return refusal(413, f"the request is larger than {LARGEST_BODY // 1024:,} KB", "ask for less")


def refusal(
    status: int, what: str, fix: str = "", where: str = "", headers: dict[str, str] | None = None
) -> JSONResponse:
    """Tell a program what is wrong with its request, as RFC 9457 has it."""
    told = {"title": what, "status": status, "where": where, "fix": fix}
    return JSONResponse(
        {name: value for name, value in told.items() if value},
        status,
        headers=headers,
        media_type="application/problem+json",
    )
