"""One scenario: a feed through real workers, faults meanwhile, and at the end everything held against the truth.

    with FaultScenario(directory, broker, workers=2) as scenario:
        scenario.begin(make_feed(1, 200))
        scenario.reach(0.3)
        scenario.kill(0)
        report = scenario.finish()

`finish` waits until every message is handled, stops the workers, and fails unless Redis, both topics and the feed's truth
agree and every message is accounted for.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import signal
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self
from urllib.error import HTTPError

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from streams import events
from streams.engine.engine import Engine
from streams.errors import EmbeddedError, RedisError
from streams.events import Outgoing
from streams.kafka.connection import KafkaConnection
from streams.kafka.reader import read_to_now
from streams.kafka.topics import create_topics
from streams.local.run import own_generation
from streams.local.worker import WorkerProcess
from streams.settings import Settings
from streams.state.connection import Connection, connect
from streams.state.generation import current_generation
from streams.state.layout import Layout
from streams.state.progress import Progress
from tests.engine.worlds import make_due, out_of_turn, stored_partition
from tests.system.feeds import Feed
from tests.system.folded_events import folded
from tests.system.harvester import copy_feed, harvest, mark_ends
from tests.system.processes import Streams, wait_for
from tests.system.scenario_letters import astray, read_letters
from tests.system.scenario_report import Fault, Place, Report

__all__ = ["Address", "FaultScenario"]

_SAMPLE_SECONDS = 0.05
_PATIENCE_SECONDS = 480.0
_COMMAND_SECONDS = 300.0
_COMMIT_LOOK_SECONDS = 0.5
_TELLING = re.compile(
    r"event=(offsets|partition|state|generation|batch|worker_(starting|stopped|crashed)|kafka_lost|group)"
)
"""The lines of workers' logs that say what became of messages."""


class Address(Protocol):
    """Whatever tells where a server is."""

    @property
    def url(self) -> str: ...


class FaultScenario:
    """Topics, a generation and workers of its own, on a broker and a Redis that are given."""

    def __init__(
        self,
        directory: Path,
        broker: Address,
        redis: Address,
        *,
        workers: int = 1,
        through: Mapping[str, str] | None = None,
        **settings: object,
    ) -> None:
        """`through` are settings of the workers alone, such as the addresses of proxies; the scenario itself goes straight.

        `settings` are of both: batches are small by default, so that faults fall between many of them.
        """
        given = {"batch_records": 64, "buckets": 64, "key_cap": 1000} | settings
        base = Settings(kafka_url=broker.url, redis_url=redis.url, **given)  # type: ignore[arg-type]
        self.settings = own_generation(base)
        self.directory = directory
        self._through = dict(through or {})
        self.workers = [self._worker(number) for number in range(workers)]
        self.faults: list[Fault] = []
        self.samples: list[tuple[float, dict[Place, int]]] = []
        self._kept = set(range(workers))
        self._starting = threading.Lock()
        self._connection: Connection | None = None
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []
        self._trouble: list[BaseException] = []
        self._ends: dict[Place, int] = {}
        self._feed = Feed([])
        self._began = 0.0

    def __enter__(self) -> Self:
        asyncio.run(create_topics(self.settings))
        self._connection = connect(self.settings)
        for worker in self.workers:
            worker.child.start()
        for worker in self.workers:
            worker.wait_ready()
        self._spawn(self._watch)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._tell_where_it_stands()
        self._stop()
        if self._connection is not None:
            self._connection.close()

    def begin(self, feed: Feed, rate: float = 0.0, share: Callable[[], float] = lambda: 1.0) -> None:
        """Begin to send a feed, so many messages a second or (0) as fast as they are taken, and no more than a share so far."""
        self._feed, self._began = feed, time.monotonic()
        self._spawn(
            lambda: self._ends.update(asyncio.run(harvest(self.settings, feed, rate, self._over.is_set, share)))
        )

    @property
    def layout(self) -> Layout:
        """Where the keys of the scenario are."""
        return Layout(self.settings.namespace, self.settings.generation, self.settings.buckets)

    @property
    def handled(self) -> int:
        """How many messages are handled for good."""
        return sum(self.samples[-1][1].values()) if self.samples else 0

    def reach(self, share: float) -> None:
        """Wait until so much of the feed is handled."""
        self._wait(lambda: self.handled >= share * len(self._feed.messages), f"{share:.0%} of the feed handled")

    def wait_sent(self) -> None:
        """Wait until the whole feed is sent."""
        self._wait(lambda: self._ends, "everything sent")

    def fault(self, what: str) -> None:
        """Note that something was done just now."""
        self.faults.append(Fault(what, time.time(), self.samples[-1][1] if self.samples else {}))

    def kill(self, *numbers: int) -> None:
        """`kill -9` of workers, at once; they are started again at once, as whoever runs them would."""
        before = {number: self.workers[number].restarts for number in numbers}

        def restarted() -> bool:
            waiting = [
                self.workers[number] for number, count in before.items() if self.workers[number].restarts == count
            ]
            for worker in waiting:
                # Again and again, for it may be one that is only about to start.
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker.child.pid, signal.SIGKILL)
            return not waiting

        restarted()
        for _ in numbers:
            self.fault("worker killed")
        self._wait(restarted, "the workers were started again")

    def restart(self, number: int) -> None:
        """A worker is told to stop, and is started again at once."""
        worker = self.workers[number]
        self.pid(number)  # one that is only about to start could not be stopped
        before = worker.restarts
        worker.child.stop()
        self.fault("worker restarted")
        self._wait(lambda: worker.restarts > before, "the worker was started again")

    def pid(self, number: int) -> int:
        """The process of a worker; waits for one that is about to be started again."""
        child = self.workers[number].child

        def running() -> int:
            with self._starting:
                return child.pid if child.poll() is None else 0

        self._wait(running, "the worker runs")
        return child.pid

    def count(self, what: str) -> int:
        """How many times this fault was noted."""
        return sum(fault.what == what for fault in self.faults)

    @property
    def kept(self) -> list[int]:
        """The workers that are started again when they end."""
        return sorted(self._kept)

    def join(self) -> None:
        """One worker more."""
        self.workers.append(self._worker(len(self.workers)))
        self.workers[-1].child.start()
        self._kept.add(len(self.workers) - 1)
        self.fault("worker joined")

    def leave(self, number: int) -> None:
        """A worker is told to stop, and is not started again."""
        self._kept.discard(number)
        self.workers[number].child.stop()
        self.fault("worker left")

    def redeliver(self) -> None:
        """Everything comes again from the beginning of the topics, as to a consumer group whose offsets were lost."""
        self.wait_sent()
        kept, self._kept = self._kept, set()
        for number in kept:
            self.workers[number].child.stop()
        assert self._connection is not None
        Progress(self.layout, self._connection).forget_positions()
        self.settings = self.settings.model_copy(update={"app_id": self.settings.app_id + "-again"})
        for number in kept:
            self.workers[number] = self._worker(number)
            self.workers[number].child.start()
        self.samples.append((time.time(), {}))
        self.fault("topics redelivered")
        self._kept = kept

    def begin_beside(self, **changed: object) -> None:
        """Begin again with settings that are changed, as docs/operations.md has it: all that was sent, copied in its order."""
        self.wait_sent()
        kept = self.kept
        for number in kept:
            self.leave(number)
        old, new = self.settings, self.settings.model_copy(update=changed)
        asyncio.run(create_topics(new))
        asyncio.run(copy_feed(old, new))
        self._ends = asyncio.run(mark_ends(new))
        self.settings = new
        for number in kept:
            self.workers[number] = self._worker(number)
            self.workers[number].child.start()
        self.samples.append((time.time(), {}))
        self._kept = set(kept)
        self.fault("begun again beside")

    def follow(self) -> None:
        """The generation was rebuilt: from now on look at the one in force, with the workers, who publish what is pending there."""
        assert self._connection is not None
        self.settings = current_generation(self.settings, self._connection)
        self._wait(lambda: all(self.ready()), "the workers have moved to it")

    def ready(self) -> list[bool]:
        """Which workers say that they do their part."""
        return [worker.ready() for worker in self.workers]

    def finish(self) -> Report:
        """Wait for the end, stop the workers, check everything."""
        self.wait_sent()
        self._wait(self._is_done, "every message handled")
        if not self._may_commit_late():
            # Also what a rebuild has handled in the workers' place, which left its dead letters to them.
            self._wait(lambda: asyncio.run(self._is_committed()), "every offset committed")
        seconds = time.monotonic() - self._began
        self._let_time_pass()
        self._stop()
        return self._check(seconds)

    def _may_commit_late(self) -> bool:
        """Return whether a committed offset may stay behind: a commit that was on its way as the network to the broker failed.

        It may arrive after a later one. Then nothing is lost, and the next message of the partition commits again; none comes here.
        """
        network = any("network to the broker" in fault.what for fault in self.faults)
        return network and not any("rebuilt" in fault.what for fault in self.faults)

    def _let_time_pass(self) -> None:
        """What workers do after a while because of those that died (`streams/state/late.py`), now."""
        assert self._connection is not None
        connection, key = self._connection, self.layout.late
        make_due(connection, key)
        self._wait(lambda: not connection.call("ZCOUNT", key, 0, 0), "states were told again")

    def _tell_where_it_stands(self) -> None:
        """For whoever reads of a failure: what is not handled, and what each worker says of itself."""
        now = self.samples[-1][1] if self.samples else {}
        left = {place: (now.get(place, 0), end) for place, end in self._ends.items() if now.get(place, 0) < end}
        sys.stderr.write(f"not handled yet, of which messages: {left}\n")
        for fault in self.faults:
            sys.stderr.write(f"{fault.time:.3f} {fault.what}\n")
        for log in sorted(self.directory.glob("worker-*.log*")):
            written = log.read_text(errors="replace").splitlines()
            lines = [line for line in written if _TELLING.search(line)] + written[-1:]
            sys.stderr.write("\n  ".join([f"{log.name}:", *lines]) + "\n")
        for number, worker in enumerate(self.workers):
            said = [f"ended: {worker.child.poll()}"]
            for path in ("/healthz", "/readyz") if worker.child.poll() is None else ():
                try:
                    said.append(worker.read(path).decode())
                except EmbeddedError as error:  # an answer that it is not well is an answer
                    cause = error.__cause__
                    said.append(cause.read().decode() if isinstance(cause, HTTPError) else str(error))
            sys.stderr.write(f"worker {number}: " + "\n".join(said) + f"{worker.child.tail()}\n")

    def _stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(20)
        for worker in self.workers:
            worker.child.stop()

    def _worker(self, number: int) -> WorkerProcess:
        settings = self.settings.model_copy(update=self._through)
        return WorkerProcess(settings, self.directory / f"worker-{number}.log")

    def _spawn(self, work: Callable[[], None]) -> None:
        def guarded() -> None:
            try:
                work()
            except BaseException as error:
                self._trouble.append(error)

        thread = threading.Thread(target=guarded, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _wait(self, condition: Callable[[], Any], what: str) -> None:
        def happened() -> Any:
            if self._trouble:
                raise self._trouble[0]
            return condition()

        wait_for(happened, what, _PATIENCE_SECONDS)

    def _watch(self) -> None:
        """Note how far each partition is, and start workers that died again, until the scenario is over."""
        connection = connect(self.settings)
        while not self._over.wait(_SAMPLE_SECONDS):
            with contextlib.suppress(RedisError):
                self.samples.append((time.time(), Progress(self.layout, connection).positions()))
            for number in self.kept:
                if number in self._kept:  # still: to start another one takes a while
                    self._keep_alive(number)
        connection.close()

    def _keep_alive(self, number: int) -> None:
        worker = self.workers[number]
        lives = worker.restarts
        with self._starting:
            worker.keep_alive(10_000)
        if worker.restarts > lives:
            log = worker.child.log
            shutil.copy(log.with_name(log.name + ".previous"), log.with_name(f"{log.name}.{lives}"))

    def _is_done(self) -> bool:
        now = self.samples[-1][1] if self.samples else {}
        return all(now.get(place, 0) >= end for place, end in self._ends.items())

    async def _is_committed(self) -> bool:
        await asyncio.sleep(_COMMIT_LOOK_SECONDS)
        try:
            async with AIOKafkaConsumer(
                bootstrap_servers=self.settings.kafka_url, group_id=self.settings.app_id, enable_auto_commit=False
            ) as consumer:
                places = {TopicPartition(*place): end for place, end in self._ends.items()}
                consumer.assign(list(places))
                return all([(await consumer.committed(place) or 0) >= end for place, end in places.items()])
        except KafkaError:
            return False  # the group is in a rebalance

    def _check(self, seconds: float) -> Report:
        published = asyncio.run(self._published())
        assert self._connection is not None
        stored = {frozenset(members) for members in stored_partition(Engine(self.settings, self._connection)).values()}
        feed = self._feed
        clustered = Counter(record for members in stored for record in members)
        lost = feed.live - clustered.keys()
        assert not lost, f"{len(lost)} records are in no cluster: {sorted(lost)[:5]}"
        assert max(clustered.values()) == 1, "a record is in two clusters"
        assert clustered.keys() == feed.live, "a record that was deleted is there"
        assert stored == feed.truth
        verified = self.verify()
        assert verified["differences"] == [], verified["differences"][:5]
        letters = asyncio.run(read_letters(self.settings))
        assert letters == feed.bad, asyncio.run(astray(self.settings, feed.bad, letters))
        followed = folded(value for _, value in published)
        assert followed == feed.truth, f"a subscriber has other clusters: {list(followed ^ feed.truth)[:5]}"
        ids = [orjson.loads(value)["event_id"] for _, value in published]
        early = out_of_turn(Outgoing(events.EVENTS, key, value) for key, value in published)
        assert not early, f"events that came before one they follow: {early}"
        taken = asyncio.run(self._taken())
        return Report(
            messages=len(feed.messages),
            records=len(feed.live),
            deleted=len(feed.deleted),
            letters=len(letters),
            lost=len(lost),
            repeated=len(ids) - len(set(ids)),
            faults=Counter(fault.what for fault in self.faults),
            restarts=sum(worker.restarts for worker in self.workers),
            recovery=max((fault.recovery(self.samples, taken) for fault in self.faults), default=0.0),
            seconds=seconds,
        )

    def verify(self) -> dict[str, Any]:
        """What `streams verify` says of the three: Redis, events, cluster states."""
        done = self.command()("verify", "--json", seconds=_COMMAND_SECONDS)
        assert done.returncode in (0, 1), done.stdout + done.stderr
        said: dict[str, Any] = orjson.loads(done.stdout)
        assert done.returncode == bool(said["differences"])
        return said

    def command(self, **changed: object) -> Streams:
        """The command line with the settings of the scenario."""
        names = (
            "kafka_url",
            "redis_url",
            "redis_cluster",
            "namespace",
            "generation",
            "topic_prefix",
            "buckets",
            "key_cap",
        )
        directory = self.directory / f"command-{time.monotonic_ns()}"
        directory.mkdir()
        return Streams(directory, **{name: getattr(self.settings, name) for name in (*names, "app_id")} | changed)

    async def _published(self) -> list[tuple[bytes, bytes]]:
        topic = self.settings.topic_prefix + events.EVENTS
        return [
            (message.key, message.value) async for message in read_to_now(KafkaConnection.of(self.settings), [topic])
        ]

    async def _taken(self) -> dict[Place, list[float]]:
        """When the broker took each message of the feed, by partition."""
        names = sorted({topic for topic, _ in self._ends})
        taken: dict[Place, list[float]] = defaultdict(list)
        async for message in read_to_now(KafkaConnection.of(self.settings), names):
            taken[message.topic, message.partition].append(message.timestamp / 1000)
        return taken
