"""`streams up`: run the embedded services, a worker and the API until a signal; state survives in the data directory."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from streams.kafka.topics import create_topics
from streams.local.endpoints import announce, withdraw
from streams.local.serve import ServeProcess, can_serve
from streams.local.services import Services
from streams.local.worker import WorkerProcess
from streams.rebuild.restore_topics import restore_topics
from streams.settings import Settings

__all__ = ["serve"]

_CHECK_SECONDS = 0.5
_MAX_RESTARTS = 1_000_000


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
            restored = restore_topics(own, are_new=True) if services.broker_is_new else 0
            with WorkerProcess(own, data_dir / "worker.log") as worker:
                worker.wait_ready()
                with _api(worker.settings, data_dir) as api:
                    announce(data_dir, api.settings if api else worker.settings)
                    on_started(api.settings if api else worker.settings, restored)
                    while not stop.wait(_CHECK_SECONDS):
                        services.check()
                        worker.keep_alive(_MAX_RESTARTS)
                        if api:
                            api.keep_alive()
    finally:
        withdraw(data_dir)
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _api(settings: Settings, data_dir: Path) -> Iterator[ServeProcess | None]:
    """Run `streams serve`, where its extra is installed."""
    if not can_serve():
        yield None
        return
    with ServeProcess(settings, data_dir / "serve.log") as api:
        api.wait_ready()
        yield api


def _setter(stop: threading.Event) -> Callable[[int, FrameType | None], None]:
    def handle(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    return handle
