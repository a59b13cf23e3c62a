"""Counting from the topics, with events that are pending meanwhile, on a real broker and Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import islice
from typing import Any

import msgspec
import orjson
from aiokafka import TopicPartition
from aiokafka.admin import RecordsToDelete

from streams.engine.engine import Engine
from streams.engine.messages import Incoming
from streams.events import CLUSTERS, EVENTS, Outgoing
from streams.kafka.topics import create_topics
from streams.settings import Settings
from streams.state.connection import Connection
from streams.synthetic import generate
from streams.synthetic.generator import Generated
from streams.totals.count import count_totals
from streams.totals.snapshot import Snapshot
from tests.system.test_brokers import admin
from tests.totals.oracle import counted
from tests.totals.test_fold import same
from tests.totals.test_follower import follow
from tests.totals.topic import Topic, nothing

Connected = Callable[[Settings], Connection]


def test_what_is_counted_is_what_events_lead_to(
    with_topics: Callable[[int], Settings],
    connected: Connected,
    broker_kind: str,
) -> None:
    settings = with_topics(2)
    connection = connected(settings)

    async def story() -> None:
        await create_topics(settings)
        topic = Topic(settings, 8)
        await topic.publish(80, repeats=20)
        folded = await follow(settings, nothing(settings))
        found = await count_totals(settings, connection)
        assert same(found.counters, counted(topic.clusters.records))
        assert found.counters.events == folded.counters.events
        assert (found.repeated, found.included) == (20, [])
        markers = broker_kind == "tansu"  # which the fold has written at the ends, and the count leaves out
        assert folded.positions == {number: end + markers for number, end in found.positions.items()}
        if broker_kind == "kafka":  # the other one deletes no records
            async with admin(settings.kafka_url) as client:
                places = {
                    TopicPartition(settings.topic_prefix + EVENTS, number): RecordsToDelete(before_offset=end)
                    for number, end in found.positions.items()
                }
                await client.delete_records(places)
            found = await count_totals(settings, connection)
            assert same(found.counters, counted(topic.clusters.records)), "by the states of clusters alone"
            assert (found.counters.events, found.positions) == ({}, folded.positions)
        await topic.publish(20)
        found = await follow(settings, found)
        assert found.complete
        assert same(found.counters, counted(topic.clusters.records))

    asyncio.run(story())


def test_pending_events_count_once_whether_their_states_are_out_or_not(
    with_topics: Callable[[int], Settings], connected: Connected
) -> None:
    settings = with_topics(2)
    engine = Engine(settings, connected(settings))
    feed = list(islice(generate(7, 40), 90))

    def outgoing(first: int, last: int) -> list[Outgoing]:
        """Process messages of the feed; return what is to be published and is not acknowledged."""
        messages = [
            Incoming(
                "document", item.record_id.encode(), orjson.dumps(_document(item)), 1000 + n, "records.document", 0, n
            )
            for n, item in enumerate(feed[first:last], first)
        ]
        return [out for out in engine.process(messages).outgoing if out.topic in (EVENTS, CLUSTERS)]

    async def story() -> None:
        await create_topics(settings)
        topic = Topic(settings, 0)
        batch = outgoing(0, 60)
        states, events = ([out for out in batch if out.topic == name] for name in (CLUSTERS, EVENTS))
        await topic.send(states)
        ahead = await count_totals(settings, connected(settings))
        assert len(ahead.included) == len(events)
        await topic.send(events)
        whole = await follow(settings, nothing(settings))
        assert same(ahead.counters, whole.counters), "the states said what the events say"
        caught_up = await follow(settings, ahead)
        assert same(caught_up.counters, whole.counters), "the events that were included came, and count no more"
        assert caught_up.included == []
        more = [out for out in outgoing(60, 90) if out.topic == EVENTS]
        behind = await count_totals(settings, connected(settings))
        assert behind.included == []
        assert same(behind.counters, whole.counters), "of the new batch nothing is published"
        await topic.send(more)
        whole_again = msgspec.msgpack.decode(msgspec.msgpack.encode(whole), type=Snapshot)
        last = [await follow(settings, begin) for begin in (behind, whole_again)]
        assert same(last[0].counters, last[1].counters)
        assert not same(last[0].counters, whole.counters)

    asyncio.run(story())


def _document(item: Generated) -> dict[str, Any]:
    return item.payload or {**item.document, "deleted": True}
