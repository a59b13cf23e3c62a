"""`streams up`: run the embedded services, a worker and the API until a signal; state survives in the data directory."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
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
from streams.state.connection import connect
from streams.state.fixed_partitions import fixed_partitions
from streams.worker.identity import inspect_identity

__all__ = ["serve"]

_CHECK_SECONDS = 0.5
_MAX_RESTARTS = 1_000_000
_FIRST_NAME = "local"
"""The name of the token that is made at the first start."""
_DATA_NAME = "serve"
"""The folder of the API's review queue, in the data directory."""


def serve(
    settings: Settings,
    data_dir: Path,
    on_started: Callable[[Settings, int, str], None],
    on_waiting: Callable[[str], None] = lambda _reason: None,
) -> None:
    """Serve until SIGINT or SIGTERM.

    Calls `on_started` with the settings in force, the number of restored clusters, and the API's token if one was made: the data
    directory had none; before that `on_waiting` with the reason, where Redis and the topics are not of one state. A worker that
    dies is started again. Raises a StreamsError when a server ends or does not start.
    """
    stop = threading.Event()
    before = {number: signal.signal(number, _setter(stop)) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with Services(settings, data_dir) as services:
            own = services.settings
            asyncio.run(create_topics(own, fixed=_begun_partitions(own)))
            restored = restore_topics(own, are_new=True) if services.broker_is_new else 0
            with WorkerProcess(own, data_dir / "worker.log") as worker:
                _wait_ready(worker, services, data_dir, stop, on_waiting)
                if stop.is_set():
                    return
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
    files = {
        "serve_data": _absolute(settings.serve_data or str(data_dir / _DATA_NAME)),
        **{name: _absolute(getattr(settings, name)) for name in ("serve_tokens_file", "serve_session_key_file")},
    }
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


def _wait_ready(
    worker: WorkerProcess, services: Services, data_dir: Path, stop: threading.Event, on_waiting: Callable[[str], None]
) -> None:
    """Wait until the worker is ready; for as long as it takes, or `stop`, where it waits for the state.

    Other commands find the servers meanwhile: the ways out are commands.
    """
    reason = _state_is_missing(worker.settings)
    if not reason:
        worker.wait_ready()
        return
    announce(data_dir, worker.settings)
    on_waiting(reason)
    while not worker.ready() and not stop.wait(_CHECK_SECONDS):
        services.check()
        worker.keep_alive(_MAX_RESTARTS)


def _state_is_missing(settings: Settings) -> str:
    """Return why Redis and the topics are not of one state, `""` where they are."""
    with closing(connect(settings)) as connection:
        return asyncio.run(inspect_identity(settings, connection)).reason


def _begun_partitions(settings: Settings) -> dict[str, int]:
    """Return the number of partitions that each topic had at first, from Redis: the embedded broker has lost its topics."""
    with closing(connect(settings)) as connection:
        return fixed_partitions(settings, connection)


def _setter(stop: threading.Event) -> Callable[[int, FrameType | None], None]:
    def handle(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    return handle
