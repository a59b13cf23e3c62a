"""Send payloads from files to the topics of their sources."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence

from streams.events import Outgoing
from streams.feed_files.chunks import MOST_PAYLOADS, Chunk
from streams.feed_files.journal import Mark
from streams.feed_files.payloads import Payload
from streams.kafka.producer import Publisher
from streams.kafka.topics import RECORDS
from streams.records.chunks import chunks

__all__ = ["send", "send_chunks"]


async def send(publisher: Publisher, payloads: Iterable[Payload]) -> AsyncIterator[int]:
    """Publish payloads in chunks; yield how many were acknowledged so far. Raises BrokerError."""
    sent = 0
    for chunk in chunks(payloads, MOST_PAYLOADS):
        await publisher.publish(list(map(_message, chunk)))
        sent += len(chunk)
        yield sent


async def send_chunks(
    publisher: Publisher, read: Iterator[Chunk], acknowledged: Callable[[Sequence[Mark]], None]
) -> AsyncIterator[Chunk]:
    """Publish chunks one after the other, while the next one is read in a thread; yield those that were acknowledged.

    `acknowledged` is called with the marks of a chunk when Kafka has all of its payloads. Raises BrokerError, and what `read`
    raises.
    """
    ahead = _read_next(read)
    try:
        while (chunk := await ahead) is not None:
            ahead = _read_next(read)
            await publisher.publish(list(map(_message, chunk.payloads)))
            acknowledged(chunk.marks)
            yield chunk
    finally:
        ahead.cancel()


def _read_next(read: Iterator[Chunk]) -> asyncio.Task[Chunk | None]:
    return asyncio.create_task(asyncio.to_thread(next, read, None))


def _message(payload: Payload) -> Outgoing:
    return Outgoing(RECORDS + payload.source, payload.key, payload.value or None)
