"""The saved queries as an API: an address for each, with its parameters told in OpenAPI."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from kg.project import Project
from kg.queries import SavedQuery, list_queries
from kg.terms import nearest_of
from kg.web.asking import Asked
from kg.web.keeping import Kept, Lately
from kg.web.negotiation import OTHER_TYPES, wanted
from kg.web.openapi import of_query
from kg.web.replies import NotHere, answered

_ROOM = 4 * 1024 * 1024  # characters of queries that are kept with values put in


def saved_queries(project: Project, asker: Kept, store: Asked) -> APIRouter:
    """Give a route for each saved query, and one that lists them.

    Args:
        project: whose saved queries.
        asker: who answers them.
        store: the same graph, asked from threads for what a parameter may be.
    """
    router = APIRouter(prefix="/api", tags=["Saved queries"])
    queries = list_queries(project)
    bound = Lately[str](_ROOM, len)

    @router.get("/queries", summary="List the saved queries")
    async def listed() -> list[dict[str, Any]]:
        return [_told(query) for query in queries]

    for query in queries:
        router.add_api_route(
            f"/query/{query.id}",
            _route(query, asker, store, bound),
            methods=["GET"],
            name=query.id,
            operation_id=query.id,
            summary=query.question,
            description=query.description or query.summary,
            response_class=Response,
            openapi_extra=of_query(query),
        )

    @router.get("/query/{name}", include_in_schema=False)
    async def unknown(name: str) -> Response:
        nearest = nearest_of(name, (query.id for query in queries))
        raise NotHere(f"there is no saved query {name!r}", fix=f"try {nearest}")

    return router


def _route(
    query: SavedQuery, asker: Kept, store: Asked, bound: Lately[str]
) -> Callable[..., Awaitable[Response]]:
    async def text_of(values: dict[str, list[str]]) -> str:
        key = f"{query.id} {values}"
        if (text := bound.get(key)) is None:
            # What a parameter may be is asked of the graph, which a thread waits for; none of those
            # of asyncio, which whoever answers may be in need of.
            text = await run_in_threadpool(query.bind, values, store)
            if store.is_fixed:
                bound.put(key, text)
        return text

    async def ask(request: Request) -> Response:
        values: dict[str, list[str]] = {}
        for name, value in request.query_params.multi_items():
            if name != "format":
                values.setdefault(name, []).append(value)
        form = request.query_params.get("format")
        if form in OTHER_TYPES:
            forms = {"table": form, "boolean": form}
        else:
            forms = wanted(request.headers.get("accept"), form).for_programs
        text = await text_of(values) if values else query.text
        return await answered(asker, request, text, forms)

    return ask


def _told(query: SavedQuery) -> dict[str, Any]:
    return {
        "id": query.id,
        "question": query.question,
        "summary": query.summary,
        "tags": list(query.tags),
        "address": f"/api/query/{query.id}",
        "parameters": [
            {
                "name": param.name,
                "label": param.label,
                "type": param.type,
                "default": param.default,
                "optional": param.optional,
                "multiple": param.multiple,
            }
            for param in query.params
        ],
    }
