"""A snapshot of all clusters, then the events after it, without a gap.

1. Note where `dedup.events` ends, and take the last messages before that end.
2. Read `dedup.clusters` to its end.
3. Yield the state of each cluster, then follow the events from what was noted, without those that the states have.

Noting the end alone would not do: an event may be in its topic some seconds before the state is in its own, and for a while
after the death of a worker the last state of a cluster may be an older one. So the events before the end are read as well, and of
each cluster the highest revision counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from streams.api.event import ClusterState, Event
from streams.client.items import ClusterEnd, Gap, Item, Moved, Unreadable
from streams.client.kafka_source import KafkaSource
from streams.client.snapshot_table import SnapshotTable
from streams.errors import PayloadError
from streams.events.messages import CLUSTERS, EVENTS
from streams.events.positions import format_offsets
from streams.kafka.connection import KafkaConnection
from streams.kafka.reader import extents, read_to_now

__all__ = ["OVERLAP", "SnapshotSource"]

OVERLAP = 10_000
"""How many messages of each partition of `dedup.events` before its end are taken into the snapshot."""
_LOT = 200


class SnapshotSource:
    """Reads the states of all clusters, then events. Takes the snapshot when it is read first."""

    def __init__(self, kafka: KafkaConnection, topic_prefix: str) -> None:
        self._kafka = kafka
        self._prefix = topic_prefix
        self._table: SnapshotTable | None = None
        self._events: KafkaSource | None = None
        self._states: Iterator[ClusterState] = iter(())
        self._after: list[Item] = []

    async def read(self) -> Sequence[Item]:
        """Return the next states, or once all were returned wait for the next events. Raises BrokerError."""
        if self._table is None or self._events is None:
            await self._take()
            return []
        if states := list(islice(self._states, _LOT)):
            return states
        if self._after:
            after, self._after = self._after, []
            return after
        return [_unless_known(item, self._table) for item in await self._events.read()]

    async def close(self) -> None:
        """Close the connection and delete the table."""
        if self._table is not None and self._events is not None:
            self._states, self._after = iter(()), []
            self._table.close()
            source, self._table, self._events = self._events, None, None
            await source.close()

    def ends(self) -> Iterator[ClusterEnd]:
        """Yield clusters that ended shortly before the snapshot; none before it was taken."""
        return self._table.ends() if self._table else iter(())

    async def _take(self) -> None:
        """Take the snapshot; leave what came of it only when it is complete."""
        ends = {
            place.partition: extent for place, extent in (await extents(self._kafka, self._prefix + EVENTS)).items()
        }
        begin = {partition: max(extent.first, extent.end - OVERLAP) for partition, extent in ends.items()}
        table = SnapshotTable()
        source = KafkaSource(self._kafka, self._prefix, format_offsets(begin))
        try:
            after: list[Item] = []
            async for message in read_to_now(self._kafka, [self._prefix + CLUSTERS]):
                try:
                    table.add_message(message.key or b"", message.value, dict(message.headers))
                except PayloadError as error:
                    after.append(Unreadable(error, ""))
            while not await source.has_passed({partition: extent.end for partition, extent in ends.items()}):
                after += _take_events(await source.read(), table)
        except BaseException:
            table.close()
            await source.close()
            raise
        self._table, self._events, self._states = table, source, table.states()
        self._after = [*after, Moved(source.position)]


def _unless_known(item: Item, table: SnapshotTable) -> Item:
    """Return the item; of an event that is not newer than what was yielded of its cluster, the position alone."""
    return Moved(item.position) if isinstance(item, Event) and not table.note(item) else item


def _take_events(items: Sequence[Item], table: SnapshotTable) -> list[Item]:
    """Take events into the snapshot; return what the subscriber has to know beside them."""
    for item in items:
        if isinstance(item, Event):
            table.add_event(item)
    return [item for item in items if isinstance(item, Gap | Unreadable)]
