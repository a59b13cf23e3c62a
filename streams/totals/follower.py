"""Add the events from the positions of a snapshot on to it, as they come. No Redis."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from aiokafka import TopicPartition

from streams import events
from streams.errors import BrokerError
from streams.kafka.cancellation import cancelled_only_by_caller
from streams.kafka.connection import KafkaConnection
from streams.kafka.reader import Extent, read_between
from streams.kafka.topic_follower import Missing, Position, TopicFollower
from streams.settings import Settings
from streams.totals.fold import Change, add_event, decode_change
from streams.totals.letters import LetterFold
from streams.totals.repeats import Place, RepeatFilter
from streams.totals.snapshot import Snapshot

__all__ = ["Follower"]

_MOST = 50
"""Messages handled at once: less than a millisecond, for requests share the event loop."""
_EXPIRE_SECONDS = 60.0


class Follower:
    """Follows `dedup.events` and `dedup.dead-letter`. Use as `async with`; `step` adds to `snapshot`.

    `problem` says why nothing is read at the moment, empty where it is.

    More than ten methods, for events and dead letters are begun, counted and expired each in their own way.
    """

    def __init__(self, settings: Settings, snapshot: Snapshot) -> None:
        """Take a snapshot that is to grow. Asks no server for anything."""
        self.snapshot = snapshot
        self._kafka = KafkaConnection.of(settings)
        self._letter_topic = settings.topic_prefix + events.DEAD_LETTER
        self._included = set(snapshot.included)
        self._filters: dict[int, RepeatFilter] = {}
        self._letters = LetterFold()
        self._letter_ends: dict[int, int] = {}
        """Where the partitions of dead letters ended at the start, of those that were not read up to there yet."""
        self._expired = time.monotonic()
        self.problem = ""
        topics = [snapshot.topic, self._letter_topic]
        self._topics = TopicFollower(self._kafka, topics, self._begin, most=_MOST, all_exist=False)

    async def __aenter__(self) -> Follower:
        """Connect. Raises BrokerError."""
        try:
            await self._topics.read()
        except BaseException:
            await self._topics.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._topics.close()

    async def step(self) -> None:
        """Wait up to half a second for messages, and add them; set `problem` where Kafka cannot be read.

        Raises BrokerError where a message could not be counted: then begin again with what was written.
        """
        try:
            batch = await self._topics.read()
            if time.monotonic() - self._expired > _EXPIRE_SECONDS:
                await self._expire()
        except BrokerError as error:
            self.problem = str(error)
            return
        if not batch.is_start:
            self.problem = ""
        for each in batch.missing:
            self._pass_over(each)
        for place, messages in batch.messages.items():
            if place.topic == self.snapshot.topic:
                for message in messages:
                    await self._add(message)
            else:
                self._add_letters(place.partition, messages)
        await asyncio.sleep(0)

    def finish(self) -> Snapshot:
        """Return the snapshot as it is to be written now."""
        snapshot = self.snapshot
        snapshot.time = int(time.time() * 1000)
        snapshot.behind = self._behind()
        snapshot.included = sorted(self._included)
        snapshot.dead_letters = None if self._letter_ends else self._letters.counts()
        return snapshot

    def _begin(self, extents: Mapping[TopicPartition, Extent]) -> Mapping[TopicPartition, Position]:
        """Return where to read from: events as the filters of repeats need them, dead letters from the first.

        Raises BrokerError where there is no topic of events.
        """
        snapshot = self.snapshot
        of_events = {place.partition: extent for place, extent in extents.items() if place.topic == snapshot.topic}
        if not of_events:
            raise BrokerError(f"Kafka has no topic {snapshot.topic}; `streams doctor` says more")
        if any(snapshot.positions.get(number, 0) > extent.end for number, extent in of_events.items()):
            snapshot.positions, snapshot.complete = {}, False  # it was made anew
        found = {
            TopicPartition(snapshot.topic, number): Position(self._begin_partition(number, extent, len(of_events)))
            for number, extent in of_events.items()
        }
        for place in extents.keys() - found.keys():
            first, end = extents[place]
            found[place] = Position(first)
            if end > first:
                self._letter_ends[place.partition] = end
        return found

    def _begin_partition(self, number: int, extent: Extent, partitions: int) -> int:
        """Return the offset to read from, and note what is missing before the position."""
        snapshot, first = self.snapshot, extent.first
        position = snapshot.positions.get(number, 0)
        if first > position:
            snapshot.missing += first - position
            snapshot.complete = False
            position = first
        snapshot.positions[number] = position
        self._filters[number] = RepeatFilter(partitions)
        return max(self._filters[number].begin(position), first)

    def _pass_over(self, missing: Missing) -> None:
        """Note what is missing in a session after the first."""
        (topic, number), _, end, reason = missing
        is_other_topic = reason == "unknown_position"
        snapshot = self.snapshot
        if topic == self._letter_topic:
            self._letters.expire({number: sys.maxsize if is_other_topic else end})
            self._letter_ends.pop(number, None)
        elif is_other_topic:
            snapshot.positions[number], snapshot.complete = end, False
            self._filters[number] = RepeatFilter(len(self._filters))
        elif end > snapshot.positions[number]:
            snapshot.missing += end - snapshot.positions[number]
            snapshot.positions[number], snapshot.complete = end, False

    async def _add(self, message: Any) -> None:
        snapshot, number = self.snapshot, message.partition
        is_new = message.offset >= snapshot.positions[number]
        if is_new:
            snapshot.positions[number] = message.offset + 1
        event = self._decoded(message, is_new=is_new)
        if event is None:
            return
        place = self._filters[number].add(message.offset, event)
        if is_new:
            await self._count(event, place, message)

    async def _count(self, event: Change, place: Place, message: Any) -> None:
        snapshot = self.snapshot
        if place in (Place.REPEAT, Place.CONFLICT):
            snapshot.repeated += 1
            if place is Place.CONFLICT and event.cluster_id not in snapshot.contradicted:
                snapshot.contradicted[event.cluster_id] = await cancelled_only_by_caller(
                    self._counted_before(event, message)
                )
            return
        counted = snapshot.contradicted.pop(event.cluster_id, None)
        if f"{event.cluster_id}:{event.revision}" in self._included:
            self._included.discard(f"{event.cluster_id}:{event.revision}")
            return
        if counted is None and place is Place.BROKEN:
            counted = await cancelled_only_by_caller(self._counted_before(event, message))
        if counted is not None:
            event = msgspec.structs.replace(event, before=counted)
        add_event(snapshot.counters, event)

    async def _counted_before(self, event: Change, message: Any) -> list[str]:
        """Return the records of the event's cluster as they were counted before a message: by the first content of its last event.

        Reads what the filter knows of the partition again: it keeps no records, and this is only for what a failover leaves.
        """
        place = TopicPartition(message.topic, message.partition)
        last = Change("", event.cluster_id, 0, [], [])
        known = Extent(self._filters[place.partition].begin(message.offset), message.offset)
        async for earlier in read_between(self._kafka, {place: known}):
            if earlier.key != message.key or earlier.value is None:
                continue
            with contextlib.suppress(msgspec.MsgspecError):
                found = decode_change(earlier.value)
                if found.cluster_id == last.cluster_id and found.revision > last.revision:
                    last = found
        return last.after

    def _decoded(self, message: Any, *, is_new: bool) -> Change | None:
        if message.value is None:  # an end marker
            return None
        try:
            return decode_change(message.value)
        except msgspec.MsgspecError:
            self.snapshot.unread += is_new
            return None

    def _add_letters(self, partition: int, messages: Sequence[Any]) -> None:
        for message in messages:
            self._letters.add(message.key or b"", dict(message.headers), partition, message.offset)
        if messages[-1].offset + 1 >= self._letter_ends.get(partition, 0):
            self._letter_ends.pop(partition, None)

    async def _expire(self) -> None:
        self._expired = time.monotonic()
        if self._topics.has_true_ends:
            self._letters.expire(await self._topics.first_offsets(self._letter_topic))

    def _behind(self) -> int | None:
        """Return how many offsets come after the positions, by the ends that the last answers of the broker named."""
        topic = self.snapshot.topic
        behind = [self._topics.behind(TopicPartition(topic, number)) for number in self.snapshot.positions]
        return None if None in behind else sum(each or 0 for each in behind)
