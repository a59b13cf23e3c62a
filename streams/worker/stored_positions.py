"""Read the positions stored in Redis beside the batches, on a connection and in a thread of their own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from streams.errors import RedisError
from streams.ops.metrics import Metrics
from streams.settings import Settings
from streams.state.connection import connect
from streams.state.layout import Layout
from streams.state.progress import Histories, Place, Progress

__all__ = ["StoredPositions"]

log = logging.getLogger(__name__)
T = TypeVar("T")


class StoredPositions:
    """The positions stored in Redis, as the consumer asks for them (`streams/worker/consumer.py`)."""

    def __init__(self, settings: Settings, metrics: Metrics, on_histories: Callable[[Histories], None]) -> None:
        """Take `on_histories`, which is called at each read with the replication ids of the servers that answer."""
        self._connection = connect(settings)
        layout = Layout(settings.namespace, settings.generation, settings.buckets)
        self._progress = Progress(layout, self._connection)
        self._metrics = metrics
        self._on_histories = on_histories
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="positions")

    async def positions(self) -> Mapping[Place, int]:
        """Return the next offset to process of each partition. Raises RedisError."""
        look = await self._in_thread(self._progress.look)
        self._on_histories(look.histories)
        return look.positions

    async def begin(self, places: list[Place]) -> None:
        """Store that these partitions are read from their beginning. Raises RedisError."""
        await self._in_thread(lambda: self._progress.put(dict.fromkeys(places, 0)))

    def rewound(self, place: Place, position: int, before: int) -> None:
        """Log and count that a partition was rewound to a position from the one before."""
        log.warning("%s:%d: rewound to %d, from %d", *place, position, before)
        self._metrics.rewound()

    def missed(self, place: Place, begins: int, ends: int) -> None:
        """Log that no message came of these offsets, which are read again."""
        log.warning("%s:%d: nothing came of the offsets %d to %d; reading them again", *place, begins, ends - 1)

    def skipped(self, place: Place, begins: int, ends: int) -> None:
        """Log and count that no message came of these offsets a second time: the topic has none."""
        log.warning("%s:%d: there are no messages with the offsets %d to %d", *place, begins, ends - 1)
        self._metrics.skipped(ends - begins)

    def failed(self, error: RedisError) -> None:
        """Log that partitions were assigned and wait for Redis."""
        log.warning("%s; partitions wait for it", error)

    def close(self) -> None:
        """Close the connection."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._connection.close()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
