"""A worker: its connections and side tasks, from before the first message until after the last one."""

from __future__ import annotations

import asyncio
import os
import signal
from functools import partial

from aiohttp import web

import streams
from streams.engine.engine import Engine
from streams.errors import BrokerError, StateError, StreamsError
from streams.event_log import EventLog
from streams.kafka.cluster_watch import assigned_partitions, list_partitions
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.topics import is_embedded_broker
from streams.matching.ruleset import RULESET
from streams.ops.health import Health
from streams.ops.http import Access, add_routes
from streams.ops.metrics import Metrics
from streams.ops.server_probes import Probes
from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.index_size import IndexMeter
from streams.state.layout import Layout
from streams.state.progress import Histories
from streams.worker.batch_processor import BatchProcessor
from streams.worker.engine_thread import EngineThread
from streams.worker.group_watch import wait_until_stuck
from streams.worker.heartbeat import HeartbeatWriter
from streams.worker.identity import watch_identity
from streams.worker.log import RepeatLimit
from streams.worker.prepare_pool import Preparer, calm_collector
from streams.worker.readiness_log import ReadinessLog
from streams.worker.recovery import Recovery
from streams.worker.redis_probe import RedisProbe
from streams.worker.redis_watch import error_kind, watch_redis
from streams.worker.registration import Registration
from streams.worker.restart import restart
from streams.worker.side_tasks import SideTasks
from streams.worker.startup import Startup
from streams.worker.stored_positions import StoredPositions
from streams.worker.topic_watch import TopicWatch

__all__ = ["Worker"]

log = EventLog(__name__)

_REPUBLISH_SECONDS = 1.0
_MERGE_SECONDS = 10.0
"""A worker that is alive has finished by then the merges it began, unless Redis or the broker was away."""
_HEARTBEAT, _DRAIN = "the heartbeat", "the publication of pending events"


class Worker:
    """Opens and closes what a worker uses, and stops the process where it has to begin again.

    More than ten methods, for each change comes at a time of its own: the start, partitions, other servers, a lost state, the end.
    """

    settings: Settings
    positions: StoredPositions
    connection: Connection
    _engine: Engine
    _registration: Registration
    _processor: BatchProcessor
    _thread: EngineThread
    _preparer: Preparer

    def __init__(self, given: Settings, name: str, limit: RepeatLimit) -> None:
        """Take the id of this worker and the limit on repeated log lines. Asks no server for anything."""
        self.metrics = Metrics()
        self.health = Health()
        self.begins_again = False
        """Whether the process is to restart once it has stopped: another index version, or the state is not what it was."""
        self.address = ""
        """Host and port of the pages of this worker, known once they are there."""
        self._heartbeat: HeartbeatWriter | None = None
        self._given = given
        self._name = name
        self._limit = limit
        self._stopping = False
        self._is_open = False
        self._startup = Startup(given, self.health)
        self._publisher = Publisher(
            KafkaConnection.of(given),
            given.topic_prefix,
            namespace=given.namespace,
            cut=lambda topic: self.metrics.cut.add(1, topic),
            failed=lambda topic: self.metrics.publish_failed.add(1, topic),
        )
        self._redis_probe = RedisProbe(given)
        self._probes = Probes(self.health, redis=self._redis_probe.ping, broker=self.ping_broker)
        self._topics = TopicWatch(
            given,
            self.health,
            lambda: list_partitions(self._publisher.client),
            lambda: assigned_partitions(self._publisher.client, given.app_id),
            partial(self._begin_again, "partitions_changed"),
            self.metrics.unassigned.set,
        )
        self._side = SideTasks(self.health.failed)
        self._readiness = ReadinessLog(self.health, self._on_ready)
        self.metrics.follow(
            ready=lambda: self.health.ready().ok, live=lambda: self.health.live().ok, rebuilding=self._is_rebuilding
        )

    def application(self) -> web.Application:
        """Return the pages of this worker. Raises SettingsError where the token cannot be read."""
        pages = web.Application()
        add_routes(pages.router, self.health, self.metrics, probes=self._probes, access=Access.of(self._given))
        return pages

    async def open(self) -> None:
        """Wait for Redis and Kafka, then do what must be done before the first message.

        Raises SettingsError, StateError or WrongSetupError where waiting does not help.
        """
        self._side.keep("the probes", self._probes.keep())
        self._side.keep("the log of readiness", self._readiness.keep())
        tasks = [asyncio.create_task(work) for work in (self._open_redis(), self._startup.kafka())]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
        await self._open_topics()
        await self._begin()

    async def _open_redis(self) -> None:
        opened = await self._startup.redis()
        settings, engine, self.connection = opened.settings, opened.engine, opened.engine.connection
        self.settings, self._engine = settings, engine
        self._registration = Registration(settings, opened.connection, self.health, self._on_replaced, self._name)
        self.connection.permit = self._registration.check
        lost = partial(self._begin_again, "state_lost")
        self.positions = StoredPositions(settings, self._registration, self.metrics, self._on_histories, lost)
        self._preparer = Preparer(settings, engine.form)
        self._thread = EngineThread(self._registration, self.health, self.metrics)
        self._processor = BatchProcessor(
            engine, self._thread, self._preparer, self._publisher, self.metrics, self.health, self._registration
        )
        self._processor.guard.on_older_copy = partial(self._begin_again, "state_older")
        self.prepare, self.process = self._processor.prepare, self._processor.process
        self.metrics.info.labels(streams.__version__, RULESET, settings.generation).set(1)
        self.connection.on_answer = lambda seconds: self.metrics.redis_seconds.observe((seconds,))
        for connection in (self.connection, opened.connection):
            connection.on_error = lambda error: self.metrics.redis_errors.add(1, error_kind(error))
        self._is_open = True

    async def _open_topics(self) -> None:
        """Compare Redis and the topics, then connect the publisher, which would ask for missing topics by name."""
        self._topics.fixed, state = await self._startup.topics(self.connection)
        self._engine.progress.state = state
        self.positions.expect(state)
        await self._startup.with_kafka(self._publisher.__aenter__)
        # Until a change is noticed, messages keep going to the partitions that there were.
        prefix = self._given.topic_prefix
        self._publisher.fix_partitions({name.removeprefix(prefix): n for name, n in self._topics.fixed.items()})

    async def _begin(self) -> None:
        """Register this worker, and publish what a dead worker left."""
        settings, recovery = self.settings, self._processor.recovery
        log.info(
            "generation_opened",
            "generation {generation} of namespace {namespace} is open; joining the group {group}",
            generation=settings.generation,
            namespace=settings.namespace,
            group=settings.app_id,
        )
        self.positions.wants_offsets = not await is_embedded_broker(settings)
        await self._preparer.start()
        await self._registration.start(self._thread.turn)
        self._side.keep(_HEARTBEAT, self._registration.keep())
        self._heartbeat = HeartbeatWriter(
            settings, self._name, self.address, self.metrics, self.health, self.positions.partitions
        )
        self._side.keep("the heartbeat for readers", self._heartbeat.keep())
        self._side.keep("the watch on the topics", self._topics.keep())
        foreign = partial(self._begin_again, "state_foreign")
        self._side.keep("the watch on the state", watch_identity(self._given, self._engine.progress.state, foreign))
        if self._registration.is_open:
            await recovery.drain()
        else:
            self._side.once(_DRAIN, recovery.drain())
        self._side.keep("the watch on the consumer group", self._watch_group())
        connection = self._registration.connection
        measured = watch_redis(
            connection, IndexMeter(Layout.of(settings), connection), self.metrics, self._registration.run
        )
        self._side.keep("the measurement of Redis", measured)
        self._side.keep("the republication of states", _republish(recovery))
        calm_collector()

    async def assigned(self) -> None:
        """Finish what a dead worker may have left that had the partitions before."""
        self._side.once(_DRAIN, self._processor.recovery.drain())
        self._side.once("the end of pending merges", _finish_merges(self._processor.recovery))

    async def quiesce(self) -> None:
        """Let the batch under way end, and begin no other."""
        self._stopping = True
        self._readiness.look()
        self.health.stopping()
        self._readiness.look()
        if self._is_open:
            await self._thread.quiesce()

    async def close(self) -> None:
        """Close threads and connections; the agent has stopped."""
        self._side.cancel()
        if self._is_open:
            await self._registration.stop()
            if self._heartbeat is not None:
                self._heartbeat.close()
            self._thread.close()
            self._preparer.close()
            self.connection.close()
        await self._publisher.__aexit__()
        self._redis_probe.close()
        self._on_ready()
        log.info("worker_stopped", "this worker has stopped")

    async def ping_broker(self) -> None:
        """Raise BrokerError where the broker does not answer."""
        if self._startup.kafka_reason:
            raise BrokerError(self._startup.kafka_reason)
        if self._publisher.is_connected:  # before, the start itself asks Kafka
            await self._publisher.ping()

    def _is_rebuilding(self) -> bool:
        return self._is_open and self._registration.is_started and not self._registration.is_open

    def _on_ready(self) -> None:
        if left_out := self._limit.take_left_out():
            log.info("library_lines_left_out", "{lines} lines of libraries like others were left out", lines=left_out)

    def _on_histories(self, histories: Histories) -> None:
        """Reconcile after a failover also where no message comes that would detect it."""
        if self._processor.guard.is_unknown(histories) and not self._side.is_running(_DRAIN):
            self._side.once(_DRAIN, self._processor.recovery.drain())

    def _begin_again(self, event: str, error: StreamsError) -> None:
        """Stop as on SIGTERM, and start again: a worker that may not work waits outside the consumer group, or ends."""
        self.health.paused(str(error))
        if self._stopping or self.begins_again:
            return
        log.error(event, "{reason}; this worker restarts", reason=error)
        self._stop_to_begin_again()

    def _on_replaced(self, successor: str) -> None:
        """Move to the index version that replaced that of this worker, unless this worker is to end."""
        if self._stopping:
            return
        log.warning(
            "generation_replaced",
            "generation {generation} was replaced by {successor}; moving there",
            generation=self.settings.generation,
            successor=successor,
        )
        self._stop_to_begin_again()

    def _stop_to_begin_again(self) -> None:
        self.begins_again = True
        os.kill(os.getpid(), signal.SIGTERM)

    async def _watch_group(self) -> None:
        """Restart this process where its consumer group is stuck."""
        seconds = await wait_until_stuck(self.health, self.ping_broker, self.settings.session_timeout)
        if not self._stopping:
            log.warning(
                "group_stuck",
                "no partitions for {seconds:.0f} s though Kafka answers; this worker restarts",
                seconds=seconds,
            )
            self._preparer.close()
            restart()
        await asyncio.Event().wait()  # until the tasks are cancelled


async def _republish(recovery: Recovery) -> None:
    """Publish again, every second, the states that are due."""
    while True:
        await asyncio.sleep(_REPUBLISH_SECONDS)
        try:
            await recovery.republish()
        except StateError as error:  # of one cluster; the others are published at the next time
            log.error("states_unpublished", "states could not be published again: {error}", error=error)


async def _finish_merges(recovery: Recovery) -> None:
    """Finish the merges that dead workers began: those that no worker finishes within ten seconds."""
    if pending := await recovery.pending_merges():
        await asyncio.sleep(_MERGE_SECONDS)
        await recovery.finish_merges(pending)
