"""Events from a real broker: from any position the rest, and what is gone is said."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable

import orjson
import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from streams.client import Event, Gap, GapError, Missing, Subscription, subscribe
from streams.errors import BrokerError, PayloadError, WrongSetupError
from streams.events import EVENTS, Outgoing
from streams.events.positions import parse_offsets
from streams.kafka import topic_follower
from streams.kafka.connection import KafkaConnection
from streams.kafka.reader import read_to_now
from streams.kafka.topics import create_topics
from streams.settings import Settings
from tests.brokers import AnyBroker
from tests.client.topics import messages, publish, run


def following(settings: Settings, start: str = "beginning", **options: object) -> Subscription[Event]:
    return subscribe(kafka=settings.kafka_url, topic_prefix=settings.topic_prefix, start=start, **options)  # type: ignore[arg-type]


async def take(events: Subscription[Event], count: int) -> list[Event]:
    async with asyncio.timeout(20):
        return [await anext(events) for _ in range(count)]


def events_of(batches: list[list[Outgoing]]) -> list[Outgoing]:
    return [message for batch in batches for message in batch if message.topic == EVENTS]


def event(name: str, revision: int = 1) -> Outgoing:
    return Outgoing(EVENTS, name.encode(), f'{{"cluster_id":"{name}","revision":{revision},"after":["x:1"]}}'.encode())


def test_from_each_position_the_rest_comes_and_the_events_of_a_cluster_are_in_order(topics: Settings) -> None:
    batches = messages(15, seed=4)
    sent = [orjson.loads(message.value or b"")["event_id"] for message in events_of(batches)]

    async def story() -> None:
        await publish(topics, *batches)
        async with following(topics) as events:
            whole = await take(events, len(sent))
        assert sorted(each.event_id for each in whole) == sorted(sent)
        revisions = defaultdict(list)
        for each in whole:
            revisions[each.cluster_id].append(each.revision)
        assert all(found == sorted(found) for found in revisions.values())
        for index in range(0, len(whole) - 1, 7):
            async with following(topics, whole[index].position) as events:
                rest = await take(events, len(whole) - index - 1)
            assert sorted(each.event_id for each in rest) == sorted(each.event_id for each in whole[index + 1 :])
        async with following(topics, "now") as events:
            waiting = asyncio.ensure_future(take(events, 1))
            while not events.position:
                await asyncio.sleep(0.02)
            await publish(topics, [event("cnew")])
            assert [each.cluster_id for each in await waiting] == ["cnew"]

    run(story())


def test_end_markers_are_passed_over_and_what_is_no_event_is_said_once(topics: Settings) -> None:
    async def story() -> None:
        await publish(topics, [event("ca")])
        _ = [message async for message in read_to_now(KafkaConnection.of(topics), [topics.topic_prefix + EVENTS])]
        await publish(topics, [Outgoing(EVENTS, b"ca", b"no JSON")])
        await publish(topics, [event("ca", 2)])
        async with following(topics) as events:
            assert (await take(events, 1))[0].revision == 1
            with pytest.raises(PayloadError, match=rf"{EVENTS}:\d:\d"):
                await take(events, 1)
            (last,) = await take(events, 1)
            assert last.revision == 2
            assert events.position == last.position

    run(story())


def test_a_subscription_that_was_closed_continues(topics: Settings) -> None:
    async def story() -> None:
        await publish(topics, [event(f"c{number}") for number in range(20)])
        events, found = following(topics), []
        for _ in range(4):
            found += await take(events, 5)
            await events.aclose()
        assert len({each.cluster_id for each in found}) > 5, "what was read and not yielded is yielded after all"
        assert len({each.cluster_id for each in found}) == 20

    run(story())


def test_what_is_wrong_at_the_start_is_said(topics: Settings) -> None:
    async def story() -> None:
        with pytest.raises(BrokerError, match=r"no topic nowhere\.dedup\.events"):
            await anext(following(topics.model_copy(update={"topic_prefix": "nowhere."})))
        with pytest.raises(WrongSetupError, match="has no partition 9"):
            await anext(following(topics, "0:0,9:1"))
        with pytest.raises(BrokerError, match="cannot be reached"):
            await anext(following(Settings(kafka_url="127.0.0.1:1")))

    run(story())


def test_a_topic_that_was_created_anew_is_a_gap_at_the_start_and_under_way(
    new_broker: Callable[..., AnyBroker], broker_kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topic_follower, "_IDLE_SECONDS", 0.5)
    broker = new_broker()
    settings = Settings(kafka_url=broker.url, partitions=1)

    async def create_anew() -> None:
        if broker_kind == "tansu":  # its topics end with it
            broker.stop()
            broker.start()
        else:
            admin = AIOKafkaAdminClient(bootstrap_servers=broker.url)
            await admin.start()
            await admin.delete_topics([EVENTS])
            await admin.close()
            await asyncio.sleep(1)
        await create_topics(settings)
        await publish(settings, [event("cnew")])

    async def story() -> None:
        await create_topics(settings)
        await publish(settings, [event(f"c{number}") for number in range(9)])
        gaps: list[Gap] = []
        async with following(settings, on_gap=gaps.append) as events:
            position = (await take(events, 9))[-1].position
            assert parse_offsets(position)[0] >= 9
            await create_anew()
            assert [each.cluster_id for each in await take(events, 1)] == ["cnew"]
        assert [(each.end, each.reason) for gap in gaps for each in gap.missing] == [(0, "unknown_position")]
        async with following(settings, position) as events:
            with pytest.raises(GapError, match="partition 0 from offset"):
                await take(events, 1)
            assert [each.cluster_id for each in await take(events, 1)] == ["cnew"]

    run(story())


def test_what_retention_deleted_is_a_gap_and_no_gap_for_who_begins(topics: Settings, broker_kind: str) -> None:
    if broker_kind == "tansu":
        pytest.skip("the embedded broker deletes nothing")

    async def delete_before(offset: int) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=topics.kafka_url)
        await admin.start()
        place = TopicPartition(topics.topic_prefix + EVENTS, partition)
        await admin.delete_records({place: RecordsToDelete(before_offset=offset)})
        await admin.close()

    partition = 0

    async def story() -> None:
        nonlocal partition
        await publish(topics, [event("ca", revision) for revision in range(1, 9)])
        async with following(topics) as events:
            first = (await take(events, 1))[0].position
            partition = next(number for number, offset in parse_offsets(first).items() if offset)
            await delete_before(3)
        async with following(topics, first) as events:
            with pytest.raises(GapError) as raised:
                await take(events, 1)
            assert raised.value.missing == (Missing(partition, 1, 3),)
            assert [each.revision for each in await take(events, 5)] == [4, 5, 6, 7, 8]
        async with following(topics) as events:
            assert [each.revision for each in await take(events, 5)] == [4, 5, 6, 7, 8]

    run(story())


def test_a_broker_that_is_away_is_waited_for(new_broker: Callable[..., AnyBroker], broker_kind: str) -> None:
    if broker_kind == "tansu":
        pytest.skip("the embedded broker loses its topics when it stops")
    broker = new_broker()
    settings = Settings(kafka_url=broker.url, partitions=1)

    async def story() -> None:
        await create_topics(settings)
        await publish(settings, [event("ca")])
        async with following(settings) as events:
            await take(events, 1)
            waiting = asyncio.ensure_future(anext(events))
            await asyncio.to_thread(broker.kill)
            await asyncio.sleep(2)
            await asyncio.to_thread(broker.start)
            await publish(settings, [event("cb")])
            assert (await waiting).cluster_id == "cb"

    run(story())
