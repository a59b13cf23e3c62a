"""Read topics from the beginning to the end they have now, or until cancelled.

Brokers differ in what they report as the end of a partition (the embedded one reports a wrong one), so the reader writes an end
mark: a message with a header of its own in every partition. Messages at or after the offset of the mark came later. The mark
itself may be compacted away before it is read, once another reader has written one after it.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from streams.errors import BrokerError
from streams.kafka.producer import partition_of

__all__ = ["END_HEADER", "existing_places", "first_offsets", "follow", "plain_consumer", "read_one", "read_to_now"]

END_HEADER = "streams-end"
_MAX_BYTES = 16 * 1024 * 1024
_ONE_SECONDS = 5.0


async def read_to_now(
    kafka_url: str, topics: Sequence[str], keys: Collection[bytes] | None = None, since: int = 0
) -> AsyncIterator[Any]:
    """Yield every message (aiokafka's ConsumerRecord) that is in the topics now.

    `keys` limits it to the partitions in which workers put messages of these keys. With `since` (Unix time in ms)
    older messages may be left out. Raises BrokerError.
    """
    try:
        async with plain_consumer(kafka_url) as consumer:
            await _require(consumer, topics)
        async with AIOKafkaProducer(bootstrap_servers=kafka_url.split(","), client_id="streams-mark") as producer:
            ends: dict[TopicPartition, int] = {}
            for topic in topics:
                partitions = sorted(await producer.partitions_for(topic))
                if keys is not None:
                    partitions = sorted({partition_of(key, partitions) for key in keys})
                for partition in partitions:
                    mark = await producer.send_and_wait(
                        topic, None, key=b"", partition=partition, headers=[(END_HEADER, b"")]
                    )
                    ends[TopicPartition(topic, partition)] = mark.offset
        async with plain_consumer(kafka_url) as consumer:
            consumer.assign(list(ends))
            await _begin(consumer, ends, since)
            open_partitions = set(ends)
            while open_partitions:
                for partition, messages in (await consumer.getmany(timeout_ms=500)).items():
                    for message in messages:
                        if message.offset < ends[partition] and END_HEADER not in dict(message.headers):
                            yield message
                    if messages[-1].offset >= ends[partition]:
                        open_partitions.discard(partition)
    except KafkaError as error:
        raise BrokerError(f"Kafka at {kafka_url} cannot be read: {error or type(error).__name__}") from error


async def _begin(consumer: AIOKafkaConsumer, places: Collection[TopicPartition], since: int) -> None:
    """Seek the beginning of each partition, or the first message that is not older than `since`."""
    for place in places:
        # Not the beginning that the broker reports: the embedded one may report too large an offset where several producers
        # began the partition at once. Where offset 0 is gone the consumer seeks the first there is (`auto_offset_reset`).
        consumer.seek(place, 0)
    if since > 0:
        for place, first in (await consumer.offsets_for_times(dict.fromkeys(places, since))).items():
            if first is not None:
                consumer.seek(place, first.offset)


async def first_offsets(kafka_url: str, topic: str) -> dict[int, int]:
    """Return the first offset that each partition of a topic still has.

    It is more than 0 where the beginning of the partition is gone. Raises BrokerError.
    """
    try:
        places = await _places(kafka_url, [topic])
        async with plain_consumer(kafka_url) as consumer:
            first = await consumer.beginning_offsets(places)
            late = [place for place in places if first[place] > 0]
            if late:  # by the broker's report, which may be too large, never too small
                consumer.assign(late)
                await _begin(consumer, late, 0)
                first |= {
                    place: min(first[place], message.offset) for place, message in (await _next(consumer)).items()
                }
            return {place.partition: offset for place, offset in first.items()}
    except KafkaError as error:
        raise BrokerError(f"Kafka at {kafka_url} cannot be read: {error or type(error).__name__}") from error


async def read_one(kafka_url: str, topic: str, partition: int, offset: int) -> Any | None:
    """Return the message (aiokafka's ConsumerRecord) at an offset; None where the topic no longer has it.

    Raises BrokerError.
    """
    place = TopicPartition(topic, partition)
    try:
        async with plain_consumer(kafka_url) as consumer:
            consumer.assign([place])
            consumer.seek(place, offset)
            message = (await _next(consumer)).get(place)
            return message if message is not None and message.offset == offset else None
    except KafkaError as error:
        raise BrokerError(f"Kafka at {kafka_url} cannot be read: {error or type(error).__name__}") from error


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


async def follow(kafka_url: str, topics: Sequence[str], *, from_beginning: bool) -> AsyncIterator[Any]:
    """Yield messages as they come, until cancelled. Raises BrokerError."""
    try:
        async with plain_consumer(kafka_url, "earliest" if from_beginning else "latest") as consumer:
            await _require(consumer, topics)
            consumer.assign(places := await _places(kafka_url, topics))
            if from_beginning:
                await _begin(consumer, places, 0)
            async for message in consumer:
                if END_HEADER not in dict(message.headers):
                    yield message
    except KafkaError as error:
        raise BrokerError(f"Kafka at {kafka_url} cannot be read: {error or type(error).__name__}") from error


async def _places(kafka_url: str, topics: Sequence[str]) -> list[TopicPartition]:
    """Return the partitions of topics that exist."""
    async with AIOKafkaProducer(bootstrap_servers=kafka_url.split(","), client_id="streams-reader") as producer:
        return [
            TopicPartition(topic, number) for topic in topics for number in sorted(await producer.partitions_for(topic))
        ]


async def existing_places(kafka_url: str, topics: Sequence[str]) -> list[TopicPartition]:
    """Return the partitions of those topics that exist; creates none. Raises KafkaError."""
    async with plain_consumer(kafka_url) as consumer:
        # All, not by name: asked for one, a broker may create it.
        listed = await consumer.topics()
    return await _places(kafka_url, [topic for topic in topics if topic in listed])


async def _require(consumer: AIOKafkaConsumer, topics: Sequence[str]) -> None:
    """Raise BrokerError where a topic does not exist.

    Asked for one by its name, a broker may create it, or answer after 40 s.
    """
    missing = sorted(set(topics) - await consumer.topics())
    if missing:
        raise BrokerError(f"Kafka has no topic {', '.join(missing)}; `streams doctor` says more")


@asynccontextmanager
async def plain_consumer(kafka_url: str, begin: str = "earliest") -> AsyncIterator[AIOKafkaConsumer]:
    """Yield a consumer without a group, of which the caller assigns the partitions and seeks.

    Raises KafkaError where Kafka cannot be reached.
    """
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka_url.split(","),
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset=begin,
        max_partition_fetch_bytes=_MAX_BYTES,
        fetch_max_bytes=_MAX_BYTES,
        client_id="streams-reader",
    )
    try:
        await consumer.start()
        yield consumer
    finally:  # also where it did not start: it would log that later
        await consumer.stop()
