"""The Litestar application: all routes under `/api/v1`, the page, problem documents, and the description by OpenAPI 3.1."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar, Request, Router, get
from litestar.datastructures import MutableScopeHeaders, State
from litestar.di import Provide
from litestar.enums import OpenAPIMediaType, ScopeType
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, License, SecurityScheme
from litestar.types import Message, Scope

from streams import __version__
from streams.serve import probes
from streams.serve.access import SESSION_COOKIE, Access, Caller, by_default
from streams.serve.encoded_paths import EncodedPaths
from streams.serve.guards import Guards
from streams.serve.lines import ListResponse
from streams.serve.page import router as page_router
from streams.serve.page.errors import as_pages
from streams.serve.problems import HANDLERS
from streams.serve.rate_limit import RateLimit
from streams.serve.resources import Resources
from streams.serve.routes import (
    clusters,
    corrections,
    dead_letters,
    events,
    lookup,
    match,
    pairs,
    reconcile,
    records,
    review,
    session,
    stats,
    webhooks,
)

__all__ = ["API", "create_app"]

API = "/api/v1"
_MAX_BODY = 1_000_000
_ROUTERS: Sequence[Router] = (
    clusters.router, records.router, lookup.router, match.router, pairs.router, events.router, stats.router,
    corrections.router, review.router, dead_letters.router, session.router, webhooks.router,
)  # fmt: skip


@get("/openapi.json", operation_id="describe", include_in_schema=False, media_type=OpenAPIMediaType.OPENAPI_JSON)
async def description(request: Request[object, object, State]) -> dict[str, Any]:
    """Return the description of the API."""
    return request.app.openapi_schema.to_schema()


def create_app(resources: Resources) -> Litestar:
    """Return the application. `resources` are opened when it starts and closed when it stops.

    Raises SettingsError where it would be open to all (`streams/serve/access.py`).
    """
    access = Access.of(resources.settings)

    @asynccontextmanager
    async def opened(_app: Litestar) -> AsyncIterator[None]:
        async with resources:
            yield

    def provide_resources() -> Resources:
        return resources

    def provide_caller(request: Request[Caller, None, State]) -> Caller:
        return request.user

    api = Router(API, route_handlers=[description, *_ROUTERS], response_class=ListResponse)
    app = Litestar(
        route_handlers=[api, probes.router, reconcile.router, page_router],
        dependencies={
            "resources": Provide(provide_resources, sync_to_thread=False),
            "caller": Provide(provide_caller, sync_to_thread=False),
        },
        guards=[by_default],
        state=State({"access": access}),
        exception_handlers=as_pages(HANDLERS),
        lifespan=[opened],
        before_send=[_name_methods],
        middleware=[resources.metrics.middleware],
        openapi_config=_description(),
        request_max_body_size=_MAX_BODY,
        logging_config=None,
        debug=False,
    )
    # Around the router, not in `middleware`: paths that are not known are guarded as well.
    rate = RateLimit(resources.settings.serve_requests_per_second)
    app.asgi_handler = Guards(EncodedPaths(app.asgi_handler), access, rate, resources.metrics)
    return app


async def _name_methods(message: Message, scope: Scope) -> None:
    """Name all methods of a path in `Allow`: Litestar answers OPTIONS with those of the handler that was registered first."""
    if message["type"] != "http.response.start" or scope["type"] != ScopeType.HTTP or scope["method"] != "OPTIONS":
        return
    # Without a template where the request was refused before a path was looked for.
    template = scope.get("path_template", "")
    methods = scope["litestar_app"].route_handler_method_map.get(template, {})
    if methods:
        MutableScopeHeaders.from_message(message)["Allow"] = ", ".join(sorted(map(str, methods)))


def _description() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="Streams",
        version=__version__,
        description="Clusters of scholarly records that are one paper: look up, match, explain, correct, subscribe. "
        "Answers with `items` come as NDJSON, one item a line, where `Accept` has application/x-ndjson.",
        license=License(name="Apache-2.0", identifier="Apache-2.0"),
        path=f"{API}/openapi",  # every other path below it answers in HTML, so it is no path of the API's own
        render_plugins=[JsonRenderPlugin()],
        use_handler_docstrings=True,
        components=Components(
            security_schemes={
                "token": SecurityScheme("http", scheme="bearer", description="A token made by `streams token create`."),
                "session": SecurityScheme(
                    "apiKey", name=SESSION_COOKIE, security_scheme_in="cookie", description="Begun by POST /session."
                ),
            }
        ),
    )
