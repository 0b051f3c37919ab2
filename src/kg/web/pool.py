"""Workers that answer queries, first come first served, and are killed when they do not."""

import asyncio
import json
import logging
import socket
import struct
from collections import deque
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from kg.errors import KgError, QueryRefused
from kg.store import Most
from kg.web.worker import request
from kg.web.zygote import Zygote

_LOG = logging.getLogger("kg.web")
_MB = 1024 * 1024
_PAUSE = 1.0  # seconds between two attempts to start a worker, and two looks at those idle
_WAITING = 256  # requests that may wait for a worker of a pool


class Stopped(KgError):
    """A query that was stopped: it took too long, or broke its worker."""


class Busy(KgError):
    """Too many ask at once, and this one has waited in vain."""


@dataclass(frozen=True)
class Limits:
    """What one query may take; `seconds` begin when it is asked, and include waiting."""

    seconds: float
    most: Most
    memory: int = 1024 * _MB


# As Datasette promises for queries of strangers, and with more room for those saved here.
AD_HOC = Limits(seconds=2.0, most=Most(rows=10_000, size=10 * _MB))
SAVED = Limits(seconds=10.0, most=Most(rows=100_000, size=50 * _MB))


@dataclass(frozen=True)
class Reply:
    """An answer on its way to a client: its head (see `kg.web.worker.work`) and its body.

    `tag` names what it says, where it is kept: the same tag is the same answer, byte by byte.
    """

    kind: str
    form: str
    rows: int
    reached: str
    body: list[bytes]
    tag: str = ""


class _Worker:
    def __init__(self, pid: int, channel: socket.socket) -> None:
        self.pid = pid
        self._channel = channel
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    async def connect(self) -> "_Worker":
        self._reader, self._writer = await asyncio.open_unix_connection(sock=self._channel)
        return self

    @property
    def has_ended(self) -> bool:
        return self._reader.at_eof()

    async def ask(self, asked: bytes) -> Reply:
        # As multiprocessing.connection has it: the length in four bytes, then the message.
        self._writer.write(struct.pack("!i", len(asked)) + asked)
        await self._writer.drain()
        head: dict[str, Any] = json.loads(await self._message())
        body = []
        while piece := await self._message():
            body.append(piece)
        if "what" in head:
            raise QueryRefused(head["what"], where=head["where"], fix=head["fix"])
        return Reply(head["kind"], head["form"], head["rows"], head["reached"], body)

    async def _message(self) -> bytes:
        (length,) = struct.unpack("!i", await self._reader.readexactly(4))
        return await self._reader.readexactly(length)

    async def close(self) -> None:
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()


class Pool:
    """Some workers, each with one query at a time.

    Args:
        zygote: what they are forked from.
        limits: what a query may take.
        workers: how many.
        nice: by how much they let other processes go first.
        again: whether a query whose worker broke is asked again, of another.

    Attributes:
        stopped: how many workers were stopped, or had ended by themselves.
    """

    def __init__(
        self, zygote: Zygote, limits: Limits, *, workers: int, nice: int = 0, again: bool = False
    ) -> None:
        self.limits = limits
        self.workers = workers
        self.stopped = 0
        self._zygote = zygote
        self._nice = nice
        self._again = again
        self._idle: deque[_Worker] = deque()
        self._waiting: deque[asyncio.Future[_Worker]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._all: set[_Worker] = set()
        self._closed = False

    @property
    def alive(self) -> int:
        """How many workers there are now."""
        return len(self._all)

    async def open(self) -> None:
        """Start the workers.

        Raises:
            OSError: the zygote has ended.
        """
        for _ in range(self.workers):
            self._give(await self._start())
        self._later(self._watch())

    async def close(self) -> None:
        """End the workers, whatever they do."""
        self._closed = True
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_exception(_ending())
        for worker in list(self._all):
            await self._end(worker)
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def ask(
        self,
        text: str,
        forms: dict[str, str],
        dataset: dict[str, list[str]] | None = None,
        most: Most | None = None,
    ) -> Reply:
        """Answer one query.

        Args:
            text: the query.
            forms: the format wanted for each kind of answer: table, boolean and graph.
            dataset: the graphs to ask, where they are not the default.
            most: where the answer ends, if before the limits of the pool.

        Raises:
            QueryRefused: it is malformed, or asks for more than reading this graph.
            Stopped: it took longer than it may, or needed more memory.
            Busy: no worker had time for it.
        """
        if len(self._waiting) >= _WAITING:
            raise Busy("too many ask at once", fix="wait a moment and ask again")
        asked = request(text, forms, most or self.limits.most, dataset)
        # If the zygote ends, all of its workers do, and it takes a moment until that is known.
        attempts = self.workers + 1 if self._again else 1
        started = False
        try:
            async with asyncio.timeout(self.limits.seconds):
                for attempt in range(attempts):
                    worker = await self._take()
                    started = True
                    try:
                        return await self._asked(worker, asked)
                    except (asyncio.IncompleteReadError, OSError):
                        if attempt == attempts - 1:
                            raise
                        started = False
        except TimeoutError:
            if not started:
                raise Busy(
                    f"no worker had time for it within {self.limits.seconds:g} seconds",
                    fix="wait a moment and ask again",
                ) from None
            raise Stopped(
                f"the query was stopped: it took longer than {self.limits.seconds:g} seconds",
                fix="ask for less: fewer unbound variables, or a narrower pattern",
            ) from None
        except (asyncio.IncompleteReadError, OSError):
            raise Stopped(
                "the query was stopped: it needed more than "
                f"{self.limits.memory // _MB:,} MB of memory, or was too deep for the engine",
                fix="ask for less: sort or group fewer rows, or write it flatter",
            ) from None
        raise AssertionError("every attempt returns or raises")

    async def _asked(self, worker: _Worker, asked: bytes) -> Reply:
        fit = False
        try:
            reply = await worker.ask(asked)
            fit = True
            return reply
        except QueryRefused:
            fit = True
            raise
        finally:
            # Also when the client has gone: what it asked for is not worked out for nobody.
            if fit:
                self._give(worker)
            else:
                self._later(self._replace(worker))

    async def _take(self) -> _Worker:
        if self._closed:
            raise _ending()
        while self._idle:
            worker = self._idle.popleft()
            if not worker.has_ended:
                return worker
            self._later(self._replace(worker))
        place: asyncio.Future[_Worker] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            return await place
        except asyncio.CancelledError:
            with suppress(ValueError):  # or those who left would count among those who wait
                self._waiting.remove(place)
            if place.done() and not place.cancelled() and not place.exception():
                self._give(place.result())
            raise

    def _give(self, worker: _Worker) -> None:
        """Hand a worker to whoever has waited longest: one that comes later cannot get before."""
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(worker)
                return
        self._idle.append(worker)

    async def _start(self) -> _Worker:
        pid, channel, _ = await asyncio.to_thread(self._zygote.start, *self._takes())
        worker = await _Worker(pid, channel).connect()
        self._all.add(worker)
        return worker

    def _takes(self) -> tuple[int, int]:
        return self.limits.memory, self._nice

    async def _watch(self) -> None:
        """Replace workers that end while nobody asks them, so that none lies about."""
        while not self._closed:
            for worker in [each for each in self._idle if each.has_ended]:
                self._idle.remove(worker)
                self._later(self._replace(worker))
            await asyncio.sleep(_PAUSE)

    async def _replace(self, worker: _Worker) -> None:
        self.stopped += 1
        await self._end(worker)
        while not self._closed:
            try:
                fresh = await self._start()
            except (OSError, KgError) as error:
                # The zygote has ended, and files that were mended since may be read again.
                _LOG.error(f"no worker could be started: {error}")
                await asyncio.sleep(_PAUSE)
                continue
            if self._closed:
                await self._end(fresh)
            else:
                self._give(fresh)
            return

    async def _end(self, worker: _Worker) -> None:
        if worker not in self._all:
            return
        self._all.remove(worker)
        await asyncio.to_thread(self._zygote.stop, worker.pid)
        await worker.close()

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _ending() -> Busy:
    return Busy("the server is ending", fix="ask again when it has been started anew")
