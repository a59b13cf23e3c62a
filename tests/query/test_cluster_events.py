"""The history of a cluster from the topic, on a real broker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import orjson

from streams.events import EVENTS, Outgoing
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.reader import read_to_now
from streams.kafka.topics import create_topics
from streams.query.cluster_events import read_history
from streams.settings import Settings
from tests.brokers import AnyBroker


def event(cluster: str, revision: int, **more: object) -> Outgoing:
    fields = {"cluster_id": cluster, "revision": revision, "type": "created", "before": [], "after": [f"m:{cluster}"]}
    return Outgoing(EVENTS, cluster.encode(), orjson.dumps({**fields, **more}))


def test_a_history_follows_merges_and_says_where_its_beginning_is_missing(new_broker: Callable[..., AnyBroker]) -> None:
    settings = Settings(kafka_url=new_broker().url, partitions=3)
    kafka = KafkaConnection.of(settings)

    async def story() -> None:
        await create_topics(settings)
        async with Publisher(kafka) as publisher:
            await publisher.publish([event("ca", 1), event("cb", 1), event("cz", 1)])
            await publisher.publish([event("zz", 1 + n) for n in range(40)])
            await publisher.publish([event("cb", 2, type="merged", merged_into=["ca"], after=[])])
            await publisher.publish([event("ca", 2, type="merged", merged_from=["cb"])])
        ends = [0, 0, 0]
        async for message in read_to_now(kafka, [EVENTS]):
            ends[message.partition] = message.offset + 1
        whole = await read_history(settings, "ca", ["ca"], ends)
        assert [(e.event["cluster_id"], e.event["revision"]) for e in whole.history.events][-2:] == [
            ("cb", 2),
            ("ca", 2),
        ]
        assert len(whole.history.events) == 4
        assert (whole.is_whole, whole.history.lost) == (True, {})
        late = await read_history(settings, "ca", ["ca"], ends, most=1)
        assert not late.is_whole
        assert late.history.lost
        nothing = await read_history(settings, "cq", [], ends)
        assert (nothing.history.events, nothing.is_whole) == ([], True)
        assert (await read_history(settings, "ca", [], [0, 0, 0])).history.events == []

    asyncio.run(story())
