"""Faust's consumer, set back where Redis remembers less than was committed.

Redis replicates asynchronously: a failover may forget writes that a worker has seen acknowledged, while
Kafka keeps the offset committed after them. So when partitions are assigned, the position that Redis itself
remembers is compared with the committed offset, and reading begins at the smaller one. It never
begins later: a topic made anew would lose its first messages.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, cast

from faust.transport.drivers.aiokafka import Consumer, Transport

__all__ = ["RewindingTransport"]

log = logging.getLogger(__name__)

_LOT = 100
"""Messages handed over between two looks at whether partitions are being taken away."""

Positions = Callable[[], Mapping[tuple[str, int], int]]


class _RewindingConsumer(Consumer):
    async def perform_seek(self) -> None:
        await super().perform_seek()
        transport = cast("RewindingTransport", self.transport)
        remembered = await asyncio.get_running_loop().run_in_executor(None, transport.positions)
        for tp in self.assignment():
            committed = self._committed_offset.get(tp)
            position = remembered.get((tp.topic, tp.partition), 0)
            if committed is None or position >= committed:
                continue
            log.warning("%s:%d: Redis remembers %d, %d is committed; rewinding", *tp, position, committed)
            await self.seek(tp, position)
            # Faust's next read of this partition, and what it takes for already committed.
            self._read_offset[tp] = position or None
            self._committed_offset[tp] = position
            transport.rewound()

    async def _drain_messages(self, fetcher: Any) -> None:
        """Hand fetched messages to the stream, in lots.

        Faust's own loop waits for every message on two futures at once, which takes half of the time a message costs.
        Here a lot shares one such wait; a rebalance still interrupts it between two messages.
        """
        try:
            while not (self.should_stop or fetcher.should_stop):
                lot: list[tuple[Any, Any]] = []
                async for tp, message in self.getmany(timeout=1.0):
                    lot.append((tp, message))
                    if len(lot) >= _LOT:
                        await self.wait_first(self._deliver(lot), self.suspend_flow.wait())
                        lot = []
                if lot:
                    await self.wait_first(self._deliver(lot), self.suspend_flow.wait())
                await asyncio.sleep(0)
        except self.consumer_stopped_errors:
            if not self.transport.app.should_stop:
                raise
        except asyncio.CancelledError:
            if not self.transport.app.should_stop:
                raise

    async def _deliver(self, lot: list[tuple[Any, Any]]) -> None:
        for tp, message in lot:
            offset, read = message.offset, self._read_offset[tp]
            if read is not None and offset < read:
                continue
            if read and offset - read > 1 and self.app.topics.acks_enabled_for(message.topic):
                # Compacted or aborted messages leave holes, which must not hold up the commit.
                await self._add_gap(tp, read + 1, offset)
            await self.callback(message)
            self._read_offset[tp] = offset


class RewindingTransport(Transport):
    """Faust's aiokafka transport with the consumer above; `positions` reads what Redis remembers."""

    Consumer = _RewindingConsumer

    def __init__(self, *args: Any, positions: Positions, rewound: Callable[[], None], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.positions = positions
        self.rewound = rewound
