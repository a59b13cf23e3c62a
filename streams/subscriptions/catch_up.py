"""Read `dedup.events` for one subscriber, from an old position up to where the ring of the hub begins.

Each has a consumer of its own, without a group. What retention has deleted is reported as a gap, once for each partition.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from typing import NamedTuple

from aiokafka import TopicPartition

from streams.kafka.cancellation import cancelled_only_by_caller
from streams.kafka.connection import KafkaConnection
from streams.kafka.reader import plain_consumer, read_from
from streams.subscriptions.frames import Gap

__all__ = ["Message", "Step", "catch_up", "offsets_at"]

_AT_ONCE = 1000
_WAIT_MS = 500


class Message(NamedTuple):
    """A message of `dedup.events`: `time` is its timestamp in Unix ms, `value` None in an end marker."""

    partition: int
    offset: int
    time: int
    value: bytes | None


class Step(NamedTuple):
    """Messages that were read, after what is missing before them; both may be empty. `offsets` is the position after them."""

    messages: Sequence[Message]
    gaps: Sequence[Gap]
    offsets: Sequence[int]


async def catch_up(
    kafka: KafkaConnection, topic: str, offsets: Sequence[int], lagging: Callable[[Sequence[int]], Sequence[int]]
) -> AsyncGenerator[Step, None]:
    """Yield the messages of the partitions that `lagging` names for a position, until it names none.

    `offsets` is the position to begin at. A step comes at least every half second. Raises BrokerError.
    """
    places = [TopicPartition(topic, partition) for partition in range(len(offsets))]
    position = list(offsets)
    async with plain_consumer(kafka) as consumer:
        read_from(consumer, dict(zip(places, position, strict=True)))
        first, end = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
        # By the broker's report: the embedded one may report too large an offset, so the first message read decides.
        deleted = {place for place in places if first[place] > position[place.partition]}
        empty = [place for place in deleted if end[place] <= first[place]]
        yield Step(
            (), [Gap(p.partition, position[p.partition], first[p]) for p in empty], _after(position, empty, first)
        )
        for place in empty:
            deleted.discard(place)
            position[place.partition] = first[place]
            consumer.seek(place, first[place])
        while open_places := [places[partition] for partition in lagging(position)]:
            read = consumer.getmany(*open_places, timeout_ms=_WAIT_MS, max_records=_AT_ONCE)
            found = await cancelled_only_by_caller(read)
            gaps = [
                Gap(place.partition, position[place.partition], messages[0].offset)
                for place, messages in found.items()
                if place in deleted and messages[0].offset > position[place.partition]
            ]
            deleted -= found.keys()
            for place in open_places:
                position[place.partition] = max(position[place.partition], await consumer.position(place))
            messages = [
                Message(place.partition, each.offset, each.timestamp, each.value)
                for place, some in found.items()
                for each in some
            ]
            yield Step(messages, gaps, list(position))


def _after(position: Sequence[int], empty: Sequence[TopicPartition], first: dict[TopicPartition, int]) -> list[int]:
    moved = list(position)
    for place in empty:
        moved[place.partition] = first[place]
    return moved


async def offsets_at(
    kafka: KafkaConnection, topic: str, partitions: int, time: int, *, has_true_ends: bool
) -> list[int]:
    """Return the offset of the first message of each partition with this timestamp (Unix ms) or a later one.

    Where there is none it is the end of the partition. A broker without true ends finds no offsets by time either: then all are
    0, and the caller leaves out what is older. Raises BrokerError.
    """
    if not has_true_ends:
        return [0] * partitions
    places = [TopicPartition(topic, partition) for partition in range(partitions)]
    async with plain_consumer(kafka) as consumer:
        found = await consumer.offsets_for_times(dict.fromkeys(places, time))
        ends = await consumer.end_offsets(places)
        return [found[place].offset if found[place] is not None else ends[place] for place in places]
