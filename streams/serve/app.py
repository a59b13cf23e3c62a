"""The Litestar application: all routes under `/api/v1`, problem documents, and the description by OpenAPI 3.1."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from litestar import Litestar, Router
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import License

from streams import __version__
from streams.serve import probes
from streams.serve.problems import HANDLERS
from streams.serve.resources import Resources
from streams.serve.routes import clusters, corrections, dead_letters, lookup, match, pairs, records, review

__all__ = ["API", "create_app"]

API = "/api/v1"
_MAX_BODY = 1_000_000
_ROUTERS: Sequence[Router] = (
    clusters.router, records.router, lookup.router, match.router, pairs.router,
    corrections.router, review.router, dead_letters.router,
)  # fmt: skip


def create_app(resources: Resources) -> Litestar:
    """Return the application. `resources` are opened when it starts and closed when it stops."""

    @asynccontextmanager
    async def opened(_app: Litestar) -> AsyncIterator[None]:
        async with resources:
            yield

    def provide_resources() -> Resources:
        return resources

    api = Router(API, route_handlers=[*_ROUTERS])
    return Litestar(
        route_handlers=[api, probes.router],
        dependencies={"resources": Provide(provide_resources, sync_to_thread=False)},
        exception_handlers=HANDLERS,
        lifespan=[opened],
        middleware=[resources.metrics.middleware],
        openapi_config=_description(),
        request_max_body_size=_MAX_BODY,
        logging_config=None,
        debug=False,
    )


def _description() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="Streams",
        version=__version__,
        description="Clusters of scholarly records that are one paper: look up, match, explain, correct, subscribe.",
        license=License(name="Apache-2.0", identifier="Apache-2.0"),
        path=API,
        render_plugins=[JsonRenderPlugin()],
        use_handler_docstrings=True,
    )
