"""Serve an aiohttp application to strangers: bounded connections, one short request each, no tracebacks for nonsense.

A connection has one request and ends after ten seconds at most, however slowly the other side sends or reads. Where more
than 64 are open the oldest one is closed: a probe or a scrape takes milliseconds, so the oldest are those that send nothing.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any, cast

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from streams.errors import SettingsError
from streams.event_log import EventLog
from streams.settings import PREFIX

__all__ = ["MOST_CONNECTIONS", "MOST_SECONDS", "HttpServer"]

log = EventLog(__name__)

MOST_CONNECTIONS = 64
MOST_SECONDS = 10.0
_HEAD_SECONDS = 5.0
_LINGER_SECONDS = 0.5
_CLOSE_SECONDS = 1.0


class HttpServer:
    """One listening port. `start` binds it, `close` gives it up."""

    def __init__(self, host: str, port: int, application: web.Application, setting: str = "HTTP_PORT") -> None:
        """Take the address to bind to; port 0 is any free one. `setting` is the one with the port, without `STREAMS_`."""
        self._setting = PREFIX + setting
        self._host = host
        self._given_port = port
        application.on_response_prepare.append(_close_after)
        self._runner = web.AppRunner(application, access_log=None)
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """Return the port that is bound; the one given before that."""
        bound = self._server.sockets if self._server is not None else ()
        return int(bound[0].getsockname()[1]) if bound else self._given_port

    async def start(self) -> None:
        """Listen. Raises SettingsError where the address cannot be bound."""
        await self._runner.setup()
        loop, connections = asyncio.get_running_loop(), _Connections()
        manager: Any = self._runner.server
        try:
            self._server = await loop.create_server(
                lambda: _Handler(manager, connections, loop), self._host, self._given_port, reuse_address=True
            )
        except OSError as error:
            await self._runner.cleanup()
            problem = f"{self._host}:{self._given_port} is not to be had: {_plain(error)}"
            raise SettingsError(self._setting, problem, f"a free port of {PREFIX}HTTP_HOST, or 0 for any") from None

    async def close(self) -> None:
        """Stop listening and close all connections."""
        if self._server is not None:
            self._server.close()
        manager: Any = self._runner.server
        if manager is not None:
            await manager.shutdown(_CLOSE_SECONDS)
        await self._runner.cleanup()


class _Connections:
    """The open connections, the oldest first."""

    def __init__(self) -> None:
        self._open: dict[asyncio.Transport, asyncio.TimerHandle] = {}

    def opened(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._open[transport] = loop.call_later(MOST_SECONDS, transport.abort)
        while len(self._open) > MOST_CONNECTIONS:
            oldest = next(iter(self._open))
            self.closed(oldest)
            oldest.abort()

    def closed(self, transport: asyncio.Transport) -> None:
        if timer := self._open.pop(transport, None):
            timer.cancel()


class _Handler(web.RequestHandler):
    """aiohttp's protocol of one connection, which is counted, and whose nonsense is no error of Streams."""

    __slots__ = ("_connections", "_counted")

    def __init__(self, manager: Any, connections: _Connections, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            manager,
            loop=loop,
            access_log=None,  # type: ignore[arg-type]
            keepalive_timeout=_HEAD_SECONDS,
            lingering_time=_LINGER_SECONDS,
        )
        self._connections = connections
        self._counted: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._counted = cast("asyncio.Transport", transport)
        self._connections.opened(self._counted, self._loop)

    def connection_lost(self, exc: BaseException | None) -> None:
        if self._counted is not None:
            self._connections.closed(self._counted)
            self._counted = None
        super().connection_lost(exc)

    def log_exception(self, *args: Any, **kwargs: Any) -> None:
        """Write a line without traceback where the request is what is wrong."""
        error = kwargs.get("exc_info")
        if isinstance(error, HttpProcessingError):
            log.debug("request_refused", "a request was refused with {status}", status=error.code)
        else:
            super().log_exception(*args, **kwargs)


async def _close_after(_request: web.Request, response: web.StreamResponse) -> None:
    response.force_close()
    response.headers.update({"Connection": "close", "Server": "streams"})


def _plain(error: OSError) -> str:
    """Return what the system says; asyncio adds the address to it."""
    return os.strerror(error.errno) if error.errno else str(error)
