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
from streams.serve.tokens import FILE_NAME, TokenFile
from streams.settings import Settings

__all__ = ["serve"]

_CHECK_SECONDS = 0.5
_MAX_RESTARTS = 1_000_000
_FIRST_NAME = "local"
"""The name of the token that is made at the first start."""


def serve(settings: Settings, data_dir: Path, on_started: Callable[[Settings, int, str], None]) -> None:
    """Serve until SIGINT or SIGTERM.

    Calls `on_started` with the settings in force, the number of restored clusters, and the API's token if one was made: the data
    directory had none. A worker that dies is started again. Raises a StreamsError when a server ends or does not start.
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
                with _api(worker.settings, data_dir) as (api, token):
                    announce(data_dir, api.settings if api else worker.settings)
                    on_started(api.settings if api else worker.settings, restored, token)
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
def _api(settings: Settings, data_dir: Path) -> Iterator[tuple[ServeProcess | None, str]]:
    """Run `streams serve`, where its extra is installed; yield it, and the token that was made for it, if one was."""
    if not can_serve():
        yield None, ""
        return
    # Absolute, as the process has another working directory.
    files = {name: _absolute(getattr(settings, name)) for name in ("serve_tokens_file", "serve_session_key_file")}
    token = ""
    if not files["serve_tokens_file"]:
        own = TokenFile(data_dir / FILE_NAME)
        token = own.create(_FIRST_NAME, "operate") if not own.tokens() else ""
        files["serve_tokens_file"] = str(own.path)
    with ServeProcess(settings.model_copy(update=files), data_dir / "serve.log") as api:
        api.wait_ready()
        yield api, token


def _absolute(path: str) -> str:
    return str(Path(path).resolve()) if path else ""


def _setter(stop: threading.Event) -> Callable[[int, FrameType | None], None]:
    def handle(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    return handle
