"""Redrive dead letters or delete them; write and read the two headers of a payload that is redriven.

| header             | value                                                                                |
|--------------------|--------------------------------------------------------------------------------------|
| `streams-retry-of` | the origin of the letter that is redriven                                            |
| `streams-arrival`  | its arrival order among the messages about a record (`records/version.py`), a number     |

A payload that is redriven is as old as it was. Ordered by the time of the redrive it would undo what its source has sent
about the record since; so it keeps its arrival order.

The payload is published first, and the letter deleted when the broker has acknowledged that: a crash in between leaves the
letter, and a second redrive changes nothing. A payload with several bad items is one message, so all its letters are
deleted together; the items that are still bad become new letters with the new origin.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from streams.engine.prepare import CORRECTIONS
from streams.errors import UsageError
from streams.kafka.connection import KafkaConnection, started
from streams.kafka.dead_letters import Content, Letter, contents, topic_of_letters
from streams.kafka.reader import read_one
from streams.kafka.refusal import explaining
from streams.kafka.topics import record_topic
from streams.records.chunks import chunks
from streams.settings import Settings
from streams.sources import MAX_PAYLOAD, SOURCES

__all__ = ["ARRIVAL", "RETRY_OF", "Outcome", "drop", "retried", "retry", "retry_headers"]

RETRY_OF, ARRIVAL = "streams-retry-of", "streams-arrival"

_ORIGIN = re.compile(r"(?P<topic>[^:]+):(?P<partition>\d+):(?P<offset>\d+)")
_CHUNK, _CHUNK_BYTES = 500, 32 * 1024 * 1024
_BATCH_BYTES = 512 * 1024

Headers = Iterable[tuple[str, bytes]]


class Outcome(NamedTuple):
    """The outcome of redriving one message: its letters, and the topic it was sent to or why it was not."""

    letters: Sequence[Letter]
    topic: str = ""
    problem: str = ""


def retry_headers(origin: str, arrival: int) -> list[tuple[str, bytes]]:
    """Return the headers with which the payload of a dead letter is sent again to its topic.

    `origin` names the dead letter; `arrival` is when the broker first stored the message (Unix time in ms), 0 if not known.
    """
    headers = [(RETRY_OF, origin.encode("utf-8", "replace"))]
    return [*headers, (ARRIVAL, str(arrival).encode())] if arrival else headers


def retried(headers: Headers) -> tuple[str, int]:
    """Return the origin of the letter that a message redrives, and its arrival order; `("", 0)` for any other message."""
    found = dict(headers)
    if RETRY_OF not in found:
        return "", 0
    arrival = found.get(ARRIVAL) or b""
    return found[RETRY_OF].decode("utf-8", "replace"), int(arrival) if arrival.isdigit() and len(arrival) < 21 else 0


async def retry(
    settings: Settings,
    letters: Sequence[Letter],
    chosen: Iterable[Letter],
    *,
    to: str = "",
    on_done: Callable[[Outcome], None] = lambda _: None,
) -> list[Outcome]:
    """Send the payloads of `chosen` to the topic of their source, or of the source `to`, and delete the letters.

    `letters` are all current ones, for a message's other letters are deleted with it. `on_done` is called as each
    message is done. Raises UsageError for an unknown `to`, BrokerError where Kafka cannot be used.
    """
    if to and to not in SOURCES:
        raise UsageError(f"unknown source {to!r}; known: {', '.join(SOURCES)}")
    waiting: dict[str, list[Letter]] = {letter.origin: [] for letter in chosen}
    for letter in letters:
        if letter.origin in waiting:
            waiting[letter.origin].append(letter)
    outcomes: list[Outcome] = []

    def done_with(outcome: Outcome) -> None:
        outcomes.append(outcome)
        on_done(outcome)

    async with _producer(settings) as producer:
        async for chunk in _chunks(contents(settings, [members[0] for members in waiting.values()])):
            done = await asyncio.gather(*(_resend(settings, producer, letter, found, to) for letter, found in chunk))
            whole = [outcome._replace(letters=waiting.pop(outcome.letters[0].origin)) for outcome in done]
            sent = [letter for outcome in whole if not outcome.problem for letter in outcome.letters]
            await _delete(settings, producer, sent)
            for outcome in whole:
                done_with(outcome)
    for members in waiting.values():
        done_with(Outcome(members, problem="was deleted or replaced meanwhile"))
    return outcomes


async def drop(settings: Settings, letters: Sequence[Letter]) -> None:
    """Delete letters without sending their payloads. Raises BrokerError."""
    async with _producer(settings) as producer:
        for chunk in chunks(letters, _CHUNK):
            await _delete(settings, producer, chunk)


async def _resend(settings: Settings, producer: AIOKafkaProducer, letter: Letter, found: Content, to: str) -> Outcome:
    source = to or letter.source
    if CORRECTIONS in (source, letter.source):
        return Outcome((letter,), problem="a correction is decided once; send a new one with `streams correct`")
    if source not in SOURCES:
        return Outcome((letter,), problem=f"no source is called {source!r}; name one with --to")
    origin = _ORIGIN.fullmatch(letter.origin)
    key, payload = found.key, found.payload
    if letter.truncated:
        original = origin and await read_one(KafkaConnection.of(settings), origin[1], int(origin[2]), int(origin[3]))
        if not original:
            return Outcome((letter,), problem=f"only {len(payload)} of its {letter.size} bytes are left")
        key, payload = original.key or b"", original.value or b""
    target = record_topic(settings, source)
    # Messages with one key belong in one partition, which the client that sent the first one has chosen.
    partition = int(origin[2]) if origin and origin[1] == target else None
    try:
        await _send(producer, target, key, payload, partition, retry_headers(letter.origin, letter.arrival))
    except KafkaError as error:
        return Outcome((letter,), problem=f"Kafka did not take it: {str(error) or type(error).__name__}")
    return Outcome((letter,), target)


@asynccontextmanager
async def _producer(settings: Settings) -> AsyncIterator[AIOKafkaProducer]:
    """Yield a producer of payloads and tombstones. Raises BrokerError."""
    kafka = KafkaConnection.of(settings)
    producer = AIOKafkaProducer(
        acks="all",
        linger_ms=5,
        max_batch_size=_BATCH_BYTES,
        max_request_size=2 * MAX_PAYLOAD,  # the broker is the judge of what is too large
        **kafka.client("dead-letters"),
    )
    async with started(producer, kafka):
        yield producer


async def _send(
    producer: AIOKafkaProducer,
    topic: str,
    key: bytes,
    value: bytes | None,
    partition: int | None,
    headers: Sequence[tuple[str, bytes]] = (),
) -> None:
    """Send one message, to its key's partition where none, or one that does not exist, is given; return when it is acknowledged.

    Raises KafkaError.
    """
    if partition not in await producer.partitions_for(topic):
        partition = None
    await producer.send_and_wait(topic, value, key=key or None, partition=partition, headers=list(headers))


async def _delete(settings: Settings, producer: AIOKafkaProducer, letters: Sequence[Letter]) -> None:
    """Write a tombstone for each letter, in the letter's own partition. Raises BrokerError."""
    topic, places = topic_of_letters(settings), dict.fromkeys((letter.id, letter.place[0]) for letter in letters)
    with explaining(KafkaConnection.of(settings), "did not accept the messages"):
        await asyncio.gather(*(_send(producer, topic, name.encode(), None, partition) for name, partition in places))


async def _chunks(items: AsyncIterator[tuple[Letter, Content]]) -> AsyncIterator[list[tuple[Letter, Content]]]:
    """Yield items in chunks of bounded number and size, for they are held in memory."""
    chunk: list[tuple[Letter, Content]] = []
    held = 0
    async for item in items:
        chunk.append(item)
        held += len(item[1].payload)
        if len(chunk) >= _CHUNK or held >= _CHUNK_BYTES:
            yield chunk
            chunk, held = [], 0
    if chunk:
        yield chunk
