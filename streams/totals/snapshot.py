"""The totals in Redis, and the lease of the process that keeps them. Key `namespace:totals` of `state/layout.py`.

| field    | value                                                                                                          |
|----------|----------------------------------------------------------------------------------------------------------------|
| `value`  | a `Snapshot`, MessagePack (~2 kB): the counters and the offsets that they include, always written together       |
| `holder` | token of the process that keeps the totals                                                                     |
| `until`  | when its lease ends unless it is renewed, the server's time in ms                                               |

A process writes only while it is the holder, by one script that compares the token, so two never write in turn. Whichever value is
there is right for its offsets: a process that takes over reads the events from there on. That holds after a kill at any moment, and
for an older value after a failover of Redis.

The key is that of a namespace, not of a generation: totals follow from the topics, which the generations of a namespace share. A
rebuild publishes its changes as events of the same clusters, with their next revisions, so nothing is to be done at its switch.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import msgspec

from streams.errors import StateError
from streams.state.connection import Command, Connection, Script
from streams.state.layout import totals_key
from streams.totals.fold import Counters

__all__ = ["LEASE_SECONDS", "Lease", "ReviewQueue", "Snapshot", "TotalsStore"]

LEASE_SECONDS = 10.0
_FORMAT = 1
_FOLDER = Path(__file__).parent
HOLD, WRITE = (Script(_FOLDER / f"{name}.lua") for name in ("hold_totals", "write_totals"))


class ReviewQueue(msgspec.Struct):
    """The pairs that people are asked about and that are open, of them those that were not looked at yet (`unlooked`).

    `looked_since` is when the longest ago of the looks at the others was, Unix time in ms, 0 where none was.
    """

    open: int
    unlooked: int = 0
    looked_since: int = 0


class Snapshot(msgspec.Struct):
    """Counters, and what they include of `dedup.events`.

    - `topic`: full name of the topic; `positions`: the next offset to count, by partition
    - `time`: Unix time in ms at which it was written
    - `complete`: whether every event up to the positions is included, or what it led to; `missing`: offsets known to be lost
    - `repeated`: events that came again and were left out; `unread`: messages that are no events
    - `behind`: messages after the positions when it was written, None where the broker does not say
    - `topics_since`: Unix ms at which the topics last restarted at offset 0 (`state/progress.py`)
    - `included`: ids of events after the positions that are included all the same (`totals/count.py`)
    - `contradicted`: the records, as they were counted, of clusters whose last event came again with others (`totals/repeats.py`)
    - `dead_letters`: current dead letters by source and reason code; None where they are not known
    - `review`: the open pairs of the review queue; None where they are not known
    """

    counters: Counters
    topic: str
    positions: dict[int, int] = {}
    time: int = 0
    complete: bool = True
    missing: int = 0
    repeated: int = 0
    unread: int = 0
    behind: int | None = None
    topics_since: int = 0
    included: list[str] = []
    contradicted: dict[str, list[str]] = {}
    dead_letters: dict[str, dict[str, int]] | None = None
    review: ReviewQueue | None = None
    format: int = _FORMAT


class Lease(NamedTuple):
    """The answer to a process that asks for the lease; `snapshot` is None where there are no totals yet."""

    held: bool
    snapshot: Snapshot | None = None


class TotalsStore:
    """Reads and writes the totals of one namespace. Not safe for use from two threads at once."""

    def __init__(self, namespace: str, connection: Connection, lease_seconds: float = LEASE_SECONDS) -> None:
        """Use a connection; a process that takes the lease has it for `lease_seconds` unless it writes."""
        self._key = totals_key(namespace)
        self._connection = connection
        self._lease_ms = round(lease_seconds * 1000)
        self._registered = False

    def take(self, token: str) -> Lease:
        """Take the lease or renew it; return the totals with it. Raises RedisError, StateError for totals of another version."""
        if not self._registered:
            self._connection.register(HOLD, WRITE)
            self._registered = True
        (reply,) = self._connection.execute([HOLD.call((self._key,), (token, self._lease_ms))])
        held, value = reply
        return Lease(bool(held), _decoded(value))

    def write(self, token: str, snapshot: Snapshot, *, release: bool = False) -> bool:
        """Write the totals and renew the lease, or give it back; return False where another process has it. Raises RedisError."""
        value = msgspec.msgpack.encode(snapshot)
        (done,) = self._connection.execute([WRITE.call((self._key,), (token, 0 if release else self._lease_ms, value))])
        return bool(done)

    def replace(self, snapshot: Snapshot) -> None:
        """Write totals that were counted; the process that keeps the totals loses its lease, and then reads these."""
        value = msgspec.msgpack.encode(snapshot)
        self._connection.execute([Command(self._key, ("HSET", self._key, "value", value, "holder", "", "until", 0))])

    def read(self) -> Snapshot | None:
        """Return the totals as they were last written, None where there are none. Raises RedisError, StateError."""
        return _decoded(self._connection.call("HGET", self._key, "value"))


def _decoded(value: bytes | None) -> Snapshot | None:
    if not value:
        return None
    try:
        snapshot = msgspec.msgpack.decode(value, type=Snapshot)
    except msgspec.MsgspecError as error:
        raise StateError(f"the totals in Redis cannot be read: {error}") from error
    if snapshot.format != _FORMAT:
        raise StateError(f"the totals in Redis have format {snapshot.format}, this version knows {_FORMAT}")
    return snapshot
