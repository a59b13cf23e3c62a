"""What `streams serve` does beside its requests: it keeps the totals, and reads the heartbeats of the workers every second."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Self

from streams.errors import StreamsError
from streams.kafka.cancellation import stop_task
from streams.query.index_reader import IndexReader
from streams.settings import Settings
from streams.state.heartbeats import Heartbeat
from streams.totals.keeper import CountReview, Keeper
from streams.totals.rates import HeartbeatRing
from streams.totals.read import read_workers

__all__ = ["Background"]

Ask = Callable[[Callable[[IndexReader], list[Heartbeat]]], Awaitable[list[Heartbeat]]]

_HEARTBEAT_SECONDS = 1.0


class Background:
    """Use as `async with`. `heartbeats` has those of the last 15 minutes."""

    def __init__(self, settings: Settings, ask: Ask, count_review: CountReview | None = None) -> None:
        """Take the settings, how to ask an index reader, and how to count the review queue."""
        self._ask = ask
        self._keeper = Keeper(settings, count_review=count_review)
        self._tasks: list[asyncio.Task[None]] = []
        self.heartbeats = HeartbeatRing()

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._keeper.run()), asyncio.create_task(self._read_heartbeats())]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            await stop_task(task)

    async def _read_heartbeats(self) -> None:
        """Read heartbeats until cancelled; while Redis is away the last ones grow old."""
        while True:
            with contextlib.suppress(StreamsError):
                found = await self._ask(lambda index: read_workers(index.settings, index.connection))
                self.heartbeats.add(found, time.time())
            await asyncio.sleep(_HEARTBEAT_SECONDS)
