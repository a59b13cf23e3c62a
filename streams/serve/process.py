"""The process of `streams serve`: it binds its port, answers until SIGINT or SIGTERM, and ends within seconds.

Uvicorn waits for open streams when it stops, so it gets two seconds for that.
"""

from __future__ import annotations

import gc
import signal
import socket
import sys
from types import FrameType

import uvicorn

from streams.errors import SettingsError
from streams.event_log import EventLog
from streams.serve.access import Access
from streams.serve.app import create_app
from streams.serve.connections import Connections
from streams.serve.resources import Resources
from streams.serve.scheduling import ask_for_short_turns
from streams.settings import PREFIX, Settings
from streams.settings.redaction import hide_tokens
from streams.webhooks.configuration import read_webhooks

__all__ = ["bind", "end_on_signals", "serve", "server"]

log = EventLog(__name__)

_GRACE_SECONDS = 2
_IDLE_SECONDS = 30
_BACKLOG = 512
_SWITCH_SECONDS = 0.0005
_COLLECT_AFTER = (20_000, 20, 50)
"""New objects before the young ones are searched for cycles, and how many such searches before the older ones are."""


def bind(settings: Settings) -> socket.socket:
    """Bind the port of the settings, 0 for any that is free.

    Raises SettingsError where it is not to be had, or would be open to all, or the file of webhooks is malformed.
    """
    Access.of(settings)
    read_webhooks(settings.webhooks_file)
    host, port = settings.serve_host, settings.serve_port
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        bound = socket.socket(family)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except OSError as error:
        problem = f"{hide_tokens(host)}:{port} is not to be had: {error.strerror or error}"
        raise SettingsError(
            PREFIX + "SERVE_PORT", problem, f"a free port of {PREFIX}SERVE_HOST, or 0 for any"
        ) from None
    return bound


def server(settings: Settings, connections: Connections) -> uvicorn.Server:
    """Return the server, which answers on the sockets that its `run` is given."""
    resources = Resources(settings)
    connections.on_cut_off = resources.cut_off
    config = uvicorn.Config(
        create_app(resources),
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,  # else a client on loopback may name the address that it comes from
        date_header=True,
        backlog=_BACKLOG,
        http=connections.protocol(),
        timeout_keep_alive=_IDLE_SECONDS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        lifespan="on",
        # As in a worker: over TLS, answers of Kafka went missing on uvloop (`streams/worker/process.py`).
        loop="asyncio" if settings.kafka_security in ("ssl", "sasl_ssl") else "uvloop",
        ws="none",
    )
    return uvicorn.Server(config)


def serve(settings: Settings, bound: socket.socket) -> None:
    """Answer requests on a bound socket until SIGINT or SIGTERM."""
    host, port = bound.getsockname()[:2]
    running = server(settings, Connections())
    _prefer_short_waits()
    log.info("serving", "the API is at http://{host}:{port}/api/v1", host=host, port=port)
    running.run(sockets=[bound])


def _prefer_short_waits() -> None:
    """Set the process so that no request waits long for a processor, another thread or the garbage collector.

    Queries run in threads, and a thread that comes back from Redis waits for the interpreter's lock until the running one gives
    it up: after 5 ms by default, five times a request. Collections of all generations walk all objects there are; those made
    so far, by imports mostly, stay until the end, so they are left out from here on. A match makes thousands of small values, which
    reference counts free: collections after every 700 would fall into most requests.
    """
    ask_for_short_turns()
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)


def end_on_signals() -> None:
    """Exit with 0 on SIGINT and SIGTERM, also before Uvicorn takes them, and when it raises them again after it has stopped."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)


def _end(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)
