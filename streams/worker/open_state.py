"""Open the index version that is current in Redis, for a worker that starts. Blocking: for a thread."""

from __future__ import annotations

import secrets
from typing import NamedTuple

from streams.engine.engine import Engine
from streams.errors import RedisError, RedisSetupError
from streams.event_log import EventLog
from streams.settings import PREFIX, Settings
from streams.state.connection import Connection, connect
from streams.state.fence import Fence
from streams.state.generation import FIXED, current_generation

__all__ = ["ClosedState", "OpenedState", "check_eviction", "open_state"]

log = EventLog(__name__)


class OpenedState(NamedTuple):
    """The current index version: its settings, its engine, and a connection for the registration of the worker."""

    settings: Settings
    engine: Engine
    connection: Connection


class ClosedState(NamedTuple):
    """The current index version, of which a rebuild to `successor` keeps workers out."""

    generation: str
    successor: str


def open_state(given: Settings) -> OpenedState | ClosedState:
    """Open the current index version, once. Raises RedisError, SettingsError or StateError."""
    connections = connect(given), connect(given)
    engine = None
    try:
        current = current_generation(given, connections[0])
        fence, probe = Fence(current.namespace, current.generation, connections[0]), f"start-{secrets.token_hex(6)}"
        gate = fence.enter(probe)
        if gate.state != "open":
            return ClosedState(current.generation, gate.generation)
        fence.leave(probe)
        check_eviction(connections[0])
        _warn_of_fixed(given, current)
        Fence(current.namespace, current.generation, connections[1])  # its scripts are loaded there as well
        engine = Engine(current, connections[0])
        return OpenedState(current, engine, connections[1])
    finally:
        if engine is None:
            for connection in connections:
                connection.close()


def check_eviction(connection: Connection) -> None:
    """Raise RedisSetupError where a server would evict keys when its memory is full; one that does not report it passes."""
    try:
        connection.everywhere("INFO", "replication")
    except RedisError as error:
        log.warning(
            "failover_unseen", "a failover of Redis that loses writes will not be noticed: {error}", error=error
        )
    try:
        answers = connection.everywhere("CONFIG", "GET", "maxmemory-policy")
    except RedisError as error:
        log.warning(
            "eviction_unknown",
            "whether Redis evicts keys is not known, so make sure that maxmemory-policy is noeviction: {error}",
            error=error,
        )
        return
    for policy in (answer[1].decode() for answer in answers if len(answer) > 1):
        if policy != "noeviction":
            raise RedisSetupError(
                f"Redis has maxmemory-policy {policy}: it would lose records silently; set noeviction"
            )


def _warn_of_fixed(given: Settings, current: Settings) -> None:
    for name in FIXED:
        if (ours := getattr(given, name)) != (fixed := getattr(current, name)):
            log.warning(
                "setting_not_in_force",
                "{setting} is {ours}, but generation {generation} was built with {fixed}, which holds; "
                "change the setting, or run `streams rebuild`",
                setting=PREFIX + name.upper(),
                ours=ours,
                generation=current.generation,
                fixed=fixed,
            )
