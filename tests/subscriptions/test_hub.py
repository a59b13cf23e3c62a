"""The hub on a real broker: hubs are replaced in mid-stream, clients are cut off at any byte, and nothing is lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

import streams
from streams import events
from streams.errors import BusyError, UsageError
from streams.events import Outgoing
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.reader import read_to_now
from streams.kafka.topics import create_topics, delete_topics
from streams.local.services import Services
from streams.settings import Settings
from streams.subscriptions import EVERYTHING, NEW_PAPERS, Filter, Hub, Timing
from streams.subscriptions import hub as hub_module
from streams.synthetic import generate
from streams.testing import FakeStreams
from tests.brokers import AnyBroker
from tests.subscriptions.client import Client
from tests.subscriptions.memory_feed import cluster_event

PARTITIONS = 3


def dice(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - not for secrets


def feed(seed: int, works: int) -> list[list[Outgoing]]:
    """Return what is published when a generated feed arrives, record by record; now and then events come again."""
    fake, random, found = FakeStreams(), dice(seed), list[list[Outgoing]]()
    for item in generate(seed, works):
        if item.payload is not None:
            sent = [Outgoing(*message) for message in fake.send([item.payload]) if message.topic != events.DECISIONS]
            again = random.choice(found) if found and random.random() < 0.05 else []
            found.append(sent + [message for message in again if message.topic == events.EVENTS])
    return found


class Follower:
    """A client that connects again with its last id; `cuts` how often its connection broke."""

    def __init__(self, wanted: Filter, random: Random) -> None:
        self.client, self.view, self.cuts = Client(), streams.ClusterView(), 0
        self.events: list[dict[str, Any]] = []
        self.gaps: list[Any] = []
        self._wanted, self._random, self._done = wanted, random, 0

    async def follow(self, current_hub: Callable[[], Hub]) -> None:
        """Follow until cancelled, on the hub that there is."""
        while True:
            hub = current_hub()
            try:
                subscription = await hub.subscribe(
                    self._wanted, last_event_id=self.client.last_event_id or None, start="beginning", with_document=True
                )
                async with aclosing(subscription):
                    async for chunk in subscription:
                        if self._random.random() < 0.1:
                            self.client.feed(chunk[: self._random.randrange(len(chunk))])
                            break
                        self.client.feed(chunk)
                        self._fold()
            except BusyError:
                await asyncio.sleep(0.05)
            self.cuts += 1
            self.client.disconnect()
            self._fold()
            await asyncio.sleep(0)

    def _fold(self) -> None:
        for _, name, data in self.client.received[self._done :]:
            if name.startswith("cluster."):
                self.events.append(json.loads(data))
                self.view.apply(data)
            elif name == "gap":
                self.gaps.append(json.loads(data))
        self._done = len(self.client.received)

    @property
    def clusters(self) -> dict[str, tuple[int, tuple[str, ...]]]:
        return {state.id: (state.revision, state.records) for state in self.view}


async def wait_for(condition: Callable[[], bool], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


async def states(settings: Settings) -> dict[str, tuple[int, tuple[str, ...]]]:
    """Fold `dedup.clusters`."""
    last: dict[bytes, bytes | None] = {}
    async for message in read_to_now(KafkaConnection.of(settings), [settings.topic_prefix + events.CLUSTERS]):
        last[message.key] = message.value
    found = [json.loads(value) for value in last.values() if value is not None]
    return {each["cluster_id"]: (each["revision"], tuple(each["records"])) for each in found}


def _one_ended(tasks: Sequence[asyncio.Task[None]]) -> bool:
    """Raise what ended a follower, which is to follow until it is cancelled."""
    for task in tasks:
        if task.done():
            task.result()
    return False


@pytest.fixture
def new_settings(broker_settings: Callable[[], dict[str, Any]]) -> Any:
    @asynccontextmanager
    async def make() -> AsyncIterator[tuple[Settings, Publisher]]:
        services = Services(Settings(**broker_settings()))
        await asyncio.to_thread(services.__enter__)
        try:
            settings = services.settings.model_copy(update={"partitions": PARTITIONS})
            await create_topics(settings)
            async with Publisher(KafkaConnection.of(settings), settings.topic_prefix) as publisher:
                yield settings, publisher
        finally:
            await asyncio.to_thread(services.__exit__, None, None, None)

    return make


Make = Callable[[], Any]


def run(make: Make, story: Callable[[Settings, Publisher], Awaitable[None]]) -> None:
    async def on_a_broker() -> None:
        async with make() as (settings, publisher):
            await story(settings, publisher)

    asyncio.run(on_a_broker())


@pytest.mark.system
def test_folded_events_are_the_states_however_often_hubs_and_clients_are_killed(new_settings: Make) -> None:
    async def story(settings: Settings, publisher: Publisher) -> None:
        random, hubs = dice(5), [await Hub(settings, ring=60).__aenter__()]
        followers = [Follower(EVERYTHING, dice(1)), Follower(EVERYTHING, dice(2)), Follower(NEW_PAPERS, dice(3))]
        tasks = [asyncio.create_task(each.follow(lambda: hubs[-1])) for each in followers]
        for number, sent in enumerate(feed(17, 120)):
            await publisher.publish(sent)
            if number % 25 == 24:
                hubs.append(await Hub(settings, ring=random.choice([20, 60, 10_000])).__aenter__())
                await hubs[-2].__aexit__(None, None, None)
                await asyncio.sleep(0.1)
        expected = await states(settings)
        assert len(expected) > 60
        try:
            await wait_for(lambda: _one_ended(tasks) or all(each.clusters == expected for each in followers[:2]))
            created = {each["event_id"] for each in followers[0].events if each["type"] == "created"}
            await wait_for(lambda: {each["event_id"] for each in followers[2].events} == created)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await hubs[-1].__aexit__(None, None, None)
        assert len(hubs) > 4
        assert all(each.cuts > 5 for each in followers[:2])
        assert all(not each.gaps for each in followers)
        assert all((hub.subscribers, hub.catching_up) == (0, 0) for hub in hubs)

    run(new_settings, story)


async def take(hub: Hub, most: int, **asked: Any) -> Client:
    """Return a client that has received so many events."""
    client = Client()
    async with asyncio.timeout(20), aclosing(await hub.subscribe(**asked)) as subscription:
        while sum(name.startswith("cluster.") for _, name, _ in client.received) < most:
            client.feed(await anext(subscription))
    return client


def ids(client: Client) -> set[str]:
    return {json.loads(data)["event_id"] for _, name, data in client.received if name.startswith("cluster.")}


def some_events(name: str, count: int) -> list[Outgoing]:
    return [Outgoing(events.EVENTS, f"{name}{n}".encode(), cluster_event(f"{name}{n}", 1)) for n in range(count)]


@pytest.mark.system
def test_a_hub_that_stops_leaves_nobody_waiting_for_events_that_it_does_not_have_yet(new_settings: Make) -> None:
    """A client that comes from a hub which has read farther."""

    async def story(settings: Settings, _: Publisher) -> None:
        async with Hub(settings) as hub:
            ahead = ",".join(f"{partition}:9" for partition in range(PARTITIONS))
            await hub.subscribe()  # it has read
            coming = asyncio.create_task(hub.subscribe(last_event_id=ahead))
            await asyncio.sleep(0)
            assert not coming.done()
        with pytest.raises(BusyError, match="stops"):
            async with asyncio.timeout(5):
                await coming

    run(new_settings, story)


@pytest.mark.system
def test_where_a_subscription_begins(new_settings: Make) -> None:
    async def story(settings: Settings, publisher: Publisher) -> None:
        await publisher.publish(some_events("old", 40))
        await asyncio.sleep(0.05)
        moment = datetime.now(UTC)
        await asyncio.sleep(0.05)
        await publisher.publish(some_events("young", 20))
        old, young = ({f"{name}{n}:1" for n in range(count)} for name, count in (("old", 40), ("young", 20)))
        async with Hub(settings, ring=15, timing=Timing(0.2, 0.2)) as hub:
            assert ids(await take(hub, 60, start="beginning")) == old | young
            assert ids(await take(hub, 20, since=moment)) == young
            subscription = await hub.subscribe()
            assert (hub.subscribers, hub.catching_up) == (1, 0)
            client = Client()
            client.feed(await anext(subscription))
            assert [name for _, name, _ in client.received] == ["position"]
            await publisher.publish(some_events("new", 5))
            # It was cut off before anything came, and yet begins where it was.
            await subscription.aclose()
            back = await take(hub, 5, last_event_id=client.last_event_id)
            assert {f"new{n}:1" for n in range(5)} <= ids(back)
            assert not ids(back) & old
            # Of another topic, which had more: what there is comes from its beginning, and the gap is named.
            ahead = await take(hub, 65, last_event_id="0:900,1:900,2:900")
            assert ids(ahead) == old | young | {f"new{n}:1" for n in range(5)}
            gap = next(json.loads(data) for _, name, data in ahead.received if name == "gap")
            assert [(each["from"], each["reason"]) for each in gap["missing"]] == [(900, "unknown_position")] * 3
            with pytest.raises(UsageError, match="another topic"):
                await hub.subscribe(last_event_id="7:1")
            with pytest.raises(UsageError, match="no time zone"):
                await hub.subscribe(since=datetime(2026, 11, 30))
            # A subscription that is dropped without being closed is counted no more.
            dropped = await hub.subscribe(start="beginning")
            await anext(dropped)
            assert (hub.subscribers, hub.catching_up) == (1, 1)
            del dropped
            await wait_for(lambda: (hub.subscribers, hub.catching_up) == (0, 0))
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(hub_module, "MAX_CATCHING_UP", 1)
                first = await hub.subscribe(start="beginning")
                with pytest.raises(BusyError, match="read older events already") as refused:
                    await hub.subscribe(start="beginning")
                assert refused.value.retry_after > 0
                await hub.subscribe()
                await first.aclose()
                await (await hub.subscribe(start="beginning")).aclose()

    run(new_settings, story)


@pytest.mark.system
def test_a_subscriber_that_takes_nothing_is_ended_and_comes_back_without_loss(new_settings: Make) -> None:
    async def story(settings: Settings, publisher: Publisher) -> None:
        async with Hub(settings, ring=15) as hub:
            slow, quick = await hub.subscribe(), await hub.subscribe()
            client, other = Client(), Client()
            for number in range(4):
                await publisher.publish(some_events(f"part{number}", 15))
                while len(ids(other)) < 15 * (number + 1):
                    other.feed(await anext(quick))
                while len(ids(client)) < 15:  # of the first part
                    client.feed(await anext(slow))
            async for chunk in slow:
                client.feed(chunk)
            await slow.aclose()
            assert (hub.fallen_behind, hub.subscribers) == (1, 1)
            back = await take(hub, 45, last_event_id=client.last_event_id)
            assert ids(back) | ids(client) == ids(other)
            await quick.aclose()

    run(new_settings, story)


@pytest.mark.system
def test_without_the_topic_subscribers_are_asked_to_come_back(
    new_broker: Callable[..., AnyBroker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "_START_SECONDS", 1.0)
    settings = Settings(kafka_url=new_broker().url, partitions=1)

    async def story() -> None:
        async with Hub(settings) as hub:
            with pytest.raises(BusyError, match=r"no topic dedup\.events"):
                await hub.subscribe()
            await create_topics(settings)
            await wait_for(lambda: not hub.problem)
            await (await hub.subscribe()).aclose()

    asyncio.run(story())


@pytest.mark.system
def test_a_subscription_outlasts_a_broker_that_is_killed_and_a_topic_made_anew_begins_again(
    new_broker: Callable[..., AnyBroker], broker_kind: str
) -> None:
    if broker_kind == "tansu":
        pytest.skip("it keeps no topics over a restart")
    broker = new_broker()
    settings = Settings(kafka_url=broker.url, partitions=1)
    client = Client()

    async def publish(name: str, count: int) -> None:
        async with Publisher(KafkaConnection.of(settings)) as publisher:
            await publisher.publish(some_events(name, count))

    async def receive(frames: AsyncIterator[bytes], expected: set[str]) -> None:
        async with asyncio.timeout(60):
            while not expected <= ids(client):
                client.feed(await anext(frames))

    async def story() -> None:
        await create_topics(settings)
        await publish("a", 5)
        async with Hub(settings, timing=Timing(1.0, 1.0)) as hub:
            frames = await hub.subscribe(start="beginning")
            await receive(frames, {f"a{n}:1" for n in range(5)})
            await asyncio.to_thread(broker.kill)
            await asyncio.to_thread(broker.start)
            await publish("b", 3)
            await receive(frames, {f"b{n}:1" for n in range(3)})
            await delete_topics(settings)
            await asyncio.sleep(2)
            await create_topics(settings)
            await publish("c", 2)
            with pytest.raises(StopAsyncIteration):
                await receive(frames, {f"c{n}:1" for n in range(2)})
            back = await hub.subscribe(last_event_id=client.last_event_id)
            await receive(back, {f"c{n}:1" for n in range(2)})
            assert "gap" in {name for _, name, _ in client.received}

    asyncio.run(story())


@pytest.mark.system
def test_after_a_restart_of_the_embedded_broker_every_subscriber_reads_the_new_topic(
    new_broker: Callable[..., AnyBroker], broker_kind: str
) -> None:
    """It has no topics then, and may have more events than before when subscribers come back with their ids."""
    if broker_kind == "kafka":
        pytest.skip("it keeps its topics")
    broker = new_broker()
    settings = Settings(kafka_url=broker.url, partitions=2)
    client = Client()

    async def publish(name: str, count: int) -> set[str]:
        await create_topics(settings)
        async with Publisher(KafkaConnection.of(settings)) as publisher:
            await publisher.publish(some_events(name, count))
        return {f"{name}{n}:1" for n in range(count)}

    async def receive(hub: Hub, expected: set[str]) -> None:
        async with asyncio.timeout(60):
            while not expected <= ids(client):
                try:
                    frames = await hub.subscribe(last_event_id=client.last_event_id, start="beginning")
                except BusyError:
                    await asyncio.sleep(0.1)
                    continue
                async with aclosing(frames):
                    async for chunk in frames:
                        client.feed(chunk)
                        if expected <= ids(client):
                            break

    async def story() -> None:
        old = await publish("a", 6)
        async with Hub(settings, timing=Timing(1.0, 1.0)) as hub:
            await receive(hub, old)
            subscribed = asyncio.create_task(receive(hub, {f"b{n}:1" for n in range(30)}))
            while hub.subscribers == 0:
                await asyncio.sleep(0.02)
            await asyncio.to_thread(broker.kill)
            await asyncio.to_thread(broker.start)
            await publish("b", 30)
            await subscribed
            assert hub.problem == ""
        gaps = [json.loads(data)["missing"] for _, name, data in client.received if name == "gap"]
        assert [{each["reason"] for each in missing} for missing in gaps] == [{"unknown_position"}]

    asyncio.run(story())
