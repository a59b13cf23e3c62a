"""Keepers on a real broker and Redis: one counts, another waits; what they wrote is what happened."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable

import pytest

from streams.events import EVENTS
from streams.kafka.topics import create_topics
from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.layout import Layout
from streams.state.progress import Progress
from streams.totals.count import count_totals
from streams.totals.fold import Counters
from streams.totals.keeper import Keeper
from streams.totals.snapshot import Snapshot, TotalsStore
from tests.totals.oracle import counted
from tests.totals.test_fold import same
from tests.totals.topic import Topic

_SECONDS = 0.1


@contextlib.asynccontextmanager
async def running(keeper: Keeper) -> AsyncIterator[None]:
    task = asyncio.create_task(keeper.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.fixture
def settings(with_topics: Callable[[int], Settings]) -> Settings:
    return with_topics(2)


@pytest.fixture
def store(settings: Settings, connection_of: Callable[[], Connection]) -> TotalsStore:
    return TotalsStore(settings.namespace, connection_of())


@pytest.fixture
def connection_of(settings: Settings, connected: Callable[[Settings], Connection]) -> Callable[[], Connection]:
    return lambda: connected(settings)


async def until(condition: Callable[[], bool], what: str, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.02)


def snapshot_of(store: TotalsStore) -> Snapshot:
    """Return the totals in Redis, empty ones where there are none."""
    return store.read() or Snapshot(Counters(), "")


def includes(store: TotalsStore, topic: Topic) -> Callable[[], bool]:
    """Whether the totals in Redis are those of all that was published; offsets do not tell, for there are end markers too."""
    return lambda: same(snapshot_of(store).counters, counted(topic.clusters.records))


def test_one_of_two_keeps_and_the_other_takes_over_at_once_when_it_ends(settings: Settings, store: TotalsStore) -> None:
    async def story() -> None:
        await create_topics(settings)
        topic = Topic(settings, 3)
        await topic.publish(40, repeats=10)
        one, two = Keeper(settings, _SECONDS), Keeper(settings, _SECONDS)
        async with running(two):
            async with running(one):
                await until(includes(store, topic), "all is counted")
                assert one.is_keeping != two.is_keeping
                await asyncio.sleep(0.5)
                assert one.is_keeping != two.is_keeping
            assert not one.is_keeping
            await until(lambda: two.is_keeping, "the other one keeps", 8)
            await topic.publish(20, repeats=20)
            await until(lambda: includes(store, topic)() and snapshot_of(store).repeated == 30, "the rest is counted")
        found = store.read()
        assert found is not None
        assert same(found.counters, counted(topic.clusters.records))
        assert (found.repeated, found.complete) == (30, True)

    asyncio.run(story())


def test_totals_that_are_counted_anew_are_continued(
    settings: Settings, store: TotalsStore, connection_of: Callable[[], Connection]
) -> None:
    async def story() -> None:
        await create_topics(settings)
        topic = Topic(settings, 4)
        await topic.publish(30)
        store.replace(
            Snapshot(Counters(clusters=-7), settings.topic_prefix + EVENTS, dict.fromkeys(range(2), 3), complete=False)
        )
        async with running(Keeper(settings, _SECONDS)):
            await until(lambda: sum(snapshot_of(store).counters.events.values()) > 0, "it continues with what is there")
            wrong = store.read()
            assert wrong is not None
            assert not wrong.complete
            assert not same(wrong.counters, counted(topic.clusters.records))
            store.replace(await count_totals(settings, connection_of()))
            await topic.publish(10)
            await until(includes(store, topic), "it continues with what was counted")
        found = store.read()
        assert found is not None
        assert found.complete
        assert same(found.counters, counted(topic.clusters.records))

    asyncio.run(story())


def test_after_topics_were_lost_the_embedded_broker_s_are_counted_and_kafka_s_incomplete(
    settings: Settings, store: TotalsStore, connection_of: Callable[[], Connection], broker_kind: str
) -> None:
    """As after a restart of `streams up`: dedup.clusters is there again, and events begin late."""

    async def story() -> None:
        await create_topics(settings)
        topic = Topic(settings, 4)
        await topic.publish(30)
        layout = Layout(settings.namespace, settings.generation, settings.buckets)
        store.replace(Snapshot(Counters(clusters=999), settings.topic_prefix + EVENTS, {0: 10_000, 1: 10_000}))
        Progress(layout, connection_of()).begin_topics(5)
        await topic.publish(10)
        async with running(Keeper(settings, _SECONDS)):
            await until(lambda: (store.read() or Snapshot(Counters(), "")).topics_since == 5, "it sees it")
        found = store.read()
        assert found is not None
        assert found.complete == (broker_kind == "tansu")
        if found.complete:
            assert same(found.counters, counted(topic.clusters.records))

    asyncio.run(story())


def test_it_waits_for_a_redis_that_is_away(settings: Settings) -> None:
    away = settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"})

    async def story() -> None:
        keeper = Keeper(away, _SECONDS)
        async with running(keeper):
            await asyncio.sleep(0.3)
            assert not keeper.is_keeping

    asyncio.run(story())
