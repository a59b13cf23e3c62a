"""Read `dedup.events` from Kafka, without a consumer group: positions are the subscriber's own.

What retention deletes before it is read becomes a `Gap`, and so does a topic that was created anew, as after a restart of the
embedded broker.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import TopicPartition

from streams.api.event import read_event
from streams.client.items import Gap, Item, Missing, Moved, Unreadable
from streams.errors import BrokerError, PayloadError, WrongSetupError
from streams.event_log import EventLog
from streams.events.messages import EVENTS
from streams.events.positions import BEGINNING, NOW, format_offsets, parse_offsets
from streams.kafka.connection import KafkaConnection
from streams.kafka.reader import Extent
from streams.kafka.topic_follower import Missing as MissingMessages
from streams.kafka.topic_follower import Position, TopicFollower

__all__ = ["KafkaSource"]

log = EventLog(__name__)

_MOST = 500  # messages read at once


class KafkaSource:
    """Reads the events of one installation. Connects when it is read first."""

    def __init__(self, kafka: KafkaConnection, topic_prefix: str, start: str) -> None:
        """Start at `beginning`, `now` or a position. Raises ValueError where it is none of these."""
        self._topic = topic_prefix + EVENTS
        self._start = start
        self._next: dict[int, int] = {} if start in (BEGINNING, NOW) else parse_offsets(start)
        self._follower = TopicFollower(kafka, [self._topic], self._begin, most=_MOST)
        self._problem = ""

    @property
    def position(self) -> str:
        """Where the next read begins."""
        return format_offsets(self._next)

    async def has_passed(self, ends: Mapping[int, int]) -> bool:
        """Return whether every partition was read up to its end in `ends`; one may have no message right before it."""
        return await self._follower.has_reached({TopicPartition(self._topic, p): end for p, end in ends.items()})

    async def read(self) -> Sequence[Item]:
        """Wait for the next events; return none after half a second without any.

        Raises BrokerError where the first connection fails; a later one is made again for as long as it takes.
        """
        try:
            batch = await self._follower.read()
        except BrokerError as error:
            if not self._follower.positions:
                raise
            if str(error) != self._problem:
                log.warning("subscription_waits", "{reason}; connecting again", reason=str(error))
            self._problem = str(error)
            return []
        self._problem = ""
        if batch.is_start:
            return self._moved(batch.missing)
        return [item for place, messages in batch.messages.items() for item in self._items(place, messages)]

    async def close(self) -> None:
        """Close the connection; the next read connects again and continues."""
        await self._follower.close()

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

    def _begin(self, extents: Mapping[TopicPartition, Extent]) -> Mapping[TopicPartition, Position]:
        """Return where to begin in every partition. Raises WrongSetupError where the position has one that the topic has not."""
        if unknown := self._next.keys() - {place.partition for place in extents}:
            raise WrongSetupError(
                f"the position {self.position} is not of {self._topic}, which has no partition {min(unknown)}"
            )
        for place, extent in extents.items():
            self._next.setdefault(place.partition, extent.end if self._start == NOW else extent.first)
        return {place: Position(self._next[place.partition]) for place in extents}

    def _moved(self, missing: Sequence[MissingMessages]) -> Sequence[Item]:
        """Return the item of a new position, with what is missing before it."""
        found = tuple(Missing(place.partition, start, end, reason) for place, start, end, reason in missing)
        self._next |= {each.partition: each.end for each in found}
        if not found:
            return [Moved(self.position)]
        where = ", ".join(f"partition {each.partition} from offset {each.start} to {each.end}" for each in found)
        return [Gap(self.position, found, f"events of {self._topic} are gone: {where}")]
