"""The order of publishing and checkpoints: nothing is done before Kafka has it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import date
from typing import Any

import pytest

from streams.errors import BrokerError, FeedError
from streams.harvest.checkpoints import Checkpoint, CheckpointStore
from streams.harvest.claim import ClaimedError
from streams.harvest.client import FeedClient
from streams.harvest.harvester import Harvester, Progress
from streams.harvest.metrics import HarvestMetrics
from streams.harvest.pace import Pace
from streams.harvest.source import Batch, Message, Window
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.topics import create_topics, harvest_topics
from streams.settings import Settings


class Numbers:
    """Windows of three messages each; the one of `fails` raises after its first batch."""

    adapter = "crossref"
    feed = "crossref"
    in_order = True
    fails = -1

    async def windows(self, client: FeedClient, checkpoint: Checkpoint, today: date) -> AsyncIterator[Window]:
        for number in range(int(checkpoint.done or -1) + 1, 4):
            yield Window(str(number))

    async def batches(self, client: FeedClient, window: Window) -> AsyncIterator[Batch]:
        number = int(window.name)
        yield Batch([Message(b"a%d" % number, b"{}"), Message(b"b%d" % number, None)], f"2026-11-0{number + 1}")
        if number == self.fails:
            raise FeedError("lost")
        yield Batch([Message(b"c%d" % number, b"{}")])

    def finished(self, checkpoint: Checkpoint, window: Window) -> Checkpoint:
        return Checkpoint(self.feed, done=window.name)

    def failed(self, checkpoint: Checkpoint, window: Window) -> Checkpoint:
        raise AssertionError("windows are in order")

    def split(self, window: Window) -> list[Window]:
        return []


def test_a_checkpoint_is_written_after_all_of_its_window(
    settings: Settings, messages: Callable[[Settings, str], list[Any]]
) -> None:
    metrics, source = HarvestMetrics("crossref"), Numbers()

    async def run() -> Progress:
        await create_topics(settings, specs=harvest_topics(settings, "crossref"))
        client = FeedClient("X", "x", Pace(0), metrics)
        async with Publisher(KafkaConnection.of(settings), settings.topic_prefix, shared=True) as publisher:
            store = CheckpointStore(settings, "crossref", publisher)
            return await Harvester(source, client, store, publisher, metrics).once()

    def stored() -> Any:
        return asyncio.run(CheckpointStore(settings, "crossref", None).read())

    source.fails = 2
    with pytest.raises(FeedError, match="lost"):
        asyncio.run(run())
    assert stored().checkpoint.done == "1"
    assert (stored().state, stored().detail) == ("failed", "lost")
    assert {each.key for each in messages(settings, "crossref")} == {
        b"a0",
        b"b0",
        b"c0",
        b"a1",
        b"b1",
        b"c1",
        b"a2",
        b"b2",
    }
    source.fails = -1
    done = asyncio.run(run())
    assert (done.records, done.deletes) == (4, 2)
    assert (stored().checkpoint.done, stored().checkpoint.newest, stored().state) == ("3", "2026-11-04", "ended")
    assert len(messages(settings, "crossref")) == 8 + 6
    shown = metrics.exposition().decode()
    assert 'streams_harvest_records_total{kind="delete",source="crossref"} 5.0' in shown


def test_a_batch_that_is_paused_on_its_way_is_refused_when_another_harvester_has_the_feed(
    settings: Settings, messages: Callable[[Settings, str], list[Any]], broker_kind: str
) -> None:
    """Paused after the look at its claim, however long: what the other one published meanwhile stays the last."""
    if broker_kind == "tansu":
        pytest.skip("the embedded broker has no transactions")
    kafka = KafkaConnection.of(settings)
    paused, resumed = asyncio.Event(), asyncio.Event()

    class Paused(Publisher):
        async def publish(self, messages: Any) -> None:
            paused.set()
            await resumed.wait()
            await super().publish(messages)

    async def run(kind: type[Publisher]) -> Progress:
        metrics = HarvestMetrics("crossref")
        client = FeedClient("X", "x", Pace(0), metrics)

        def fenced() -> Publisher:
            return kind(kafka, settings.topic_prefix, shared=True, transactional_id="harvest.crossref")

        async with Publisher(kafka, settings.topic_prefix, shared=True) as publisher:
            store = CheckpointStore(settings, "crossref", publisher)
            return await Harvester(Numbers(), client, store, publisher, metrics, None, fenced).once()

    async def story() -> None:
        await create_topics(settings, specs=harvest_topics(settings, "crossref"))
        first = asyncio.create_task(run(Paused))
        await paused.wait()
        assert (await run(Publisher)).records == 8
        resumed.set()
        with pytest.raises(ClaimedError, match="another harvester has crossref now"):
            await first

    asyncio.run(story())
    assert [each.key for each in messages(settings, "crossref")].count(b"a0") == 1


def test_a_broker_that_does_not_take_records_moves_no_checkpoint(settings: Settings) -> None:
    written: list[Checkpoint] = []

    class Refusing(Publisher):
        async def publish(self, messages: Any) -> None:
            raise BrokerError("away")

    class Store(CheckpointStore):
        async def write(self, checkpoint: Checkpoint) -> None:
            written.append(checkpoint)

    async def run() -> None:
        metrics = HarvestMetrics("crossref")
        publisher = Refusing(KafkaConnection.of(settings))
        store = Store(settings, "crossref", publisher)
        await Harvester(Numbers(), FeedClient("X", "x", Pace(0), metrics), store, publisher, metrics).once()

    with pytest.raises(BrokerError, match="away"):
        asyncio.run(run())
    assert written == []
