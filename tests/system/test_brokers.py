"""What the embedded broker and Apache Kafka can do, each by a check on the real thing, as docs/brokers.md tells it.

A row of the table there and a check here have the same name, so that neither changes without the other.
"""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from streams.local.broker import Broker

pytestmark = pytest.mark.system

TABLE = Path(__file__).parents[2] / "docs" / "brokers.md"
SECONDS = 10.0
"""A broker that gives no good answer within this time cannot do it; the embedded one often gives none."""

Check = Callable[[str], Awaitable[bool]]
CHECKS: dict[str, Check] = {}


def check(name: str) -> Callable[[Check], Check]:
    """Register a check: given the address of a broker, whether it can do what the name says."""

    def register(function: Check) -> Check:
        CHECKS[name] = function
        return function

    return register


@asynccontextmanager
async def admin(url: str) -> AsyncIterator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(bootstrap_servers=url)
    await client.start()
    try:
        yield client
    finally:
        await client.close()


async def make_topic(url: str, partitions: int = 1, **configs: object) -> str:
    """A topic that nobody has used."""
    name = f"b{uuid.uuid4().hex[:10]}"
    told = {key.replace("_", "."): str(value) for key, value in configs.items()}
    async with admin(url) as client:
        answer = await client.create_topics([NewTopic(name, partitions, 1, topic_configs=told)])
        assert answer.topic_errors[0][1] == 0
        while name not in await client.list_topics():
            await asyncio.sleep(0.02)
    return name


@asynccontextmanager
async def producer(url: str, **options: Any) -> AsyncIterator[AIOKafkaProducer]:
    async with AIOKafkaProducer(bootstrap_servers=url, **({"acks": "all"} | options)) as made:
        yield made


async def send(url: str, topic: str, *values: bytes | None, key: bytes | None = b"k") -> None:
    async with producer(url) as made:
        for value in values:
            await made.send_and_wait(topic, value, key=key, partition=0)


async def read(url: str, topic: str, last: bytes, **options: Any) -> list[bytes]:
    """The values of a topic up to `last`."""
    found: list[bytes] = []
    async with AIOKafkaConsumer(topic, bootstrap_servers=url, auto_offset_reset="earliest", **options) as consumer:
        async for message in consumer:
            found.append(message.value)
            if message.value == last:
                return found
    raise AssertionError("a consumer ends")


async def refuses(request: Awaitable[None], error: type[KafkaError]) -> bool:
    try:
        await request
    except error:
        return True
    return False


@check("reports the end of a partition")
async def end_offset(url: str) -> bool:
    topic = await make_topic(url)
    async with producer(url) as made:
        batch = made.create_batch()
        for _ in range(500):
            batch.append(key=None, value=b"v", timestamp=None)
        await (await made.send_batch(batch, topic, partition=0))
    place = TopicPartition(topic, 0)
    async with AIOKafkaConsumer(bootstrap_servers=url) as consumer:
        return bool((await consumer.end_offsets([place]))[place] == 500)


@check("finds an offset by time")
async def offset_by_time(url: str) -> bool:
    topic = await make_topic(url)
    async with producer(url) as made:
        for second in (1, 2, 3):
            await made.send_and_wait(topic, b"v", timestamp_ms=1_700_000_000_000 + 1000 * second, partition=0)
    place = TopicPartition(topic, 0)
    async with AIOKafkaConsumer(bootstrap_servers=url) as consumer:
        found = (await consumer.offsets_for_times({place: 1_700_000_001_500}))[place]
        return found is not None and found.offset == 1


@check("sets the time of messages by its own clock where configured")
async def append_time(url: str) -> bool:
    topic = await make_topic(url, message_timestamp_type="LogAppendTime")
    async with producer(url) as made:
        await made.send_and_wait(topic, b"v", timestamp_ms=1000, partition=0)
    async with AIOKafkaConsumer(topic, bootstrap_servers=url, auto_offset_reset="earliest") as consumer:
        return bool((await consumer.getone()).timestamp > 1000)


@check("idempotent producers")
async def idempotence(url: str) -> bool:
    topic = await make_topic(url)
    async with producer(url, enable_idempotence=True) as made:
        await made.send_and_wait(topic, b"last", partition=0)
    return await read(url, topic, b"last") == [b"last"]


@check("transactions")
async def transactions(url: str) -> bool:
    topic = await make_topic(url)
    async with producer(url, transactional_id=topic) as made:
        await made.begin_transaction()
        await made.send_and_wait(topic, b"aborted", partition=0)
        await made.abort_transaction()
        async with made.transaction():
            await made.send_and_wait(topic, b"last", partition=0)
    return await read(url, topic, b"last", isolation_level="read_committed") == [b"last"]


@check("deletes records on request")
async def delete_records(url: str) -> bool:
    topic = await make_topic(url)
    await send(url, topic, b"1", b"2", b"last")
    async with admin(url) as client:
        await client.delete_records({TopicPartition(topic, 0): RecordsToDelete(2)})
    return await read(url, topic, b"last") == [b"last"]


@check("refuses a message larger than `max.message.bytes`")
async def size_limit(url: str) -> bool:
    topic = await make_topic(url, max_message_bytes=10_000)
    return await refuses(send(url, topic, b"x" * 20_000), MessageSizeTooLargeError)


@check("refuses a message without a key in a compacted topic")
async def keyless(url: str) -> bool:
    topic = await make_topic(url, cleanup_policy="compact")
    return await refuses(send(url, topic, b"v", key=None), KafkaError)


@check("refuses more replicas than it has brokers")
async def replicas(url: str) -> bool:
    async with admin(url) as client:
        answer = await client.create_topics([NewTopic(f"b{uuid.uuid4().hex[:10]}", 1, 3)])
        return bool(answer.topic_errors[0][1] == 38)


@check("changes the settings of a topic")
async def alter_topic(url: str) -> bool:
    topic = await make_topic(url, max_message_bytes=10_000)
    async with admin(url) as client:
        limit = ConfigResource(ConfigResourceType.TOPIC, topic, configs={"max.message.bytes": "30000"})
        await client.alter_configs([limit])
    await send(url, topic, b"x" * 20_000)
    return True


@check("reports the settings of a broker")
async def describe_broker(url: str) -> bool:
    async with admin(url) as client:
        node = (await client.describe_cluster())["brokers"][0]["node_id"]
        resource = ConfigResource(ConfigResourceType.BROKER, str(node), {"group.min.session.timeout.ms": None})
        (answer,) = await client.describe_configs([resource])
        return bool(answer.to_object()["resources"][0]["config_entries"])


async def committed_group(url: str) -> tuple[str, TopicPartition]:
    """A consumer group that has committed offset 1 of a topic."""
    topic = await make_topic(url)
    await send(url, topic, b"1", b"2")
    async with AIOKafkaConsumer(bootstrap_servers=url, group_id=topic, enable_auto_commit=False) as consumer:
        consumer.assign([TopicPartition(topic, 0)])
        await consumer.commit({TopicPartition(topic, 0): 1})
    return topic, TopicPartition(topic, 0)


@check("reports all offsets of a group at once")
async def all_offsets(url: str) -> bool:
    group, place = await committed_group(url)
    async with admin(url) as client:
        return bool((await client.list_consumer_group_offsets(group))[place].offset == 1)


@check("lists consumer groups")
async def list_groups(url: str) -> bool:
    group, _ = await committed_group(url)
    async with admin(url) as client:
        return group in {name for name, *_ in await client.list_consumer_groups()}


@check("grants a session of 2 seconds")
async def short_session(url: str) -> bool:
    topic = await make_topic(url)
    await send(url, topic, b"last")
    return await read(url, topic, b"last", group_id=topic, session_timeout_ms=2000, heartbeat_interval_ms=500) == [
        b"last"
    ]


@check("does not create a topic on a metadata request")
async def no_creation(url: str) -> bool:
    name = f"b{uuid.uuid4().hex[:10]}"
    async with admin(url) as client:
        await client.describe_topics([name])
        await asyncio.sleep(0.2)
        return name not in await client.list_topics()


async def outcome(name: str, url: str) -> bool:
    try:
        async with asyncio.timeout(SECONDS):
            return await CHECKS[name](url)
    except (KafkaError, TimeoutError, OSError):
        return False


@pytest.fixture(scope="module")
def url(broker_kind: str, broker_settings: Callable[[], dict[str, Any]], tmp_path_factory: Any) -> Iterator[str]:
    if broker_kind == "kafka":
        yield broker_settings()["kafka_url"]
        return
    broker = Broker(tmp_path_factory.mktemp("broker"))
    broker.start()
    yield broker.url
    broker.stop()


def told(kind: str) -> dict[str, bool]:
    """What docs/brokers.md says of a broker, by check."""
    rows = re.findall(r"^\| ([^|]+?) \| (yes|no)\b[^|]*\| (yes|no)\b", TABLE.read_text(), re.MULTILINE)
    return {name: {"tansu": tansu, "kafka": kafka}[kind] == "yes" for name, tansu, kafka in rows}


@pytest.mark.parametrize("name", CHECKS)
def test_a_broker_can_do_what_is_told(name: str, url: str, broker_kind: str) -> None:
    assert asyncio.run(outcome(name, url)) == told(broker_kind)[name]
