"""Who answers queries: workers of this machine, or a remote endpoint; and how pages ask them."""

import asyncio
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Protocol

from pyoxigraph import QueryResultsFormat, RdfFormat, parse, parse_query_results

from kg.errors import EndpointFailed, QueryRefused
from kg.results import Answer, Table, Triples
from kg.store import Most, read
from kg.web.pool import Busy, Limits, Pool, Reply, Stopped
from kg.web.worker import kind_of, rows_of, written

_FORMS = {"table": "json", "boolean": "json", "graph": "nt"}
_SHORT, _MOST_KEPT = 500, 500
# A page is made from the whole graph, which may be larger than what clients are given at once.
_FOR_PAGES = Most(rows=2_000_000, size=1024**3)
_AT_ONCE = 8  # queries that a remote endpoint is asked at the same time


class Asker(Protocol):
    """Anything that answers queries within limits.

    Attributes:
        limits: what a query may take.
    """

    limits: Limits

    async def ask(
        self,
        text: str,
        forms: dict[str, str],
        dataset: dict[str, list[str]] | None = None,
        most: Most | None = None,
    ) -> Reply:
        """Answer one query (see `kg.web.pool.Pool.ask`)."""


class Remote:
    """A remote endpoint, asked a few queries at a time.

    Args:
        url: its address.
        limits: what a query may take.
        judge: workers with an empty graph, which judge the queries of strangers; none for those
            saved here.
    """

    def __init__(self, url: str, limits: Limits, judge: Pool | None = None) -> None:
        # Here, as it loads SPARQLWrapper.
        from kg.endpoint import EndpointStore

        self.limits = limits
        self._store = EndpointStore(url, seconds=limits.seconds, size=limits.most.size)
        self._judge = judge
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._threads = ThreadPoolExecutor(_AT_ONCE, "kg-endpoint")

    async def ask(
        self,
        text: str,
        forms: dict[str, str],
        dataset: dict[str, list[str]] | None = None,
        most: Most | None = None,
    ) -> Reply:
        """Answer one query by asking the endpoint (see `kg.web.pool.Pool.ask`).

        Raises:
            EndpointFailed: it gave no usable answer.
        """
        if dataset:
            raise QueryRefused("the graphs of a remote endpoint cannot be chosen", fix="name none")
        started = False
        try:
            async with asyncio.timeout(self.limits.seconds):
                query = self._store.query
                if self._judge:
                    query = partial(self._store.query_judged, columns=await self._columns(text))
                await self._turn.acquire()
                started = True
                return await self._in_turn(query, text, forms, most or self.limits.most)
        except TimeoutError:
            if not started:
                raise Busy("too many ask at once", fix="wait a moment and ask again") from None
            raise Stopped(
                f"the endpoint gave no whole answer within {self.limits.seconds:g} seconds",
                fix="ask for less, or look whether it is well",
            ) from None

    def close(self) -> None:
        """Ask no more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _columns(self, text: str) -> Sequence[str]:
        """Have a query judged, and give the columns that it asks for."""
        assert self._judge
        reply = await self._judge.ask(text, {"table": "json"})
        return json.loads(b"".join(reply.body))["head"]["vars"] if reply.form else ()

    async def _in_turn(
        self, query: Callable[[str], Answer], text: str, forms: dict[str, str], most: Most
    ) -> Reply:
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._threads, _reply, query, text, forms, most)
        # Only when the endpoint is done with it, although the client may have gone before.
        work.add_done_callback(self._done)
        return await asyncio.shield(work)

    def _done(self, work: "asyncio.Future[Reply]") -> None:
        self._turn.release()
        if not work.cancelled():
            work.exception()  # nobody is told of it where the client has gone


def _reply(query: Callable[[str], Answer], text: str, forms: dict[str, str], most: Most) -> Reply:
    found = query(text)
    reached = ""
    if isinstance(found, Table) and len(found.rows) > most.rows:
        found, reached = Table(found.columns, found.rows[: most.rows]), "rows"
    if isinstance(found, Triples) and len(found.triples) > most.rows:
        found, reached = Triples(found.triples[: most.rows]), "rows"
    kind = kind_of(found)
    form = forms.get(kind, "")
    return Reply(kind, form, rows_of(found), reached, [written(found, form)] if form else [])


class Asked:
    """A `kg.store.Store` for threads, which asks those who answer in the event loop.

    Args:
        asker: who answers.
        loop: the event loop in which they do.
        is_fixed: whether the graph stays as it is, so that answers may be kept.
    """

    def __init__(
        self, asker: Asker, loop: asyncio.AbstractEventLoop, *, is_fixed: bool = False
    ) -> None:
        self._asker = asker
        self._loop = loop
        self.is_fixed = is_fixed
        self._kept: dict[str, Answer] = {}

    def query(self, text: str) -> Answer:
        """Answer one SPARQL query (see `kg.store.Store.query`)."""
        if text in self._kept:
            return self._kept[text]
        answer = self._query(text)
        # Most are what a parameter may be, which every request asks anew.
        is_short = isinstance(answer, Table) and len(answer.rows) <= _SHORT
        if self.is_fixed and is_short and len(self._kept) < _MOST_KEPT:
            self._kept[text] = answer
        return answer

    def _query(self, text: str) -> Answer:
        asked = self._asker.ask(text, _FORMS, most=_FOR_PAGES)
        reply = asyncio.run_coroutine_threadsafe(asked, self._loop).result()
        if reply.reached:
            raise EndpointFailed(
                f"the answer has more than {reply.rows:,} rows, too many for a page",
                fix="ask for a part of it",
            )
        body = b"".join(reply.body)
        if reply.kind == "graph":
            return Triples([quad.triple for quad in parse(body, format=RdfFormat.N_TRIPLES)])
        return read(parse_query_results(body, format=QueryResultsFormat.JSON))
