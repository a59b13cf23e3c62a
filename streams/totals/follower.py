"""Add the events from the positions of a snapshot on to it, as they come. No Redis."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

import msgspec
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from streams import events
from streams.errors import BrokerError
from streams.kafka.connection import KafkaConnection
from streams.kafka.reader import existing_places, first_offsets, plain_consumer
from streams.kafka.refusal import explained
from streams.kafka.topics import is_embedded_broker
from streams.settings import Settings
from streams.totals.fold import Change, add_event, decode_change
from streams.totals.letters import LetterFold
from streams.totals.repeats import Place, RepeatFilter
from streams.totals.snapshot import Snapshot

__all__ = ["Follower"]

_WAIT_MS = 500
_MOST = 50
"""Messages handled at once: less than a millisecond, for requests share the event loop."""
_EXPIRE_SECONDS = 60.0


class Follower:
    """Follows `dedup.events` and `dedup.dead-letter`. Use as `async with`; `step` adds to `snapshot`."""

    def __init__(self, settings: Settings, snapshot: Snapshot) -> None:
        """Take a snapshot that is to grow. Asks no server for anything."""
        self.snapshot = snapshot
        self._settings = settings
        self._kafka = KafkaConnection.of(settings)
        self._letter_topic = settings.topic_prefix + events.DEAD_LETTER
        self._included = set(snapshot.included)
        self._filters: dict[int, RepeatFilter] = {}
        self._letters = LetterFold()
        self._letter_ends: dict[int, int] = {}
        """Where the partitions of dead letters ended at the start, of those that were not read up to there yet."""
        self._ends_known = False
        self._expired = time.monotonic()
        self._open = AsyncExitStack()
        self._consumer: Any = None

    async def __aenter__(self) -> Follower:
        try:
            self._ends_known = not await is_embedded_broker(self._settings)
            self._consumer = await self._open.enter_async_context(plain_consumer(self._kafka, "none"))
            await self._begin()
        except KafkaError as error:
            await self._open.aclose()
            raise explained(self._kafka, "cannot be read", error) from error
        except BaseException:
            await self._open.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    async def step(self) -> None:
        """Wait up to half a second for messages, and add them. Raises BrokerError where messages before the positions are gone."""
        try:
            batches = await self._consumer.getmany(timeout_ms=_WAIT_MS, max_records=_MOST)
            for place, messages in batches.items():
                if place.topic == self.snapshot.topic:
                    for message in messages:
                        await self._add(message)
                else:
                    self._add_letters(place.partition, messages)
            if time.monotonic() - self._expired > _EXPIRE_SECONDS:
                await self._expire()
        except KafkaError as error:
            raise explained(self._kafka, "cannot be read", error) from error
        await asyncio.sleep(0)

    def finish(self) -> Snapshot:
        """Return the snapshot as it is to be written now."""
        snapshot = self.snapshot
        snapshot.time = int(time.time() * 1000)
        snapshot.behind = self._behind()
        snapshot.included = sorted(self._included)
        snapshot.dead_letters = None if self._letter_ends else self._letters.counts()
        return snapshot

    async def _begin(self) -> None:
        snapshot = self.snapshot
        places = await existing_places(self._kafka, [snapshot.topic, self._letter_topic])
        event_places = [place for place in places if place.topic == snapshot.topic]
        if not event_places:
            raise BrokerError(f"Kafka has no topic {snapshot.topic}; `streams doctor` says more")
        self._consumer.assign(places)
        first = await first_offsets(self._kafka, snapshot.topic)
        if self._ends_known:
            await self._restart_emptied(event_places)
        for place in event_places:
            self._begin_partition(place, first[place.partition], len(event_places))
        await self._begin_letters([place for place in places if place.topic == self._letter_topic])

    async def _restart_emptied(self, places: list[TopicPartition]) -> None:
        """Begin at offset 0 again where the topic ends before a position: it was deleted and made again."""
        ends = await self._consumer.end_offsets(places)
        if any(ends[place] < self.snapshot.positions.get(place.partition, 0) for place in places):
            self.snapshot.positions, self.snapshot.complete = {}, False

    def _begin_partition(self, place: TopicPartition, first: int, partitions: int) -> None:
        snapshot, number = self.snapshot, place.partition
        position = snapshot.positions.get(number, 0)
        if first > position:
            snapshot.missing += first - position
            snapshot.complete = False
            position = first
        snapshot.positions[number] = position
        self._filters[number] = RepeatFilter(partitions)
        self._consumer.seek(place, max(self._filters[number].begin(position), first))

    async def _begin_letters(self, places: list[TopicPartition]) -> None:
        if not places:
            return
        first = await first_offsets(self._kafka, self._letter_topic)
        ends = await self._consumer.end_offsets(places)
        for place in places:
            self._consumer.seek(place, first[place.partition])
            if ends[place] > first[place.partition]:
                self._letter_ends[place.partition] = ends[place]

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
                snapshot.contradicted[event.cluster_id] = await self._counted_before(event, message)
            return
        counted = snapshot.contradicted.pop(event.cluster_id, None)
        if f"{event.cluster_id}:{event.revision}" in self._included:
            self._included.discard(f"{event.cluster_id}:{event.revision}")
            return
        if counted is None and place is Place.BROKEN:
            counted = await self._counted_before(event, message)
        if counted is not None:
            event = msgspec.structs.replace(event, before=counted)
        add_event(snapshot.counters, event)

    async def _counted_before(self, event: Change, message: Any) -> list[str]:
        """Return the records of the event's cluster as they were counted before a message: by the first content of its last event.

        Reads what the filter knows of the partition again: it keeps no records, and this is only for what a failover leaves.
        """
        place = TopicPartition(message.topic, message.partition)
        last = Change("", event.cluster_id, 0, [], [])
        async with plain_consumer(self._kafka) as consumer:
            consumer.assign([place])
            consumer.seek(place, self._filters[place.partition].begin(message.offset))
            async for earlier in consumer:
                if earlier.offset >= message.offset:
                    return last.after
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

    def _add_letters(self, partition: int, messages: list[Any]) -> None:
        for message in messages:
            self._letters.add(message.key or b"", dict(message.headers), partition, message.offset)
        if messages[-1].offset + 1 >= self._letter_ends.get(partition, 0):
            self._letter_ends.pop(partition, None)

    async def _expire(self) -> None:
        self._expired = time.monotonic()
        if self._ends_known:
            places = [place for place in self._consumer.assignment() if place.topic == self._letter_topic]
            first: Mapping[TopicPartition, int] = await self._consumer.beginning_offsets(places)
            self._letters.expire({place.partition: offset for place, offset in first.items()})

    def _behind(self) -> int | None:
        """Return how many offsets come after the positions, by the ends that the last answers of the broker named."""
        if not self._ends_known:
            return None
        behind = 0
        for number, position in self.snapshot.positions.items():
            end = self._consumer.highwater(TopicPartition(self.snapshot.topic, number))
            if end is None:
                return None
            behind += max(end - position, 0)
        return behind
