"""The topic `dedup.control`: which state publishes to the topics of this installation.

One partition, one key, compacted. A message names a state and the one it replaces, `""` for none. The first message is in
force, and after it each one that replaces the one in force: so of two workers that name two states at the same time both find
the same one, and the other is refused (`streams/worker/identity.py`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any

import msgspec

from streams.events import CLUSTERS, CONTROL, EVENTS, Outgoing
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.reader import END_HEADER, read_between, reported_extents
from streams.kafka.refusal import explained
from streams.settings import Settings

__all__ = ["in_time", "name_state", "named_state", "tell_of_a_life"]

_KEY = b"state"
_SECONDS = 30.0


class _Named(msgspec.Struct):
    """A message of `dedup.control`. `time` is Unix time in seconds, for people."""

    state: str
    replaces: str = ""
    time: int = 0


async def named_state(settings: Settings) -> str:
    """Return the id of the state that publishes to the topics, `""` where none was named. Raises BrokerError."""
    current = ""
    decoder = msgspec.json.Decoder(_Named)
    for value in await _control_messages(settings):
        try:
            named = decoder.decode(value)
        except msgspec.MsgspecError:
            continue
        if not current or named.replaces == current:
            current = named.state
    return current


async def name_state(settings: Settings, state: str, replaces: str = "") -> str:
    """Name the state that publishes to the topics; return the one in force, which may be another worker's.

    Raises BrokerError.
    """
    async with Publisher(KafkaConnection.of(settings), settings.topic_prefix) as publisher:
        await publisher.publish([_message(state, replaces)])
        current = await named_state(settings)
        if current != state:  # compaction keeps the last message, which must not be ours
            await publisher.publish([_message(current, "")])
    return current


async def tell_of_a_life(settings: Settings) -> bool:
    """Return whether any cluster was ever published that the topics still know of. Raises BrokerError."""
    async with in_time(settings), aclosing(_read(settings, [CLUSTERS, EVENTS])) as messages:
        async for message in messages:
            if END_HEADER not in dict(message.headers):
                return True
    return False


async def _control_messages(settings: Settings) -> list[bytes]:
    """Return the values in `dedup.control`, in order; the embedded broker tells its end rightly, as each was sent alone."""
    async with in_time(settings):
        return [message.value async for message in _read(settings, [CONTROL]) if message.key == _KEY and message.value]


async def _read(settings: Settings, names: Sequence[str]) -> AsyncGenerator[Any, None]:
    """Yield the messages of topics, by their names without the prefix. Raises BrokerError."""
    kafka = KafkaConnection.of(settings)
    known = await reported_extents(kafka, [settings.topic_prefix + name for name in names])
    async for message in read_between(kafka, known):
        yield message


@asynccontextmanager
async def in_time(settings: Settings) -> AsyncIterator[None]:
    """Raise BrokerError where the block, a read of a short topic, takes longer than 30 seconds."""
    try:
        async with asyncio.timeout(_SECONDS):
            yield
    except TimeoutError as error:
        raise explained(KafkaConnection.of(settings), "cannot be read", error) from error


def _message(state: str, replaces: str) -> Outgoing:
    return Outgoing(CONTROL, _KEY, msgspec.json.encode(_Named(state, replaces, int(time.time()))))
