"""A record's payload, found by when it arrived, on a real broker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import orjson

from streams.events import Outgoing
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.reader import read_to_now
from streams.kafka.topics import create_topics, record_topic
from streams.query.payloads import arrival_of, read_payload
from streams.records.version import arrival
from streams.settings import Settings
from tests.brokers import AnyBroker
from tests.query.conftest import Library


def test_a_payload_is_found_by_its_arrival(new_broker: Callable[..., AnyBroker]) -> None:
    settings = Settings(kafka_url=new_broker().url, partitions=2)
    papers = [{"source": "mine", "id": str(n), "title": f"On reef {n}"} for n in range(20)]

    async def story() -> None:
        await create_topics(settings)
        values = [orjson.dumps(paper) for paper in papers[:10]] + [orjson.dumps(papers[10:])]
        topic = record_topic(settings, "document")
        async with Publisher(KafkaConnection.of(settings), shared=True) as publisher:
            await publisher.publish([Outgoing(topic, b"%d" % n, value) for n, value in enumerate(values)])
        arrived = {}
        async for message in read_to_now(KafkaConnection.of(settings), [topic]):
            arrived[message.value] = arrival(message.timestamp, message.offset)
        for number in (0, 7):
            found = await read_payload(settings, f"mine:{number}", arrived[values[number]])
            assert found is not None
            assert (found.value, found.records) == (values[number], 1)
        several = await read_payload(settings, "mine:15", arrived[values[10]])
        assert several is not None
        assert (several.value, several.records) == (values[10], 10)
        assert await read_payload(settings, "mine:3", arrived[values[4]] + 1) is None
        assert await read_payload(settings, "mine:3", arrival(4_000_000_000_000, 1)) is None

    asyncio.run(story())


def test_the_arrival_is_that_of_the_version_that_is_stored(library: Library) -> None:
    library.send("mine:1", title="On reefs")
    assert arrival_of(library.index, "mine:1") == library.bench.sent[-1].arrival
    library.bench.send("mine:1", None)
    assert arrival_of(library.index, "mine:1") is None
    assert arrival_of(library.index, "mine:2") is None
