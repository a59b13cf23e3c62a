"""The routes on a real HTTP server, alone and in the application of a Faust worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from streams.errors import SettingsError
from streams.ops import http, server_probes
from streams.ops.health import Health
from streams.ops.metrics import Metrics
from streams.ops.server_probes import Probes
from streams.settings import Settings, load_settings

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
    http.add_routes(made.router, health, metrics, probes=Probes(health, redis=ping, broker=broker))
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
            health.redis_away("")
            assert (await fetch(session, "/readyz"))[0] == 200
            health.failed("gone")
            status, body = await fetch(session, "/healthz")
            assert status == 503
            assert {"name": "worker", "ok": False, "reason": "gone"} in body["checks"]

    asyncio.run(story())


def test_metrics_are_prometheus_text() -> None:
    async def story() -> None:
        metrics = Metrics()
        metrics.received.add(3, "arxiv")
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
    monkeypatch.setattr(server_probes, "_PING_SECONDS", 0.05)

    async def story() -> None:
        health = Health()
        health.assigned(1)
        async with serving(application(health, Metrics(), ping)) as session:
            answer, body = await fetch(session, "/readyz")
            assert answer == status
            assert {"name": "redis", "ok": status == 200, "reason": reason} in body["checks"]

    asyncio.run(story())


def test_a_stuck_worker_asks_for_the_servers_before_it_calls_for_a_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_probes, "_FRESH_SECONDS", 0.0)

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


def test_beyond_loopback_metrics_and_reasons_need_the_token() -> None:
    async def story(access: http.Access, headers: dict[str, str]) -> tuple[int, int, bool]:
        health = Health()
        made = web.Application()
        http.add_routes(made.router, health, Metrics(), access=access)
        async with serving(made) as session:
            async with session.get("/metrics", headers=headers) as response:
                metrics = response.status
            async with session.get("/readyz", headers=headers) as response:
                checks = (await response.json())["checks"]
                assert {check["name"] for check in checks} >= {"kafka", "redis"}
                return metrics, response.status, all("reason" in check for check in checks)

    right, wrong = {"Authorization": "Bearer t0ken"}, {"Authorization": "Bearer other"}
    for access, headers, metrics, reasons in (
        (http.Access(), {}, 200, True),
        (http.Access("", False), {}, 403, False),
        (http.Access("", False), right, 403, False),
        (http.Access("t0ken", False), {}, 401, False),
        (http.Access("t0ken", False), wrong, 401, False),
        (http.Access("t0ken", False), right, 200, True),
        (http.Access("t0ken", True), {}, 401, False),
        (http.Access("t0ken", True), right, 200, True),
    ):
        assert asyncio.run(story(access, headers)) == (metrics, 503, reasons), (access, headers)


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("worker.example", False)],  # noqa: S104
)
def test_the_token_comes_from_the_settings_or_a_file(host: str, local: bool, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("t0ken\n")
    for given in ({"http_token": "t0ken"}, {"http_token_file": str(file)}):
        assert http.Access.of(load_settings(http_host=host, **given)) == http.Access("t0ken", local)
    assert http.Access.of(Settings(http_host=host)) == http.Access("", local)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"http_token": "x", "http_token_file": "y"}, "is set as well"),
        ({"http_token_file": "/no/such/file"}, "No such file"),
        ({"http_token_file": "/dev/null"}, "is empty"),
    ],
)
def test_a_token_file_that_is_of_no_use_is_a_wrong_setting(given: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=f"STREAMS_HTTP_TOKEN_FILE: .*{said}"):
        http.Access.of(load_settings(**given))


def test_the_token_is_not_shown() -> None:
    assert "t0ken" not in repr(load_settings(http_token="t0ken"))  # noqa: S106
