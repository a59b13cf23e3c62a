"""A batch is published and acknowledged until the outbox has nothing more to publish."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

from streams.engine.deliver import deliver, discard
from streams.engine.messages import Batch
from streams.engine.outbox import Outbox
from streams.events import Outgoing

FIRST, SECOND = Outgoing("t", b"k", b"1"), Outgoing("t", b"k", b"2")


class Overtaken:
    """An outbox of which another worker changes a cluster once, while the first batch is published."""

    def __init__(self) -> None:
        self.left = [Batch((SECOND, SECOND), (), drained={b"o": ["c:1"]}), Batch((), ())]
        self.log: list[str] = []

    def acknowledge(self, batch: Batch) -> Batch:
        self.log.append(f"acknowledge {len(batch.outgoing)}")
        return self.left.pop(0)

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        self.log.append(f"publish {len(messages)}")


def test_what_the_outbox_answers_is_published_and_acknowledged_in_turn() -> None:
    box = Overtaken()
    count = asyncio.run(deliver(Batch((FIRST,), ()), cast(Outbox, box), box.publish, asyncio.to_thread))
    assert count == 3
    assert box.log == ["publish 1", "acknowledge 1", "publish 2", "acknowledge 2"]


def test_what_is_discarded_is_acknowledged_all_the_same() -> None:
    box = Overtaken()
    discard(Batch((FIRST,), ()), cast(Outbox, box))
    assert box.log == ["acknowledge 1", "acknowledge 2"]


def test_an_empty_batch_takes_no_round_trip() -> None:
    box = Overtaken()
    assert asyncio.run(deliver(Batch((), ()), cast(Outbox, box), box.publish, asyncio.to_thread)) == 0
    discard(Batch((), ()), cast(Outbox, box))
    assert box.log == []
