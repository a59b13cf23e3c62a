"""The offsets that a consumer group has committed, and the first ones that topics have."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from streams.events import Outgoing
from streams.kafka.connection import KafkaConnection
from streams.kafka.group_offsets import committed_offsets, first_offsets
from streams.kafka.producer import Publisher
from streams.kafka.topics import create_topics, record_topic
from streams.local.services import Services
from streams.settings import Settings


def test_they_are_those_of_the_group_and_of_the_topics_that_exist(
    broker_settings: Callable[[], dict[str, Any]], broker_kind: str
) -> None:
    with Services(Settings(**broker_settings())) as services:
        own = services.settings.model_copy(
            update={"topic_prefix": f"{services.settings.topic_prefix}group.", "app_id": "reads", "partitions": 1}
        )
        asyncio.run(play(own, deletes=broker_kind == "kafka"))


async def play(own: Settings, *, deletes: bool) -> None:
    kafka, topic = KafkaConnection.of(own), record_topic(own, "document")
    topics = [topic, "no.such.topic"]
    assert await committed_offsets(kafka, own.app_id, ["no.such.topic"]) == {}
    await create_topics(own)
    async with Publisher(kafka, own.topic_prefix) as publisher:
        await publisher.publish([Outgoing("records.document", b"k", b"%d" % n) for n in range(9)])
    assert await committed_offsets(kafka, own.app_id, topics) == {}, "the group has committed nothing"
    async with AIOKafkaConsumer(
        bootstrap_servers=own.kafka_url, group_id=own.app_id, enable_auto_commit=False
    ) as reader:
        reader.assign([TopicPartition(topic, 0)])
        await reader.commit({TopicPartition(topic, 0): 7})
    assert await committed_offsets(kafka, own.app_id, topics) == {(topic, 0): 7}
    assert await committed_offsets(kafka, "another", topics) == {}
    assert await first_offsets(kafka, [(topic, 0)]) == {(topic, 0): 0}
    if deletes:
        admin = AIOKafkaAdminClient(bootstrap_servers=own.kafka_url)
        await admin.start()
        await admin.delete_records({TopicPartition(topic, 0): RecordsToDelete(before_offset=4)})
        await admin.close()
        assert await first_offsets(kafka, [(topic, 0)]) == {(topic, 0): 4}
