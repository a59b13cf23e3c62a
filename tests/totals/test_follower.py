"""Following events on a real broker, from any offsets, with repeats and with a beginning that is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
import pytest
from aiokafka import TopicPartition
from aiokafka.admin import RecordsToDelete

from streams.errors import BrokerError
from streams.events import EVENTS, Outgoing
from streams.kafka.topics import create_topics
from streams.settings import Settings
from streams.totals.fold import Change
from streams.totals.follower import Follower
from streams.totals.snapshot import Snapshot
from tests.brokers import AnyBroker
from tests.system.test_brokers import admin
from tests.totals.oracle import counted
from tests.totals.test_fold import same
from tests.totals.topic import Topic, event_message, nothing


async def follow(settings: Settings, snapshot: Snapshot) -> Snapshot:
    """Follow until all is included that is there; return what would be written."""
    async with Follower(settings, snapshot) as follower:
        topics = follower._topics
        ends = {place: extent.end for place, extent in topics.extents.items()}
        async with asyncio.timeout(30):
            while not await topics.has_reached(ends):
                await follower.step()
        return msgspec.msgpack.decode(msgspec.msgpack.encode(follower.finish()), type=Snapshot)


def test_each_event_counts_once_from_whatever_offsets_it_resumes(
    with_topics: Callable[[int], Settings], broker_kind: str
) -> None:
    settings = with_topics(3)

    async def story() -> None:
        await create_topics(settings)
        topic = Topic(settings, 5)
        await topic.publish(60, repeats=15)
        one = await follow(settings, nothing(settings))
        assert same(one.counters, counted(topic.clusters.records))
        assert (one.repeated, one.complete, sum(one.counters.events.values())) == (15, True, len(topic.events))
        assert one.behind == (None if broker_kind == "tansu" else 0)
        await topic.publish(40, repeats=25)
        await topic.send([Outgoing(EVENTS, b"c1", b"no event")])
        two = await follow(settings, one)
        assert same(two.counters, counted(topic.clusters.records))
        assert (two.repeated, two.unread, two.complete) == (40, 1, True), "also repeats of events before it resumed"

    asyncio.run(story())


def test_after_a_failover_clusters_count_as_subscribers_have_them(with_topics: Callable[[int], Settings]) -> None:
    """One revision with two contents: the first one counts, until the next event, which follows from the second."""
    settings = with_topics(1)
    published = {
        "c": [
            Change("created", "c", 1, [], ["arxiv:1"]),
            Change("record_added", "c", 2, ["arxiv:1"], ["arxiv:1", "core:2"]),
            Change("record_added", "c", 2, ["arxiv:1"], ["arxiv:1", "openalex:3", "openalex:4"]),
        ],
        "d": [
            Change("created", "d", 1, [], ["core:7"]),
            Change("record_added", "d", 2, ["core:7", "core:8"], ["core:7", "core:8", "core:9"]),
        ],
    }
    last = [
        Change("record_added", "c", 3, ["arxiv:1", "openalex:3", "openalex:4"], ["arxiv:1", "openalex:3", "core:5"]),
        Change("record_removed", "d", 3, ["core:7", "core:8", "core:9"], ["core:9"]),
    ]

    async def story() -> None:
        await create_topics(settings)
        topic = Topic(settings, 0)
        await topic.send(event_message(event) for name in "cd" for event in published[name])
        one = await follow(settings, nothing(settings))
        assert same(one.counters, counted({"c": ["arxiv:1", "core:2"], "d": ["core:7", "core:8", "core:9"]}))
        assert (one.repeated, one.contradicted) == (1, {"c": ["arxiv:1", "core:2"]})
        await topic.send(map(event_message, last))
        two = await follow(settings, one)
        assert same(two.counters, counted({"c": ["arxiv:1", "openalex:3", "core:5"], "d": ["core:9"]}))
        assert two.contradicted == {}
        at_once = await follow(settings, nothing(settings))
        assert at_once.counters == two.counters

    asyncio.run(story())


def test_events_that_are_gone_make_the_totals_incomplete(
    with_topics: Callable[[int], Settings], broker_kind: str
) -> None:
    if broker_kind == "tansu":
        pytest.skip("it deletes no records")
    settings = with_topics(1)

    async def delete(before: int) -> None:
        async with admin(settings.kafka_url) as client:
            await client.delete_records(
                {TopicPartition(settings.topic_prefix + EVENTS, 0): RecordsToDelete(before_offset=before)}
            )

    async def story() -> None:
        await create_topics(settings)
        topic = Topic(settings, 5)
        await topic.publish(60)
        whole = await follow(settings, nothing(settings))
        await delete(20)
        found = await follow(settings, nothing(settings))
        assert (found.complete, found.missing, found.positions) == (False, 20, whole.positions)
        await topic.publish(20)
        found = await follow(settings, whole)
        assert (found.complete, found.missing) == (True, 0), "they were counted before they went"
        assert same(found.counters, counted(topic.clusters.records))
        await topic.publish(20)
        await delete(topic.published)
        found = await follow(settings, found)
        assert not found.complete
        assert found.missing > 0

    asyncio.run(story())


@pytest.mark.long
def test_a_broker_that_is_killed_under_it(new_broker: Callable[..., AnyBroker], broker_kind: str) -> None:
    """Apache Kafka has its messages again; what the embedded one publishes then counts too, and the totals say what they lack."""
    broker = new_broker()
    settings = Settings(kafka_url=broker.url, partitions=2)

    async def until(follower: Follower, condition: Callable[[Snapshot], bool]) -> Snapshot:
        async with asyncio.timeout(60):
            while not condition(follower.snapshot) or follower.problem:
                await follower.step()
        return follower.finish()

    async def story() -> None:
        await create_topics(settings)
        topic = Topic(settings, 3)
        await topic.publish(30)
        async with Follower(settings, nothing(settings)) as follower:
            for changes in (40, 3):
                await until(follower, lambda found: sum(found.counters.events.values()) == len(topic.events))
                await asyncio.to_thread(broker.kill)
                await asyncio.to_thread(broker.start)
                await create_topics(settings)
                await topic.publish(changes)
            found = await until(follower, lambda found: sum(found.counters.events.values()) == len(topic.events))
        assert same(found.counters, counted(topic.clusters.records))
        assert (found.complete, found.repeated) == (broker_kind == "kafka", 0)

    asyncio.run(story())


def test_without_the_topic_it_says_so(with_topics: Callable[[int], Settings]) -> None:
    settings = with_topics(1).model_copy(update={"topic_prefix": "none."})

    async def story() -> None:
        async with Follower(settings, nothing(settings)):
            pass

    with pytest.raises(BrokerError, match=r"no topic none\.dedup\.events"):
        asyncio.run(story())
