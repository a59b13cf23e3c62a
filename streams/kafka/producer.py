"""Publish in bulk: one batch per partition, acknowledged by the broker before the caller may commit an offset.

Faust's `topic.send` costs more per message than all the rest of the path; aiokafka's batches do not.
Messages with one key go to one partition, in the order given. One that is too large for the broker is truncated where that
is possible (`streams/kafka/truncation.py`): it would be refused each time, and everything after it would wait.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, ProducerFenced, RecordListTooLargeError
from aiokafka.partitioner import DefaultPartitioner

from streams.errors import BrokerError, SupersededError
from streams.event_log import EventLog
from streams.events import Outgoing
from streams.events.cloudevents import CloudEvents
from streams.kafka.connection import KafkaConnection, started
from streams.kafka.partitions import partition_of
from streams.kafka.refusal import explained, explaining
from streams.kafka.topics import MAX_LETTER_BYTES, MAX_MESSAGE_BYTES
from streams.kafka.truncation import bounded, fit, size

__all__ = ["Publisher"]

log = EventLog(__name__)
T = TypeVar("T")

_BATCH_BYTES, _LARGE_BYTES = 512 * 1024, 128 * 1024
_FENCE_SECONDS = 30.0
"""aiokafka waits permanently for a coordinator of transactions that is not there."""
_SIZES = (MAX_LETTER_BYTES, MAX_MESSAGE_BYTES, 1_000_000, 100_000, 10_000)
"""Sizes in bytes tried in turn for a message that is too large: the limits of Streams' topics, Kafka's default of 1 MiB, less."""
_TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError)


def _ignore(_topic: str) -> None:
    """Count nothing."""


class Publisher:
    """A producer for a worker's topics. Use as `async with`, from the event loop only.

    A message is sent in a batch with others; if the broker refuses the batch, alone; if it is too large for that, truncated.

    More than ten methods, for a message goes in a batch, alone or truncated.
    """

    def __init__(
        self,
        kafka: KafkaConnection,
        prefix: str = "",
        *,
        namespace: str = "streams",
        shared: bool = False,
        cut: Callable[[str], None] = _ignore,
        failed: Callable[[str], None] = _ignore,
        max_bytes: int = MAX_LETTER_BYTES,
        transactional_id: str = "",
    ) -> None:
        """Prepare a producer; it connects when it is entered as a context manager, after the topics are there.

        A topic that is not there by then it asks for by name, and some brokers create what is asked for.

        - `prefix`: put before the name of every topic.
        - `namespace`: the setting of this name, for the headers of events and states.
        - `shared`: whether other clients publish to these topics, too. Then the partition of a key is the one that Kafka's own
          clients choose (murmur2); else it is chosen by CRC-32, which takes a twentieth of the time.
        - `cut`: called with the topic of every message that is truncated, `failed` with the topic of messages not accepted.
        - `max_bytes`: a larger message is not sent at all.
        - `transactional_id`: Kafka takes only messages of the publisher that started last with this id; each call of `publish` is a
          transaction. On Apache Kafka alone.
        """
        self._kafka = kafka
        self._open = AsyncExitStack()
        self._prefix = prefix
        self._cloud_events = CloudEvents(namespace)
        self._cut = cut
        self._failed = failed
        self._max_bytes = max_bytes
        self._transactional_id = transactional_id
        self._is_superseded = False
        self._fixed: Mapping[str, int] = {}
        self._producer: AIOKafkaProducer | None = None
        self._partitioner: Callable[[bytes, list[int], list[int]], int] = (
            DefaultPartitioner() if shared else partition_of
        )

    def fix_partitions(self, numbers: Mapping[str, int]) -> None:
        """Publish to the first partitions of some topics only, although they get more: a key stays in its partition.

        `numbers` are by the names of topics without the prefix.
        """
        self._fixed = numbers

    async def __aenter__(self) -> Publisher:
        producer = AIOKafkaProducer(
            acks="all",
            max_batch_size=_BATCH_BYTES,
            max_request_size=self._max_bytes,
            request_timeout_ms=30_000,
            transactional_id=self._transactional_id or None,
            **self._kafka.client("publisher"),
        )
        self._producer = await self._open.enter_async_context(started(producer, self._kafka))
        if self._transactional_id:
            await self._fence()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    @property
    def is_connected(self) -> bool:
        """Return whether the producer has connected, which it does as a context manager."""
        return self._producer is not None

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """Publish messages; return when the broker has acknowledged every one. Raises BrokerError, SupersededError."""
        by_partition: dict[tuple[str, int], list[Outgoing]] = defaultdict(list)
        known: dict[str, tuple[str, list[int]]] = {}
        for given in messages:
            if given.topic not in known:
                topic = self._prefix + given.topic
                partitions = await self._named(given.topic, self._ready.partitions_for(topic))
                known[given.topic] = topic, sorted(partitions)[: self._fixed.get(given.topic)]
            message = self._cloud_events.add_headers(given)
            topic, partitions = known[message.topic]
            by_partition[topic, self._partitioner(message.key, partitions, partitions)].append(message)
        async with self._transaction():
            await asyncio.gather(
                *(self._named(batch[0].topic, self._send(*place, batch)) for place, batch in by_partition.items())
            )

    async def _fence(self) -> None:
        """End earlier publishers with the transactional id, by a transaction of nothing. Raises BrokerError."""
        try:
            async with asyncio.timeout(_FENCE_SECONDS), self._transaction():
                pass
        except (BrokerError, TimeoutError) as error:
            await self._open.aclose()
            raise BrokerError(
                f"Kafka at {self._kafka.shown} has no transactions for {self._transactional_id}: they need as many brokers as "
                f"transaction.state.log.replication.factor says ({error or 'no answer'})"
            ) from error

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[None]:
        """Publish what is within in a transaction, where there is an id for it. Raises BrokerError, SupersededError."""
        if not self._transactional_id:
            yield
            return
        if self._is_superseded:  # aiokafka's state would not allow another transaction
            raise SupersededError(f"another publisher has {self._transactional_id} now")
        try:
            async with self._ready.transaction():
                yield
        except ProducerFenced as error:
            self._is_superseded = True
            raise SupersededError(f"another publisher has {self._transactional_id} now") from error
        except KafkaError as error:
            raise explained(self._kafka, f"has ended a transaction of {self._transactional_id}", error) from error

    async def ping(self) -> None:
        """Ask the broker for a sign of life. Raises BrokerError, or waits as long as the broker does."""
        with explaining(self._kafka, "does not answer"):
            await self._ready.client.fetch_all_metadata()

    async def _named(self, name: str, work: Awaitable[T]) -> T:
        """Return what `work` on a topic returns; where it fails, report the topic, and name it and the setting to correct."""
        try:
            return await work
        except (BrokerError, ProducerFenced):
            self._failed(name)
            raise
        except (KafkaError, TimeoutError) as error:
            self._failed(name)
            raise explained(self._kafka, f"did not accept messages to {self._prefix}{name}", error) from error

    @property
    def client(self) -> Any:
        """Return the connections of aiokafka, for requests that are not about messages."""
        return self._ready.client

    @property
    def _ready(self) -> Any:
        if self._producer is None:
            raise BrokerError("the publisher was not started")
        return self._producer

    async def _send(self, topic: str, partition: int, messages: Sequence[Outgoing]) -> None:
        """Send one partition's messages in order: a batch is awaited before the next one is sent."""
        builder = self._ready.create_batch()
        batch: list[Outgoing] = []
        for given in messages:
            message = self._bounded(given)
            large = len(message.value or b"") > _LARGE_BYTES
            if not large and _append(builder, message):
                batch.append(message)
                continue
            await self._send_batch(builder, topic, partition, batch)
            builder, batch = self._ready.create_batch(), []
            # A batch takes any first message, however large; one alone is checked before it is sent.
            if large or not _append(builder, message):
                await self._send_alone(topic, partition, message)
            else:
                batch.append(message)
        await self._send_batch(builder, topic, partition, batch)

    async def _send_batch(self, builder: Any, topic: str, partition: int, batch: Sequence[Outgoing]) -> None:
        if not batch:
            return
        try:
            await (await self._ready.send_batch(builder, topic, partition=partition))
        except _TOO_LARGE:
            # The limit of the topic is less than the batch; refused as a whole, none of its messages is there.
            for message in batch:
                await self._send_alone(topic, partition, message)

    async def _send_alone(self, topic: str, partition: int, message: Outgoing) -> None:
        try:
            await self._send_plain(topic, partition, message)
        except _TOO_LARGE as refusal:
            await self._send_cut(topic, partition, message, refusal)

    async def _send_cut(self, topic: str, partition: int, message: Outgoing, refusal: KafkaError) -> None:
        whole = size(message)
        for most in (limit for limit in _SIZES if limit < whole):
            fitting = fit(message, most)
            if fitting is None:
                break
            try:
                await self._send_plain(topic, partition, fitting)
            except _TOO_LARGE:
                continue
            self._report(message.topic, message.key, whole, size(fitting))
            return
        raise BrokerError(
            f"topic {topic} does not take a message of {whole} bytes (key {message.key[:100]!r}), which cannot be cut; where its "
            f"limit is lower: kafka-configs --alter --topic {topic} --add-config max.message.bytes={MAX_MESSAGE_BYTES}"
        ) from refusal

    async def _send_plain(self, topic: str, partition: int, message: Outgoing) -> None:
        await self._ready.send_and_wait(
            topic, message.value, key=message.key, partition=partition, headers=list(message.headers)
        )

    def _bounded(self, message: Outgoing) -> Outgoing:
        fitting = bounded(message)
        if fitting is not message:
            self._report(message.topic, message.key, size(message), size(fitting))
        return fitting

    def _report(self, topic: str, key: bytes, whole: int, kept: int) -> None:
        self._cut(topic)
        log.error(
            "message_truncated",
            "{topic}: the message of {key!r} was truncated from {whole_bytes} to {kept_bytes} bytes to be published",
            topic=topic,
            key=key[:100].decode(errors="replace"),
            whole_bytes=whole,
            kept_bytes=kept,
        )


def _append(builder: Any, message: Outgoing) -> bool:
    """Put a message into a batch; return whether there was room."""
    return (
        builder.append(key=message.key, value=message.value, timestamp=None, headers=list(message.headers)) is not None
    )
