"""A worker process: Faust's worker around our application, with its connections and its HTTP port."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import secrets
import signal
import sys
import time
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, NoReturn

import faust
import mode.loop
from aiohttp import web

from streams.engine.engine import Engine
from streams.engine.messages import Incoming
from streams.errors import BrokerError, StateError, StreamsError
from streams.kafka.producer import Publisher
from streams.kafka.topics import create_topics
from streams.ops.health import Health
from streams.ops.http import add_routes
from streams.ops.metrics import Metrics
from streams.settings import PREFIX, Settings
from streams.state.connection import Connection, connect
from streams.state.fence import Fence
from streams.state.generation import FIXED, current_generation
from streams.state.progress import Histories, Place, Step
from streams.worker.app import make_app
from streams.worker.batch_processor import Handler, Ready
from streams.worker.lease import Lease
from streams.worker.log import configure_logging
from streams.worker.prepare_pool import Preparer, calm_collector
from streams.worker.startup_checks import check_eviction, check_port, check_session
from streams.worker.stored_positions import RedisMemory

__all__ = ["run_worker"]

log = logging.getLogger(__name__)

_CLOSED_SECONDS = 1.0
_CHILD_SECONDS = 5.0
_LOOK_SECONDS, _ANSWER_SECONDS, _REPEAT_SECONDS = 1.0, 2.0, 1.0
_MOVE_SECONDS = 10.0
"""Workers that are alive have ended by then what they began, unless Redis or the broker was away."""
_STUCK_SESSIONS = 12
"""Sessions that a worker waits to be told its partitions by a broker that answers; then it begins anew.

What aiokafka takes for a final refusal it does not ask again. Kafka takes at most its rebalance timeout, 60 s, which is less
than this for any session it grants.
"""


class _Worker:
    """Holds what a worker opens before messages come and closes after the last one."""

    def __init__(self, given: Settings) -> None:
        self.metrics = Metrics()
        self.health = Health()
        self.connection = connect(given)
        self.settings = settings = _open_generation(given, self.connection)
        self.engine = Engine(settings, self.connection)
        self.successor = ""
        self._stopping = False
        self._leases = connect(settings)
        self._lease = Lease(settings, self._leases, self.health, self._moved)
        self.connection.permit = self._lease.check
        self.memory = RedisMemory(settings, self.metrics, self._look)
        self._preparer = Preparer(settings)
        self._publisher: Publisher | None = None
        self._handler: Handler | None = None
        self._draining: set[asyncio.Task[Any]] = set()
        self._finishing: set[asyncio.Task[Any]] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self.failure: StreamsError | None = None

    async def open(self) -> None:
        """Create the topics, connect the publisher, publish what a dead worker left. Keeps the error of its own as `failure`."""
        try:
            await self._open()
        except StreamsError as error:
            self.failure = error
            raise

    async def _open(self) -> None:
        await create_topics(self.settings)
        await check_session(self.settings)
        self._publisher = await Publisher(
            self.settings.kafka_url, self.settings.topic_prefix, cut=self.metrics.cut
        ).__aenter__()
        await self._preparer.start()
        handler = Handler(self.engine, self._preparer, self._publisher, self.metrics, self.health, self._lease)
        await self._lease.start(handler.turn)
        self._handler = handler
        if self._lease.is_open:
            await handler.drain()
        else:
            self._drain_later(handler)
        self._tasks = [asyncio.create_task(work) for work in (self._watch_group(), self._repeat_states(handler))]
        calm_collector()

    async def prepare(self, messages: Sequence[Incoming], steps: Sequence[Step]) -> Ready:
        """Read a micro-batch's payloads; the batch before may still be under way."""
        return await self._started.prepare(messages, steps)

    async def handle(self, ready: Ready) -> Mapping[Place, int]:
        """Handle a micro-batch; returns when it is safe to acknowledge, but for the partitions that must go back."""
        return await self._started.handle(ready)

    @property
    def _started(self) -> Handler:
        if self._handler is None:
            raise RuntimeError("messages came before the worker was started")
        return self._handler

    async def assigned(self) -> None:
        """Partitions came to us: whoever had them may have died with events unpublished."""
        if self._handler is not None:
            self._drain_later(self._handler)
            _background(self._finishing, _finish_moves(self._handler))

    def _look(self, histories: Histories) -> None:
        """Redis is another one than we know: where no message comes, nobody else would look after what it has forgotten."""
        handler = self._handler
        if handler is not None and not self._draining and handler.knows_not(histories):
            self._drain_later(handler)

    def _drain_later(self, handler: Handler) -> None:
        _background(self._draining, handler.drain())

    def _moved(self, successor: str) -> None:
        """Another generation took over: stop as if told to, and begin again on that one."""
        if self._stopping:
            return  # somebody wants us to end, not to move
        log.warning("generation %s was replaced by %s; moving there", self.settings.generation, successor)
        self.successor = successor
        os.kill(os.getpid(), signal.SIGTERM)

    async def _repeat_states(self, handler: Handler) -> None:
        while True:
            await asyncio.sleep(_REPEAT_SECONDS)
            try:
                await handler.repeat()
            except StateError as error:  # of some cluster; the others wait for their turn
                log.error("states could not be told again: %s", error)

    async def _watch_group(self) -> None:
        """Begin anew where the group of workers is stuck."""
        most = _STUCK_SESSIONS * self.settings.session_timeout
        since = time.monotonic()
        while not self._stopping:
            await asyncio.sleep(_LOOK_SECONDS)
            if self.health.knows_partitions or not await self._broker_answers():
                since = time.monotonic()
            elif time.monotonic() - since > most:
                log.warning("no partitions for %.0f s though Kafka answers; this worker begins anew", most)
                self._preparer.close()
                _begin_anew()

    async def _broker_answers(self) -> bool:
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await self.ping_broker()
        except (BrokerError, TimeoutError):
            return False
        return True

    async def quiesce(self) -> None:
        """Let the batch under way end and begin no other."""
        self._stopping = True
        self.health.stopping()
        if self._handler is not None:
            await self._handler.quiesce()

    async def close(self) -> None:
        """Give up thread and connections; the agent has stopped."""
        for task in (*self._draining, *self._finishing, *self._tasks):
            task.cancel()
        if self._handler is not None:
            await self._lease.stop()
            self._handler.close()
        self._preparer.close()
        if self._publisher is not None:
            await self._publisher.__aexit__()
        self.memory.close()
        self.connection.close()
        self._leases.close()

    async def ping_broker(self) -> None:
        """Raise where the broker does not answer."""
        if self._publisher is not None:
            await self._publisher.ping()

    async def ping_redis(self) -> None:
        """Raise where Redis does not answer."""
        probe = connect(self.settings)
        try:
            await asyncio.get_running_loop().run_in_executor(None, lambda: probe.everywhere("PING"))
        finally:
            probe.close()


def _background(tasks: set[asyncio.Task[Any]], work: Coroutine[Any, Any, Any]) -> None:
    """Begin some work; it is among `tasks` until it ends."""
    task = asyncio.get_running_loop().create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)


async def _finish_moves(handler: Handler) -> None:
    """End the moves of groups that dead workers began: those that nobody ends for a while."""
    if begun := await handler.begun():
        await asyncio.sleep(_MOVE_SECONDS)
        await handler.finish(begun)


def run_worker(given: Settings) -> None:
    """Run a worker until it is told to stop (SIGINT, SIGTERM); exits the process with Faust's exit code.

    When its generation is replaced it stops and becomes a worker of the new one: the same process, command and environment.

    Raises SettingsError, RedisError or BrokerError where it cannot begin, in words for people.
    """
    check_port(given)
    configure_logging(given.log_level)
    mode.loop.use("uvloop")
    worker = _Worker(given)
    settings = worker.settings
    check_eviction(worker.connection)
    app = make_app(settings, worker, worker.memory, worker.health)
    add_routes(_router(app), worker.health, worker.metrics, redis=worker.ping_redis, broker=worker.ping_broker)
    watched = sys.stdout.isatty()
    program = faust.Worker(app, redirect_stdouts=False, override_logging=False, quiet=not watched)
    if not watched:
        program.spinner = None  # it moves a cursor when the start is done, wherever standard output leads
    try:
        program.execute_from_commandline()
    except SystemExit as end:
        if worker.failure is not None:  # Faust ends without a word about it
            raise worker.failure from None
        if not worker.successor:
            if app.crash_reason is not None:
                log.critical("the worker ends for an error that nothing foresaw", exc_info=app.crash_reason)
            elif end.code:
                check_port(settings)  # somebody may have taken it since
            raise
    if worker.successor:
        _begin_anew()


def _begin_anew() -> NoReturn:
    """Become a new process of the same command and environment: nothing of the old one can be left in memory."""
    for child in multiprocessing.active_children():
        child.join(_CHILD_SECONDS)  # nobody would reap it after this
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - our own command


def _open_generation(settings: Settings, connection: Connection) -> Settings:
    """The generation in force, once no rebuild keeps workers out of it."""
    probe = f"start-{secrets.token_hex(6)}"
    while True:
        current = current_generation(settings, connection)
        fence = Fence(current.namespace, current.generation, connection)
        gate = fence.enter(probe)
        if gate.state == "open":
            fence.leave(probe)
            _tell_fixed(settings, current)
            return current
        if gate.state == "closed":
            log.warning("generation %s is closed for %s; waiting", current.generation, gate.generation)
            time.sleep(_CLOSED_SECONDS)


def _tell_fixed(given: Settings, current: Settings) -> None:
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
