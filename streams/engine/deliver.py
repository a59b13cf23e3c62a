"""Delivers a batch: publish its messages and acknowledge them at the outbox, again until nothing is left.

Where another worker has changed a cluster since the batch was committed, the outbox answers with the states as they are now:
those of the batch may have reached the broker after those of the other worker. They are published and acknowledged in turn.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Protocol

from streams.engine.messages import Batch
from streams.engine.outbox import Outbox
from streams.events import Outgoing

__all__ = ["InThread", "deliver", "discard"]


class InThread(Protocol):
    """Runs a blocking call in a thread and returns its result."""

    def __call__(self, work: Callable[[], Any], /) -> Awaitable[Any]:
        """Run `work`."""


async def deliver(
    batch: Batch, outbox: Outbox, publish: Callable[[Sequence[Outgoing]], Awaitable[Any]], in_thread: InThread
) -> int:
    """Publish a batch and acknowledge it at the outbox, until nothing is left; return how many messages that took.

    `publish` returns once the broker has acknowledged the messages; `in_thread` runs the calls of the outbox.
    """
    count = 0
    while not batch.is_empty:
        await publish(batch.outgoing)
        count += len(batch.outgoing)
        batch = await in_thread(partial(outbox.acknowledge, batch))
    return count


def discard(batch: Batch, outbox: Outbox) -> None:
    """Acknowledge a batch at the outbox without publishing it: for an index that no subscriber follows yet."""
    while not batch.is_empty:
        batch = outbox.acknowledge(batch)
