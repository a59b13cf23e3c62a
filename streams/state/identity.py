"""The identity of the state: a random id, in Redis and in the topic `dedup.control`. Keys `N:meta` and `N:p` of `state/layout.py`.

Redis and the topics belong together: subscribers have folded what this state has published. A worker on a Redis that was
emptied, or on another one, would publish the events of a second life under ids that were used. So the state has an id.

| field         | value                                                                                       |
|---------------|---------------------------------------------------------------------------------------------|
| `state`       | the id of the state                                                                         |
| `state_named` | 1 once `dedup.control` has the id, and every key of positions (`state/progress.py`) as well |
| `remaking`    | 1 while the state is made again from the topics: what is there is only a part of it         |

An id without `state_named` was chosen by a worker that died before it could name the state; the next worker chooses the same.
A rebuild takes the id along to the next index version.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import NamedTuple

from streams.settings import Settings
from streams.state.connection import Command, Connection
from streams.state.generation import FIXED, facts, follow, remove
from streams.state.layout import Layout, meta_key
from streams.state.progress import Place, Progress

__all__ = ["IdentityStore", "StoredIdentity", "carry_identity"]

_STATE, _NAMED, _REMAKING = "state", "state_named", "remaking"
_CHUNK = 1000


class StoredIdentity(NamedTuple):
    """The identity as Redis has it: the id (`""`: none), and whether the topics have it as well.

    `is_whole`: every key of positions has the id; otherwise a part of Redis was emptied. `is_handled`: there are positions, so
    a worker has finished batches here; `is_filled`: there are positions, records or groups, of this state or another.
    """

    state: str
    is_named: bool
    is_whole: bool
    is_handled: bool
    is_filled: bool


class IdentityStore:
    """Reads and writes the identity of one index version."""

    def __init__(self, settings: Settings, connection: Connection) -> None:
        """Take the settings of the environment; the index version in force is followed from there."""
        self.settings, self._before = follow(settings, connection)
        self._connection = connection
        self._layout = Layout.of(self.settings)
        self._progress = Progress(self._layout, connection)

    def read(self) -> StoredIdentity:
        """Return what Redis has."""
        known = facts(self.settings.namespace, self.settings.generation, self._connection)
        state, is_named = known.get(_STATE, ""), _NAMED in known
        if not is_named and (earlier := self._earlier()):
            self.choose(earlier)
            self.confirm(earlier)
            state, is_named = earlier, True
        if _REMAKING in known and not is_named:
            return StoredIdentity(state, False, False, False, False)
        is_whole = is_named and self._progress.has_state(state)
        is_handled = bool(self._progress.positions())
        return StoredIdentity(state, is_named, is_whole, is_handled, is_handled or is_whole or self._has_records())

    def positions(self) -> dict[Place, int]:
        """Return the positions in Redis, as `Progress.positions`."""
        return self._progress.positions()

    def put_positions(self, positions: Mapping[Place, int]) -> None:
        """Store positions, as `Progress.put`."""
        self._progress.put(positions)

    def clear(self, check: Callable[[], None] = lambda: None) -> None:
        """Remove what is left of a lost state, with what was fixed for it; `check` is called now and then, and may raise."""
        remove(self._layout, self._connection, check)
        self._connection.call("HDEL", self._layout.meta, _STATE, _NAMED, "format", "ruleset", "topics_since", *FIXED)

    def begin_again(self) -> None:
        """Store that the state is being made again, until `confirm`: before that it counts for nothing."""
        self._connection.call("HSET", self._layout.meta, _REMAKING, 1)

    def choose(self, state: str = "") -> str:
        """Store the id that the state is to have, a random one by default; return the one that is stored.

        Of two workers that choose at the same time one prevails. One that was named already stays.
        """
        meta = self._layout.meta
        if state:
            self._connection.call("HSET", meta, _STATE, state)
        else:
            self._connection.call("HSETNX", meta, _STATE, secrets.token_hex(8))
        chosen: bytes = self._connection.call("HGET", meta, _STATE)
        return chosen.decode()

    def confirm(self, state: str) -> None:
        """Store that the topics have the id, after it was stored beside all positions."""
        self._progress.name_state(state)
        self._connection.call("HSET", self._layout.meta, _STATE, state, _NAMED, 1)
        self._connection.call("HDEL", self._layout.meta, _REMAKING)

    def _earlier(self) -> str:
        """Return the id of the version before this one, where a rebuild by an older release did not take it along."""
        for generation in reversed(self._before):
            known = facts(self.settings.namespace, generation, self._connection)
            if _NAMED in known:
                return known[_STATE]
        return ""

    def _has_records(self) -> bool:
        keys = [*self._layout.bucket_keys("records"), *self._layout.bucket_keys("groups")]
        return any(
            found
            for start in range(0, len(keys), _CHUNK)
            for found in self._connection.execute(
                [Command(key, ("EXISTS", key)) for key in keys[start : start + _CHUNK]]
            )
        )


def carry_identity(namespace: str, old: str, new: str, connection: Connection) -> None:
    """Store the id of an index version in the one that takes over."""
    known = facts(namespace, old, connection)
    if _NAMED in known:
        connection.call("HSET", meta_key(namespace, new), _STATE, known[_STATE], _NAMED, 1)
