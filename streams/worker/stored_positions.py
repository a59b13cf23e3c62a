"""Read the positions stored in Redis beside the batches, on the connection and at the heartbeat of the registration."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from streams.errors import RedisError
from streams.event_log import EventLog
from streams.ops.metrics import Metrics
from streams.settings import Settings
from streams.state.layout import Layout
from streams.state.progress import Histories, Place, Progress
from streams.worker.registration import Registration

__all__ = ["StoredPositions"]

log = EventLog(__name__)


class StoredPositions:
    """The positions stored in Redis, as the consumer asks for them (`streams/worker/consumer.py`)."""

    def __init__(
        self,
        settings: Settings,
        registration: Registration,
        metrics: Metrics,
        on_histories: Callable[[Histories], None],
    ) -> None:
        """Take `on_histories`, which is called at each read with the replication ids of the servers that answer."""
        self._registration = registration
        layout = Layout(settings.namespace, settings.generation, settings.buckets)
        self._progress = Progress(layout, registration.connection)
        self._metrics = metrics
        self._on_histories = on_histories
        self._waiting: list[asyncio.Future[Mapping[Place, int]]] = []
        registration.on_heartbeat = self._refresh

    async def positions(self) -> Mapping[Place, int]:
        """Return the next offset to process of each partition, read now. Raises RedisError."""
        look = await self._registration.run(self._progress.look)
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
        topic, partition = place
        log.warning(
            "partition_rewound" if position else "partition_replayed",
            "{topic}:{partition}: rewound to {position}, from {before}",
            topic=topic,
            partition=partition,
            position=position,
            before=before,
        )
        self._metrics.rewound()

    def missed(self, place: Place, begins: int, ends: int) -> None:
        """Log that no message came of these offsets, which are read again."""
        _log_gap(
            "offsets_missed", "nothing came of the offsets {first} to {last}; reading them again", place, begins, ends
        )

    def skipped(self, place: Place, begins: int, ends: int) -> None:
        """Log and count that no message came of these offsets a second time: the topic has none."""
        _log_gap("offsets_absent", "there are no messages with the offsets {first} to {last}", place, begins, ends)
        self._metrics.skipped(ends - begins)

    def failed(self, error: RedisError) -> None:
        """Log that partitions were assigned and wait for Redis."""
        log.warning("partitions_wait", "{error}; partitions wait for it", error=error)


def _log_gap(event: str, message: str, place: Place, begins: int, ends: int) -> None:
    topic, partition = place
    text = "{topic}:{partition}: " + message
    log.warning(event, text, topic=topic, partition=partition, first=begins, last=ends - 1)
