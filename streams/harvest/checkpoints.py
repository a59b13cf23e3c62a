"""Checkpoints and states of harvesters. Owns the topic `harvest.checkpoints`: compacted, one partition.

| key           | value                                                                | written                               |
|---------------|----------------------------------------------------------------------|---------------------------------------|
| `feed`        | a `Checkpoint`, JSON: what is harvested (200 bytes, 60 more a shard) | after Kafka has every record of it    |
| `feed#state`  | a `State`, JSON: what its harvester does (300 bytes)                 | each 30 s while it works, at its end  |
| `feed#holder` | a `Holder` of `streams/harvest/claim.py`, JSON: which process has it | each 5 s while one has it, at its end |

A feed is the name of a source, with its sets or its search after a colon. A checkpoint has days, releases and names of shards,
never a token of a server: tokens expire. The topic keeps the last message of each key. On the embedded broker topics end with
it, and so do checkpoints.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, Literal, TypeVar

import msgspec

from streams.errors import BrokerError
from streams.events import Outgoing
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.reader import read_between, reported_extents
from streams.kafka.refusal import explained
from streams.kafka.topics import CHECKPOINTS
from streams.settings import Settings

__all__ = ["Checkpoint", "CheckpointStore", "State", "read_states", "states_of"]

T = TypeVar("T")

_SUFFIX = "#state"
_SECONDS = 30.0


class Checkpoint(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is harvested of a feed.

    - `since`, `done`: the first and the last day, or the release that is applied as a whole (`done` alone)
    - `target`: the release, or the step from one to the next, that is being applied, and `parts`: the names of its shards that are
    - `pending`: windows of days before `done` that failed and are asked for again, each `since/until`
    - `newest`: the latest day that a payload was of, as the source says it
    - `time`: Unix time in seconds
    """

    feed: str
    since: str = ""
    done: str = ""
    target: str = ""
    parts: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    newest: str = ""
    time: float = 0.0


class State(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the harvester of a feed does.

    `working`, `waiting` for its next pass, `failed` (and waiting, if `follows`), `ended`. `detail` says more to people. `success`
    is when a pass last found everything due harvested; `time` when this was written; Unix time in seconds. `records` are
    those published since it started.
    """

    feed: str
    state: Literal["working", "waiting", "failed", "ended"]
    detail: str = ""
    follows: bool = False
    success: float = 0.0
    time: float = 0.0
    records: int = 0
    checkpoint: Checkpoint | None = None


class CheckpointStore:
    """Reads and writes the checkpoint and the state of one feed, by the publisher of its harvester."""

    def __init__(self, settings: Settings, feed: str, publisher: Publisher | None) -> None:
        """Take a publisher, None to write nothing."""
        self._settings = settings
        self._feed = feed
        self._publisher = publisher

    async def read(self) -> State:
        """Return the last state of the feed, with its checkpoint; an empty one before its first. Raises BrokerError."""
        values = await _last_values(self._settings)
        state = _decoded(values.get(f"{self._feed}{_SUFFIX}".encode()), State) or State(self._feed, "ended")
        checkpoint = _decoded(values.get(self._feed.encode()), Checkpoint) or Checkpoint(self._feed)
        return msgspec.structs.replace(state, checkpoint=checkpoint)

    async def write(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint; return when Kafka has acknowledged it. Raises BrokerError."""
        await self._write(self._feed, checkpoint)

    async def write_state(self, state: State) -> None:
        """Write a state; return when Kafka has acknowledged it. Raises BrokerError."""
        await self._write(self._feed + _SUFFIX, state)

    async def _write(self, key: str, value: Checkpoint | State) -> None:
        if self._publisher is not None:
            await self._publisher.publish([Outgoing(CHECKPOINTS, key.encode(), msgspec.json.encode(value))])


async def read_states(settings: Settings) -> list[State]:
    """Return the state of every feed that was ever harvested, each with its checkpoint, by name. Raises BrokerError.

    None where there is no topic of checkpoints.
    """
    return states_of(await _last_values(settings))


def states_of(values: Mapping[bytes, bytes]) -> list[State]:
    """Return the states in the last values of the topic by key, by name of their feeds, each with its checkpoint.

    A message of another version of Streams that cannot be read is left out.
    """
    found = []
    for key, value in sorted(values.items()):
        if key.endswith(_SUFFIX.encode()) and (state := _decoded(value, State)) is not None:
            checkpoint = _decoded(values.get(key.removesuffix(_SUFFIX.encode())), Checkpoint)
            found.append(msgspec.structs.replace(state, checkpoint=checkpoint))
    return found


def _decoded(value: bytes | None, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(value, type=kind) if value else None
    except msgspec.MsgspecError:
        return None


async def _last_values(settings: Settings) -> dict[bytes, bytes]:
    """Return the last value of each key; the embedded broker reports the end rightly, as each message was sent alone."""
    kafka = KafkaConnection.of(settings)
    found: dict[bytes, bytes] = {}
    try:
        async with asyncio.timeout(_SECONDS), aclosing(_messages(settings)) as messages:
            async for message in messages:
                if message.key and message.value:
                    found[message.key] = message.value
    except TimeoutError as error:
        raise explained(kafka, "cannot be read", error) from error
    return found


async def _messages(settings: Settings) -> AsyncGenerator[Any, None]:
    kafka = KafkaConnection.of(settings)
    try:
        known = await reported_extents(kafka, [settings.topic_prefix + CHECKPOINTS])
    except OSError as error:
        raise BrokerError(str(error)) from error
    async for message in read_between(kafka, known):
        yield message
