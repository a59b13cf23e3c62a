"""A server of Server-Sent Events on loopback, in the documented format, that fails as it is told to."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from aiohttp import web

__all__ = ["Reply", "SseServer", "cut_at", "normal", "refusing", "running", "silent"]

Reply = Callable[["SseServer", web.Request], Awaitable[web.StreamResponse]]


class SseServer:
    """Events numbered from 1, whose ids are `0:number`; each connection gets the next of `replies`, at the end the last again."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies) or [normal]
        self.frames: list[bytes] = []
        self.requests: list[web.Request] = []
        self.changed = asyncio.Event()
        self.url = ""

    def add(self, **fields: Any) -> None:
        """Publish the next event."""
        number = len(self.frames) + 1
        event = {
            "event_id": f"c{number}:1",
            "type": "created",
            "cluster_id": f"c{number}",
            "revision": 1,
            "after": ["x:1"],
        }
        self.add_frame("cluster." + fields.get("type", "created"), json.dumps(event | fields))

    def add_frame(self, name: str, data: str) -> None:
        """Publish a message of any name."""
        self.frames.append(f"id: 0:{len(self.frames) + 1}\nevent: {name}\ndata: {data}\n\n".encode())
        self.changed.set()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        return await reply(self, request)

    def place(self, request: web.Request) -> int:
        """How many events the client has, by its request."""
        last = request.headers.get("Last-Event-ID", "")
        if last:
            return int(last.rpartition(":")[2])
        return len(self.frames) if request.query.get("from") == "now" else 0


async def opened(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    await response.write(b"retry: 20\n\n")
    return response


async def normal(server: SseServer, request: web.Request) -> web.StreamResponse:
    """Every event, then those that come, and comments between."""
    place, response = server.place(request), await opened(request)
    with contextlib.suppress(ConnectionError):
        while True:
            for frame in server.frames[place:]:
                await response.write(frame)
            place = len(server.frames)
            server.changed.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(server.changed.wait(), 0.05)
            await response.write(b": keep-alive\n\n")
    return response


def cut_at(count: int) -> Reply:
    """So many bytes of the events, one at a time or nearly, then the connection is cut."""

    async def reply(server: SseServer, request: web.Request) -> web.StreamResponse:
        response = await opened(request)
        data = b"".join(server.frames[server.place(request) :])[:count]
        for start in range(0, len(data), 7):
            await response.write(data[start : start + 7])
            await asyncio.sleep(0)
        await asyncio.sleep(0.01)
        assert request.transport is not None
        request.transport.abort()
        return response

    return reply


def refusing(status: int, **headers: str) -> Reply:
    """A problem document."""

    async def reply(_: SseServer, __: web.Request) -> web.StreamResponse:
        problem = json.dumps({"title": "No", "detail": "say please", "code": "x"})
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, text=problem, content_type="application/problem+json", headers=given)

    return reply


async def silent(server: SseServer, request: web.Request) -> web.StreamResponse:
    """The first of the events that the client lacks, then nothing: no comment, no end."""
    response = await opened(request)
    for frame in server.frames[server.place(request) :][:1]:
        await response.write(frame)
    await asyncio.sleep(30)
    return response


@contextlib.asynccontextmanager
async def running(server: SseServer, port: int = 0) -> AsyncIterator[SseServer]:
    """Run the server until the block ends; then its connections are cut."""
    app = web.Application()
    app.router.add_get("/api/v1/events", server.answer)
    app.router.add_get("/base/api/v1/events", server.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handle_signals=False)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()
