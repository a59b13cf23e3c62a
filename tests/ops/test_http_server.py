"""Strangers at the HTTP port: many, slow, and with nonsense. Probes are answered all the while."""

from __future__ import annotations

import asyncio
import logging
import resource
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from streams.errors import SettingsError
from streams.ops import http, http_server
from streams.ops.health import Health
from streams.ops.http_server import MOST_CONNECTIONS, HttpServer
from streams.ops.metrics import Metrics


@asynccontextmanager
async def serving() -> AsyncIterator[HttpServer]:
    application = web.Application()
    http.add_routes(application.router, Health(), Metrics())
    server = HttpServer("127.0.0.1", 0, application)
    await server.start()
    try:
        yield server
    finally:
        await server.close()


async def status(server: HttpServer, path: str = "/healthz") -> int:
    url = f"http://127.0.0.1:{server.port}{path}"
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(3)) as session, session.get(url) as response:
        await response.read()
        assert response.headers["Server"] == "streams"
        return response.status


@pytest.fixture
def few_files() -> Iterator[None]:
    """Let the process have no more open files than a worker needs: half of the 900 connections are the client's own here."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4096) if hard > 4096 else hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("few_files")
def test_nine_hundred_slow_connections_leave_the_probe_answered() -> None:
    async def story() -> None:
        async with serving() as server:
            slow = []
            for number in range(900):
                _, writer = await asyncio.open_connection("127.0.0.1", server.port)
                writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")
                slow.append(writer)
                if number % 50 == 0:
                    assert await status(server) == 200
            for _ in range(20):
                assert await status(server) == 200
            assert len(asyncio.all_tasks()) < 2 * MOST_CONNECTIONS, "those beyond the limit are closed"
            for writer in slow:
                writer.close()

    asyncio.run(story())


async def ended(server: HttpServer, request: bytes) -> bytes:
    """Send bytes and return all that comes until the other side closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(request)
    received = b""
    try:
        async with asyncio.timeout(5):
            while chunk := await reader.read(65536):
                received += chunk
    except ConnectionResetError:
        pass
    writer.close()
    return received


@pytest.mark.parametrize("request_head", [b"", b"GET /healthz HTTP/1.1\r\nX: "])
def test_a_connection_without_a_request_ends(request_head: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "MOST_SECONDS", 0.2)

    async def story() -> None:
        async with serving() as server:
            assert await ended(server, request_head) == b""

    asyncio.run(story())


@pytest.mark.parametrize(
    ("request_bytes", "code"),
    [
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 200),
        (b"GET /router/ HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        (b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\nabc", 405),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 20_000 + b"\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + b"".join(b"X%d: a\r\n" % n for n in range(2000)) + b"\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    ],
)
def test_nonsense_is_refused_without_a_traceback(
    request_bytes: bytes, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> bytes:
        async with serving() as server:
            return await ended(server, request_bytes)

    with caplog.at_level(logging.INFO):
        answer = asyncio.run(story())
    assert answer.startswith(b"HTTP/1.")
    assert answer.split()[1] == str(code).encode()
    assert caplog.records == []


def test_each_connection_has_one_request() -> None:
    async def story() -> bytes:
        async with serving() as server:
            return await ended(server, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 3)

    answer = asyncio.run(story())
    assert answer.count(b"HTTP/1.1 200") == 1
    assert b"Connection: close" in answer


def test_a_port_that_is_taken_is_a_wrong_setting() -> None:
    async def story() -> None:
        async with serving() as server:
            second = HttpServer("127.0.0.1", server.port, web.Application())
            with pytest.raises(SettingsError, match=f"STREAMS_HTTP_PORT: 127.0.0.1:{server.port} is not to be had"):
                await second.start()

    asyncio.run(story())
