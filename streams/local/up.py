"""`streams up`: run the embedded services and a worker until a signal; state survives in the data directory."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from streams.engine.engine import Engine
from streams.kafka.control import name_state
from streams.kafka.producer import Publisher
from streams.kafka.topics import create_topics
from streams.local.endpoints import announce, withdraw
from streams.local.services import Services
from streams.local.worker import WorkerProcess
from streams.settings import Settings
from streams.state.connection import connect
from streams.state.generation import current_generation
from streams.state.identity import IdentityStore

__all__ = ["serve"]

_CHECK_SECONDS = 0.5
_MAX_RESTARTS = 1_000_000
_RESTORE_CHUNK = 500


def serve(settings: Settings, data_dir: Path, on_started: Callable[[Settings, int], None]) -> None:
    """Serve until SIGINT or SIGTERM.

    Calls `on_started` with the settings in force and the number of restored clusters. A worker that dies is started again. Raises a
    StreamsError when a server ends or does not start.
    """
    stop = threading.Event()
    before = {number: signal.signal(number, _setter(stop)) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with Services(settings, data_dir) as services:
            own = services.settings
            asyncio.run(create_topics(own))
            restored = _restore(own) if services.broker_is_new else 0
            with WorkerProcess(own, data_dir / "worker.log") as worker:
                worker.wait_ready()
                announce(data_dir, worker.settings)
                on_started(worker.settings, restored)
                while not stop.wait(_CHECK_SECONDS):
                    services.check()
                    worker.keep_alive(_MAX_RESTARTS)
    finally:
        withdraw(data_dir)
        for number, handler in before.items():
            signal.signal(number, handler)


def _setter(stop: threading.Event) -> Callable[[int, FrameType | None], None]:
    def handle(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    return handle


def _restore(settings: Settings) -> int:
    """Publish every cluster in Redis to the new `dedup.clusters`, as the embedded broker has lost its topics; returns the count."""
    connection = connect(settings)
    try:
        engine = Engine(current_generation(settings, connection), connection)
        # The offsets of the new topics begin at 0: the stored positions belong to topics that are gone.
        engine.progress.forget_positions()
        engine.progress.begin_topics(int(time.time() * 1000))
        count = asyncio.run(_publish_states(settings, engine))
        identity = IdentityStore(settings, connection)
        if (stored := identity.read()).is_named:
            asyncio.run(name_state(settings, stored.state))
        return count
    finally:
        connection.close()


async def _publish_states(settings: Settings, engine: Engine) -> int:
    count = 0
    async with Publisher(settings.kafka_url, settings.topic_prefix) as publisher:
        for chunk in engine.outbox.all_states(_RESTORE_CHUNK):
            await publisher.publish(chunk)
            count += len(chunk)
    return count
