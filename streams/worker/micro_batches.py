"""Take record batches from a stream of Faust's as micro-batches: what has arrived, as soon as the one before is taken up.

Faust's own `take` waits by a clock: it hands over at each tick, or when it has so many messages. A lone record then waits for
the next tick, and a worker with more to do never gets larger batches of many small messages, so that it falls behind for good.
Here a micro-batch is what has arrived while the one before was under way: small where little comes, large where much waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any, cast

from faust.types import EventT

from streams.worker.record_batch import RecordBatch

__all__ = ["micro_batches"]

_AHEAD = 16
"""Most record batches that wait here for their micro-batch."""


async def micro_batches(stream: Any, most: int, seconds: float) -> AsyncGenerator[list[EventT[Any]], None]:
    """Yield the events of a stream together that have arrived, in order, with at most `most` records; none is acknowledged.

    An event is a record batch. `seconds` is how long to wait for others where those that have arrived leave room. Ends with the
    stream; raises what the stream raises.
    """
    stream.enable_acks = False
    arrived: asyncio.Queue[EventT[Any]] = asyncio.Queue(_AHEAD)

    async def read() -> None:
        async for event in stream.events():
            await arrived.put(event)

    reading = asyncio.create_task(read())
    held: EventT[Any] | None = None
    try:
        while (first := held or await _next(arrived, reading)) is not None:
            taken, crowded = [first], arrived.full()
            held = _fill(taken, arrived, most)
            if seconds and not (crowded or held) and sum(map(_records, taken)) < most:
                await asyncio.sleep(seconds)
                held = _fill(taken, arrived, most)
            yield taken
    finally:
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading


async def _next(arrived: asyncio.Queue[EventT[Any]], reading: asyncio.Task[None]) -> EventT[Any] | None:
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


def _fill(taken: list[EventT[Any]], arrived: asyncio.Queue[EventT[Any]], most: int) -> EventT[Any] | None:
    """Take what has arrived while it has room; return the event that had none."""
    room = most - sum(map(_records, taken))
    while not arrived.empty():
        event = arrived.get_nowait()
        if (room := room - _records(event)) < 0:
            return event
        taken.append(event)
    return None


def _records(event: EventT[Any]) -> int:
    return len(cast("RecordBatch", event.message).records)
