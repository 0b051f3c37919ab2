"""Connections of clients: so many at once, and each request in good time."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_MOST = 500  # connections at once, which are fewer than files that a process may commonly open
_SECONDS = 20.0  # for the head and the body of a request, from its first byte or the connection
_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\n"
    b"content-length: 0\r\n\r\n"
)
_MOST_UNTOLD = 64 * 1024  # bytes of a head, or between two pieces of a body
_ENDLESS = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\n"
    b"content-length: 0\r\n\r\n"
)


class Connection(HttpToolsProtocol):
    """A connection as uvicorn has it, which in addition cannot be held open for nothing.

    One client that sends half of many requests, and no more, would otherwise lock out all others;
    and one whose head never ends would fill the memory, for the parser keeps it until it does.
    """

    _late: asyncio.TimerHandle | None = None
    _untold = 0  # bytes that the parser took without telling anything whole that came of them

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, or turn it away where there are too many."""
        super().connection_made(transport)
        if len(self.connections) > _MOST:
            transport.write(_FULL)
            transport.close()
            return
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a connection."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what has arrived, unless there is no end to a head, or to what follows a body."""
        self._untold += len(data)
        super().data_received(data)
        if self._untold > _MOST_UNTOLD and not self.transport.is_closing():
            if self.cycle is None or self.cycle.response_complete:
                self.transport.write(_ENDLESS)
            self.transport.close()

    def on_message_begin(self) -> None:
        """Begin to wait for the whole of a request."""
        self._untold = 0
        self._wait()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Have the head of a request."""
        self._untold = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Have a piece of a body."""
        self._untold = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Have the whole of a request."""
        self._untold = 0
        self._stop_waiting()
        super().on_message_complete()

    def _wait(self) -> None:
        self._stop_waiting()
        self._late = self.loop.call_later(_SECONDS, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._late:
            self._late.cancel()
            self._late = None
