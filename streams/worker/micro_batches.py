"""Take record batches from a stream of Faust's as micro-batches: what has arrived, as soon as the one before is taken up.

Faust's own `take` waits by a clock: it hands over at each tick, or when it has so many messages. A lone record then waits for
the next tick, and a worker with more to do never gets larger batches of many small messages, so that it falls behind for good.
Here a micro-batch is what has arrived while the one before was under way: small where little comes, large where much waits. Only
where none is under way it waits for others, so that records that are sent together are decided together.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from typing import Any, NamedTuple, cast

from faust.types import EventT

from streams.worker.record_batch import RecordBatch

__all__ = ["micro_batches"]


class _Arrival(NamedTuple):
    """A record batch, how many records it has, and when it arrived, by the clock of the event loop."""

    event: EventT[Any]
    records: int
    at: float


class _Arrivals:
    """The record batches that wait for their micro-batch: those of one that is full, and no more, for each takes memory."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: deque[_Arrival] = deque()
        self._records = 0
        self._changed = asyncio.Event()

    @property
    def is_full(self) -> bool:
        """Return whether a micro-batch can be filled."""
        return self._records >= self._most

    async def read(self, stream: Any) -> None:
        """Read a stream to its end, and wait while what has arrived fills a micro-batch."""
        clock = asyncio.get_running_loop().time
        async for event in stream.events():
            records = len(cast("RecordBatch", event.message).records)
            self._waiting.append(_Arrival(event, records, clock()))
            self._records += records
            self._changed.set()
            await self._until(lambda: not self.is_full)

    async def arrived(self, reading: asyncio.Task[None]) -> bool:
        """Wait until something has arrived; return False where the stream has ended. Raises what the stream raises."""
        arriving = asyncio.create_task(self._until(lambda: bool(self._waiting)))
        try:
            await asyncio.wait((arriving, reading), return_when=asyncio.FIRST_COMPLETED)
        finally:
            arriving.cancel()
        if self._waiting:
            return True
        reading.result()
        return False

    async def wait_for_others(self, seconds: float) -> None:
        """Wait until a micro-batch can be filled, at most until so many seconds after the first one arrived."""
        with suppress(TimeoutError):
            async with asyncio.timeout_at(self._waiting[0].at + seconds):
                await self._until(lambda: self.is_full)

    def take(self) -> list[EventT[Any]]:
        """Take what has arrived, in order, while a micro-batch has room."""
        taken: list[EventT[Any]] = []
        room = self._most
        while self._waiting and self._waiting[0].records <= room:
            arrival = self._waiting.popleft()
            taken.append(arrival.event)
            room -= arrival.records
        self._records -= self._most - room
        self._changed.set()
        return taken

    async def _until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            self._changed.clear()
            await self._changed.wait()


async def micro_batches(
    stream: Any, most: int, seconds: float, is_busy: Callable[[], bool]
) -> AsyncGenerator[list[EventT[Any]], None]:
    """Yield the events of a stream together that have arrived, in order, with at most `most` records; none is acknowledged.

    An event is a record batch. `seconds` is how long after the arrival of its first one a micro-batch with room waits for others,
    unless `is_busy`: then what comes meanwhile waits for the one under way in any case. Ends with the stream; raises what the
    stream raises.
    """
    stream.enable_acks = False
    arrivals = _Arrivals(most)
    reading = asyncio.create_task(arrivals.read(stream))
    try:
        while await arrivals.arrived(reading):
            if not is_busy():
                await arrivals.wait_for_others(seconds)
            yield arrivals.take()
    finally:
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading
