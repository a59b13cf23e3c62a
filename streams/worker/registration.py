"""The registration of a worker at its index version: one connection, one thread, one heartbeat a second.

The heartbeat renews the worker's lease (`streams/state/fence.py`), then reads which servers answer and the positions they
store (`streams/worker/stored_positions.py`). While a rebuild drains the index version, the worker ends the batch under way,
gives the lease back, and waits un-ready with what it has not acknowledged. When another index version took over, the worker
moves to it; when the rebuild was given up, it resumes.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from streams.errors import FencedError, RedisError
from streams.event_log import EventLog
from streams.ops.health import Health
from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.fence import LEASE_SECONDS, Fence, Gate

__all__ = ["Registration"]

log = EventLog(__name__)
T = TypeVar("T")

_HEARTBEAT_SECONDS = 1.0


class Registration:
    """Says whether work may begin, and whether it may go on. Use from one event loop; `check` from any thread.

    More than ten methods, for the lease changes by a heartbeat, by a turn that ends, and by a worker that stops.
    """

    def __init__(
        self,
        settings: Settings,
        connection: Connection,
        health: Health,
        on_replaced: Callable[[str], None],
        worker: str = "",
    ) -> None:
        """Take a connection of its own, and `on_replaced`, which is called once with the index version that took over.

        `worker` is the id of this worker; without one it gets any.
        """
        self.connection = connection
        self.on_heartbeat: Callable[[], Awaitable[None]] | None = None
        """What each heartbeat does after the lease was renewed, or could not be; it raises nothing."""
        self.is_started = False
        self._generation = settings.generation
        self._fence = Fence(settings.namespace, settings.generation, connection)
        self._health = health
        self._on_replaced = on_replaced
        self._worker = worker or secrets.token_hex(6)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="registration")
        self._open = asyncio.Event()
        self._turn = asyncio.Lock()
        self._until = 0.0
        self._replaced = False
        self._leaving: asyncio.Task[None] | None = None

    async def start(self, turn: asyncio.Lock) -> None:
        """Ask for the lease; the task that holds `turn` is at work. The caller then runs `keep`."""
        self._turn = turn
        self.is_started = True
        await self._renew()

    async def keep(self) -> None:
        """Renew the lease every second, until this task is cancelled."""
        while True:
            await asyncio.sleep(_HEARTBEAT_SECONDS)
            try:
                if not self._replaced:
                    await self._renew()
                if self.on_heartbeat is not None:
                    await self.on_heartbeat()
            except Exception as error:  # whatever it is: without this task the worker would lose its lease
                log.error("heartbeat_failed", "the heartbeat failed: {error!r}", error=error, cause=error)

    async def stop(self) -> None:
        """Give the lease back and close the connection; no work is under way."""
        if self._leaving is not None:
            self._leaving.cancel()
        if self.is_started and not self._replaced:
            await self._leave()
        self._thread.shutdown(wait=False, cancel_futures=True)
        self.connection.close()

    @property
    def is_open(self) -> bool:
        """Return whether new work may begin."""
        return self._open.is_set()

    async def admitted(self) -> None:
        """Wait until new work may begin; a task that waits for its turn afterwards has to ask again (`is_open`)."""
        await self._open.wait()

    def check(self) -> None:
        """Raise FencedError if the lease has expired: then the batch under way must write and publish nothing more."""
        if time.monotonic() > self._until:
            raise FencedError(f"this worker has no leave to work on generation {self._generation} at the moment")

    async def run(self, work: Callable[[], T]) -> T:
        """Call `work` in the thread of this registration and return its result.

        Every use of the registration's connection goes through here, as the connection is not safe for several threads.
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def _renew(self) -> None:
        asked = time.monotonic()
        try:
            gate = await self.run(lambda: self._fence.enter(self._worker))
        except RedisError as error:
            self._health.redis_away(str(error), "lease")
            return
        self._health.redis_away("", "lease")
        if gate.state in ("open", "closing"):
            self._until = asked + LEASE_SECONDS
        if gate.state == "open":
            self._health.paused("")
            self._open.set()
        else:
            self._pause(gate)

    def _pause(self, gate: Gate) -> None:
        if self._open.is_set():
            log.warning(
                "generation_closed",
                "generation {generation} is closed for {successor}; this worker waits",
                generation=self._generation,
                successor=gate.generation,
            )
        self._open.clear()
        self._health.paused(f"generation {self._generation} is being replaced by {gate.generation}")
        if gate.state == "closing" and (self._leaving is None or self._leaving.done()):
            self._leaving = asyncio.create_task(self._leave_when_idle())
        if gate.state == "successor" and not self._replaced:
            self._replaced = True
            self._on_replaced(gate.generation)

    async def _leave_when_idle(self) -> None:
        async with self._turn:
            if not self._open.is_set():
                await self._leave()

    async def _leave(self) -> None:
        self._until = 0.0
        with contextlib.suppress(RedisError):  # the lease then expires
            await self.run(lambda: self._fence.leave(self._worker))
