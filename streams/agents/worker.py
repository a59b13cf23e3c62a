"""A worker process: Faust's worker around our application, with its connections and its HTTP port."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import faust
import mode.loop
from aiohttp import web

from streams.agents.app import make_app
from streams.agents.handler import Handler, Ready
from streams.agents.preparer import Preparer, calm_collector
from streams.agents.publisher import Publisher
from streams.agents.topics import create_topics
from streams.engine import Engine, Incoming
from streams.errors import RedisError, SettingsError, StreamsError
from streams.index.connection import connect
from streams.ops.diagnosis import check_session
from streams.ops.facts import ask_kafka
from streams.ops.health import Health
from streams.ops.http import add_routes
from streams.ops.metrics import Metrics
from streams.settings import Settings

__all__ = ["run_worker"]

log = logging.getLogger(__name__)


class _Worker:
    """Holds what a worker opens before messages come and closes after the last one."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.health = Health()
        self.connection = connect(settings)
        self.engine = Engine(settings, self.connection)
        self._preparer = Preparer(settings)
        self._publisher: Publisher | None = None
        self._handler: Handler | None = None
        self._draining: set[asyncio.Task[int]] = set()
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
        await check_session_timeout(self.settings)
        self._publisher = await Publisher(
            self.settings.kafka_url, self.settings.topic_prefix, cut=self.metrics.cut
        ).__aenter__()
        await self._preparer.start()
        self._handler = Handler(self.engine, self._preparer, self._publisher, self.metrics, self.health)
        await self._handler.drain()
        calm_collector()

    async def prepare(self, messages: Sequence[Incoming]) -> Ready:
        """Read a micro-batch's payloads; the batch before may still be under way."""
        return await self._started.prepare(messages)

    async def handle(self, ready: Ready) -> None:
        """Handle a micro-batch; returns when it is safe to acknowledge."""
        await self._started.handle(ready)

    @property
    def _started(self) -> Handler:
        if self._handler is None:
            raise RuntimeError("messages came before the worker was started")
        return self._handler

    async def assigned(self) -> None:
        """Partitions came to us: whoever had them may have died with events unpublished."""
        if self._handler is not None:
            task = asyncio.get_running_loop().create_task(self._handler.drain())
            self._draining.add(task)
            task.add_done_callback(self._draining.discard)

    async def quiesce(self) -> None:
        """Let the batch under way end and begin no other."""
        self.health.stopping()
        if self._handler is not None:
            await self._handler.quiesce()

    async def close(self) -> None:
        """Give up thread and connections; the agent has stopped."""
        if self._handler is not None:
            self._handler.close()
        self._preparer.close()
        if self._publisher is not None:
            await self._publisher.__aexit__()
        self.connection.close()

    async def ping_broker(self) -> None:
        """Raise where the broker does not answer."""
        if self._publisher is not None:
            await self._publisher.ping()

    async def ping_redis(self) -> None:
        """Raise where Redis does not answer."""
        probe = connect(self.settings)
        try:
            await asyncio.get_running_loop().run_in_executor(None, lambda: probe.call("PING"))
        finally:
            probe.close()


def run_worker(settings: Settings) -> None:
    """Run a worker until it is told to stop (SIGINT, SIGTERM); exits the process with Faust's exit code.

    Raises SettingsError, RedisError or BrokerError where it cannot begin, in words for people.
    """
    mode.loop.use("uvloop")
    worker = _Worker(settings)
    policy = maxmemory_policy(worker)
    if policy not in ("noeviction", ""):
        raise RedisError(f"Redis has maxmemory-policy {policy}: it would lose records silently; set noeviction")
    app = make_app(settings, worker.engine, worker, worker.metrics, worker.health)
    add_routes(_router(app), worker.health, worker.metrics, redis=worker.ping_redis, broker=worker.ping_broker)
    level = settings.log_level.replace("warning", "warn")
    try:
        faust.Worker(app, loglevel=level, redirect_stdouts=False, override_logging=False).execute_from_commandline()
    except SystemExit:
        if worker.failure is not None:  # Faust ends without a word about it
            raise worker.failure from None
        raise


async def check_session_timeout(settings: Settings) -> None:
    """Raise SettingsError where Kafka would refuse us: aiokafka logs that, and then waits for ever without partitions."""
    facts = await ask_kafka(settings.kafka_url, [])
    for refused in check_session(facts, settings.session_timeout):
        raise SettingsError(refused.check, refused.found, refused.advice)


def maxmemory_policy(worker: _Worker) -> str:
    """The server's eviction policy, `""` where it will not tell."""
    try:
        answer = worker.connection.call("CONFIG", "GET", "maxmemory-policy")
    except RedisError:
        return ""
    if isinstance(answer, dict):
        return str(answer.get("maxmemory-policy", ""))
    return answer[1].decode() if len(answer) > 1 else ""


def _router(app: faust.App) -> web.UrlDispatcher:
    served: Any = app.web
    router: web.UrlDispatcher = served.web_app.router
    return router
