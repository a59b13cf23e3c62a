"""Reading up to the ring with a consumer of one's own, on a real broker."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import aclosing
from datetime import UTC, datetime

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from streams.events import EVENTS, Outgoing
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher, partition_of
from streams.kafka.topics import create_topics
from streams.settings import Settings
from streams.subscriptions import Hub
from streams.subscriptions.catch_up import catch_up, offsets_at
from streams.subscriptions.frames import Gap
from tests.brokers import AnyBroker
from tests.subscriptions.client import Client
from tests.subscriptions.memory_feed import cluster_event

pytestmark = pytest.mark.system


def events_of(partition: int, count: int) -> list[Outgoing]:
    """Return events of clusters that are in one of two partitions."""
    names = [f"c{number}" for number in range(10 * count) if partition_of(b"c%d" % number, [0, 1]) == partition]
    return [Outgoing(EVENTS, name.encode(), cluster_event(name, 1)) for name in names[:count]]


async def read(settings: Settings, offsets: list[int], ends: Sequence[int]) -> tuple[list[tuple[int, int]], list[Gap]]:
    """Return the places of all messages from `offsets` until `ends`, and the gaps."""
    found: list[tuple[int, int]] = []
    gaps: list[Gap] = []
    kafka = KafkaConnection.of(settings)

    def lagging(position: Sequence[int]) -> list[int]:
        return [partition for partition, offset in enumerate(position) if offset < ends[partition]]

    async with asyncio.timeout(20), aclosing(catch_up(kafka, EVENTS, offsets, lagging)) as steps:
        async for step in steps:
            found += [(message.partition, message.offset) for message in step.messages]
            gaps += step.gaps
    return found, gaps


def test_it_reads_the_partitions_that_lag_and_names_what_retention_deleted(
    new_broker: Callable[..., AnyBroker], broker_kind: str
) -> None:
    settings = Settings(kafka_url=new_broker().url, partitions=2)

    async def story() -> None:
        await create_topics(settings)
        async with Publisher(KafkaConnection.of(settings)) as publisher:
            await publisher.publish([*events_of(0, 30), *events_of(1, 8)])
        found, gaps = await read(settings, [5, 0], [30, 8])
        assert sorted(found) == [*((0, n) for n in range(5, 30)), *((1, n) for n in range(8))]
        assert gaps == []
        found, _ = await read(settings, [0, 8], [10, 8])
        assert {place[0] for place in found} == {0}
        if broker_kind == "tansu":
            return  # it deletes no records
        admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka_url)
        await admin.start()
        before = {
            TopicPartition(EVENTS, 0): RecordsToDelete(before_offset=12),
            TopicPartition(EVENTS, 1): RecordsToDelete(8),
        }
        await admin.delete_records(before)
        await admin.close()
        found, gaps = await read(settings, [5, 2], [30, 8])
        assert found == [(0, n) for n in range(12, 30)]
        assert sorted(gaps) == [Gap(0, 5, 12), Gap(1, 2, 8)]
        async with Hub(settings, ring=10) as hub, asyncio.timeout(20):
            client = Client()
            async with aclosing(await hub.subscribe(last_event_id="0:5,1:2")) as subscription:
                while sum(name.startswith("cluster.") for _, name, _ in client.received) < 18:
                    client.feed(await anext(subscription))
            missing = [gap for _, name, data in client.received if name == "gap" for gap in json.loads(data)["missing"]]
            assert sorted((gap["partition"], gap["from"], gap["to"]) for gap in missing) == [(0, 5, 12), (1, 2, 8)]

    asyncio.run(story())


def test_a_time_is_a_position(new_broker: Callable[..., AnyBroker], broker_kind: str) -> None:
    settings = Settings(kafka_url=new_broker().url, partitions=2)

    async def story() -> None:
        await create_topics(settings)
        kafka = KafkaConnection.of(settings)
        async with Publisher(kafka) as publisher:
            await publisher.publish(events_of(0, 3))
            await asyncio.sleep(0.05)
            moment = round(datetime.now(UTC).timestamp() * 1000)
            await asyncio.sleep(0.05)
            await publisher.publish(events_of(1, 2))
        has_true_ends = broker_kind == "kafka"
        expected = [3, 0] if has_true_ends else [0, 0]
        assert await offsets_at(kafka, EVENTS, 2, moment, has_true_ends=has_true_ends) == expected

    asyncio.run(story())


def test_with_more_than_64_partitions_ids_are_times(new_broker: Callable[..., AnyBroker], broker_kind: str) -> None:
    if broker_kind == "tansu":
        pytest.skip("it finds no offset by time")
    settings = Settings(kafka_url=new_broker().url, partitions=70)

    async def story() -> None:
        await create_topics(settings)
        async with Publisher(KafkaConnection.of(settings)) as publisher:
            names = [f"c{number}" for number in range(300)]
            await publisher.publish([Outgoing(EVENTS, n.encode(), cluster_event(n, 1)) for n in names[:200]])
            client = Client()
            for ring, most in ((10, 50), (10_000, 120), (10, 200)):
                async with Hub(settings, ring=ring) as hub, asyncio.timeout(30):
                    last = client.last_event_id or None
                    async with aclosing(await hub.subscribe(last_event_id=last, start="beginning")) as subscription:
                        while len({data for _, name, data in client.received if name.startswith("cluster.")}) < most:
                            client.feed(await anext(subscription))
                client.disconnect()
                assert client.last_event_id.isdigit()
            assert (
                len({json.loads(d)["event_id"] for _, name, d in client.received if name.startswith("cluster.")}) == 200
            )

    asyncio.run(story())
