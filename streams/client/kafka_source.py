"""Read `dedup.events` from Kafka, without a consumer group: positions are the subscriber's own.

What retention deletes before it is read becomes a `Gap`, and so does a topic that was created anew, as after a restart of the
embedded broker. Kafka says that an offset is out of range. The embedded broker does not, so positions are compared with the ends
of partitions: at the start, and when nothing comes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from streams.api.event import read_event
from streams.client.items import Gap, Item, Missing, Moved, Unreadable
from streams.client.position import BEGINNING, NOW, format_position, parse_position
from streams.errors import PayloadError, WrongSetupError
from streams.events.messages import EVENTS
from streams.kafka.connection import KafkaConnection
from streams.kafka.reader import Extent, extents, plain_consumer
from streams.kafka.refusal import explained

__all__ = ["KafkaSource"]

_WAIT_MS = 500
_IDLE_SECONDS = 5.0
"""How long nothing comes before the ends of the partitions are compared with those before, and the longest that this may take."""
_MOST = 500  # messages read at once


class KafkaSource:
    """Reads the events of one installation. Connects when it is read first."""

    def __init__(self, kafka: KafkaConnection, topic_prefix: str, start: str) -> None:
        """Start at `beginning`, `now` or a position. Raises ValueError where it is none of these."""
        self._kafka = kafka
        self._topic = topic_prefix + EVENTS
        self._start = start
        self._next: dict[int, int] = {} if start in (BEGINNING, NOW) else parse_position(start)
        self._open = AsyncExitStack()
        self._consumer: AIOKafkaConsumer | None = None
        self._extents: Mapping[TopicPartition, Extent] = {}
        self._reported: Mapping[TopicPartition, int] = {}
        self._last_message = 0.0

    @property
    def position(self) -> str:
        """Where the next read begins."""
        return format_position(self._next)

    async def has_passed(self, ends: Mapping[int, int]) -> bool:
        """Return whether every partition was read up to its end in `ends`; one may have no message right before it."""
        if self._consumer is None:
            return False
        for place in self._extents:
            end = ends.get(place.partition, 0)
            if self._next[place.partition] < end and await self._consumer.position(place) < end:
                return False
        return True

    async def read(self) -> Sequence[Item]:
        """Wait for the next events; return none after half a second without any. Raises BrokerError."""
        try:
            if self._consumer is None:
                return await self._connect()
            batches = await self._consumer.getmany(timeout_ms=_WAIT_MS, max_records=_MOST)
        except OffsetOutOfRangeError as error:
            return await self._skip_missing(error.args[0])
        except KafkaError as error:
            raise explained(self._kafka, "cannot be read", error) from error
        if not batches:
            return await self._look_at_ends()
        self._last_message = time.monotonic()
        return [item for place, messages in batches.items() for item in self._items(place, messages)]

    async def close(self) -> None:
        """Close the connection; the next read connects again and continues."""
        self._consumer = None
        await self._open.aclose()

    def _items(self, place: TopicPartition, messages: Sequence[Any]) -> list[Item]:
        """Return the items of messages of one partition, and note the position after each."""
        items: list[Item] = []
        for message in messages:
            self._next[place.partition] = message.offset + 1
            position = self.position
            if not message.value:  # an end marker
                items.append(Moved(position))
                continue
            try:
                items.append(read_event(message.value, position))
            except PayloadError as error:
                where = f"{place.topic}:{place.partition}:{message.offset}"
                items.append(Unreadable(PayloadError(error.code, error.detail, where), position))
        return items

    async def _connect(self) -> Sequence[Item]:
        """Start a consumer at the position in every partition."""
        await self._open.aclose()  # of an attempt that was cancelled
        self._extents = await extents(self._kafka, self._topic)
        consumer = await self._open.enter_async_context(plain_consumer(self._kafka, "none"))
        missing = self._place()  # from here on nothing is awaited, so that no cancellation loses what is missing
        consumer.assign(list(self._extents))
        for place in self._extents:
            consumer.seek(place, self._next[place.partition])
        self._reported = {place: extent.end for place, extent in self._extents.items()}
        self._consumer, self._last_message = consumer, time.monotonic()
        return self._moved(missing)

    def _place(self) -> list[Missing]:
        """Set the next offset of every partition; return the offsets that are missing. Raises WrongSetupError."""
        if self._next:
            if unknown := self._next.keys() - {place.partition for place in self._extents}:
                raise WrongSetupError(
                    f"the position {self.position} is not of {self._topic}, which has no partition {min(unknown)}"
                )
            given = {place: self._next.get(place.partition, extent.first) for place, extent in self._extents.items()}
        else:
            from_now = self._start == NOW
            given = {place: extent.end if from_now else extent.first for place, extent in self._extents.items()}
        self._next = {place.partition: offset for place, offset in given.items()}
        return self._missing(given)

    def _missing(self, given: Mapping[TopicPartition, int]) -> list[Missing]:
        """Set the next offset where an offset is out of range; return what is missing in each such partition."""
        found: list[Missing] = []
        for place, offset in given.items():
            first, end = self._extents[place]
            if not first <= offset <= end:
                self._next[place.partition] = first
                reason = "retention" if offset < first else "unknown_position"
                found.append(Missing(place.partition, offset, first, reason))
        return found

    def _moved(self, missing: Sequence[Missing]) -> Sequence[Item]:
        """Return the item of a new position, with what is missing before it."""
        if not missing:
            return [Moved(self.position)]
        where = ", ".join(f"partition {each.partition} from offset {each.start} to {each.end}" for each in missing)
        return [Gap(self.position, tuple(missing), f"events of {self._topic} are gone: {where}")]

    async def _skip_missing(self, given: Mapping[TopicPartition, int]) -> Sequence[Item]:
        """Seek the first message that there is in partitions whose position is out of range. Raises BrokerError."""
        self._extents = {**self._extents, **await extents(self._kafka, self._topic)}
        missing = self._missing({place: self._next[place.partition] for place in given})
        if self._consumer is not None:
            for place in given:
                self._consumer.seek(place, self._next[place.partition])
        return self._moved(missing)

    async def _look_at_ends(self) -> Sequence[Item]:
        """Compare the reported ends with those before, where nothing came for a while: less means another topic of this name."""
        if self._consumer is None or time.monotonic() < self._last_message + _IDLE_SECONDS:
            return []
        self._last_message = time.monotonic()
        try:
            async with asyncio.timeout(_IDLE_SECONDS):
                ends = dict(await self._consumer.end_offsets(list(self._extents)))
        except (KafkaError, TimeoutError):
            return []  # the broker is away, and aiokafka connects again
        before, self._reported = self._reported, ends
        smaller = [place for place, end in ends.items() if end < before.get(place, 0)]
        if not smaller:
            return []
        self._extents = {**self._extents, **{place: Extent(0, 0) for place in smaller}}
        missing = self._missing({place: self._next[place.partition] for place in smaller})
        for place in smaller:
            self._consumer.seek(place, self._next[place.partition])
        return self._moved(missing)
