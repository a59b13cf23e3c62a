"""The totals of real processes, which are killed in mid-stream, are what `streams verify` counts."""

# ruff: noqa: S311 - a seed makes a test repeatable
from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import msgspec
import orjson
import pytest

from streams.kafka.topics import create_topics
from streams.local.services import Services
from streams.local.worker import WorkerProcess
from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.generation import current_generation
from streams.state.heartbeats import Heartbeat
from streams.state.layout import totals_key
from streams.synthetic import generate
from streams.synthetic.generator import Generated
from streams.totals.read import read_workers
from streams.totals.snapshot import Snapshot, TotalsStore
from tests.system.keepers import LEASE_SECONDS, KeeperProcess, checked_totals
from tests.system.processes import Streams, wait_for
from tests.totals.oracle import counted
from tests.totals.test_fold import same
from tests.totals.topic import Topic, nothing

pytestmark = pytest.mark.system

Made = Callable[..., Streams]
SHARED = ("kafka_url", "redis_url", "topic_prefix", "app_id")


class Place(NamedTuple):
    """Servers, and the totals that are kept there."""

    settings: Settings
    connection: Connection
    store: TotalsStore

    def snapshot(self) -> Snapshot:
        return self.store.read() or nothing(self.settings)

    def has_counted(self, topic: Topic) -> bool:
        """Whether all that was published is counted or found to be a repeat; offsets do not tell, for there are end markers."""
        found = self.snapshot()
        return sum(found.counters.events.values()) + found.repeated >= topic.published

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
        wait_for(lambda: place.has_counted(topic), "all is counted")
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
            wait_for(lambda: place.has_counted(topic), "two counts")
    assert same(place.snapshot().counters, counted(topic.clusters.records))


class Running(NamedTuple):
    """Two workers and two keepers, of which some are killed while a feed is sent."""

    place: Place
    streams: Streams
    workers: tuple[WorkerProcess, WorkerProcess]
    keepers: tuple[KeeperProcess, KeeperProcess]
    random: Random

    def send(self, items: list[Generated]) -> None:
        lines = [orjson.dumps(item.payload or {**item.document, "deleted": True}) for item in items]
        self.send_lines(lines)

    def send_lines(self, lines: list[bytes]) -> None:
        file = self.streams.directory / "feed.jsonl"
        file.write_bytes(b"".join(line + b"\n" for line in lines))
        self.streams.ok("send", "--source", "document", file)

    def kill_keeper(self) -> None:
        keeper = self.random.choice(self.keepers)
        keeper.kill()
        keeper.start()

    def kill_worker(self, number: int) -> None:
        child = self.workers[number].child
        os.kill(child.pid, signal.SIGKILL)
        wait_for(lambda: child.poll() is not None, "the worker ended")
        child.start()

    def verified(self) -> dict[str, Any]:
        done = self.streams("verify", "--json", "--wait", 120, seconds=150)
        assert done.returncode == 0, done.stdout + done.stderr
        report: dict[str, Any] = orjson.loads(done.stdout)
        return report

    def heartbeats(self) -> list[Heartbeat]:
        settings = self.place.settings
        return read_workers(current_generation(settings, self.place.connection), self.place.connection)


@pytest.fixture
def running(place: Place, streams: Made, tmp_path: Path) -> Iterator[Running]:
    own = place.settings
    with (
        WorkerProcess(own, tmp_path / "worker1.log") as first,
        WorkerProcess(own, tmp_path / "worker2.log") as second,
        KeeperProcess(own, tmp_path / "one.log") as one,
        KeeperProcess(own, tmp_path / "two.log") as two,
    ):
        for worker in (first, second):
            worker.wait_ready()
        made = streams(**{name: getattr(own, name) for name in SHARED})
        yield Running(place, made, (first, second), (one, two), Random(13))


@pytest.mark.long
def test_totals_are_what_verify_counts_after_workers_and_keepers_were_killed_and_after_a_rebuild(
    running: Running,
) -> None:
    feed = list(islice(generate(13, 500), 1200))
    for number in range(5):
        running.send(feed[number * 200 : (number + 1) * 200])
        time.sleep(running.random.random())
        running.kill_keeper()
        if number in (1, 3):
            running.kill_worker(number // 2)
    running.send_lines([b"no JSON", b"{}"])
    running.streams.ok("correct", "same", *[item.record_id for item in feed if item.live][:2])
    wait_for(lambda: running.verified()["messages"] >= 1003, "all is handled", 200)
    report = running.verified()
    assert report["dead_letters"] == 2
    checked_totals(running.place.settings, report)
    wait_for(lambda: len(running.heartbeats()) == 2, "those of killed workers are gone", 20)
    beats = running.heartbeats()
    assert len({beat.address for beat in beats}) == 2
    assert all(beat.ready for beat in beats), [beat.reasons for beat in beats]
    assert sum(lag.messages for beat in beats for lag in beat.partitions) == 0
    assert {(lag.topic, lag.partition) for beat in beats for lag in beat.partitions} > {("dedup.corrections", 0)}

    running.streams.ok("rebuild", "--to", "2", seconds=150)
    running.kill_keeper()
    running.send(feed[1000:])
    wait_for(lambda: running.verified()["messages"] >= 1203, "the rest is handled", 200)
    totals = checked_totals(running.place.settings, running.verified())
    live = {item.record_id: item.event != "delete" for item in feed}
    truth = Counter(record.partition(":")[0] for record, lives in live.items() if lives)
    assert {each.source: each.records for each in totals.sources} == truth
    assert [beat.generation for beat in running.heartbeats()] == ["2", "2"]
    assert f"{totals.records:,} records in {totals.clusters:,} clusters" in running.streams.ok("totals")
    assert orjson.loads(running.streams.ok("totals", "--count", "--json"))["records"] == totals.records
    printed = orjson.loads(running.streams.ok("totals", "--json"))
    assert (printed["records"], printed["overlap"]) == (
        totals.records,
        [msgspec.to_builtins(o) for o in totals.overlap],
    )
