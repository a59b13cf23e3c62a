"""The states of the endpoints in Redis, and the lease of the process that sends. Key `namespace:webhooks` of `state/layout.py`.

| field          | value                                                                                                     |
|----------------|-----------------------------------------------------------------------------------------------------------|
| `state:NAME`   | an `EndpointState`, JSON (~500 bytes): counts, retries, why it is off, and the positions for readers        |
| `parked:NAME`  | the events that are parked (`parking.py`), a list in JSON of at most 1,000 (~200 bytes each)              |
| `enable:NAME`  | Unix seconds of the last `streams webhooks enable NAME`; so `redeliver:NAME`, `discard:NAME`              |
| `holder`       | token of the process that sends                                                                           |
| `until`        | when its lease ends unless it is renewed, the server's time in ms                                         |

The position of an endpoint is the committed offset of its consumer group in Kafka. The state adds what Kafka does not keep: how
often the event at the position was sent, and when it is due again. It is written once a second, so a kill at any moment loses one
attempt of the count. Positions are there for readers, and for a group that Kafka has deleted, as it does a week after the last
commit of a group without members.

Only the holder of the lease writes states and what is parked. What a person asks for has a field of its own, which the holder reads
every second.
A state of an endpoint that is in no file any more stays until `streams webhooks remove`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from streams.state.connection import Command, Connection, Script
from streams.state.layout import webhooks_key
from streams.webhooks.parking import Parked
from streams.webhooks.schedule import Retry

__all__ = ["LEASE_SECONDS", "Asked", "EndpointState", "Lease", "StateStore", "read_states"]

_NONE: Mapping[str, bytes] = MappingProxyType({})

LEASE_SECONDS = 10.0
_STATE, _PARKED = b"state:", b"parked:"
_PARKED_LIST = msgspec.json.Decoder(list[Parked])
WRITE = Script(Path(__file__).parent / "write_states.lua")


class EndpointState(msgspec.Struct):
    """An endpoint as the process that sends last wrote it. Times are Unix seconds, 0 where it never was.

    - `status`: `sending` (nothing is wrong), `retrying` (the last attempt failed), `off` (turned off after failures, or by 410),
      `disabled` (by the file), `waiting` (Kafka cannot be read); `reason` says why where it is none of the first
    - `origin`: scheme, host and port of its URL
    - `positions`: the next offset to send, by partition; `lag`: messages behind, None where the broker does not say;
      `lag_seconds`: age of the oldest event that waits for its answer
    - `taken`, `failed`, `given_up`: events that it took, attempts that failed, parked events that are not sent again
    - `parked`: events that are parked now
    - `retries`: by partition, the event that was not taken and is sent again
    - `failing_since`: first failure since it took an event; `off_since`: when it was turned off
    - `enabled_at`, `redelivered_at`, `discarded_at`: the last time that a person asked for it, as far as it was carried out
    """

    name: str
    origin: str = ""
    status: str = "sending"
    reason: str = ""
    time: float = 0.0
    positions: dict[int, int] = {}
    lag: int | None = None
    lag_seconds: float = 0.0
    taken: int = 0
    failed: int = 0
    given_up: int = 0
    parked: int = 0
    retries: dict[int, Retry] = {}
    last_taken: float = 0.0
    last_failed: float = 0.0
    failing_since: float = 0.0
    off_since: float = 0.0
    enabled_at: float = 0.0
    redelivered_at: float = 0.0
    discarded_at: float = 0.0


class Asked(NamedTuple):
    """When a person last asked for something of an endpoint, Unix seconds, 0 for never."""

    enable: float = 0.0
    redeliver: float = 0.0
    discard: float = 0.0


class Lease(msgspec.Struct, frozen=True):
    """The answer to a process that asks for the lease: whether it has it, and whether it had it all the time."""

    held: bool
    renewed: bool = False


class StateStore:
    """Reads and writes the states of one namespace. Not safe for use from two threads at once."""

    def __init__(self, namespace: str, connection: Connection, lease_seconds: float = LEASE_SECONDS) -> None:
        """Use a connection; a process that takes the lease has it for `lease_seconds` unless it writes."""
        self._key = webhooks_key(namespace)
        self._connection = connection
        self._lease_ms = round(lease_seconds * 1000)
        self._registered = False

    def write(
        self, token: str, states: Mapping[str, bytes], parked: Mapping[str, bytes] = _NONE, *, release: bool = False
    ) -> Lease:
        """Take or renew the lease, or give it back, and write states and what is parked where the caller had it.

        Raises RedisError.
        """
        if not self._registered:
            self._connection.register(WRITE)
            self._registered = True
        pairs = [part for name, value in states.items() for part in (_STATE + name.encode(), value)]
        pairs += [part for name, value in parked.items() for part in (_PARKED + name.encode(), value)]
        (said,) = self._connection.execute(
            [WRITE.call((self._key,), (token, 0 if release else self._lease_ms, *pairs))]
        )
        return Lease(bool(said), said == 1)

    def read(self) -> dict[str, EndpointState]:
        """Return the states by name. One that another version wrote in another form is left out. Raises RedisError."""
        fields = self._fields()
        found = {name: _decoded(value) for name, value in fields.items() if name.startswith(_STATE)}
        return {name.removeprefix(_STATE).decode(): state for name, state in sorted(found.items()) if state is not None}

    def parked(self, name: str) -> list[Parked]:
        """Return the events that are parked of an endpoint. Raises RedisError."""
        (reply,) = self._connection.execute([Command(self._key, ("HGET", self._key, _PARKED + name.encode()))])
        try:
            return _PARKED_LIST.decode(reply) if reply else []
        except msgspec.MsgspecError:  # of another version
            return []

    def asked(self, names: Sequence[str]) -> dict[str, Asked]:
        """Return what people asked for, by endpoint. Raises RedisError."""
        if not names:
            return {}
        fields = [_asked_field(what, name) for name in names for what in Asked._fields]
        (reply,) = self._connection.execute([Command(self._key, ("HMGET", self._key, *fields))])
        moments = iter([float(value or 0) for value in reply])
        return {name: Asked(*islice(moments, len(Asked._fields))) for name in names}

    def enable(self, name: str, now: float | None = None) -> None:
        """Ask the process that sends to turn an endpoint on, and to try at once. Raises RedisError."""
        self._ask("enable", name, now)

    def redeliver(self, name: str, now: float | None = None) -> None:
        """Ask the process that sends to send what is parked again. Raises RedisError."""
        self._ask("redeliver", name, now)

    def discard(self, name: str, now: float | None = None) -> None:
        """Ask the process that sends to give up what is parked now. Raises RedisError."""
        self._ask("discard", name, now)

    def _ask(self, what: str, name: str, now: float | None) -> None:
        moment = repr(time.time() if now is None else now)
        self._connection.execute([Command(self._key, ("HSET", self._key, _asked_field(what, name), moment))])

    def remove(self, name: str) -> bool:
        """Delete what is kept of an endpoint; return whether there was something. Raises RedisError."""
        fields = [
            _STATE + name.encode(), _PARKED + name.encode(), *(_asked_field(what, name) for what in Asked._fields)
        ]  # fmt: skip
        (count,) = self._connection.execute([Command(self._key, ("HDEL", self._key, *fields))])
        return bool(count)

    def _fields(self) -> dict[bytes, bytes]:
        (reply,) = self._connection.execute([Command(self._key, ("HGETALL", self._key))])
        if isinstance(reply, dict):
            return reply
        return dict(zip(reply[::2], reply[1::2], strict=True))


def read_states(namespace: str, connection: Connection) -> tuple[EndpointState, ...]:
    """Return the states of all endpoints by name, for the API, the page and the command line. Raises RedisError."""
    return tuple(StateStore(namespace, connection).read().values())


def _asked_field(what: str, name: str) -> bytes:
    return f"{what}:{name}".encode()


def _decoded(value: bytes) -> EndpointState | None:
    try:
        return msgspec.json.decode(value, type=EndpointState)
    except msgspec.MsgspecError:
        return None
