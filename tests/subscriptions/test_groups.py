"""Consumer groups on a real Kafka: the embedded broker lists none that a client can read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from streams import events
from streams.errors import BrokerError
from streams.events import Outgoing
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.topics import create_topics
from streams.local.services import Services
from streams.settings import Settings
from streams.subscriptions.groups import GroupLag, group_lags


def test_a_group_is_shown_with_what_it_has_not_read(
    broker_settings: Callable[[], dict[str, Any]], broker_kind: str
) -> None:
    if broker_kind != "kafka":
        pytest.skip("the embedded broker lists no groups")

    async def story(settings: Settings) -> list[GroupLag]:
        kafka, topic = KafkaConnection.of(settings), settings.topic_prefix + events.EVENTS
        await create_topics(settings)
        async with Publisher(kafka, settings.topic_prefix) as publisher:
            await publisher.publish([Outgoing(events.EVENTS, b"one", b"{}") for _ in range(5)])
        consumer = AIOKafkaConsumer(
            topic,
            group_id="readers",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            **kafka.consumer("test"),
        )
        await consumer.start()
        try:
            message = await consumer.getone()
            await consumer.commit({TopicPartition(message.topic, message.partition): message.offset + 2})
        finally:
            await consumer.stop()
        return await group_lags(kafka, {topic})

    with Services(Settings(**broker_settings())) as services:
        (found,) = [each for each in asyncio.run(story(services.settings)) if each.group == "readers"]
        assert found == GroupLag("readers", services.settings.topic_prefix + events.EVENTS, 1, 3)


def test_a_broker_that_is_away_is_an_error() -> None:
    with pytest.raises(BrokerError):
        asyncio.run(group_lags(KafkaConnection("127.0.0.1:1"), {"dedup.events"}))
