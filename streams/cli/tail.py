"""`streams tail`: subscribe to a topic that Streams publishes and print its messages as JSON lines."""

from __future__ import annotations

import asyncio
import contextlib

import orjson
import typer

from streams import events
from streams.kafka.connection import KafkaConnection
from streams.kafka.reader import follow
from streams.settings import Settings

__all__ = ["TOPICS", "tail_topic"]

TOPICS = {
    "decisions": events.DECISIONS,
    "events": events.EVENTS,
    "clusters": events.CLUSTERS,
    "review": events.REVIEWS,
    "dead-letter": events.DEAD_LETTER,
}


def tail_topic(settings: Settings, what: str, *, from_beginning: bool, most: int | None) -> None:
    """Print the messages of a topic until Ctrl-C, or until `most` were printed."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_tail(settings, what, from_beginning=from_beginning, most=most))


async def _tail(settings: Settings, what: str, *, from_beginning: bool, most: int | None) -> None:
    count = 0
    topic = settings.topic_prefix + TOPICS[what]
    stream = follow(KafkaConnection.of(settings), [topic], from_beginning=from_beginning)
    async for message in stream:
        typer.echo(_line(what, message.key, message.value, message.headers))
        count += 1
        if most is not None and count >= most:
            break
    await stream.aclose()  # type: ignore[attr-defined]


def _line(what: str, key: bytes, value: bytes | None, headers: tuple[tuple[str, bytes], ...]) -> str:
    if value is None:
        name = "letter" if what == "dead-letter" else "cluster_id"
        return orjson.dumps({name: key.decode("utf-8", "replace"), "tombstone": True}).decode()
    if what == "dead-letter":
        return orjson.dumps(events.dead_letter_fields(value, headers)).decode()
    return value.decode()
