"""Topics followed on a real broker that is killed, restarted and stalled: nothing is lost, nothing stalls, what is gone is said."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from random import Random

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import RecordsToDelete

from streams.errors import BrokerError
from streams.events import EVENTS, Outgoing
from streams.kafka import topic_follower
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.reader import END_HEADER, Extent
from streams.kafka.topic_follower import Missing, Position, TopicFollower
from streams.kafka.topics import create_topics
from streams.settings import Settings
from tests.brokers import AnyBroker
from tests.system.proxy import Proxy
from tests.system.test_brokers import admin

pytestmark = pytest.mark.system

PARTITIONS = 2


class Reading:
    """What a follower has read, on a task that is cancelled at the end."""

    def __init__(self, follower: TopicFollower) -> None:
        self.follower = follower
        self.names: list[str] = []
        self.missing: list[Missing] = []
        self.errors: list[BrokerError] = []
        self.starts = 0

    async def run(self) -> None:
        while True:
            try:
                batch = await self.follower.read()
            except BrokerError as error:
                self.errors.append(error)
                continue
            self.starts += batch.is_start
            self.missing += batch.missing
            for messages in batch.messages.values():
                self.names += [each.key.decode() for each in messages if END_HEADER not in dict(each.headers)]

    async def until(self, names: Iterable[str], seconds: float = 60) -> None:
        """Wait until all of these came."""
        wanted = set(names)
        try:
            async with asyncio.timeout(seconds):
                while not wanted <= set(self.names):
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"missing: {sorted(wanted - set(self.names))}; errors: {self.errors}") from None


def from_the_first(extents: Mapping[TopicPartition, Extent]) -> dict[TopicPartition, Position]:
    return {place: Position(extent.first) for place, extent in extents.items()}


@asynccontextmanager
async def following(settings: Settings) -> AsyncIterator[Reading]:
    follower = TopicFollower(KafkaConnection.of(settings), [EVENTS], from_the_first)
    reading = Reading(follower)
    task = asyncio.create_task(reading.run())
    try:
        yield reading
    finally:
        task.cancel()
        async with asyncio.timeout(10):
            await asyncio.wait([task])
        await follower.close()


async def read_on(follower: TopicFollower) -> None:
    while True:
        await follower.read()


async def publish(settings: Settings, names: Iterable[str]) -> list[str]:
    sent = list(names)
    async with Publisher(KafkaConnection.of(settings)) as publisher:
        await publisher.publish([Outgoing(EVENTS, name.encode(), b"{}") for name in sent])
    return sent


def named(prefix: str, count: int) -> list[str]:
    return [f"{prefix}{number}" for number in range(count)]


@pytest.fixture
def settings(new_broker: Callable[..., AnyBroker], monkeypatch: pytest.MonkeyPatch) -> tuple[Settings, AnyBroker]:
    monkeypatch.setattr(topic_follower, "_IDLE_SECONDS", 1.0)
    broker = new_broker()
    return Settings(kafka_url=broker.url, partitions=PARTITIONS), broker


def test_a_broker_that_is_killed_and_restarted_again_and_again(
    settings: tuple[Settings, AnyBroker], broker_kind: str
) -> None:
    """Also where the topic that was made anew has more messages than the one before, at the same offsets."""
    own, broker = settings
    kept = broker_kind == "kafka"

    async def story() -> None:
        await create_topics(own)
        async with following(own) as reading:
            sent = await publish(own, named("first-", 10))
            await reading.until(sent)
            for number, count in enumerate((30, 3)):
                await asyncio.to_thread(broker.kill)
                await asyncio.to_thread(broker.start)
                await create_topics(own)
                sent += await publish(own, named(f"{number}-", count))
                await reading.until(sent)
            assert sorted(reading.names) == sorted(sent), "each came once"
            if kept:
                assert reading.missing == []
            else:
                assert {each.reason for each in reading.missing} == {"unknown_position"}
                assert len(reading.missing) == 2 * PARTITIONS
            assert await reading.follower.has_reached(
                {place: at.next for place, at in reading.follower.positions.items()}
            )

    asyncio.run(story())


def test_a_broker_that_answers_nothing_is_connected_to_again(
    new_broker: Callable[..., AnyBroker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topic_follower, "_IDLE_SECONDS", 1.0)
    monkeypatch.setattr(topic_follower, "_BEGIN_SECONDS", 5.0)
    proxy = Proxy(("127.0.0.1", 1))
    broker = new_broker(advertised=proxy.url)
    host, _, port = broker.url.partition(":")
    proxy.target = host, int(port)
    straight = Settings(kafka_url=broker.url, partitions=PARTITIONS)

    async def story() -> None:
        await create_topics(straight)
        async with following(straight.model_copy(update={"kafka_url": proxy.url})) as reading:
            sent = await publish(straight, named("before-", 5))
            await reading.until(sent)
            for fail in (proxy.stall, proxy.cut):
                await asyncio.to_thread(fail)
                while not reading.errors:
                    await asyncio.sleep(0.05)
                reading.errors.clear()
                await asyncio.to_thread(proxy.restore)
                sent += await publish(straight, named(f"{fail.__name__}-", 5))
                await reading.until(sent)
            assert sorted(reading.names) == sorted(sent)
            assert reading.missing == []

    try:
        asyncio.run(story())
    finally:
        proxy.close()


def test_what_retention_deletes_is_said_at_the_start_and_under_way(
    settings: tuple[Settings, AnyBroker], broker_kind: str
) -> None:
    if broker_kind == "tansu":
        pytest.skip("it deletes no records")
    own, _ = settings
    place = TopicPartition(EVENTS, 0)

    async def delete(before: int) -> None:
        async with admin(own.kafka_url) as client:
            await client.delete_records({place: RecordsToDelete(before_offset=before)})

    async def story() -> None:
        await create_topics(own)
        await publish(own, named("a-", 30))
        async with following(own) as reading:
            await reading.until(named("a-", 30))
            at = reading.follower.positions[place].next
        follower = TopicFollower(KafkaConnection.of(own), [EVENTS], lambda extents: dict.fromkeys(extents, Position(1)))
        await delete(at - 2)
        start = await follower.read()
        assert [each for each in start.missing if each.place == place] == [Missing(place, 1, at - 2)]
        await publish(own, named("b-", 30))
        end = {place: at + 1}
        await delete(end[place])
        accounted: list[int] = []
        async with asyncio.timeout(30):
            while not await follower.has_reached(end):
                try:
                    batch = await follower.read()
                except BrokerError:
                    continue
                accounted += [n for each in batch.missing if each.place == place for n in range(each.start, each.end)]
                accounted += [each.offset for each in batch.messages.get(place, ())]
        assert accounted[:3] == [at - 2, at - 1, at], "each was fetched before it was deleted, or it is said to be gone"
        await follower.close()

    asyncio.run(story())


def test_reading_that_is_cancelled_again_and_again_loses_nothing(settings: tuple[Settings, AnyBroker]) -> None:
    own, _ = settings
    random = Random(4)  # noqa: S311 - a seed makes a test repeatable

    async def story() -> None:
        await create_topics(own)
        follower = TopicFollower(KafkaConnection.of(own), [EVENTS], from_the_first, most=7)
        names: list[str] = []
        sent: list[str] = []
        for number in range(40):
            if number % 4 == 0:
                sent += await publish(own, named(f"{number}-", 20))
            try:
                async with asyncio.timeout(random.random() / 5):
                    for messages in (await follower.read()).messages.values():
                        names += [each.key.decode() for each in messages]
            except TimeoutError:
                continue
            if number % 10 == 9:
                await follower.close()
        async with asyncio.timeout(60):
            while not set(sent) <= set(names):
                names += [each.key.decode() for part in (await follower.read()).messages.values() for each in part]
        await follower.close()
        assert sorted(name for name in names if name) == sorted(sent)

    asyncio.run(story())


def test_without_a_topic_or_a_broker_it_says_so_and_tries_again(settings: tuple[Settings, AnyBroker]) -> None:
    own, broker = settings

    async def story() -> None:
        follower = TopicFollower(KafkaConnection.of(own), [EVENTS], from_the_first, all_exist=False)
        with pytest.raises(BrokerError, match=r"no topic dedup\.events"):
            await follower.read()
        await create_topics(own)
        assert (await follower.read()).is_start
        await asyncio.to_thread(broker.kill)
        with pytest.raises(BrokerError, match=r"127\.0\.0\.1"):
            await read_on(follower)
        await follower.close()

    asyncio.run(story())
