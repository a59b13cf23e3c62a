"""A worker's leave to work on its generation, renewed every second (`state/fence.py`).

While a rebuild has the generation, the worker ends the batch under way, leaves, and waits un-ready with what it has not
acknowledged. When another generation took over, the worker is told to move; when the rebuild was given up, it goes on.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from streams.errors import FencedError, RedisError
from streams.ops.health import Health
from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.fence import LEASE_SECONDS, Fence, Gate

__all__ = ["Lease"]

log = logging.getLogger(__name__)
T = TypeVar("T")

_BEAT_SECONDS = 1.0


class Lease:
    """Says whether work may begin, and whether it may go on. Use from one event loop; `check` from any thread."""

    def __init__(
        self, settings: Settings, connection: Connection, health: Health, moved: Callable[[str], None]
    ) -> None:
        """`connection` is the lease's own; `moved` is told once which generation took over from the settings'."""
        self._generation = settings.generation
        self._fence = Fence(settings.namespace, settings.generation, connection)
        self._health = health
        self._moved = moved
        self._worker = secrets.token_hex(6)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="lease")
        self._open = asyncio.Event()
        self._turn = asyncio.Lock()
        self._until = 0.0
        self._gone = False
        self.is_started = False
        self._leaving: asyncio.Task[None] | None = None

    async def start(self, turn: asyncio.Lock) -> None:
        """Ask for leave and go on asking; whoever holds `turn` is at work."""
        self._turn = turn
        self.is_started = True
        await self._beat()

    async def stop(self) -> None:
        """Give it back; nobody is at work."""
        if self._leaving is not None:
            self._leaving.cancel()
        if self.is_started and not self._gone:
            await self._leave()
        self._thread.shutdown(wait=False, cancel_futures=True)

    @property
    def is_open(self) -> bool:
        """Whether new work may begin."""
        return self._open.is_set()

    async def admitted(self) -> None:
        """Wait until new work may begin; look again (`is_open`) when it is your turn."""
        await self._open.wait()

    def check(self) -> None:
        """Raise FencedError where work under way may not go on: we were silent for so long that nobody waits for us any more."""
        if time.monotonic() > self._until:
            raise FencedError(f"this worker has no leave to work on generation {self._generation} at the moment")

    async def keep(self) -> None:
        """Renew the lease every second, until this task is cancelled."""
        while True:
            await asyncio.sleep(_BEAT_SECONDS)
            if self._gone:
                continue  # this worker is about to stop
            try:
                await self._beat()
            except Exception:  # whatever it is: without this task the worker would wait for ever
                log.exception("the lease was not renewed")

    async def _beat(self) -> None:
        asked = time.monotonic()
        try:
            gate = await self._in_thread(lambda: self._fence.enter(self._worker))
        except RedisError as error:
            self._health.redis_failed(str(error), "lease")
            return
        self._health.redis_answered("lease")
        if gate.state in ("open", "closing"):
            self._until = asked + LEASE_SECONDS
        if gate.state == "open":
            self._health.paused("")
            self._open.set()
        else:
            self._wait(gate)

    def _wait(self, gate: Gate) -> None:
        if self._open.is_set():
            log.warning("generation %s is closed for %s; this worker waits", self._generation, gate.generation)
        self._open.clear()
        self._health.paused(f"generation {self._generation} is being replaced by {gate.generation}")
        if gate.state == "closing" and (self._leaving is None or self._leaving.done()):
            self._leaving = asyncio.create_task(self._leave_when_idle())
        if gate.state == "successor" and not self._gone:
            self._gone = True
            self._moved(gate.generation)

    async def _leave_when_idle(self) -> None:
        async with self._turn:
            if not self._open.is_set():
                await self._leave()

    async def _leave(self) -> None:
        self._until = 0.0
        with contextlib.suppress(RedisError):  # then it is taken for dead in time
            await self._in_thread(lambda: self._fence.leave(self._worker))

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
