"""Which state publishes to the topics, on a real broker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from streams.events import CLUSTERS, CONTROL, Outgoing
from streams.kafka.connection import KafkaConnection
from streams.kafka.control import name_state, named_state, tell_of_a_life
from streams.kafka.producer import Publisher
from streams.kafka.reader import read_to_now
from streams.kafka.topics import create_topics
from streams.settings import Settings
from tests.brokers import AnyBroker


def test_the_first_state_stays_until_one_replaces_it(new_broker: Callable[..., AnyBroker]) -> None:
    settings = Settings(kafka_url=new_broker().url, topic_prefix="a.")

    async def story() -> None:
        await create_topics(settings)
        assert await named_state(settings) == ""
        assert sorted(await asyncio.gather(name_state(settings, "one"), name_state(settings, "two")))[0] in (
            "one",
            "two",
        )
        first = await named_state(settings)
        assert await name_state(settings, "three") == first, "it replaces none"
        assert await name_state(settings, "four", "nine") == first, "it replaces another one"
        assert await name_state(settings, "five", first) == "five" == await named_state(settings)
        async with Publisher(KafkaConnection.of(settings), settings.topic_prefix) as publisher:
            await publisher.publish([Outgoing(CONTROL, b"state", b"no JSON"), Outgoing(CONTROL, b"other", b"{}")])
        assert await named_state(settings) == "five"

    asyncio.run(story())


def test_marks_of_readers_are_no_life(new_broker: Callable[..., AnyBroker]) -> None:
    settings = Settings(kafka_url=new_broker().url, partitions=3)

    async def story() -> None:
        await create_topics(settings)
        assert not await tell_of_a_life(settings)
        assert [message async for message in read_to_now(KafkaConnection.of(settings), [CLUSTERS])] == []
        assert not await tell_of_a_life(settings)
        async with Publisher(KafkaConnection.of(settings)) as publisher:
            await publisher.publish([Outgoing(CLUSTERS, b"c", b"{}")])
        assert await tell_of_a_life(settings)

    asyncio.run(story())
