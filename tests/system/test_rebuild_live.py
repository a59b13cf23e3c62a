"""`streams rebuild` beside workers and a feed that go on, on real processes, killed in mid-run and run again."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest

from streams import events
from streams.engine.engine import Engine
from streams.errors import RefusedError
from streams.feed_files.payloads import Payload
from streams.kafka.connection import KafkaConnection
from streams.kafka.feed import send
from streams.kafka.producer import Publisher
from streams.kafka.reader import read_to_now
from streams.kafka.topics import create_topics
from streams.local.services import Services
from streams.local.worker import WorkerProcess
from streams.matching.ruleset import DEFAULT
from streams.rebuild.generations import abort, status
from streams.records.record import Record
from streams.settings import Settings
from streams.sources import parse
from streams.state.connection import Connection, connect
from streams.state.generation import current_generation, facts
from streams.state.layout import Layout
from streams.state.progress import Progress
from streams.synthetic import generate
from tests.engine.worlds import true_partition
from tests.system.processes import Streams, wait_for
from tests.system.proxy import Proxy

pytestmark = pytest.mark.system


_SLOW_SECONDS = 0.02
"""What each way between a rebuild and Redis takes, so that whatever the machine it is still at work when it is looked at."""


class World:
    """Two workers, what they were sent, the state they share, and the way that a rebuild takes to Redis."""

    def __init__(
        self, settings: Settings, connection: Connection, workers: Sequence[WorkerProcess], way: Proxy
    ) -> None:
        self.settings, self.connection, self.workers, self.way = settings, connection, workers, way
        self.sent: list[Payload] = []

    def rebuilder(self, streams: Callable[..., Streams], **settings: object) -> Streams:
        """Whoever rebuilds: on a slow way to Redis, until `way.restore()`."""
        self.way.delay(_SLOW_SECONDS)
        same = {name: getattr(self.settings, name) for name in ("kafka_url", "topic_prefix", "app_id", "redis_cluster")}
        return streams(**same, redis_url=f"redis://{self.way.url}", **settings)

    def topic(self, name: str) -> str:
        return self.settings.topic_prefix + name

    def send(self, payloads: Sequence[Payload]) -> None:
        async def publish() -> None:
            async with Publisher(
                KafkaConnection.of(self.settings), prefix=self.settings.topic_prefix, shared=True
            ) as publisher:
                async for _ in send(publisher, payloads):
                    pass

        asyncio.run(publish())
        self.sent += payloads

    def positions(self, generation: str) -> dict[tuple[str, int], int]:
        layout = Layout(self.settings.namespace, generation, self.settings.buckets)
        found = Progress(layout, self.connection).positions()
        return {place: offset for place, offset in found.items() if "records." in place[0]}

    def handled(self) -> bool:
        current = current_generation(self.settings, self.connection)
        return sum(self.positions(current.generation).values()) == len(self.sent)

    def ready(self) -> bool:
        return all(worker.ready() for worker in self.workers)

    def stored(self) -> dict[str, frozenset[str]]:
        """Cluster id -> records, as Redis has it."""
        engine = Engine(current_generation(self.settings, self.connection), self.connection)
        return {
            name: frozenset(orjson.loads(message.value or b"")["records"])
            for lot in engine.outbox.all_states(500)
            for message in lot
            for name in (message.key.decode(),)
        }

    def folded(self) -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]], list[dict[str, Any]]]:
        """The same from `dedup.events` and from `dedup.clusters`; and all events."""

        async def read() -> tuple[dict[bytes, dict[str, Any] | None], dict[str, dict[str, Any]]]:
            clusters = self.topic(events.CLUSTERS)
            states: dict[bytes, dict[str, Any] | None] = {}
            told: dict[str, dict[str, Any]] = {}
            async for message in read_to_now(KafkaConnection.of(self.settings), [clusters, self.topic(events.EVENTS)]):
                if message.topic == clusters:
                    states[message.key] = orjson.loads(message.value) if message.value else None
                elif message.value:
                    event = orjson.loads(message.value)
                    assert told.setdefault(event["event_id"], event) == event, "one event id with two meanings"
            return states, told

        states, told = asyncio.run(read())
        last: dict[str, dict[str, Any]] = {}
        for event in sorted(told.values(), key=lambda event: event["revision"]):
            before = last.get(event["cluster_id"], {"revision": 0, "after": []})
            assert event["revision"] == before["revision"] + 1, "an event is missing"
            assert event["before"] == before["after"]
            last[event["cluster_id"]] = event
        by_events = {name: frozenset(event["after"]) for name, event in last.items() if event["after"]}
        by_states = {key.decode(): frozenset(state["records"]) for key, state in states.items() if state}
        return by_events, by_states, list(told.values())

    def keys(self, pattern: str) -> list[bytes]:
        return [key for keys in self.connection.everywhere("KEYS", pattern) for key in keys]

    def standing(self) -> list[Record]:
        latest: dict[str, Record | None] = {}
        for payload in self.sent:
            for item in parse(payload.source, payload.value or None, payload.key):
                assert not isinstance(item, Exception)
                latest[item.id] = item if isinstance(item, Record) else None
        return [record for record in latest.values() if record]


@pytest.fixture
def world(
    request: pytest.FixtureRequest, tmp_path: Path, broker_settings: Callable[[], dict[str, Any]]
) -> Iterator[World]:
    given: dict[str, Any] = {"buckets": 64, "batch_records": 50, "http_port": 0} | broker_settings()
    if getattr(request, "param", "") == "cluster":
        given |= {"redis_url": request.getfixturevalue("redis_cluster").url, "redis_cluster": True}
    with Services(Settings(**given), unix_socket=False) as services:
        own = services.settings
        asyncio.run(create_topics(own))
        address = urlsplit(own.redis_url)
        with (
            Proxy((str(address.hostname), int(address.port or 0))) as way,
            WorkerProcess(own, tmp_path / "one.log") as one,
            WorkerProcess(own, tmp_path / "two.log") as two,
        ):
            one.wait_ready()
            two.wait_ready()
            connection = connect(own)
            yield World(own, connection, (one, two), way)
            connection.close()


def feed(count: int, seed: int) -> list[Payload]:
    """A feed with updates and deletes, each newer than the one before."""
    return [Payload("document", item.record_id.encode(), item.value or b"") for item in generate(seed, count)]


@pytest.mark.parametrize(
    "world", ["one", pytest.param("cluster", marks=[pytest.mark.any_broker, pytest.mark.long])], indirect=True
)
def test_a_rebuild_beside_workers_and_a_feed(world: World, streams: Callable[..., Streams], validate: Any) -> None:
    # The nodes of a cluster name themselves, which leads around the slow way: there it is many small batches.
    lot = 2 if world.settings.redis_cluster else 20
    rebuilding = world.rebuilder(streams, buckets=32, preprints="separate", batch_records=lot)
    payloads = feed(280, seed=61)
    world.send(payloads[:180])
    wait_for(world.handled, "the first part is handled")
    before, pids = world.stored(), [worker.child.pid for worker in world.workers]
    with going_on(world, payloads[180:260]):
        with rebuilding.start("rebuild", "--json") as first:
            wait_for(lambda: sum(world.positions("2").values()) > 40, "it is in the midst of its replay")
            first.send_signal(signal.SIGKILL)
            assert first.wait(10) == -signal.SIGKILL
        world.way.restore()
        found = status(world.settings)
        assert (found.generation, found.rebuilding, found.workers) == ("1", "2", 2)
        report = orjson.loads(rebuilding.ok("rebuild", "--json"))
    world.send(payloads[260:])
    wait_for(world.handled, "all is handled, the last part in the new generation")
    wait_for(world.ready, "both workers do their part again")
    assert [(worker.child.pid, worker.restarts) for worker in world.workers] == [(pid, 0) for pid in pids]

    assert (report["old"], report["generation"]) == ("1", "2")
    assert 0 < report["pause_seconds"] < report["seconds"]
    assert facts("streams", "1", world.connection)["successor"] == "2"
    assert facts("streams", "2", world.connection)["buckets"] == "32"
    stored = world.stored()
    by_events, by_states, told = world.folded()
    assert by_events == by_states == stored
    assert set(stored.values()) == true_partition(world.standing(), rules=DEFAULT.with_policy("separate"))
    ours = [event for event in told if event["causes"] == ["rebuild:2"]]
    assert sum(report["changes"].values()) == len(ours) > 0, "the other policy makes a difference"
    for event in ours:
        validate("event", event)
    assert set(before) - {event["cluster_id"] for event in ours}, "what nothing changed was not told of"
    check_commands(world, rebuilding, min(min(members) for members in stored.values()))


def check_commands(world: World, streams_: Streams, record: str) -> None:
    """Those whose settings name the old generation find the new one; the old one can go."""
    assert orjson.loads(streams_.ok("verify", "--json"))["ok"]
    assert "Generation 2 is in force, after 1" in streams_.ok("rebuild", "--status")
    streams_.ok("rebuild", "--drop", "1")
    assert world.keys("streams:1:*") == [b"streams:1:meta"]
    assert orjson.loads(streams_.ok("explain", record, "--json"))["record"] == record
    assert streams_("rebuild", "--drop", "2").returncode == 1


@contextmanager
def going_on(world: World, payloads: Sequence[Payload]) -> Iterator[None]:
    """A feed that sends meanwhile, a few at a time; at the end what is left."""
    enough = threading.Event()

    def go_on() -> None:
        for start in range(0, len(payloads), 4):
            world.send(payloads[start : start + 4])
            enough.wait(0.15)

    feeding = threading.Thread(target=go_on)
    feeding.start()
    try:
        yield
    finally:
        enough.set()
        feeding.join()


def test_a_rebuild_that_is_given_up_leaves_nothing(world: World, streams: Callable[..., Streams]) -> None:
    streams_ = world.rebuilder(streams, buckets=64, batch_records=10)
    world.send(feed(200, seed=62))
    wait_for(world.handled, "all is handled")
    before = world.stored()
    with streams_.start("rebuild") as process:
        wait_for(lambda: world.positions("2"), "it has begun")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130, streams_.output()
    world.way.restore()
    found = status(world.settings)
    assert (found.rebuilding, found.running, found.closed) == ("2", False, False)
    other = streams_("rebuild", "--to", "blue")
    assert other.returncode == 1
    assert "a rebuild of generation 1 to '2' was begun" in other.stderr
    assert streams_.ok("rebuild", "--abort").startswith("The rebuild to generation 2 was given up")
    assert world.keys("streams:2:*") == []
    with pytest.raises(RefusedError, match="no rebuild"):
        abort(world.settings)
    assert world.ready()
    assert world.stored() == before
