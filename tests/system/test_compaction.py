"""What Streams reads from its compacted topics is the same after Kafka has compacted them, its own end marks among the messages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import orjson
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from streams import events
from streams.engine.messages import Incoming
from streams.errors import PayloadError
from streams.events import Outgoing
from streams.kafka.connection import KafkaConnection
from streams.kafka.dead_letters import standing
from streams.kafka.producer import Publisher
from streams.kafka.redrive import drop
from streams.kafka.topics import create_topics
from streams.local.run import read_cluster_states
from streams.settings import Settings
from tests.brokers import AnyBroker
from tests.system.processes import wait_for
from tests.system.test_broker_life import QUICK
from tests.system.test_brokers import admin

pytestmark = pytest.mark.system

_ROUNDS = 30
_AT_ONCE = {"segment.ms": "100", "min.cleanable.dirty.ratio": "0.01", "delete.retention.ms": "0"}
"""With these Kafka compacts all but the newest messages as soon as it looks."""


def state(cluster: str, revision: int) -> Outgoing:
    value = {"cluster_id": cluster, "revision": revision, "records": [f"s:{cluster}"], "document": {"versions": []}}
    return Outgoing(events.CLUSTERS, cluster.encode(), orjson.dumps(value))


def letter(number: int) -> Outgoing:
    return Incoming("core", b"k", b"{", 1, "records.core", 0, number).letter(PayloadError("not_json", "cut"))


async def hurry(settings: Settings, *topics: str) -> None:
    """Have the topics compacted at once; what else was set for them at their creation is given up."""
    async with admin(settings.kafka_url) as client:
        policy = {"cleanup.policy": "compact"} | _AT_ONCE
        await client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, t, configs=policy) for t in topics])


async def messages(settings: Settings, topic: str) -> int:
    """How many are in its only partition, found without a mark of ours."""
    place = TopicPartition(topic, 0)
    async with AIOKafkaConsumer(bootstrap_servers=settings.kafka_url, auto_offset_reset="earliest") as consumer:
        consumer.assign([place])
        await consumer.seek_to_beginning(place)
        end = (await consumer.end_offsets([place]))[place]
        count = 0
        while await consumer.position(place) < end:
            count += sum(map(len, (await consumer.getmany(timeout_ms=200)).values()))
        return count


def test_folds_are_the_same_after_compaction(new_broker: Callable[..., AnyBroker], broker_kind: str) -> None:
    if broker_kind == "tansu":
        pytest.skip("the embedded broker does not compact")
    settings = Settings(kafka_url=new_broker(**QUICK).url, partitions=1)
    clusters, letters = events.CLUSTERS, events.DEAD_LETTER

    async def publish(*outgoing: Outgoing) -> None:
        async with Publisher(KafkaConnection.of(settings)) as publisher:
            await publisher.publish(outgoing)

    async def fill() -> None:
        await create_topics(settings)
        await hurry(settings, clusters, letters)
        for revision in range(1, _ROUNDS + 1):
            await publish(*(state(cluster, revision) for cluster in "abcd"), letter(revision))
            if revision % 10 == 0:  # reads leave marks between the messages
                assert len(await read_cluster_states(settings)) == 4
                assert len(await standing(settings)) == revision
        await publish(Outgoing(clusters, b"d", None))
        await drop(settings, (await standing(settings))[:20])

    async def folded() -> tuple[list[str], list[int], list[str]]:
        states = await read_cluster_states(settings)
        stand = await standing(settings)
        return [s[0] for s in states], [orjson.loads(s[2])["revision"] for s in states], [each.id for each in stand]

    asyncio.run(fill())
    before = asyncio.run(folded())
    assert before == (["a", "b", "c"], [_ROUNDS] * 3, [f"records.core:0:{n}" for n in range(21, _ROUNDS + 1)])

    def compacted() -> bool:
        asyncio.run(publish(state("a", _ROUNDS), letter(_ROUNDS)))  # a new message lets the segment before be compacted
        return all(asyncio.run(messages(settings, topic)) < 20 for topic in (clusters, letters))

    wait_for(compacted, "what was superseded is gone", 60)
    assert asyncio.run(folded()) == before
