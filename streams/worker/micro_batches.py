"""Take record batches from a stream of Faust's as micro-batches: what has arrived, as soon as the one before is taken up.

Faust's own `take` waits by a clock: it hands over at each tick, or when it has so many messages. A lone record then waits for
the next tick, and a worker with more to do never gets larger batches of many small messages, so that it falls behind for good.
Here a micro-batch is what has arrived while the one before was under way: small where little comes, large where much waits. Only
where none is under way it waits for others, so that records that are sent together are decided together.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from typing import Any, NamedTuple, cast

from faust.types import EventT

from streams.worker.record_batch import RecordBatch

__all__ = ["micro_batches"]

_AHEAD = 16
"""Most record batches that wait here for their micro-batch."""


class _Arrived(NamedTuple):
    """A record batch, and when it arrived, by the clock of the event loop."""

    event: EventT[Any]
    at: float

    @property
    def records(self) -> int:
        return len(cast("RecordBatch", self.event.message).records)


async def micro_batches(
    stream: Any, most: int, seconds: float, is_busy: Callable[[], bool]
) -> AsyncGenerator[list[EventT[Any]], None]:
    """Yield the events of a stream together that have arrived, in order, with at most `most` records; none is acknowledged.

    An event is a record batch. `seconds` is how long after the arrival of its first one a micro-batch with room waits for others,
    unless `is_busy`: then what comes meanwhile waits for the one under way in any case. Ends with the stream; raises what the
    stream raises.
    """
    stream.enable_acks = False
    clock = asyncio.get_running_loop().time
    arrived: asyncio.Queue[_Arrived] = asyncio.Queue(_AHEAD)

    async def read() -> None:
        async for event in stream.events():
            await arrived.put(_Arrived(event, clock()))

    reading = asyncio.create_task(read())
    held: _Arrived | None = None
    try:
        while (first := held or await _next(arrived, reading)) is not None:
            taken, crowded = [first], arrived.full()
            held = _fill(taken, arrived, most)
            wait = first.at + seconds - clock()
            if wait > 0 and not (is_busy() or crowded or held) and sum(each.records for each in taken) < most:
                await asyncio.sleep(wait)
                held = _fill(taken, arrived, most)
            yield [each.event for each in taken]
    finally:
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading


async def _next(arrived: asyncio.Queue[_Arrived], reading: asyncio.Task[None]) -> _Arrived | None:
    """Return the next event once it has arrived; None where the stream has ended."""
    if not arrived.empty():
        return arrived.get_nowait()
    getting = asyncio.create_task(arrived.get())
    try:
        await asyncio.wait((getting, reading), return_when=asyncio.FIRST_COMPLETED)
        if getting.done():
            return getting.result()
        reading.result()
        return None
    finally:
        getting.cancel()


def _fill(taken: list[_Arrived], arrived: asyncio.Queue[_Arrived], most: int) -> _Arrived | None:
    """Take what has arrived while it has room; return the record batch that had none."""
    room = most - sum(each.records for each in taken)
    while not arrived.empty():
        event = arrived.get_nowait()
        if (room := room - event.records) < 0:
            return event
        taken.append(event)
    return None
