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


class RewindingTransport(Transport):
    """Faust's aiokafka transport with the consumer above; `positions` reads what Redis remembers."""

    Consumer = _RewindingConsumer

    def __init__(self, *args: Any, positions: Positions, rewound: Callable[[], None], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.positions = positions
        self.rewound = rewound
