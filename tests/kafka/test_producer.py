"""What the publisher does with messages larger than are taken."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest

from streams import events
from streams.engine.messages import Incoming
from streams.errors import BrokerError, PayloadError, SupersededError
from streams.events import Outgoing
from streams.kafka.connection import KafkaConnection
from streams.kafka.dead_letters import contents, standing
from streams.kafka.producer import Publisher
from streams.kafka.reader import read_one, read_to_now
from streams.kafka.redrive import retry
from streams.kafka.topics import create_topics, record_topic
from streams.local.services import Services
from streams.settings import Settings


@pytest.fixture(scope="module")
def settings(broker_settings: Callable[[], dict[str, Any]]) -> Iterator[Settings]:
    with Services(Settings(**broker_settings())) as services:
        own = services.settings.model_copy(update={"partitions": 1})
        asyncio.run(create_topics(own))
        yield own


async def values(settings: Settings, topic: str) -> list[bytes]:
    return [
        message.value async for message in read_to_now(KafkaConnection.of(settings), [settings.topic_prefix + topic])
    ]


def state(number: int, abstract: str = "") -> Outgoing:
    document = {"id": "c", "source": "s", "authors": [], "urls": [], "abstract": abstract, "versions": []}
    value = {"cluster_id": "c", "revision": number, "records": ["s:1"], "document": document}
    return Outgoing(events.CLUSTERS, b"c", orjson.dumps(value))


def test_one_message_that_is_too_large_holds_nobody_up_and_keeps_its_place(settings: Settings) -> None:
    told: list[str] = []

    async def publish() -> list[bytes]:
        async with Publisher(
            KafkaConnection.of(settings), settings.topic_prefix, cut=told.append, max_bytes=150_000
        ) as publisher:
            await publisher.publish([state(1), state(2, "x" * 200_000), state(3)])
        return await values(settings, events.CLUSTERS)

    found = [orjson.loads(value) for value in asyncio.run(publish())]
    assert [each["revision"] for each in found] == [1, 2, 3]
    assert found[1]["document"]["truncated"] == ["abstract"]
    assert "abstract" not in found[1]["document"]
    assert told == [events.CLUSTERS]


def test_a_payload_too_large_is_refused_with_what_to_do(settings: Settings) -> None:
    async def publish() -> None:
        async with Publisher(KafkaConnection.of(settings), settings.topic_prefix, max_bytes=150_000) as publisher:
            await publisher.publish([Outgoing("records.arxiv", b"k", b"x" * 200_000)])

    with pytest.raises(BrokerError, match=r"max\.message\.bytes"):
        asyncio.run(publish())
    assert asyncio.run(values(settings, "records.arxiv")) == []


def test_a_letter_that_was_cut_is_sent_again_whole_while_its_origin_is_there(settings: Settings) -> None:
    payload = b'{"id":' + b"9" * 300_000

    async def play() -> tuple[str, int, list[bytes], str]:
        async with Publisher(KafkaConnection.of(settings), settings.topic_prefix, max_bytes=2**20) as feeder:
            await feeder.publish([Outgoing("records.core", b"k\xff", payload)])
        topic = record_topic(settings, "core")
        message = await read_one(KafkaConnection.of(settings), topic, 0, 0)
        assert message is not None
        assert await read_one(KafkaConnection.of(settings), topic, 9, 0) is None
        here = Incoming("core", message.key, message.value, message.timestamp, topic, 0, 0)
        gone = here._replace(offset=700)
        async with Publisher(KafkaConnection.of(settings), settings.topic_prefix, max_bytes=150_000) as publisher:
            letters = [each.letter(PayloadError("not_json", "cut")) for each in (here, gone)]
            await publisher.publish(letters)
        stand = await standing(settings)
        assert [(letter.size, letter.truncated) for letter in stand] == [(len(payload), True)] * 2
        kept = [len(content.payload) async for _, content in contents(settings, stand)]
        outcomes = {outcome.letters[0].origin: outcome for outcome in await retry(settings, stand, stand)}
        assert outcomes[here.origin].topic == topic
        left = [letter.origin for letter in await standing(settings)]
        assert left == [gone.origin]
        return outcomes[gone.origin].problem, max(kept), await values(settings, "records.core"), gone.origin

    problem, kept, found, _ = asyncio.run(play())
    assert kept < 100_000
    assert "bytes are left" in problem
    assert found == [payload, payload]


def test_a_topic_that_is_not_there_is_told_at_once_and_not_made(settings: Settings) -> None:
    async def read() -> None:
        async for _ in read_to_now(KafkaConnection.of(settings), ["never.made"]):
            pass

    for _ in range(2):
        began = time.monotonic()
        with pytest.raises(BrokerError, match=r"no topic never\.made"):
            asyncio.run(read())
        assert time.monotonic() - began < 10


def test_a_key_stays_in_its_partition_although_the_topic_gets_more(settings: Settings) -> None:
    own = settings.model_copy(update={"partitions": 4, "topic_prefix": f"{settings.topic_prefix}more."})
    keys = [b"c%d" % number for number in range(40)]

    async def play() -> list[set[int]]:
        await create_topics(own)
        found = []
        for fixed in (1, 3, 4):
            async with Publisher(KafkaConnection.of(own), own.topic_prefix) as publisher:
                publisher.fix_partitions({events.EVENTS: fixed})
                await publisher.publish([Outgoing(events.EVENTS, key, b"%d" % fixed) for key in keys])
            topic = own.topic_prefix + events.EVENTS
            read = [message async for message in read_to_now(KafkaConnection.of(own), [topic])]
            found.append({message.partition for message in read if message.value == b"%d" % fixed})
        return found

    assert asyncio.run(play()) == [{0}, {0, 1, 2}, {0, 1, 2, 3}]


def test_of_publishers_with_one_transactional_id_only_the_last_one_is_taken(
    settings: Settings, broker_kind: str
) -> None:
    """Also a batch that the earlier one began to send before: how a harvester that was paused is kept out."""
    if broker_kind == "tansu":
        pytest.skip("the embedded broker has no transactions")

    def publisher() -> Publisher:
        return Publisher(KafkaConnection.of(settings), settings.topic_prefix, transactional_id="fence")

    def message(text: str) -> Outgoing:
        return Outgoing(events.CORRECTIONS, b"k", text.encode())

    async def story() -> list[bytes]:
        async with publisher() as first:
            await first.publish([message("1"), message("2")])
            async with publisher() as second:
                with pytest.raises(SupersededError, match="another publisher has fence now"):
                    await first.publish([message("late")])
                await second.publish([message("3")])
                with pytest.raises(SupersededError):
                    await first.publish([message("late again")])
        return await values(settings, events.CORRECTIONS)

    assert asyncio.run(story()) == [b"1", b"2", b"3"]
