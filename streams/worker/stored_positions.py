"""Read the positions stored in Redis beside the batches, on the connection and at the heartbeat of the registration."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

from streams.errors import LostStateError, RedisError
from streams.event_log import EventLog
from streams.ops.metrics import Metrics
from streams.settings import Settings
from streams.state.heartbeats import PartitionLag
from streams.state.layout import Layout
from streams.state.progress import Histories, Place, Progress
from streams.worker.lag import Lag, Offsets
from streams.worker.registration import Registration

__all__ = ["StoredPositions"]

log = EventLog(__name__)


class StoredPositions:
    """The positions stored in Redis, for a consumer (`streams/worker/consumer.py`); logs and measures what it reports.

    More than ten methods, for each report is of a moment of its own.
    """

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
        layout = Layout.of(settings)
        self._progress = Progress(layout, registration.connection)
        self._metrics = metrics
        self._on_histories = on_histories
        self._on_lost = on_lost
        self._waiting: list[asyncio.Future[Mapping[Place, int]]] = []
        self._prefix = settings.topic_prefix
        self._lag = Lag()
        self._counted: dict[Place, int] = {}
        """The offset up to which missing messages of a partition are counted."""
        self.wants_offsets = False
        """Whether the broker reports end offsets that are right, so that what was not fetched yet is known."""
        metrics.lag(self._by_topic)
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
        self._lag.stored(look.positions)
        return look.positions

    async def next_positions(self) -> Mapping[Place, int]:
        """Return the next offset to process of each partition, read by the first heartbeat from now on that can."""
        future: asyncio.Future[Mapping[Place, int]] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        return await future

    async def begin(self, before: Mapping[Place, int]) -> None:
        """Store that partitions with these positions are read from their beginning, and log it. Raises RedisError."""
        await self._registration.run(lambda: self._progress.put(dict.fromkeys(before, 0)))
        for (topic, partition), position in before.items():
            log.warning(
                "partition_new",
                "{topic}:{partition}: no offset is committed, so the topic or the group is new; it is read from its beginning. "
                "It was read up to {before}; what came after that and was not read is gone where the topic is new",
                topic=topic,
                partition=partition,
                before=position,
            )

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
        self._lag.rewound(place)
        self._metrics.rewound.add(1)

    def missed(self, place: Place, begins: int, ends: int) -> None:
        """Log that no message came of these offsets, which are read again."""
        _log_gap(
            "offsets_missed", "nothing came of the offsets {first} to {last}; reading them again", place, begins, ends
        )

    def skipped(self, place: Place, begins: int, ends: int) -> None:
        """Log and count that no message came of these offsets a second time: the topic has none."""
        fresh = max(begins, self._counted.get(place, 0))
        if fresh < ends:  # or else it was seen before that the topic begins behind them
            _log_gap("offsets_absent", "there are no messages with the offsets {first} to {last}", place, fresh, ends)
            self._metrics.skipped.add(ends - fresh)
            self._counted[place] = ends

    def partitions_assigned(self, places: list[Place]) -> None:
        """Begin to measure the lag of the partitions that Kafka has assigned."""
        self._lag.assigned(places)
        self._metrics.assigned.set(len(places))
        self._metrics.rebalanced.add(1)

    def partitions_revoked(self) -> None:
        """Drop the partitions, which Kafka has revoked."""
        self._lag.revoked()
        self._counted.clear()
        self._metrics.assigned.set(0)

    def fetched(self, place: Place, ends: int, messages: int, taken: int) -> None:
        """Count messages that were fetched into the lag until the position behind them is stored."""
        self._lag.fetched(place, ends, messages, taken)

    def reported(self, offsets: Mapping[Place, Offsets]) -> None:
        """Count what the broker has and was not fetched into the lag, and what it has lost unread as skipped."""
        for place, (begins, ends) in self._lag.reported(offsets).items():
            self.skipped(place, begins, ends)

    def partitions(self) -> list[PartitionLag]:
        """Return the partitions of this worker with their positions and what waits in them, topics without the prefix."""
        return [
            PartitionLag(topic.removeprefix(self._prefix), partition, position, messages, round(age, 3))
            for (topic, partition), position, messages, age in sorted(self._lag.by_partition(time.time()))
        ]

    def _by_topic(self) -> dict[str, tuple[int, float]]:
        """Return the lag by the names of topics without the prefix."""
        return {topic.removeprefix(self._prefix): lag for topic, lag in self._lag.by_topic(time.time()).items()}

    def failed(self, error: RedisError) -> None:
        """Log that partitions were assigned and wait for Redis."""
        log.warning("partitions_wait", "{error}; partitions wait for it", error=error)


def _log_gap(event: str, message: str, place: Place, begins: int, ends: int) -> None:
    topic, partition = place
    text = "{topic}:{partition}: " + message
    log.warning(event, text, topic=topic, partition=partition, first=begins, last=ends - 1)
