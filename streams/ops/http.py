"""Serve health and metrics over HTTP, in the aiohttp application of the Faust worker.

    add_routes(app.web.web_app.router, health, metrics, redis=ping, broker=publisher.ping)

This call has to come before the worker starts: Faust adds its own pages at start, and the first route of a path is used.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import orjson
from aiohttp import web

from streams.ops.health import Health, HealthReport
from streams.ops.metrics import Metrics

__all__ = ["INDEX", "add_routes"]

INDEX: dict[str, str] = {
    "/healthz": "200 while the worker is live, 503 when it should be restarted",
    "/readyz": "200 while the worker is ready, 503 otherwise",
    "/metrics": "Prometheus metrics",
}
"""What `/` lists: path and meaning."""

_PING_SECONDS = 2.0
Ping = Callable[[], Awaitable[Any]]


def add_routes(
    router: web.UrlDispatcher,
    health: Health,
    metrics: Metrics,
    *,
    redis: Ping | None = None,
    broker: Ping | None = None,
) -> None:
    """Add `/`, `/healthz`, `/readyz` and `/metrics` to `router`.

    `redis` and `broker` ping a server, and raise where it does not answer. `/readyz` calls them with a time limit of 2 seconds and
    reports the result to `health`; so does `/healthz` where a server was away or the worker seems stuck. Without them the worker
    itself has to report to `health` whether the servers answer.
    """

    async def ask() -> None:
        await asyncio.gather(
            _ask(redis, partial(health.redis_answered, "probe"), partial(health.redis_failed, caller="probe")),
            _ask(broker, health.broker_answered, health.broker_failed),
        )

    async def index(_request: web.Request) -> web.Response:
        return _json({"name": "streams", "paths": INDEX})

    async def healthz(_request: web.Request) -> web.Response:
        if health.away or not health.live().ok:
            await ask()
        return _report(health.live())

    async def readyz(_request: web.Request) -> web.Response:
        await ask()
        return _report(health.ready())

    async def exposition(request: web.Request) -> web.Response:
        body, content_type = metrics.exposition(request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": content_type})

    router.add_get("/", index)
    router.add_get("/healthz", healthz)
    router.add_get("/readyz", readyz)
    router.add_get("/metrics", exposition)


async def _ask(ping: Ping | None, answered: Callable[[], None], failed: Callable[[str], None]) -> None:
    if ping is None:
        return
    try:
        async with asyncio.timeout(_PING_SECONDS):
            await ping()
    except TimeoutError:
        failed(f"no answer within {_PING_SECONDS:g} s")
    except Exception as error:  # whatever the client raises, the server did not answer
        failed(f"{type(error).__name__}: {error}")
    else:
        answered()


def _report(report: HealthReport) -> web.Response:
    return _json(report.as_json(), 200 if report.ok else 503)


def _json(value: object, status: int = 200) -> web.Response:
    # A cached report would say how the worker was, not how it is.
    return web.Response(
        body=orjson.dumps(value), status=status, content_type="application/json", headers={"Cache-Control": "no-store"}
    )
