"""Run the work of the engine in a thread of its own, one piece of work at a time, again where a server is away.

The event loop stays free, so that heartbeats are sent while the engine computes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar

from streams.errors import BrokerError, RedisError, ServiceError, StuckError
from streams.event_log import EventLog
from streams.ops.health import Health
from streams.ops.metrics import Metrics
from streams.worker.registration import Registration

__all__ = ["EngineThread"]

log = EventLog(__name__)
T = TypeVar("T")

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.1, 15.0
_QUIESCE_SECONDS = 5.0
_REASONS = {"redis": RedisError, "kafka": BrokerError, "fault": StuckError}
"""The errors for which work waits, by the reason in `streams_paused`."""


class EngineThread:
    """The thread of the engine and the turns of those who use it. Use from one event loop."""

    def __init__(self, lease: Registration, health: Health, metrics: Metrics) -> None:
        """Take `lease`, which says when work on this index version may begin."""
        self._lease = lease
        self._health = health
        self._metrics = metrics
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="engine")
        self.turn = asyncio.Lock()
        """Held while a piece of work is under way."""
        self.interrupted = False
        """Whether work has failed since this was set to False: events that it committed may be unpublished."""
        self.closing = False
        """Whether no other work may begin."""

    async def run(self, work: Callable[[], T]) -> T:
        """Return what `work` returns, called in the thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    @asynccontextmanager
    async def admitted(self) -> AsyncIterator[None]:
        """Wait for the turn and for leave to work on this index version; the turn ends with the block."""
        while True:
            await self._lease.admitted()
            async with self.turn:
                if self._lease.is_open:
                    yield
                    return

    async def in_turn(self, work: Callable[[], Awaitable[T]]) -> T:
        """Return what `work` returns, done as by `with_backoff` once it is admitted."""
        async with self.admitted():
            return await self.with_backoff(work)

    async def with_backoff(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do some work, and again with growing pauses as long as it raises ServiceError; report both to Health."""
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                result = await work()
                self._report(None)
                return result
            except ServiceError as error:
                self.interrupted = True
                self._report(error)
                self._metrics.retried.add(1, type(error).__name__)
                log.warning(
                    "work_retried",
                    "{error}; next try in {seconds:.1f} s",
                    error=error,
                    kind=type(error).__name__,
                    seconds=pause,
                )
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    def _report(self, error: ServiceError | None) -> None:
        """Report why work waits, None: it does not. What another server did before stays; the lease reports a rebuild."""
        text = str(error or "")
        for reason, kind in _REASONS.items():
            self._metrics.paused.labels(reason).set(isinstance(error, kind))
        if error is None or isinstance(error, RedisError):
            self._health.redis_away(text)
        if error is None or isinstance(error, BrokerError):
            self._health.trouble("publishing", text)
        self._health.stuck(text if isinstance(error, StuckError) else "")

    async def quiesce(self) -> None:
        """Wait a few seconds for the work under way and let no other begin; what does not end is handled again."""
        self.closing = True
        try:
            async with asyncio.timeout(_QUIESCE_SECONDS), self.turn:
                pass
        except TimeoutError:
            log.warning(
                "batch_cut_off",
                "the batch under way did not end within {seconds:.0f} s; it will be handled again",
                seconds=_QUIESCE_SECONDS,
            )

    def close(self) -> None:
        """End the thread; no work is under way any more."""
        self._thread.shutdown(wait=False, cancel_futures=True)
