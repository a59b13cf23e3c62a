"""Read topics from the beginning to the end they have now, or until cancelled.

Kafka reports the end of a partition, so nothing but reading is asked for. The embedded broker reports a wrong one; there the
reader writes an end marker: a message with a header of its own in every partition. Messages at or after the offset of the
marker came later. The marker itself may be compacted away before it is read, once another reader has written one after it.
Which of the two a broker is, it says itself, by the id of its cluster.
"""

from __future__ import annotations

import math
import time
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from streams.errors import BrokerError
from streams.kafka.connection import KafkaConnection, started
from streams.kafka.partitions import EMBEDDED_CLUSTER, partition_of
from streams.kafka.refusal import explaining

__all__ = [
    "END_HEADER",
    "Cluster",
    "Extent",
    "describe",
    "extents",
    "extents_of",
    "first_offsets",
    "follow",
    "plain_consumer",
    "read_at",
    "read_at_time",
    "read_between",
    "read_from",
    "read_one",
    "read_to_now",
    "reported_extents",
]

END_HEADER = "streams-end"
_MAX_BYTES = 16 * 1024 * 1024
_ONE_SECONDS = 5.0
_AT_ONE_TIME = 500
"""Messages of a partition among which those of one moment are looked for."""


class Cluster(NamedTuple):
    """Whether the ends that the broker reports are right, and the partitions of the topics asked for."""

    has_true_ends: bool
    places: Sequence[TopicPartition]


class Extent(NamedTuple):
    """The first offset that a partition has, and the offset after its last message."""

    first: int
    end: int


async def read_to_now(
    kafka: KafkaConnection, topics: Sequence[str], keys: Collection[bytes] | None = None, since: int = 0
) -> AsyncIterator[Any]:
    """Yield every message (aiokafka's ConsumerRecord) that is in the topics now.

    `keys` limits it to the partitions in which workers put messages of these keys. With `since` (Unix time in ms)
    older messages may be left out. Raises BrokerError.
    """
    cluster = await describe(kafka, topics)
    if keys is not None:
        cluster = cluster._replace(places=_places_of(keys, cluster.places))
    known = await extents_of(kafka, cluster)
    wanted = {place: Extent(0, end) for place, (first, end) in known.items() if end > first}
    async for message in read_between(kafka, wanted, since):
        if END_HEADER not in dict(message.headers):
            yield message


async def read_between(
    kafka: KafkaConnection, wanted: Mapping[TopicPartition, Extent], since: int = 0, quiet_seconds: float = math.inf
) -> AsyncGenerator[Any, None]:
    """Yield the messages of partitions from the first offset of an extent to before its end, end markers among them.

    Where the first is gone, it begins with the first that there is; with `since`, as in `read_to_now`. Where no message comes for
    `quiet_seconds`, the partitions that end before the end of their extent are left. Raises BrokerError.
    """
    ends = {place: extent.end for place, extent in wanted.items() if extent.end > extent.first}
    if not ends:
        return
    async with plain_consumer(kafka) as consumer:
        read_from(consumer, {place: wanted[place].first for place in ends})
        if since > 0:
            for place, found in (await consumer.offsets_for_times(dict.fromkeys(ends, since))).items():
                if found is not None:
                    consumer.seek(place, found.offset)
        async for message in _until(consumer, ends, quiet_seconds):
            yield message


async def reported_extents(kafka: KafkaConnection, topics: Sequence[str]) -> dict[TopicPartition, Extent]:
    """Return the partitions of those topics that exist, from 0 to the end that the broker reports; without empty ones.

    The embedded broker reports too little where a message is one of a batch. Raises BrokerError.
    """
    places = (await describe(kafka, topics, all_exist=False)).places
    if not places:
        return {}
    async with plain_consumer(kafka) as consumer:
        return {place: Extent(0, end) for place, end in (await consumer.end_offsets(places)).items() if end}


async def extents(kafka: KafkaConnection, topic: str) -> dict[TopicPartition, Extent]:
    """Return from where to where each partition of a topic has messages; raises BrokerError.

    The embedded broker deletes nothing and reports wrong ends: there the first offset is 0, and an end marker is written.
    """
    return await extents_of(kafka, await describe(kafka, [topic]))


async def extents_of(kafka: KafkaConnection, cluster: Cluster) -> dict[TopicPartition, Extent]:
    """Return what `extents` returns, of the partitions of a cluster. Raises BrokerError."""
    places = list(cluster.places)
    if not cluster.has_true_ends:
        return {place: Extent(0, end) for place, end in (await _write_markers(kafka, places)).items()}
    async with plain_consumer(kafka) as consumer:
        first, ends = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
        return {place: Extent(first[place], ends[place]) for place in places}


async def read_at_time(kafka: KafkaConnection, topic: str, moment: int) -> AsyncIterator[Any]:
    """Yield the messages of a topic with one timestamp, Unix time in ms, among the first 500 of each partition from then on.

    Raises BrokerError.
    """
    places = list((await describe(kafka, [topic], all_exist=False)).places)
    async with plain_consumer(kafka) as consumer:
        # Before anything is assigned: of a consumer that is given other partitions aiokafka may lose the end.
        first = {
            place: found.offset
            for place, found in (await consumer.offsets_for_times(dict.fromkeys(places, moment))).items()
            if found is not None
        }
        if not first:
            return
        read_from(consumer, first)
        async for message in _of_moment(consumer, moment):
            yield message


async def _of_moment(consumer: AIOKafkaConsumer, moment: int) -> AsyncIterator[Any]:
    """Yield the messages of one moment; a partition is left at the first later one, and all where none comes."""
    left = dict.fromkeys(consumer.assignment(), _AT_ONE_TIME)
    while left and (fetched := await consumer.getmany(*left, timeout_ms=1000)):
        for place, messages in fetched.items():
            for message in messages:
                if message.timestamp == moment:
                    yield message
            left[place] -= len(messages)
            if left[place] <= 0 or messages[-1].timestamp > moment:
                del left[place]


async def _until(
    consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int], quiet_seconds: float
) -> AsyncIterator[Any]:
    """Yield the messages of the partitions before their ends; a partition may have none right before its end."""
    open_partitions = set(ends)
    last_message = time.monotonic()
    while open_partitions:
        fetched = await consumer.getmany(*open_partitions, timeout_ms=500)
        for partition, messages in fetched.items():
            for message in messages:
                if message.offset < ends[partition]:
                    yield message
            if messages[-1].offset >= ends[partition] - 1:
                open_partitions.discard(partition)
        if fetched:
            last_message = time.monotonic()
        elif time.monotonic() - last_message > quiet_seconds:
            # Some brokers report an end offset that is too small; a message would have come in that case.
            ends = {**ends, **await consumer.end_offsets(list(open_partitions))}
        for partition in list(open_partitions):
            if await consumer.position(partition) >= ends[partition]:
                open_partitions.discard(partition)


async def _write_markers(kafka: KafkaConnection, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
    """Write an end marker into each partition; return the offset after it."""
    ends: dict[TopicPartition, int] = {}
    async with started(AIOKafkaProducer(**kafka.client("mark")), kafka) as producer:
        with explaining(kafka, "cannot be read"):
            for place in places:
                mark = await producer.send_and_wait(
                    place.topic, key=b"", partition=place.partition, headers=[(END_HEADER, b"")]
                )
                ends[place] = mark.offset + 1
    return ends


async def describe(kafka: KafkaConnection, topics: Sequence[str], *, all_exist: bool = True) -> Cluster:
    """Describe topics; creates none. Raises BrokerError, also where one does not exist, unless not `all_exist`.

    All are asked for: asked for one by its name, a broker may create it, or answer after 40 s.
    """
    async with started(AIOKafkaAdminClient(**kafka.client("reader")), kafka) as admin:
        with explaining(kafka, "cannot be read"):
            has_true_ends = (await admin.describe_cluster()).get("cluster_id") != EMBEDDED_CLUSTER
            known = {topic["topic"]: topic["partitions"] for topic in await admin.describe_topics()}
    missing = sorted(set(topics) - known.keys())
    if missing and all_exist:
        may_not = f", or {kafka.user} may not describe it" if kafka.user else ""
        raise BrokerError(f"Kafka has no topic {', '.join(missing)}{may_not}; `streams doctor` says more")
    places = [
        TopicPartition(topic, number)
        for topic in topics
        for number in sorted(each["partition"] for each in known.get(topic, ()))
    ]
    return Cluster(has_true_ends, places)


def _places_of(keys: Collection[bytes], places: Sequence[TopicPartition]) -> list[TopicPartition]:
    """Return the partitions in which workers put messages of these keys."""
    numbers: dict[str, list[int]] = {}
    for topic, number in places:
        numbers.setdefault(topic, []).append(number)
    return [
        TopicPartition(topic, number)
        for topic, some in numbers.items()
        for number in sorted({partition_of(key, some) for key in keys})
    ]


def read_from(consumer: AIOKafkaConsumer, offsets: Mapping[TopicPartition, int]) -> None:
    """Let a consumer read these partitions, each from an offset; where it is gone, from the first there is (`auto_offset_reset`).

    A partition is read from its beginning by the offset 0, not by the one that the broker reports: the embedded one may report too
    large an offset where several producers began the partition at once.
    """
    consumer.assign(list(offsets))
    for place, offset in offsets.items():
        consumer.seek(place, offset)


async def first_offsets(kafka: KafkaConnection, topic: str) -> dict[int, int]:
    """Return the first offset that each partition of a topic still has.

    It is more than 0 where the beginning of the partition is gone. Raises BrokerError.
    """
    places = (await describe(kafka, [topic])).places
    async with plain_consumer(kafka) as consumer:
        first = await consumer.beginning_offsets(places)
        late = [place for place in places if first[place] > 0]
        if late:  # by the broker's report, which may be too large, never too small
            read_from(consumer, dict.fromkeys(late, 0))
            first |= {place: min(first[place], message.offset) for place, message in (await _next(consumer)).items()}
        return {place.partition: offset for place, offset in first.items()}


async def read_one(kafka: KafkaConnection, topic: str, partition: int, offset: int) -> Any | None:
    """Return the message (aiokafka's ConsumerRecord) at an offset; None where the topic no longer has it.

    Raises BrokerError.
    """
    place = TopicPartition(topic, partition)
    return (await read_at(kafka, {place: offset})).get(place)


async def read_at(kafka: KafkaConnection, offsets: Mapping[TopicPartition, int]) -> dict[TopicPartition, Any]:
    """Return the messages at one offset of each partition; those that are not there are left out. Raises BrokerError."""
    async with plain_consumer(kafka) as consumer:
        read_from(consumer, offsets)
        found = await _next(consumer)
        return {place: message for place, message in found.items() if message.offset == offsets[place]}


async def _next(consumer: AIOKafkaConsumer) -> dict[TopicPartition, Any]:
    """Return the next message of each partition assigned, but for those in which none comes."""
    found: dict[TopicPartition, Any] = {}
    deadline = time.monotonic() + _ONE_SECONDS
    while open_places := consumer.assignment() - found.keys():
        if (left := deadline - time.monotonic()) <= 0:
            break
        for place, messages in (await consumer.getmany(*open_places, timeout_ms=round(min(left, 0.5) * 1000))).items():
            found[place] = messages[0]
    return found


async def follow(kafka: KafkaConnection, topics: Sequence[str], *, from_beginning: bool) -> AsyncIterator[Any]:
    """Yield messages as they come, until cancelled. Raises BrokerError."""
    async with plain_consumer(kafka, "earliest" if from_beginning else "latest") as consumer:
        places = (await describe(kafka, topics)).places
        if from_beginning:
            read_from(consumer, dict.fromkeys(places, 0))
        else:
            consumer.assign(list(places))
        async for message in consumer:
            if END_HEADER not in dict(message.headers):
                yield message


@asynccontextmanager
async def plain_consumer(kafka: KafkaConnection, begin: str = "earliest") -> AsyncIterator[AIOKafkaConsumer]:
    """Yield a consumer without a group, of which the caller assigns the partitions and seeks.

    Raises BrokerError where Kafka cannot be reached, and in place of a KafkaError in the block.
    """
    consumer = AIOKafkaConsumer(
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset=begin,
        max_partition_fetch_bytes=_MAX_BYTES,
        fetch_max_bytes=_MAX_BYTES,
        **kafka.consumer("reader"),
    )
    async with started(consumer, kafka):
        with explaining(kafka, "cannot be read"):
            yield consumer
