"""The totals of real processes, which are killed in mid-stream, are what `streams verify` counts."""

# ruff: noqa: S311 - a seed makes a test repeatable
from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import orjson
import pytest

from streams.events import EVENTS
from streams.kafka.topics import create_topics
from streams.local.services import Services
from streams.local.worker import WorkerProcess
from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.layout import totals_key
from streams.synthetic import generate
from streams.totals.count import count_totals
from streams.totals.fold import Counters
from streams.totals.snapshot import Snapshot, TotalsStore
from tests.system.keepers import LEASE_SECONDS, KeeperProcess
from tests.system.processes import Streams, wait_for
from tests.totals.oracle import counted
from tests.totals.test_fold import same
from tests.totals.topic import Topic

pytestmark = pytest.mark.system

Made = Callable[..., Streams]
SHARED = ("kafka_url", "redis_url", "topic_prefix", "app_id")


class Place(NamedTuple):
    """Servers, and the totals that are kept there."""

    settings: Settings
    connection: Connection
    store: TotalsStore

    def snapshot(self) -> Snapshot:
        return self.store.read() or Snapshot(Counters(), EVENTS)

    def holder(self) -> bytes:
        return bytes(self.connection.call("HGET", totals_key(self.settings.namespace), "holder") or b"")


@pytest.fixture
def place(
    broker_settings: Callable[[], dict[str, Any]], connected: Callable[[Settings], Connection]
) -> Iterator[Place]:
    with Services(Settings(http_port=0, **broker_settings())) as services:
        asyncio.run(create_topics(services.settings))
        connection = connected(services.settings)
        yield Place(services.settings, connection, TotalsStore(services.settings.namespace, connection))


def test_keepers_that_are_killed_count_each_event_once(place: Place, tmp_path: Path) -> None:
    topic, random = Topic(place.settings, 11), Random(11)
    with (
        KeeperProcess(place.settings, tmp_path / "one.log") as one,
        KeeperProcess(place.settings, tmp_path / "two.log") as two,
    ):
        for _ in range(3):
            for _ in range(4):
                asyncio.run(topic.publish(10, repeats=3))
                time.sleep(random.random() * 0.15)
            victim = random.choice((one, two))
            victim.kill()
            victim.start()
        wait_for(lambda: sum(place.snapshot().positions.values()) >= topic.published, "all is counted")
    found = place.snapshot()
    assert same(found.counters, counted(topic.clusters.records))
    assert sum(found.counters.events.values()) == len(topic.events)
    assert (found.repeated, found.complete) == (topic.published - len(topic.events), True)


@pytest.mark.long
def test_when_the_one_that_keeps_is_killed_the_other_takes_over_within_the_lease(place: Place, tmp_path: Path) -> None:
    topic = Topic(place.settings, 12)
    asyncio.run(topic.publish(20))
    with KeeperProcess(place.settings, tmp_path / "one.log") as one:
        first = wait_for(place.holder, "one keeps")
        wait_for(lambda: place.snapshot().time, "it wrote")
        with KeeperProcess(place.settings, tmp_path / "two.log") as two:
            wait_for(two.runs, "two asks")
            time.sleep(LEASE_SECONDS)
            assert place.holder() == first
            one.kill()
            wait_for(lambda: place.holder() != first, "two keeps", LEASE_SECONDS + 4)
            asyncio.run(topic.publish(20))
            wait_for(lambda: sum(place.snapshot().positions.values()) >= topic.published, "two counts")
    assert same(place.snapshot().counters, counted(topic.clusters.records))


@pytest.mark.long
def test_totals_are_what_verify_counts_after_workers_and_keepers_were_killed(
    place: Place, streams: Made, tmp_path: Path
) -> None:
    streams_ = streams(**{name: getattr(place.settings, name) for name in SHARED})
    random = Random(13)
    feed = list(islice(generate(13, 500), 1200))

    def send(number: int, part: list[Any]) -> None:
        file = tmp_path / f"feed{number}.jsonl"
        documents = [item.payload or item.document | {"deleted": True} for item in part]
        file.write_bytes(b"".join(orjson.dumps(document) + b"\n" for document in documents))
        streams_.ok("send", "--source", "document", file)

    def verified() -> dict[str, Any]:
        done = streams_("verify", "--json", "--wait", 120, seconds=150)
        assert done.returncode == 0, done.stdout + done.stderr
        report: dict[str, Any] = orjson.loads(done.stdout)
        return report

    with (
        WorkerProcess(place.settings, tmp_path / "worker1.log") as first,
        WorkerProcess(place.settings, tmp_path / "worker2.log") as second,
        KeeperProcess(place.settings, tmp_path / "one.log") as one,
        KeeperProcess(place.settings, tmp_path / "two.log") as two,
    ):
        for worker in (first, second):
            worker.wait_ready()
        for number in range(6):
            send(number, feed[number * 200 : (number + 1) * 200])
            time.sleep(random.random())
            keeper = random.choice((one, two))
            keeper.kill()
            keeper.start()
            if number in (1, 3):
                victim = (first, second)[number // 2]
                os.kill(victim.child.pid, signal.SIGKILL)
                wait_for(lambda: victim.child.poll() is not None, "the worker ended")  # noqa: B023 - called at once
                victim.child.start()
        for worker in (first, second):
            worker.wait_ready()
        streams_.ok("correct", "same", *[item.record_id for item in feed if item.live][:2])
        wait_for(lambda: verified()["messages"] >= len(feed) + 1, "all is handled", 200)
        report = verified()
        offsets = asyncio.run(count_totals(place.settings, place.connection)).positions
        wait_for(lambda: _reached(place.snapshot().positions, offsets), "all is counted")
    printed = orjson.loads(streams_.ok("totals", "--json"))
    counts = asyncio.run(count_totals(place.settings, place.connection))
    found = place.snapshot()
    assert same(found.counters, counts.counters)
    assert found.counters.events == counts.counters.events
    assert (printed["records"], printed["clusters"]) == (report["records"], report["clusters"])
    assert printed["records"] == report["records_in_clusters"]
    assert sum(printed["events"].values()) == report["events"]
    assert printed["repeated_events"] == report["events_repeated"]
    assert printed["complete"]
    assert sum(each["dead_letters"] for each in printed["dead_letters"] or ()) == report["dead_letters"]
    assert "records in" in streams_.ok("totals")


def _reached(positions: dict[int, int], offsets: dict[int, int]) -> bool:
    return all(positions.get(partition, 0) >= offset for partition, offset in offsets.items())
