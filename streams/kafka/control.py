"""The topic `dedup.control`: which state publishes to the topics of this installation.

One partition, one key, compacted. A message names a state and the one it replaces, `""` for none. The first message is in
force, and after it each one that replaces the one in force: so of two workers that name two states at the same time both find
the same one, and the other is refused (`streams/worker/identity.py`).
"""

from __future__ import annotations

import asyncio
import time

import msgspec
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from streams.events import CLUSTERS, CONTROL, EVENTS, Outgoing
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.reader import END_HEADER, existing_places, plain_consumer
from streams.kafka.refusal import explained
from streams.settings import Settings

__all__ = ["name_state", "named_state", "tell_of_a_life"]

_KEY = b"state"
_POLL_MS = 200
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
    topics = [settings.topic_prefix + name for name in (CLUSTERS, EVENTS)]
    try:
        places = await existing_places(KafkaConnection.of(settings), topics)
        if not places:
            return False
        async with plain_consumer(KafkaConnection.of(settings)) as consumer, asyncio.timeout(_SECONDS):
            ends = await consumer.end_offsets(places)
            filled = [place for place in places if ends[place] > 0]
            consumer.assign(filled)
            for place in filled:
                consumer.seek(place, 0)
            while filled:
                for messages in (await consumer.getmany(timeout_ms=_POLL_MS)).values():
                    if any(END_HEADER not in dict(message.headers) for message in messages):
                        return True
                filled = [place for place in filled if await consumer.position(place) < ends[place]]
            return False
    except (KafkaError, TimeoutError) as error:
        raise explained(KafkaConnection.of(settings), "cannot be read", error) from error


async def _control_messages(settings: Settings) -> list[bytes]:
    """Return the values in `dedup.control`, in order; the embedded broker tells its end rightly, as each was sent alone."""
    place = TopicPartition(settings.topic_prefix + CONTROL, 0)
    found: list[bytes] = []
    try:
        async with plain_consumer(KafkaConnection.of(settings)) as consumer, asyncio.timeout(_SECONDS):
            if place.topic not in await consumer.topics():
                return []
            end = (await consumer.end_offsets([place]))[place]
            consumer.assign([place])
            consumer.seek(place, 0)
            while end and await consumer.position(place) < end:
                for messages in (await consumer.getmany(timeout_ms=_POLL_MS)).values():
                    found += [message.value for message in messages if message.key == _KEY and message.value]
    except (KafkaError, TimeoutError) as error:
        raise explained(KafkaConnection.of(settings), "cannot be read", error) from error
    return found


def _message(state: str, replaces: str) -> Outgoing:
    return Outgoing(CONTROL, _KEY, msgspec.json.encode(_Named(state, replaces, int(time.time()))))
