"""What the server writes of itself: a line of JSON for each request and each event."""

import logging
import sys
import time
from collections.abc import MutableMapping
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from kg.web.guard import App, Message, Receive, Send

_LOG = logging.getLogger("kg.web")


def write_log() -> None:
    """Have the log of this process written to standard error, as JSON."""
    handler = logging.StreamHandler(sys.stderr)
    names = {"asctime": "time", "levelname": "level"}
    handler.setFormatter(
        JsonFormatter("{asctime}{levelname}{message}", style="{", rename_fields=names)
    )
    for name, level in (
        ("kg.web", logging.INFO),
        ("uvicorn.error", logging.WARNING),
        ("asyncio", logging.WARNING),
    ):
        log = logging.getLogger(name)
        log.handlers, log.propagate = [handler], False
        log.setLevel(level)


class Logged:
    """An ASGI application that logs each request: what was asked, what came of it, how long.

    The path is logged and not what stands after it, for what people ask is their own business.

    Args:
        app: what answers.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Pass a request on, and log it when it has been answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = size = 0

        async def counting(message: Message) -> None:
            nonlocal status, size
            status = message.get("status", status)
            size += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, counting)
        finally:
            told = {
                "method": scope["method"],
                "path": scope["path"],
                "status": status,
                "bytes": size,
                "milliseconds": round((time.perf_counter() - began) * 1000, 1),
                "client": scope["client"][0] if scope.get("client") else "",
            }
            _LOG.info("request", extra=told)
