"""The served app: which address is answered by what."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

from fastapi import FastAPI, Request
from pyoxigraph import NamedNode
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import HTMLResponse, RedirectResponse, Response

from kg import __version__
from kg.errors import KgError
from kg.project import Project
from kg.queries import list_queries
from kg.results import render
from kg.store import Most
from kg.terms import BASE, to_sparql
from kg.web.api import saved_queries
from kg.web.asking import Asked, Asker, Remote
from kg.web.guard import Guard, TooLarge, refusal, too_large
from kg.web.keeping import Kept, Lately
from kg.web.live import MOST_SHOWN
from kg.web.negotiation import MEDIA_TYPES, NotAcceptable, wanted
from kg.web.openapi import of_sparql, of_thing
from kg.web.pages import Pages, Place
from kg.web.pool import AD_HOC, SAVED, Busy, Limits, Pool
from kg.web.protocol import describe_service, read_request
from kg.web.replies import (
    Gone,
    NotHere,
    answered,
    refused,
    status_of,
    truncation,
    while_heard,
)
from kg.web.zygote import Zygote

_Made = TypeVar("_Made")
_LOG = logging.getLogger("kg.web")
# Hostile queries go last, whatever else the machine has to do.
_AD_HOC_NICE = 10
_PAGE_SIZE = 1024 * 1024  # of what a page shows of an answer, which a download gives whole
_PAGES_AT_ONCE, _PATIENCE = 2, 5.0  # pages made at once, and seconds to wait for a turn
_ROOM = 32 * 1024 * 1024  # characters of pages that are kept
_AS_JSON = {"table": "json", "boolean": "json", "graph": "json"}
# A thing, and the parts that hang from it alone.
_TOLD = """
PREFIX kg: <https://w3id.org/evidence-kg/ontology#>
CONSTRUCT {{ ?s ?p ?o }} WHERE {{
  {{ BIND({iri} AS ?s) ?s ?p ?o }}
  UNION {{ {iri} kg:passage ?s . ?s ?p ?o }}
  UNION {{ {iri} kg:evidence ?s . ?s ?p ?o }}
  UNION {{ {iri} kg:quantity ?s . ?s ?p ?o }}
}}
"""


@dataclass(frozen=True)
class Options:
    """How a server is set up.

    `workers` is how many answer saved questions, and as many again answer queries of strangers.
    """

    workers: int = 2
    hosts: tuple[str, ...] = ()
    cors: bool = False
    ad_hoc: Limits = AD_HOC
    saved: Limits = SAVED


class Server:
    """What answers, as long as the app runs.

    Args:
        place: where the graph is.
        zygote: what workers are forked from; of an empty graph where that asked is at an endpoint.
        options: how the server is set up.
    """

    def __init__(self, place: Place, zygote: Zygote, options: Options) -> None:
        self.place = place
        self.options = options
        self.began = time.monotonic()
        many = options.workers
        limits = options.ad_hoc
        if place.endpoint:  # half of the time is left for the endpoint
            limits = replace(limits, seconds=limits.seconds / 2)
        ad_hoc = Pool(zygote, limits, workers=many, nice=_AD_HOC_NICE)
        self._pools = [ad_hoc]
        self._remotes: list[Remote] = []
        self._asker: Asker
        if place.endpoint:
            # What is there may change at any time, so nothing of it is kept.
            saved = Remote(place.endpoint, options.saved)
            remote = Remote(place.endpoint, options.ad_hoc, judge=ad_hoc)
            self._remotes = [saved, remote]
            self._asker, self.saved, self.ad_hoc = saved, Kept(saved, room=0), Kept(remote, room=0)
        else:
            pool = Pool(zygote, options.saved, workers=many, again=True)
            self._pools.append(pool)
            self._asker, self.saved, self.ad_hoc = pool, Kept(pool), Kept(ad_hoc)
        self._turn = asyncio.Semaphore(_PAGES_AT_ONCE)
        # Pages of questions: status and text.
        self.made = Lately[tuple[int, str]](0 if place.endpoint else _ROOM, lambda p: len(p[1]))
        self.store: Asked
        self.pages: Pages

    async def open(self) -> None:
        """Start the workers, and begin to make the pages."""
        for pool in self._pools:
            await pool.open()
        self.store = Asked(self._asker, asyncio.get_running_loop(), is_fixed=not self._remotes)
        self.pages = Pages(self.place, self.store, _LOG.info)
        self._making = asyncio.create_task(self.pages.make())

    async def page(self, make: Callable[..., _Made], *given: object) -> _Made:
        """Make a page in a thread, a few at a time, so that none holds up all else.

        Raises:
            Busy: others took too long.
        """
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._turn.acquire()
        except TimeoutError:
            raise Busy("too many ask for pages at once", fix="look again in a moment") from None
        try:
            return await run_in_threadpool(make, *given)
        finally:
            self._turn.release()

    async def close(self) -> None:
        """End the workers, and take the pages away."""
        self._making.cancel()
        for pool in self._pools:
            await pool.close()
        for remote in self._remotes:
            remote.close()
        self.pages.close()

    def health(self) -> dict[str, object]:
        """Tell whether it answers, and what it has been through."""
        return {
            "status": "degraded" if self.pages.state == "missing" else "ok",
            "version": __version__,
            "pages": self.pages.state,
            "workers": sum(pool.alive for pool in self._pools),
            "stopped": sum(pool.stopped for pool in self._pools),
            "seconds": round(time.monotonic() - self.began),
        }


def make_app(server: Server) -> Guard:
    """Make the ASGI application of a server."""

    @asynccontextmanager
    async def running(app: FastAPI) -> AsyncIterator[None]:
        await server.open()
        app.include_router(saved_queries(project, server.saved, server.store))
        _add_pages(app, server)
        yield
        await server.close()

    project = Project(server.place.home)
    app = FastAPI(
        title="Evidence graph",
        version=__version__,
        description="Saved questions, and SPARQL, over an evidence graph. Nothing can be changed.",
        lifespan=running,
        docs_url=None,  # FastAPI's own page of docs loads its scripts from a CDN
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    _add_errors(app, server)

    @app.get("/health", summary="Whether the server answers", tags=["Server"])
    async def health() -> dict[str, object]:
        return server.health()

    _add_sparql(app, server)
    _add_things(app, server)
    return Guard(app, hosts=server.options.hosts, cors=server.options.cors)


def _add_errors(app: FastAPI, server: Server) -> None:
    @app.exception_handler(KgError)
    async def told(request: Request, error: KgError) -> Response:
        return await _told(server, request, error)

    @app.exception_handler(404)
    async def not_here(request: Request, error: Exception) -> Response:
        # A path with a line end in it, or `*`, is none that any route takes.
        return await _told(server, request, NotHere("there is no such address", fix="check it"))

    @app.exception_handler(TooLarge)
    async def larger(request: Request, error: TooLarge) -> Response:
        return too_large()

    @app.exception_handler(ClientDisconnect)
    @app.exception_handler(Gone)
    async def gone(request: Request, error: Exception) -> Response:
        return Response(status_code=499)  # nobody reads it; the log knows it by what nginx has

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> Response:
        return refusal(500, "the server is at fault, and its log says more", "report it")

    @app.exception_handler(405)
    async def not_allowed(request: Request, error: Exception) -> Response:
        # One address may have a route for each of its methods.
        here = [r for r in app.routes if getattr(r, "path", "") == request.url.path]
        methods = {"GET", *(m for route in here for m in getattr(route, "methods", ()))}
        allowed = ", ".join(sorted(methods))
        told = {"allow": allowed}
        return refusal(405, "this address is not asked so", f"use {allowed}", headers=told)


async def _told(server: Server, request: Request, error: KgError) -> Response:
    """Tell a person on a page, and a program as a problem."""
    try:
        is_page = wanted(request.headers.get("accept", "")).is_page
        live = server.pages.live if is_page else None
    except KgError:
        live = None
    response = refused(error)
    response.headers["vary"] = "Accept"
    if live is None:
        return response
    address = request.url.path.lstrip("/")
    title = "There is no such page" if isinstance(error, NotHere) else "This did not work"
    page = live.message(address, title, error.what, error.fix)
    headers = {"vary": "Accept"}
    if status_of(error) == 503:
        headers["retry-after"] = "1"
    return HTMLResponse(page, status_of(error), headers=headers)


def _add_sparql(app: FastAPI, server: Server) -> None:
    async def sparql(request: Request) -> Response:
        asked = await read_request(request)
        accept = request.headers.get("accept")
        form = wanted(accept, asked.form)
        if not asked.text:
            if form.is_page:
                return RedirectResponse("/sparql.html", 303, headers={"vary": "Accept"})
            graph = form.forms.get("graph", "ttl")
            described = render(describe_service(str(request.url.replace(query=""))), graph)
            return Response(described, media_type=MEDIA_TYPES[graph], headers={"vary": "Accept"})
        if not form.is_page:
            return await answered(server.ad_hoc, request, asked.text, form.forms, asked.dataset)
        live = server.pages.live
        most = server.options.ad_hoc.most
        shown = Most(min(MOST_SHOWN, most.rows), min(_PAGE_SIZE, most.size))
        try:
            reply = await while_heard(
                server.ad_hoc, request, asked.text, _AS_JSON, asked.dataset, shown
            )
        except KgError as error:
            page = await server.page(live.refused, asked.text, error)
            return HTMLResponse(page, status_of(error), headers={"vary": "Accept"})
        page = await server.page(live.result, asked.text, reply, most.rows)
        return HTMLResponse(page, headers={"vary": "Accept", **truncation(reply)})

    for method in ("GET", "POST"):
        app.add_api_route(
            "/sparql",
            sparql,
            methods=[method],
            summary=f"SPARQL 1.1 Protocol, by {method}",
            tags=["SPARQL"],
            response_class=Response,
            openapi_extra=of_sparql(method),
        )


def _add_things(app: FastAPI, server: Server) -> None:
    @app.get(
        "/id/{name:path}",
        summary="What the graph says of a thing",
        tags=["Things"],
        response_class=Response,
        openapi_extra=of_thing(),
    )
    async def thing(request: Request) -> Response:
        name = request.path_params["name"]
        try:
            iri = to_sparql(NamedNode(f"{BASE}{name}"))
        except ValueError as error:
            raise NotHere(f"{name!r} cannot be the end of an IRI", fix="check it") from error
        form = wanted(request.headers.get("accept"), request.query_params.get("format"))
        if form.is_page:
            live = server.pages.live
            if to := live.page_of(f"{BASE}{name}"):
                return RedirectResponse(f"/{to}", 303, headers={"vary": "Accept"})
            page = await server.page(live.described, f"{BASE}{name}")
            if page:
                return HTMLResponse(page, headers={"vary": "Accept"})
        elif "graph" not in form.forms:
            raise NotAcceptable(
                "a thing is told of as a page or a graph", fix="accept text/html or text/turtle"
            )
        else:
            forms = {"graph": form.forms["graph"]}
            reply = await while_heard(server.saved, request, _TOLD.format(iri=iri), forms)
            if reply.rows:
                return Response(
                    b"".join(reply.body),
                    media_type=MEDIA_TYPES[reply.form],
                    headers={"vary": "Accept"},
                )
        raise NotHere(f"the graph says nothing of {iri}", fix="check the IRI")


def _add_pages(app: FastAPI, server: Server) -> None:
    """Add the pages: last, for every address that is none of the others may be one."""

    @app.get("/api", include_in_schema=False)
    async def programs(request: Request) -> Response:
        queries = list_queries(Project(server.place.home))
        live = server.pages.live
        limits = server.options.ad_hoc
        page = await server.page(live.programs, queries, str(request.base_url), limits)
        return HTMLResponse(page)

    @app.get("/favicon.ico", include_in_schema=False)
    async def icon() -> Response:
        return Response(status_code=204)  # browsers ask for one by themselves

    @app.get("/question/{file}", include_in_schema=False)
    async def question(file: str, request: Request) -> Response:
        name, _, form = file.partition(".")
        given: dict[str, list[str]] = {}
        for key, value in request.query_params.multi_items():
            given.setdefault(key, []).append(value)
        live = server.pages.live
        if form == "html":
            asked = f"{file}?{request.url.query}"
            if (made := server.made.get(asked)) is None:
                made = await server.page(live.question, name, given)
                server.made.put(asked, made)
            return HTMLResponse(made[1], made[0])
        if not form:
            raise NotHere("there is no page at this address", fix=f"try /question/{name}.html")
        body, media_type = await server.page(live.file, name, form, given)
        headers = {"content-disposition": f'attachment; filename="{file}"'}
        return Response(body, media_type=media_type, headers=headers)

    @app.get("/{address:path}", include_in_schema=False)
    async def page(address: str, request: Request) -> Response:
        return await server.pages.file(address, request)
