"""Run a worker process: Faust's worker with the application of `streams/worker/app.py`, and an HTTP port."""

from __future__ import annotations

import asyncio
import secrets
import signal
import socket
import sys
from typing import cast

import faust
import mode.loop
from aiokafka.errors import KafkaError

import streams
from streams.errors import ServiceError, WrongSetupError
from streams.event_log import EventLog
from streams.matching.ruleset import RULESET
from streams.ops.http_server import HttpServer
from streams.settings import Settings
from streams.settings.redaction import hide
from streams.worker.allocator import share_one_arena
from streams.worker.app import make_app
from streams.worker.log import configure_logging
from streams.worker.restart import restart
from streams.worker.worker import Worker

__all__ = ["run_worker"]

log = EventLog(__name__)


def run_worker(given: Settings) -> None:
    """Run a worker until SIGINT or SIGTERM, then exit the process with Faust's exit code.

    When its index version is replaced, it stops and becomes a worker of the new one: the same process, command and
    environment; so does one of which a server goes away, or loses the state, in the midst of the start. Raises SettingsError,
    StateError or WrongSetupError where the worker cannot start, and waiting does not help.
    """
    share_one_arena()
    name = secrets.token_hex(6)
    worker = Worker(given, name, configure_logging(given, name))
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
            restart()
        if not is_open:
            if worker.begins_again:
                restart()
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


async def _opened(worker: Worker) -> bool:
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


def _run_faust(worker: Worker) -> None:
    app = make_app(worker.settings, worker, worker.positions, worker.health)
    watched = sys.stdout.isatty()
    program = faust.Worker(app, redirect_stdouts=False, override_logging=False, quiet=not watched)
    if not watched:
        program.spinner = None  # it would move a cursor in a file or pipe as well
    try:
        program.execute_from_commandline()
    except SystemExit as ending:
        if worker.begins_again:
            restart()
        # Faust notes no reason where its own start fails: then the error is what it ended in the midst of.
        reason = app.crash_reason or (ending.__context__ if ending.code else None)
        if isinstance(reason, KafkaError):
            log.warning("kafka_lost", "Kafka went away at the start: {error}; this worker restarts", error=reason)
            restart()
        if reason is not None:
            log.critical("worker_crashed", "the worker ends on an unexpected error", cause=reason)
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
