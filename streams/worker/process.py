"""Run a worker process: Faust's worker with the application of `streams/worker/app.py`, its connections and its HTTP port."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import secrets
import signal
import socket
import sys
from collections.abc import Callable
from typing import NoReturn, TypeVar, cast

import faust
import mode.loop
from aiohttp import web
from aiokafka.errors import KafkaError

import streams
from streams.engine.engine import Engine
from streams.errors import (
    BrokerError,
    ForeignStateError,
    LostStateError,
    ServiceError,
    StateError,
    StreamsError,
    WrongSetupError,
)
from streams.event_log import EventLog
from streams.kafka.cluster_watch import assigned_partitions, list_partitions
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.topics import is_embedded_broker
from streams.matching.ruleset import RULESET
from streams.ops.health import Health
from streams.ops.http import Access, add_routes
from streams.ops.http_server import HttpServer
from streams.ops.metrics import Metrics
from streams.ops.server_probes import Probes
from streams.settings import Settings
from streams.settings.redaction import hide
from streams.state.connection import Connection, connect
from streams.state.fixed_partitions import fix_partitions, fixed_partitions
from streams.state.index_size import IndexMeter
from streams.state.layout import Layout
from streams.state.progress import Histories
from streams.worker.app import make_app
from streams.worker.batch_processor import BatchProcessor
from streams.worker.engine_thread import EngineThread
from streams.worker.group_watch import wait_until_stuck
from streams.worker.heartbeat import HeartbeatWriter
from streams.worker.identity import establish_identity, watch_identity
from streams.worker.log import RepeatLimit, configure_logging
from streams.worker.open_state import open_state
from streams.worker.prepare_pool import Preparer, calm_collector
from streams.worker.readiness_log import ReadinessLog
from streams.worker.recovery import Recovery
from streams.worker.redis_probe import RedisProbe
from streams.worker.redis_watch import error_kind, watch_redis
from streams.worker.registration import Registration
from streams.worker.side_tasks import SideTasks
from streams.worker.startup import until_possible
from streams.worker.startup_checks import check_session, compare_partitions, ready_topics
from streams.worker.stored_positions import StoredPositions
from streams.worker.topic_watch import TopicWatch

__all__ = ["run_worker"]

log = EventLog(__name__)
T = TypeVar("T")

_CLOSED_SECONDS = 1.0
_CHILD_SECONDS = 5.0
_REPUBLISH_SECONDS = 1.0
_MERGE_SECONDS = 10.0
"""A worker that is alive has finished by then the merges it began, unless Redis or the broker was away."""
_IDENTITY_SECONDS = 2.0
"""How often a worker that found another state asks again."""
_HEARTBEAT, _DRAIN = "the heartbeat", "the publication of pending events"


class _Worker:
    """Holds the connections and side tasks of a worker, from before the first message until after the last one."""

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
        self.successor = ""
        """The index version that replaced that of this worker: the process becomes a worker of it."""
        self.is_lost = False
        """Whether the state is not what it was: this process restarts, and waits for it before it joins the group."""
        self.address = ""
        """Host and port of the pages of this worker, known once they are there."""
        self._heartbeat: HeartbeatWriter | None = None
        self._given = given
        self._name = name
        self._limit = limit
        self._stopping = False
        self._is_open = False
        self._publisher = Publisher(
            KafkaConnection.of(given),
            given.topic_prefix,
            namespace=given.namespace,
            cut=self.metrics.cut,
            failed=self.metrics.publish_failed,
        )
        self._redis_probe = RedisProbe(given)
        self._probes = Probes(self.health, redis=self._redis_probe.ping, broker=self.ping_broker)
        self._kafka_reason = "not asked yet"
        self._topics = TopicWatch(
            given,
            self.health,
            lambda: list_partitions(self._publisher.client),
            lambda: assigned_partitions(self._publisher.client, given.app_id),
            lambda error: self._restart_to_wait("partitions_changed", error),
            self.metrics.unassigned,
        )
        self._side = SideTasks(self.health.failed)
        self._readiness = ReadinessLog(self.health, self._on_ready)
        self.metrics.follow(
            ready=lambda: self.health.ready().ok, live=lambda: self.health.live().ok, rebuilding=self._is_rebuilding
        )

    async def open(self) -> None:
        """Wait for Redis and Kafka, then do what must be done before the first message.

        Raises SettingsError, StateError or WrongSetupError where waiting does not help.
        """
        self._side.keep("the probes", self._probes.keep())
        self._side.keep("the log of readiness", self._readiness.keep())
        tasks = [asyncio.create_task(work) for work in (self._open_redis(), self._open_kafka())]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
        await self._begin()

    def _redis_waits(self, reason: str) -> None:
        if reason:
            self.health.redis_failed(reason, "start")
        else:
            self.health.redis_answered("start")

    def _kafka_waits(self, reason: str) -> None:
        self._kafka_reason = reason
        if reason:
            self.health.broker_failed(reason)
        else:
            self.health.broker_answered()

    async def _open_redis(self) -> None:
        while True:
            opened = await until_possible(
                "Redis", lambda: asyncio.to_thread(open_state, self._given), self._redis_waits
            )
            if opened.engine is not None:
                break
            self.health.paused(f"generation {opened.settings.generation} is being replaced by {opened.successor}")
            await asyncio.sleep(_CLOSED_SECONDS)
        self.health.paused("")
        self._assemble(opened.settings, opened.engine, opened.connections)

    def _assemble(self, settings: Settings, engine: Engine, connections: tuple[Connection, Connection]) -> None:
        self.settings = settings
        self._engine = engine
        self.connection, own = connections
        self._registration = Registration(settings, own, self.health, self._on_replaced, self._name)
        self.connection.permit = self._registration.check
        self.positions = StoredPositions(settings, self._registration, self.metrics, self._on_histories, self._on_lost)
        self._preparer = Preparer(settings, engine.form)
        self._thread = EngineThread(self._registration, self.health, self.metrics)
        self._processor = BatchProcessor(
            engine,
            self._thread,
            self._preparer,
            self._publisher,
            self.metrics,
            self.health,
            self._registration,
        )
        self.prepare, self.process = self._processor.prepare, self._processor.process
        self._expose()
        self._is_open = True

    def _expose(self) -> None:
        """Expose what this worker is, and how Redis answers it."""
        self.metrics.info(streams.__version__, RULESET, self.settings.generation)
        self.connection.on_answer = self.metrics.redis_answered
        for connection in (self.connection, self._registration.connection):
            connection.on_error = lambda error: self.metrics.redis_failed(error_kind(error))

    def _is_rebuilding(self) -> bool:
        return self._is_open and self._registration.is_started and not self._registration.is_open

    async def _open_kafka(self) -> None:
        await until_possible("Kafka", lambda: check_session(self._given), self._kafka_waits)

    async def _open_topics(self) -> None:
        """Create the topics that are missing, then connect the publisher, which would ask for missing ones by name.

        Checks that the topics of `dedup.*` have the partitions that are fixed with the state.
        """
        given, connection = self._given, self.connection
        begun = await self._redis_answers(lambda: fixed_partitions(given, connection))
        found = await until_possible("Kafka", lambda: ready_topics(given, begun), self._kafka_waits)
        await self._identify()
        self._topics.fixed = await self._redis_answers(lambda: fix_partitions(given, connection, found))
        compare_partitions(found, self._topics.fixed)
        await until_possible("Kafka", self._publisher.__aenter__, self._kafka_waits)
        # Until a change is noticed, messages keep going to the partitions that there were.
        prefix = given.topic_prefix
        self._publisher.fix_partitions({name.removeprefix(prefix): n for name, n in self._topics.fixed.items()})

    async def _redis_answers(self, work: Callable[[], T]) -> T:
        return await until_possible("Redis", lambda: asyncio.to_thread(work), self._redis_waits)

    async def _begin(self) -> None:
        """Register this worker, and publish what a dead worker left."""
        await self._open_topics()
        log.info(
            "generation_opened",
            "generation {generation} of namespace {namespace} is open; joining the group {group}",
            generation=self.settings.generation,
            namespace=self.settings.namespace,
            group=self.settings.app_id,
        )
        self.positions.wants_offsets = not await is_embedded_broker(self.settings)
        await self._preparer.start()
        await self._registration.start(self._thread.turn)
        self._side.keep(_HEARTBEAT, self._registration.keep())
        self._heartbeat = HeartbeatWriter(
            self.settings, self._name, self.address, self.metrics, self.health, self.positions.partitions
        )
        self._side.keep("the heartbeat for readers", self._heartbeat.keep())
        self._side.keep("the watch on the topics", self._topics.keep())
        self._side.keep("the watch on the state", self._watch_identity())
        if self._registration.is_open:
            await self._processor.recovery.drain()
        else:
            self._side.once(_DRAIN, self._processor.recovery.drain())
        self._side.keep("the watch on the consumer group", self._watch_group())
        self._side.keep("the measurement of Redis", self._watch_redis())
        self._side.keep("the republication of states", _republish(self._processor.recovery))
        calm_collector()

    async def _identify(self) -> None:
        """Wait until Redis and the topics are of one state, then work on that (`streams/worker/identity.py`)."""
        waited, connection = "", await asyncio.to_thread(connect, self._given)
        while True:
            try:
                state = await establish_identity(self._given, connection)
                break
            except (ForeignStateError, ServiceError) as error:
                if str(error) != waited:
                    event = "state_foreign" if isinstance(error, ForeignStateError) else "state_unread"
                    log.error(event, "{reason}", reason=error)
                waited = str(error)
                self.health.paused(waited)
            await asyncio.sleep(_IDENTITY_SECONDS)
        connection.close()
        if waited:
            log.warning("state_found", "the state {state} is there; this worker restarts", state=state)
            _restart()  # what was read of Redis before does not count
        self._engine.progress.state = state
        self.positions.expect(state)

    def application(self) -> web.Application:
        """Return the pages of this worker. Raises SettingsError where the token cannot be read."""
        pages = web.Application()
        add_routes(
            pages.router,
            self.health,
            self.metrics,
            probes=self._probes,
            access=Access.of(self._given),
        )
        return pages

    def _on_ready(self) -> None:
        if left_out := self._limit.take_left_out():
            log.info("library_lines_left_out", "{lines} lines of libraries like others were left out", lines=left_out)

    async def assigned(self) -> None:
        """Finish what a dead worker may have left that had the partitions before."""
        self._side.once(_DRAIN, self._processor.recovery.drain())
        self._side.once("the end of pending merges", _finish_merges(self._processor.recovery))

    def _on_histories(self, histories: Histories) -> None:
        """Reconcile after a failover also where no message comes that would detect it."""
        if self._processor.guard.is_unknown(histories) and not self._side.is_running(_DRAIN):
            self._side.once(_DRAIN, self._processor.recovery.drain())

    def _on_lost(self, error: LostStateError) -> None:
        self._restart_to_wait("state_lost", error)

    def _restart_to_wait(self, event: str, error: StreamsError) -> None:
        """Stop as on SIGTERM, and start again: a worker that may not work waits outside the consumer group, or ends."""
        self.health.paused(str(error))
        if self._stopping or self.is_lost:
            return
        log.error(event, "{reason}; this worker restarts", reason=error)
        self.is_lost = True
        os.kill(os.getpid(), signal.SIGTERM)

    def _on_replaced(self, successor: str) -> None:
        """Stop as on SIGTERM, and start again on the index version that replaced that of this worker."""
        if self._stopping:
            return  # this worker is to end, not to move
        log.warning(
            "generation_replaced",
            "generation {generation} was replaced by {successor}; moving there",
            generation=self.settings.generation,
            successor=successor,
        )
        self.successor = successor
        os.kill(os.getpid(), signal.SIGTERM)

    async def _watch_redis(self) -> None:
        registration, settings = self._registration, self.settings
        layout = Layout(settings.namespace, settings.generation, settings.buckets)
        meter = IndexMeter(layout, registration.connection)
        await watch_redis(registration.connection, meter, self.metrics, registration.run)

    async def _watch_identity(self) -> None:
        await watch_identity(
            self._given, self._engine.progress.state, lambda error: self._restart_to_wait("state_foreign", error)
        )

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
            _restart()
        await asyncio.Event().wait()  # until the tasks are cancelled

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
        if self._kafka_reason:
            raise BrokerError(self._kafka_reason)
        if self._publisher.is_connected:  # before, the start itself asks Kafka
            await self._publisher.ping()


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


def run_worker(given: Settings) -> None:
    """Run a worker until SIGINT or SIGTERM, then exit the process with Faust's exit code.

    When its index version is replaced, it stops and becomes a worker of the new one: the same process, command and
    environment; so does one of which a server goes away, or loses the state, in the midst of the start. Raises SettingsError,
    StateError or WrongSetupError where the worker cannot start, and waiting does not help.
    """
    name = secrets.token_hex(6)
    worker = _Worker(given, name, configure_logging(given, name))
    pages = HttpServer(given.http_host, given.http_port, worker.application())
    mode.loop.use(_loop_for(given))
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)  # Faust takes this one
    loop.run_until_complete(pages.start())
    worker.address = f"{_reachable(given.http_host)}:{pages.port}"
    _log_start(given, pages.port)
    try:
        try:
            is_open = loop.run_until_complete(_opened(worker))
        except WrongSetupError:
            raise
        except ServiceError as error:
            log.warning("server_lost", "{error}, in the midst of the start; this worker restarts", error=error)
            _restart()
        if not is_open:
            if worker.successor or worker.is_lost:
                _restart()
            raise SystemExit(0)
        _run_faust(worker)
    finally:
        if not loop.is_closed():
            loop.run_until_complete(pages.close())


def _loop_for(given: Settings) -> str:
    """Return the event loop that suits the settings: uvloop, which is faster, but not where Kafka is reached over TLS.

    Measured with uvloop 0.23, aiokafka 0.14 and Kafka 4.1: of sixteen clients over TLS one waited permanently for an answer that
    the broker had sent; none of 120 did on the loop of asyncio.
    """
    return "aio" if given.kafka_security in ("ssl", "sasl_ssl") else "uvloop"


async def _opened(worker: _Worker) -> bool:
    """Open a worker; return False where it was stopped by SIGINT or SIGTERM meanwhile."""
    loop, opening = asyncio.get_running_loop(), asyncio.current_task()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, cast("asyncio.Task[bool]", opening).cancel)
    try:
        await worker.open()
    except asyncio.CancelledError:
        await worker.quiesce()
        await worker.close()
        return False
    except BaseException:
        await worker.close()
        raise
    return True


def _run_faust(worker: _Worker) -> None:
    app = make_app(worker.settings, worker, worker.positions, worker.health)
    watched = sys.stdout.isatty()
    program = faust.Worker(app, redirect_stdouts=False, override_logging=False, quiet=not watched)
    if not watched:
        program.spinner = None  # it would move a cursor in a file or pipe as well
    try:
        program.execute_from_commandline()
    except SystemExit:
        if worker.successor or worker.is_lost:
            _restart()
        if isinstance(app.crash_reason, KafkaError):
            log.warning(
                "kafka_lost", "Kafka went away at the start: {error}; this worker restarts", error=app.crash_reason
            )
            _restart()
        if app.crash_reason is not None:
            log.critical("worker_crashed", "the worker ends on an unexpected error", cause=app.crash_reason)
        raise


def _reachable(host: str) -> str:
    """Return the name of this machine where a host is that of all its addresses."""
    return socket.gethostname() if host in ("0.0.0.0", "::") else host  # noqa: S104 - compared, not listened on


def _log_start(settings: Settings, port: int) -> None:
    log.info(
        "worker_starting",
        "Streams {version}, ruleset {ruleset}: generation {generation} of namespace {namespace} at Redis {redis}, "
        "group {group} at Kafka {kafka}, topics {topics}, HTTP {http}",
        version=streams.__version__,
        ruleset=RULESET,
        generation=settings.generation,
        namespace=settings.namespace,
        redis=hide(settings.redis_url),
        group=settings.app_id,
        kafka=hide(settings.kafka_url),
        topics=f"{settings.topic_prefix}records.*, {settings.topic_prefix}dedup.*",
        http=f"{settings.http_host}:{port}",
    )


def _restart() -> NoReturn:
    """Replace this process by a new one of the same command and environment, which shares no memory with it."""
    for child in multiprocessing.active_children():
        child.join(_CHILD_SECONDS)  # the new process would not reap it
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - the command of this process
