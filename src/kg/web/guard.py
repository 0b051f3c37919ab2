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
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
# Pages say in their head what they need, which is less for most; both policies hold.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' {}; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
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

        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._added().items():
                    headers.setdefault(name, value)
            await send(message)

        headers = Headers(scope=scope)
        refused = self._refusal(scope["method"], headers)
        if refused:
            await refused(scope, receive, headed)
            return
        await self._app(scope, _counted(receive, headers), headed)

    def _added(self) -> dict[str, str]:
        if self._cors:
            return {**self._headers, "access-control-allow-origin": "*"}
        return {**self._headers, "cross-origin-resource-policy": "same-origin"}

    def _refusal(self, method: str, headers: Headers) -> JSONResponse | None:
        host = headers.get("host", "")
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
        if name.casefold() not in self._hosts:
            # A page elsewhere may give its own name an address of the loopback (DNS rebinding).
            return refusal(
                400,
                f"this server is not called {name!r}" if name else "the request names no host",
                "use the address that it told when it started, or start it with --hostname",
            )
        if method == "OPTIONS" and self._cors:
            return JSONResponse(
                None,
                headers={
                    "access-control-allow-methods": "GET, POST",
                    "access-control-allow-headers": "content-type, accept",
                    "access-control-max-age": "86400",
                },
            )
        site = headers.get("sec-fetch-site", "none")
        visit = headers.get("sec-fetch-mode") == "navigate" and method in {"GET", "HEAD"}
        origin = headers.get("origin", "")
        foreign = origin and origin.partition("://")[2].casefold() != host.casefold()
        if not self._cors and (foreign or (site in {"cross-site", "same-site"} and not visit)):
            return refusal(
                403,
                "the pages of other sites may not ask this server",
                "open the address itself, or start the server with --cors",
            )
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > LARGEST_BODY:
            return too_large()
        return None


class TooLarge(Exception):
    """A body went on beyond what is read of one."""


def _counted(receive: Receive, headers: Headers) -> Receive:
    """Stop a body that says nothing of its length, or not the truth, where the limit is."""
    taken = 0

    async def counting() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > LARGEST_BODY:
            raise TooLarge
        return message

    return counting


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
