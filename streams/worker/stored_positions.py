"""Read the positions stored in Redis beside the batches, on the connection and at the heartbeat of the registration."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping

from streams.errors import LostStateError, RedisError
from streams.ops.metrics import Metrics
from streams.settings import Settings
from streams.state.layout import Layout
from streams.state.progress import Histories, Place, Progress
from streams.worker.registration import Registration

__all__ = ["StoredPositions"]

log = logging.getLogger(__name__)


class StoredPositions:
    """The positions stored in Redis, as the consumer asks for them (`streams/worker/consumer.py`)."""

    def __init__(
        self,
        settings: Settings,
        registration: Registration,
        metrics: Metrics,
        on_histories: Callable[[Histories], None],
        on_lost: Callable[[LostStateError], None],
    ) -> None:
        """Take what each read calls.

        `on_histories` gets the replication ids of the servers that answer; `on_lost` is called where the state is not there.
        """
        self._registration = registration
        layout = Layout(settings.namespace, settings.generation, settings.buckets)
        self._progress = Progress(layout, registration.connection)
        self._metrics = metrics
        self._on_histories = on_histories
        self._on_lost = on_lost
        self._waiting: list[asyncio.Future[Mapping[Place, int]]] = []
        registration.on_heartbeat = self._refresh

    def expect(self, state: str) -> None:
        """Report at each read where Redis does not have the state of this id."""
        self._progress.state = state

    async def positions(self) -> Mapping[Place, int]:
        """Return the next offset to process of each partition, read now. Raises RedisError."""
        try:
            look = await self._registration.run(self._progress.look)
        except LostStateError as error:
            self._on_lost(error)
            raise
        self._on_histories(look.histories)
        return look.positions

    async def next_positions(self) -> Mapping[Place, int]:
        """Return the next offset to process of each partition, read by the first heartbeat from now on that can."""
        future: asyncio.Future[Mapping[Place, int]] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        return await future

    async def begin(self, places: list[Place]) -> None:
        """Store that these partitions are read from their beginning. Raises RedisError."""
        await self._registration.run(lambda: self._progress.put(dict.fromkeys(places, 0)))

    async def _refresh(self) -> None:
        waiting = list(self._waiting)  # a future of later on needs a read that begins later
        try:
            positions = await self.positions()
        except RedisError:
            return  # the lease and the batch under way report it
        for future in waiting:
            self._waiting.remove(future)
            if not future.done():
                future.set_result(positions)

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
