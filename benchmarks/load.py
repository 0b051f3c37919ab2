"""An open-loop load: requests fall due at a fixed rate, whether or not the server keeps up.

A time is counted from when a request fell due, not from when a client got round to sending it, so
that waiting behind slow answers counts (a closed loop would ask less of a slow server, and flatter
it). Each client keeps one connection, and has one request on the way at a time.
"""

import asyncio
import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from multiprocessing import get_context

GRACE = 15.0  # seconds after the last request fell due in which late ones may be answered


@dataclass(frozen=True)
class Ask:
    """One request, as it goes over the wire, and a name for it."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Got:
    """What came back: 0 as the status means that there was no answer."""

    name: str
    status: int
    seconds: float
    size: int = 0
    digest: str = ""
    cut: bool = False


@dataclass(frozen=True)
class Load:
    """What came of a load: an answer for each request that fell due, by client.

    `late` are the seconds by which clients with nothing else to do were late to ask: where they are
    many, the load had no processor, and times tell of that.
    """

    seconds: float
    answers: list[list[Got]]
    late: list[float]

    def lateness(self, share: float) -> float:
        """Give the milliseconds by which at most that share of the waking clients was late."""
        return _quantile(self.late, share) * 1000

    @property
    def all(self) -> list[Got]:
        return [got for client in self.answers for got in client]

    def rate(self) -> float:
        return sum(got.status == 200 for got in self.all) / self.seconds

    def within(self, share: float) -> float:
        """Give the milliseconds within which that share of the requests was answered."""
        return _quantile([got.seconds for got in self.all], share) * 1000

    def errors(self) -> dict[int, int]:
        found: dict[int, int] = {}
        for got in self.all:
            if got.status != 200:
                found[got.status] = found.get(got.status, 0) + 1
        return found

    def fairness(self) -> float:
        """Give how many answers the client with the fewest had, as a share of the mean."""
        had = [sum(got.status == 200 for got in client) for client in self.answers]
        return min(had) / (sum(had) / len(had)) if any(had) else 0.0


def _quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def get(port: int, path: str, *headers: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\n{_head(port, headers)}\r\n\r\n".encode()


def post(port: int, path: str, body: bytes, *headers: str) -> bytes:
    head = _head(port, [*headers, f"content-length: {len(body)}"])
    return f"POST {path} HTTP/1.1\r\n{head}\r\n\r\n".encode() + body


def _head(port: int, headers: Sequence[str]) -> str:
    return "\r\n".join([f"host: 127.0.0.1:{port}", *headers])


class Client:
    """One connection, opened anew where the server closed it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._writer: asyncio.StreamWriter | None = None

    async def ask(self, ask: Ask, due: float, limit: float) -> Got:
        try:
            async with asyncio.timeout(limit):
                status, head, body = await self._ask(ask.data)
        except (OSError, ValueError, asyncio.IncompleteReadError, TimeoutError):
            self.close()
            return Got(ask.name, 0, time.perf_counter() - due)
        took = time.perf_counter() - due
        digest = hashlib.blake2b(body, digest_size=8).hexdigest()
        return Got(ask.name, status, took, len(body), digest, b"\nkg-truncated:" in head)

    async def _ask(self, data: bytes) -> tuple[int, bytes, bytes]:
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(
                "127.0.0.1", self._port, limit=1 << 20
            )
        self._writer.write(data)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.split(b"\ncontent-length:", 1)[1].split(b"\r", 1)[0])
        body = await self._reader.readexactly(length)
        if b"\nconnection: close" in head:
            self.close()
        return int(head.split(b" ", 2)[1]), head, body

    def close(self) -> None:
        if self._writer:
            self._writer.close()
        self._writer = None


async def _load(port: int, asks: Sequence[Ask], rate: float, clients: int, seconds: float) -> Load:
    begun = time.perf_counter()
    numbers = count()
    ends = begun + seconds + GRACE
    late: list[float] = []

    async def client(first: int) -> list[Got]:
        connection = Client(port)
        got = []
        for number in range(first, int(rate * seconds), clients):
            due = begun + number / rate
            if (early := due - time.perf_counter()) > 0:
                await asyncio.sleep(early)
                late.append(time.perf_counter() - due)
            left = ends - time.perf_counter()
            if left <= 0:
                got.append(Got("late", 0, time.perf_counter() - due))
                continue
            got.append(await connection.ask(asks[next(numbers) % len(asks)], due, left))
        connection.close()
        return got

    answers = await asyncio.gather(*map(client, range(clients)))
    return Load(max(seconds, time.perf_counter() - begun), list(answers), late)


def _run(*given: object) -> Load:
    return asyncio.run(_load(*given))  # type: ignore[arg-type]


def load(
    port: int,
    asks: Sequence[Ask],
    *,
    rate: float,
    clients: int,
    seconds: float,
    meanwhile: Callable[[], None] = lambda: None,
) -> Load:
    """Ask in turn, from a process of its own, and do something else meanwhile.

    Args:
        port: where the server listens on the loopback.
        asks: what is asked, from the first on and then again.
        rate: requests that fall due in a second, of all clients together.
        clients: how many there are; a request is due of each in turn.
        seconds: for how long requests fall due.
        meanwhile: is called once, while the load goes on.
    """
    with get_context("spawn").Pool(1) as pool:
        loading = pool.apply_async(_run, (port, asks, rate, clients, seconds))
        meanwhile()
        return loading.get(seconds + 4 * GRACE)


def ask_each(port: int, asks: Sequence[Ask], limit: float = 30.0) -> list[Got]:
    """Ask one after another by one client."""

    async def each() -> list[Got]:
        client = Client(port)
        got = [await client.ask(ask, time.perf_counter(), limit) for ask in asks]
        client.close()
        return got

    return asyncio.run(each())
