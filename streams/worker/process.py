"""Run a worker process: Faust's worker with the application of `streams/worker/app.py`, its connections and its HTTP port."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import secrets
import signal
import sys
import time
from typing import Any, NoReturn

import faust
import mode.loop
from aiohttp import web

from streams.engine.engine import Engine
from streams.errors import ForeignStateError, LostStateError, ServiceError, StateError, StreamsError
from streams.kafka.producer import Publisher
from streams.kafka.topics import create_topics
from streams.ops.health import Health
from streams.ops.http import add_routes
from streams.ops.metrics import Metrics
from streams.settings import PREFIX, Settings
from streams.state.connection import Connection, connect
from streams.state.fence import Fence
from streams.state.generation import FIXED, current_generation
from streams.state.progress import Histories
from streams.worker.app import make_app
from streams.worker.batch_processor import BatchProcessor
from streams.worker.engine_thread import EngineThread
from streams.worker.group_watch import wait_until_stuck
from streams.worker.identity import establish_identity
from streams.worker.log import configure_logging
from streams.worker.prepare_pool import Preparer, calm_collector
from streams.worker.recovery import Recovery
from streams.worker.registration import Registration
from streams.worker.side_tasks import SideTasks
from streams.worker.startup_checks import check_eviction, check_port, check_session
from streams.worker.stored_positions import StoredPositions

__all__ = ["run_worker"]

log = logging.getLogger(__name__)

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

    def __init__(self, given: Settings) -> None:
        self.metrics = Metrics()
        self.health = Health()
        self.connection = connect(given)
        self._given = given
        self.settings = settings = _open_generation(given, self.connection)
        self._engine = engine = Engine(settings, self.connection)
        self.successor = ""
        """The index version that replaced ours: this process becomes a worker of it."""
        self.is_lost = False
        """Whether Redis lost the state: this process restarts, and waits for the state before it joins the group."""
        self.failure: StreamsError | None = None
        """The error that kept this worker from starting."""
        self._stopping = False
        self._registration = Registration(settings, connect(settings), self.health, self._on_replaced)
        self.connection.permit = self._registration.check
        self.positions = StoredPositions(settings, self._registration, self.metrics, self._on_histories, self._on_lost)
        self._preparer = Preparer(settings)
        self._publisher = Publisher(settings.kafka_url, settings.topic_prefix, cut=self.metrics.cut)
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
        self._side = SideTasks(self.health.failed)

    async def open(self) -> None:
        """Create the topics, connect the publisher, publish what a dead worker left; keep an error as `failure`."""
        try:
            await self._open()
        except StreamsError as error:
            self.failure = error
            raise

    async def _open(self) -> None:
        await create_topics(self.settings)
        await check_session(self.settings)
        await self._identify()
        await self._publisher.__aenter__()
        await self._preparer.start()
        await self._registration.start(self._thread.turn)
        self._side.keep(_HEARTBEAT, self._registration.keep())
        if self._registration.is_open:
            await self._processor.recovery.drain()
        else:
            self._side.once(_DRAIN, self._processor.recovery.drain())
        self._side.keep("the watch on the consumer group", self._watch_group())
        self._side.keep("the republication of states", _republish(self._processor.recovery))
        calm_collector()

    async def _identify(self) -> None:
        """Wait until Redis and the topics are of one state, then work on that."""
        waited, connection = "", connect(self._given)
        while True:
            try:
                state = await establish_identity(self._given, connection)
                break
            except ForeignStateError as error:
                if str(error) != waited:
                    log.error("%s", error)
                waited = str(error)
                self.health.paused(waited)
            except ServiceError as error:
                if not waited:
                    raise
                log.warning("%s; next try in %.0f s", error, _IDENTITY_SECONDS)
            await asyncio.sleep(_IDENTITY_SECONDS)
        connection.close()
        if waited:
            log.warning("the state %s is there; this worker restarts", state)
            _restart()  # what was read of Redis before is of no worth
        self._engine.progress.state = state
        self.positions.expect(state)

    async def assigned(self) -> None:
        """Finish what a dead worker may have left that had the partitions before."""
        self._side.once(_DRAIN, self._processor.recovery.drain())
        self._side.once("the end of pending merges", _finish_merges(self._processor.recovery))

    def _on_histories(self, histories: Histories) -> None:
        """Reconcile after a failover also where no message comes that would detect it."""
        if self._processor.guard.is_unknown(histories) and not self._side.is_running(_DRAIN):
            self._side.once(_DRAIN, self._processor.recovery.drain())

    def _on_lost(self, error: LostStateError) -> None:
        """Stop as on SIGTERM, and start again: a worker without its state waits outside the consumer group."""
        self.health.paused(str(error))
        if self._stopping or self.is_lost:
            return
        log.error("%s; this worker restarts", error)
        self.is_lost = True
        os.kill(os.getpid(), signal.SIGTERM)

    def _on_replaced(self, successor: str) -> None:
        """Stop as on SIGTERM, and start again on the index version that replaced ours."""
        if self._stopping:
            return  # this worker is to end, not to move
        log.warning("generation %s was replaced by %s; moving there", self.settings.generation, successor)
        self.successor = successor
        os.kill(os.getpid(), signal.SIGTERM)

    async def _watch_group(self) -> None:
        """Restart this process where its consumer group is stuck."""
        seconds = await wait_until_stuck(self.health, self.ping_broker, self.settings.session_timeout)
        if not self._stopping:
            log.warning("no partitions for %.0f s though Kafka answers; this worker begins anew", seconds)
            self._preparer.close()
            _restart()
        await asyncio.Event().wait()  # until the tasks are cancelled

    async def quiesce(self) -> None:
        """Let the batch under way end, and begin no other."""
        self._stopping = True
        self.health.stopping()
        await self._thread.quiesce()

    async def close(self) -> None:
        """Close threads and connections; the agent has stopped."""
        self._side.cancel()
        await self._registration.stop()
        self._thread.close()
        self._preparer.close()
        await self._publisher.__aexit__()
        self.connection.close()

    async def ping_broker(self) -> None:
        """Raise BrokerError where the broker does not answer."""
        if self._registration.is_started:  # the publisher is connected before
            await self._publisher.ping()

    async def ping_redis(self) -> None:
        """Raise RedisError where Redis does not answer."""
        probe = connect(self.settings)
        try:
            await asyncio.get_running_loop().run_in_executor(None, lambda: probe.everywhere("PING"))
        finally:
            probe.close()


async def _republish(recovery: Recovery) -> None:
    """Publish again, every second, the states that are due."""
    while True:
        await asyncio.sleep(_REPUBLISH_SECONDS)
        try:
            await recovery.republish()
        except StateError as error:  # of one cluster; the others are published at the next time
            log.error("states could not be published again: %s", error)


async def _finish_merges(recovery: Recovery) -> None:
    """Finish the merges that dead workers began: those that no worker finishes within ten seconds."""
    if pending := await recovery.pending_merges():
        await asyncio.sleep(_MERGE_SECONDS)
        await recovery.finish_merges(pending)


def run_worker(given: Settings) -> None:
    """Run a worker until SIGINT or SIGTERM, then exit the process with Faust's exit code.

    When its index version is replaced, it stops and becomes a worker of the new one: the same process, command and
    environment. Raises SettingsError, RedisError or BrokerError where the worker cannot start.
    """
    check_port(given)
    configure_logging(given.log_level)
    mode.loop.use("uvloop")
    worker = _Worker(given)
    settings = worker.settings
    check_eviction(worker.connection)
    app = make_app(settings, worker, worker.positions, worker.health)
    add_routes(_router(app), worker.health, worker.metrics, redis=worker.ping_redis, broker=worker.ping_broker)
    watched = sys.stdout.isatty()
    program = faust.Worker(app, redirect_stdouts=False, override_logging=False, quiet=not watched)
    if not watched:
        program.spinner = None  # it would move a cursor in a file or pipe as well
    try:
        program.execute_from_commandline()
    except SystemExit as end:
        if worker.failure is not None:  # Faust does not report it
            raise worker.failure from None
        if not (worker.successor or worker.is_lost):
            if app.crash_reason is not None:
                log.critical("the worker ends on an unexpected error", exc_info=app.crash_reason)
            elif end.code:
                check_port(settings)  # another process may have taken it since
            raise
    if worker.successor or worker.is_lost:
        _restart()


def _restart() -> NoReturn:
    """Replace this process by a new one of the same command and environment, which shares no memory with it."""
    for child in multiprocessing.active_children():
        child.join(_CHILD_SECONDS)  # the new process would not reap it
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - the command of this process


def _open_generation(settings: Settings, connection: Connection) -> Settings:
    """Return the settings of the current index version, once no rebuild keeps workers out of it."""
    probe = f"start-{secrets.token_hex(6)}"
    while True:
        current = current_generation(settings, connection)
        fence = Fence(current.namespace, current.generation, connection)
        gate = fence.enter(probe)
        if gate.state == "open":
            fence.leave(probe)
            _warn_of_fixed(settings, current)
            return current
        if gate.state == "closed":
            log.warning("generation %s is closed for %s; waiting", current.generation, gate.generation)
            time.sleep(_CLOSED_SECONDS)


def _warn_of_fixed(given: Settings, current: Settings) -> None:
    for name in FIXED:
        if (ours := getattr(given, name)) != (stands := getattr(current, name)):
            log.warning(
                "%s is %s, but generation %s was built with %s, which holds; change the setting, or run `streams rebuild`",
                PREFIX + name.upper(), ours, current.generation, stands,
            )  # fmt: skip


def _router(app: faust.App) -> web.UrlDispatcher:
    served: Any = app.web
    router: web.UrlDispatcher = served.web_app.router
    return router
