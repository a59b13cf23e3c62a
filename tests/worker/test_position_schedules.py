"""Why a partition is read from the lesser of two positions: both schedules of ADR 29, with the lesser and with either one alone.

The real engine processes a partition on a real Redis, from where each rule says that reading begins.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from streams.engine.engine import Engine
from streams.engine.messages import Incoming
from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.progress import Step
from streams.worker.read_positions import ReadPositions
from tests.engine.worlds import CONTENTS, handle, message, stored_partition

PLACE = ("records.document", 0)
Rule = Callable[[int | None, int], int]


def lesser(committed: int | None, stored: int) -> int:
    """Return where a new worker begins, by the offset committed to Kafka and the position stored in Redis."""
    return ReadPositions().start(PLACE, committed, stored).position


def stored_alone(_committed: int | None, stored: int) -> int:
    return stored


def committed_alone(committed: int | None, _stored: int) -> int:
    return committed or 0


def messages(*records: str) -> list[Incoming]:
    """A topic with one partition: a message for each record, with the offsets 0, 1, 2, …"""
    return [message(record, CONTENTS[0], 1000 + n, n) for n, record in enumerate(records)]


def process(engine: Engine, topic: Sequence[Incoming], begins: int, ends: int) -> None:
    """Process the messages from one offset to another, and store the position."""
    if begins < ends:
        handle(engine, topic[begins:ends], lambda _: None)
        back, _ = engine.progress.mark([Step(*PLACE, begins, ends)], engine.progress.look().histories)
        assert back == {}


def never_read(engine: Engine, topic: Sequence[Incoming]) -> list[int]:
    """Return the offsets of the messages of which no record is stored."""
    stored = {record for members in stored_partition(engine).values() for record in members}
    return [item.offset for item in topic if item.key.decode() not in stored]


@pytest.mark.parametrize(("rule", "lost"), [(lesser, []), (stored_alone, list(range(9)))])
def test_the_stored_position_alone_loses_messages_of_a_topic_made_anew(
    rule: Rule, lost: list[int], generation: Settings, new_connection: Callable[[], Connection]
) -> None:
    process(Engine(generation, new_connection()), messages(*(f"s:{n}" for n in range(9))), 0, 9)
    anew = messages(*(f"t:{n}" for n in range(12)))  # Kafka deletes the committed offsets with a topic
    worker = Engine(generation, new_connection())
    stored = worker.progress.look().positions[PLACE]
    assert stored == 9
    begins = rule(None, stored)
    if begins < stored:
        worker.progress.put({PLACE: begins})  # what `Seek.RESTART` asks for
    process(worker, anew, begins, 12)
    assert never_read(worker, anew) == lost


@pytest.mark.parametrize(("rule", "lost"), [(lesser, []), (committed_alone, [6, 7, 8])])
def test_the_committed_offset_alone_loses_messages_that_redis_lost_in_a_failover(
    rule: Rule, lost: list[int], generation: Settings, new_connection: Callable[[], Connection]
) -> None:
    topic = messages(*(f"s:{n}" for n in range(12)))
    worker = Engine(generation, new_connection())
    process(worker, topic, 0, 6)
    keys = _keys(worker)
    replicated = [worker.connection.call("DUMP", key) for key in keys]
    process(worker, topic, 6, 9)
    worker.connection.call("DEL", *_keys(worker))  # a replica takes over, which has the writes up to here
    for key, value in zip(keys, replicated, strict=True):
        worker.connection.call("RESTORE", key, 0, value)
    heir = Engine(generation, new_connection())
    stored = heir.progress.look().positions[PLACE]
    assert stored == 6
    begins = rule(9, stored)
    if begins > stored:
        heir.progress.put({PLACE: begins})  # where Redis has no say, it cannot object to the gap
    process(heir, topic, begins, 12)
    assert never_read(heir, topic) == lost


def _keys(engine: Engine) -> list[bytes]:
    return [*engine.connection.call("KEYS", f"{engine.settings.namespace}:{engine.settings.generation}:*")]
