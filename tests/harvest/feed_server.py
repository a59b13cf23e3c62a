"""A server of a feed on loopback that fails by schedule or at random; its subclasses replay the protocols of the sources."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
from collections.abc import Callable, Mapping
from typing import NamedTuple, Self

from aiohttp import web

from streams.errors import FeedError

__all__ = ["Asked", "Fault", "FeedServer", "at_random", "pass_at_last"]

HTML = b"<html><head><title>503 first byte timeout</title></head><body><h1>Error</h1></body></html>"


class Asked(NamedTuple):
    """A request as it came."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


class Fault(NamedTuple):
    """How a request fails.

    `refuse` by a status, `cut` within a body that ends as if it were whole, `lose` the connection within the body, `drop` it before
    any, `page` of HTML under 200, or `hang`.
    """

    kind: str
    status: int = 503
    headers: Mapping[str, str] = {}


KINDS = (
    Fault("refuse", 503, {"Retry-After": "0"}),
    Fault("refuse", 503),
    Fault("refuse", 429),
    Fault("refuse", 500),
    Fault("cut"),
    Fault("lose"),
    Fault("drop"),
    Fault("page"),
)


def at_random(seed: int, share: float, kinds: tuple[Fault, ...] = KINDS) -> Callable[[int], Fault | None]:
    """Return a schedule by which a share of the requests fails, another one for each seed."""

    def fault(number: int) -> Fault | None:
        chance = random.Random(seed * 1_000_003 + number)  # noqa: S311 - a schedule that is the same each time
        return chance.choice(kinds) if chance.random() < share else None

    return fault


def pass_at_last(run: Callable[[], object], most: int) -> None:
    """Make passes until one does not fail, at most so many."""
    for _ in range(most):
        with contextlib.suppress(FeedError):
            run()
            break


class FeedServer:
    """Runs in a thread of its own; `with` starts and stops it. `fault` gives the fault of a request by its number from 0.

    `failed` counts the requests that failed, `most_at_once` is the largest number of them that were answered at the same time.
    """

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.failed = self.most_at_once = self._at_once = 0
        self.fault: Callable[[int], Fault | None] = lambda _number: None
        self.before: Callable[[int], None] = lambda _number: None
        self.headers: dict[str, str] = {}
        self.url = ""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def answer(self, asked: Asked) -> web.Response:
        """Return the answer of the protocol."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _start(self) -> None:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            return await self._respond(request)
        finally:
            self._at_once -= 1

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        number = len(self.asked)
        asked = Asked(request.path, dict(request.query), request.headers.copy())
        self.asked.append(asked)
        await asyncio.to_thread(self.before, number)
        fault = self.fault(number)
        if fault is None:
            response = self.answer(asked)
            response.headers.update(self.headers)
            return response
        self.failed += 1
        return await self._fail(fault, request, asked)

    async def _fail(self, fault: Fault, request: web.Request, asked: Asked) -> web.StreamResponse:
        if fault.kind == "refuse":
            return web.Response(status=fault.status, headers=dict(fault.headers), body=HTML, content_type="text/html")
        if fault.kind == "page":
            return web.Response(body=HTML, content_type="text/html")
        if fault.kind == "hang":
            await asyncio.sleep(60)
        whole = self.answer(asked)
        body = bytes(whole.body or b"")  # type: ignore[arg-type]
        if fault.kind == "cut":
            return web.Response(status=whole.status, body=body[: len(body) // 2], headers=whole.headers)
        if fault.kind == "lose":
            response = web.StreamResponse(status=whole.status, headers=whole.headers)
            response.content_length = len(body)
            await response.prepare(request)
            await response.write(body[: len(body) // 2])
            await asyncio.sleep(0.01)
        if request.transport is not None:
            request.transport.abort()
        return web.Response()
