"""A TCP proxy before a server, at whose command the network fails: refuse, stall, delay, lead elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

__all__ = ["Proxy"]

T = TypeVar("T")
Target = tuple[str, int] | Path

_CHUNK_BYTES = 64 * 1024
_MOST_WAITING = 64  # chunks of one direction that are on their way; then the sender has to wait, as with a full window
_PATIENCE_SECONDS = 10.0


class Proxy:
    """Listens on a port of 127.0.0.1, the same for its whole life, and forwards each connection to `target`.

    All methods may be called from any thread and have taken effect when they return. Use it as a context manager, or `close` it.
    """

    def __init__(self, target: Target, port: int = 0) -> None:
        """Forward to `target`, (host, port) or the path of a Unix socket, from `port` (0: a free one).

        The target need not be there yet: a connection it refuses is closed.
        """
        self.target = target
        """Where connections made from now on lead. Those that are open stay where they are: `cut` ends them."""
        self._reserved = _bound(port)  # never listens; keeps the port ours while we refuse connections
        self.port: int = self._reserved.getsockname()[1]
        self.url = f"127.0.0.1:{self.port}"
        self.connections = 0
        """How many connections were accepted so far."""
        self._delay = 0.0
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._flows = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name=f"proxy-{self.port}")
        self._thread.start()
        self.restore()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def cut(self) -> None:
        """Drop all connections and refuse new ones, until `restore`."""
        self._run(self._cut())

    def stall(self) -> None:
        """Keep connections, accept new ones, and forward nothing, until `restore`; what comes meanwhile is kept and sent then."""
        self._call(self._flows.clear)

    def delay(self, seconds: float) -> None:
        """Deliver whatever comes from now on so much later, in each direction; 0 ends it."""
        self._call(lambda: setattr(self, "_delay", seconds))

    def restore(self) -> None:
        """End `cut`, `stall` and `delay`."""
        self._run(self._restore())

    def close(self) -> None:
        """End all connections and give up the port."""
        if self._loop.is_closed():
            return
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE_SECONDS)
        self._loop.close()
        self._reserved.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE_SECONDS)

    def _call(self, work: Callable[[], None]) -> None:
        async def call() -> None:
            work()

        self._run(call())

    async def _restore(self) -> None:
        self._delay = 0.0
        self._flows.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, sock=_bound(self.port))

    async def _cut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        tasks = list(self._open)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.create_task(self._serve(reader, writer))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = [writer]
        ways: list[asyncio.Task[None]] = []
        try:
            there_reader, there_writer = await self._connect()
            ends.append(there_writer)
            ways += (asyncio.create_task(self._forward(reader, there_writer)),)
            ways += (asyncio.create_task(self._forward(there_reader, writer)),)
            # Where one side hangs up both ends are closed: none of our protocols goes on with half a connection.
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        except OSError:
            pass
        finally:
            for way in ways:
                way.cancel()
            for end in ends:
                end.transport.abort()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self.target, Path):
            return await asyncio.open_unix_connection(str(self.target))
        return await asyncio.open_connection(*self.target)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_MOST_WAITING)
        sender = asyncio.ensure_future(self._send(waiting, writer))
        with contextlib.suppress(OSError):
            try:
                while chunk := await reader.read(_CHUNK_BYTES):
                    await waiting.put((self._loop.time() + self._delay, chunk))
                await waiting.put((self._loop.time() + self._delay, b""))
                await sender
            finally:
                sender.cancel()

    async def _send(self, waiting: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter) -> None:
        while True:
            due, chunk = await waiting.get()
            if (left := due - self._loop.time()) > 0:
                await asyncio.sleep(left)
            await self._flows.wait()
            if not chunk:
                return
            writer.write(chunk)
            await writer.drain()


def _bound(port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("127.0.0.1", port))
    return made
