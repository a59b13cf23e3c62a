"""The last heartbeat of each worker. Keys `N:h:worker` of `state/layout.py`.

| key          | value                                                       |
|--------------|-------------------------------------------------------------|
| `N:h:worker` | a `Heartbeat`, JSON (~1 kB, 80 bytes more for each partition) |

A worker writes it every second by one `SET`, and Redis removes it 15 seconds after the last one. The names of the workers are those
that have a lease on the index version (`state/fence.py`), so no keys are searched for. A worker that waits outside for the end of a
rebuild is not among them.
"""

from __future__ import annotations

import msgspec

from streams.state.connection import Command, Connection
from streams.state.layout import heartbeat_key, meta_key

__all__ = ["EXPIRE_SECONDS", "Heartbeat", "HeartbeatStore", "PartitionLag"]

EXPIRE_SECONDS = 15
_WORKER = b"worker:"


class PartitionLag(msgspec.Struct):
    """A partition that a worker has.

    `position` is the next offset to handle, None before it is known; `messages` wait, the oldest of them for `seconds`.
    """

    topic: str
    partition: int
    position: int | None
    messages: int
    seconds: float


class Heartbeat(msgspec.Struct):
    """What a worker says of itself.

    - `worker`: its id; `address`: `host:port` of its HTTP pages; `time`, `started`: Unix time in seconds
    - `ready`, and where it is not, the `reasons`
    - `messages`: messages handled since it started; `decided`: pairs of records decided, `duplicates` of them duplicates
    - `latency_counts`: messages by the time from the broker's append to the decision, one count for each of `latency_bounds`
      (seconds, not above) and one beyond the last
    - `partitions`: those assigned to it, topics without the prefix
    - `rejected`: dead letters written since it started; 0 also for a worker of a version that does not count them
    """

    worker: str
    address: str
    version: str
    ruleset: str
    generation: str
    time: float
    started: float
    ready: bool
    reasons: list[str]
    messages: int
    decided: int
    duplicates: int
    latency_bounds: list[float]
    latency_counts: list[int]
    partitions: list[PartitionLag]
    rejected: int = 0


class HeartbeatStore:
    """Reads and writes the heartbeats of an index version. Not safe for use from two threads at once."""

    def __init__(self, namespace: str, generation: str, connection: Connection) -> None:
        self._namespace = namespace
        self._generation = generation
        self._connection = connection

    def write(self, heartbeat: Heartbeat) -> None:
        """Store the heartbeat of a worker in place of its last one. Raises RedisError."""
        key = self._key(heartbeat.worker)
        value = msgspec.json.encode(heartbeat)
        self._connection.execute([Command(key, ("SET", key, value, "EX", EXPIRE_SECONDS))])

    def delete(self, worker: str) -> None:
        """Delete the heartbeat of a worker that stops. Raises RedisError."""
        key = self._key(worker)
        self._connection.execute([Command(key, ("DEL", key))])

    def read(self) -> list[Heartbeat]:
        """Return the heartbeats of the last 15 seconds, by the ids of the workers. Raises RedisError.

        One that another version of Streams wrote in another form is left out.
        """
        meta = meta_key(self._namespace, self._generation)
        (fields,) = self._connection.execute([Command(meta, ("HKEYS", meta))])
        names = sorted(field.removeprefix(_WORKER).decode() for field in fields if field.startswith(_WORKER))
        keys = [self._key(name) for name in names]
        replies = self._connection.execute([Command(key, ("GET", key)) for key in keys])
        return [found for reply in replies if reply and (found := _decoded(reply)) is not None]

    def _key(self, worker: str) -> bytes:
        return heartbeat_key(self._namespace, self._generation, worker)


def _decoded(value: bytes) -> Heartbeat | None:
    try:
        return msgspec.json.decode(value, type=Heartbeat)
    except msgspec.MsgspecError:
        return None
