"""Who answers queries: workers of this machine, or a remote endpoint; and how pages ask them."""

import asyncio
from typing import Protocol

from pyoxigraph import QueryResultsFormat, RdfFormat, parse, parse_query_results

from kg.errors import EndpointFailed, QueryRefused
from kg.results import Answer, Table, Triples, render
from kg.store import Most, read
from kg.web.pool import Busy, Limits, Reply
from kg.web.worker import kind_of, rows_of

_FORMS = {"table": "json", "boolean": "json", "graph": "nt"}
_SHORT, _MOST_KEPT = 500, 500
# A page is made from the whole graph, which may be larger than what clients are given at once.
_FOR_PAGES = Most(rows=2_000_000, size=1024**3)
_AT_ONCE = 8  # queries that a remote endpoint is asked at the same time


class Asker(Protocol):
    """Anything that answers queries within limits."""

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
    """

    def __init__(self, url: str, limits: Limits) -> None:
        # Here, as it loads SPARQLWrapper.
        from kg.endpoint import EndpointStore

        self.limits = limits
        self._store = EndpointStore(url, seconds=limits.seconds, size=limits.most.size)
        self._turn = asyncio.Semaphore(_AT_ONCE)

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
        try:
            async with asyncio.timeout(self.limits.seconds):
                await self._turn.acquire()
        except TimeoutError:
            raise Busy("too many ask at once", fix="wait a moment and ask again") from None
        try:
            return await asyncio.to_thread(self._reply, text, forms, most or self.limits.most)
        finally:
            self._turn.release()

    def _reply(self, text: str, forms: dict[str, str], most: Most) -> Reply:
        found = self._store.query(text)
        reached = ""
        if isinstance(found, Table) and len(found.rows) > most.rows:
            found, reached = Table(found.columns, found.rows[: most.rows]), "rows"
        if isinstance(found, Triples) and len(found.triples) > most.rows:
            found, reached = Triples(found.triples[: most.rows]), "rows"
        kind = kind_of(found)
        form = forms.get(kind, "")
        return Reply(kind, form, rows_of(found), reached, [render(found, form)] if form else [])


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
