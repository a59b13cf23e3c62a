"""The dead letters of a scenario, and what is known of those that are missing or should not be there."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import closing

from streams import events
from streams.kafka.connection import KafkaConnection
from streams.kafka.dead_letters import contents, standing
from streams.kafka.reader import read_to_now
from streams.kafka.topics import input_topics, source_of
from streams.settings import Settings
from streams.state.connection import connect
from streams.state.correction_log import CorrectionLog
from streams.state.layout import Layout
from tests.system.harvester import LAST

__all__ = ["Letter", "astray", "read_letters"]

Letter = tuple[str, bytes, bytes]
"""Source, key and payload of the message."""


async def read_letters(settings: Settings) -> set[Letter]:
    """Those that stand, but for the ends of partitions."""
    found = {(letter.source, c.key, c.payload) async for letter, c in contents(settings, await standing(settings))}
    return {letter for letter in found if letter[1:] != (LAST, LAST)}


async def astray(settings: Settings, due: Collection[Letter], found: Collection[Letter]) -> str:
    """Which are not `found` or not `due`, whether a second reading says the same, and what the topics hold."""
    wrong = set(due) ^ set(found)
    again = await read_letters(settings)
    lines = [
        f"missing: {_short(set(due) - set(found))}, read again: {_short(set(due) - again)}",
        f"not due: {_short(set(found) - set(due))}",
        f"verdicts: {_verdicts(settings)}",
    ]
    parts = {part for letter in wrong for part in letter[1:]}
    dead = settings.topic_prefix + events.DEAD_LETTER
    feeds = {
        topic for topic in input_topics(settings) if source_of(settings, topic) in {source for source, *_ in wrong}
    }
    async for message in read_to_now(KafkaConnection.of(settings), [dead, *feeds]):
        size = len(message.value or b"")
        if message.topic == dead or not parts.isdisjoint((message.key or b"", message.value or b"")):
            place = f"{message.topic}:{message.partition}:{message.offset}"
            lines.append(f"{place} at {message.timestamp}: {message.key!r}, {size} bytes, {message.headers}")
    return "\n".join(lines)


def _verdicts(settings: Settings) -> list[tuple[int, str, str]]:
    layout = Layout(settings.namespace, settings.generation, settings.buckets)
    with closing(connect(settings)) as connection:
        return [(found.serial, str(found.correction), found.code) for found in CorrectionLog(layout, connection).all()]


def _short(letters: Collection[Letter]) -> list[tuple[str, bytes, int]]:
    return sorted((source, key[:100], len(payload)) for source, key, payload in letters)
