"""The routes on a real HTTP server, alone and in the application of a Faust worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import aiohttp
import faust
import pytest
from aiohttp import web
from faust.web.drivers.aiohttp import Web

from streams.ops import http
from streams.ops.health import Health
from streams.ops.metrics import Metrics

Ping = Callable[[], Awaitable[Any]]


@asynccontextmanager
async def serving(application: web.Application) -> AsyncIterator[aiohttp.ClientSession]:
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0]
        async with aiohttp.ClientSession(f"http://{host}:{port}") as session:
            yield session
    finally:
        await runner.cleanup()


async def fetch(session: aiohttp.ClientSession, path: str) -> tuple[int, Any]:
    async with session.get(path) as response:
        assert response.headers["Cache-Control"] == "no-store"
        return response.status, await response.json()


def application(
    health: Health, metrics: Metrics, ping: Ping | None = None, broker: Ping | None = None
) -> web.Application:
    made = web.Application()
    http.add_routes(made.router, health, metrics, redis=ping, broker=broker)
    return made


def test_health_is_a_status_code_with_reasons() -> None:
    async def story() -> None:
        health = Health()
        async with serving(application(health, Metrics())) as session:
            status, body = await fetch(session, "/healthz")
            assert (status, body["live"]) == (200, True)
            status, body = await fetch(session, "/readyz")
            assert (status, body["ready"]) == (503, False)
            health.assigned(2)
            health.redis_answered()
            assert (await fetch(session, "/readyz"))[0] == 200
            health.failed("gone")
            status, body = await fetch(session, "/healthz")
            assert status == 503
            assert {"name": "worker", "ok": False, "reason": "gone"} in body["checks"]

    asyncio.run(story())


def test_metrics_are_prometheus_text() -> None:
    async def story() -> None:
        metrics = Metrics()
        metrics.received("arxiv", 3)
        async with serving(application(Health(), metrics)) as session, session.get("/metrics") as response:
            assert response.status == 200
            assert response.headers["Content-Type"].startswith("text/plain")
            assert 'streams_received_records_total{source="arxiv"} 3.0' in await response.text()

    asyncio.run(story())


def test_every_path_of_the_index_exists() -> None:
    async def story() -> None:
        async with serving(application(Health(), Metrics())) as session:
            status, body = await fetch(session, "/")
            assert status == 200
            assert set(body["paths"]) == {"/healthz", "/readyz", "/metrics"}
            for path in body["paths"]:
                async with session.get(path) as response:
                    assert response.status in (200, 503)

    asyncio.run(story())


async def answers() -> None:
    pass


async def refuses() -> None:
    raise ConnectionError("refused")


async def hangs() -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("ping", "status", "reason"),
    [
        (answers, 200, "answered 0 s ago"),
        (refuses, 503, "ConnectionError: refused"),
        (hangs, 503, "no answer within 0.05 s"),
    ],
)
def test_readiness_asks_redis(ping: Ping, status: int, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "_PING_SECONDS", 0.05)

    async def story() -> None:
        health = Health()
        health.assigned(1)
        async with serving(application(health, Metrics(), ping)) as session:
            answer, body = await fetch(session, "/readyz")
            assert answer == status
            assert {"name": "redis", "ok": status == 200, "reason": reason} in body["checks"]

    asyncio.run(story())


def test_the_routes_win_over_the_pages_faust_adds_at_start() -> None:
    async def story() -> None:
        app = faust.App("test-ops-http", broker="kafka://127.0.0.1:1")
        http.add_routes(cast(Web, app.web).web_app.router, Health(), Metrics())
        async with serving(await app.web.wsgi()) as session:
            assert (await fetch(session, "/"))[1]["name"] == "streams"
            async with session.get("/metrics") as response:
                assert "streams_rewinds_total" in await response.text()

    asyncio.run(story())


def test_a_stuck_worker_asks_for_the_servers_before_it_calls_for_a_restart() -> None:
    async def story() -> None:
        health, there = Health(stall_seconds=0), [False]

        async def broker() -> None:
            if not there[0]:
                raise ConnectionError("unplugged")

        health.waiting(1)
        async with serving(application(health, Metrics(), broker=broker)) as session:
            status, body = await fetch(session, "/healthz")
            assert status == 200
            assert "unplugged" in body["checks"][1]["reason"]
            there[0] = True
            assert (await fetch(session, "/healthz"))[0] == 503

    asyncio.run(story())
