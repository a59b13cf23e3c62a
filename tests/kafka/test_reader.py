"""Reading topics to an end that is known, on a real broker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from streams.events import EVENTS, Outgoing
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.reader import first_offsets, follow, read_to_now
from streams.kafka.topics import create_topics
from streams.settings import Settings
from tests.brokers import AnyBroker


def test_what_is_older_may_be_left_out_and_what_is_not_never_is(new_broker: Callable[..., AnyBroker]) -> None:
    settings = Settings(kafka_url=new_broker().url, partitions=3)

    async def publish(name: str) -> None:
        async with Publisher(KafkaConnection.of(settings)) as publisher:
            await publisher.publish([Outgoing(EVENTS, f"{name}{number}".encode(), b"{}") for number in range(20)])

    async def read(since: int) -> set[bytes]:
        return {message.key async for message in read_to_now(KafkaConnection.of(settings), [EVENTS], None, since)}

    async def story() -> None:
        await create_topics(settings)
        await publish("a")
        await asyncio.sleep(0.05)
        since = round(time.time() * 1000)
        await asyncio.sleep(0.05)
        await publish("b")
        old, new = ({f"{name}{number}".encode() for number in range(20)} for name in "ab")
        assert await read(0) == old | new
        assert await read(since) >= new
        assert await read(since + 3_600_000) <= old | new, "nothing so young: whatever comes, it ends"

    asyncio.run(story())


async def _take(stream: AsyncIterator[Any], most: int) -> dict[bytes, int]:
    """The next messages: what each has as its key, and its offset."""
    async with asyncio.timeout(20):
        return {(message := await anext(stream)).key: message.offset for _ in range(most)}


def test_it_is_followed_from_the_first_message_there_is(new_broker: Callable[..., AnyBroker], broker_kind: str) -> None:
    settings = Settings(kafka_url=new_broker().url, partitions=1)

    async def publish(*names: str) -> None:
        async with Publisher(KafkaConnection.of(settings)) as publisher:
            await publisher.publish([Outgoing(EVENTS, name.encode(), b"{}") for name in names])

    async def story() -> None:
        await create_topics(settings)
        await publish("a", "b", "c")
        assert await first_offsets(KafkaConnection.of(settings), EVENTS) == {0: 0}
        stream = follow(KafkaConnection.of(settings), [EVENTS], from_beginning=True)
        assert await _take(stream, 3) == {b"a": 0, b"b": 1, b"c": 2}
        await publish("d")
        assert await _take(stream, 1) == {b"d": 3}
        if broker_kind == "tansu":
            return  # it deletes no records
        admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka_url)
        await admin.start()
        await admin.delete_records({TopicPartition(EVENTS, 0): RecordsToDelete(before_offset=2)})
        await admin.close()
        assert await first_offsets(KafkaConnection.of(settings), EVENTS) == {0: 2}
        late = follow(KafkaConnection.of(settings), [EVENTS], from_beginning=True)
        assert await _take(late, 2) == {b"c": 2, b"d": 3}

    asyncio.run(story())
