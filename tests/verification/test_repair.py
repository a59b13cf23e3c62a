"""What `streams verify --repair` publishes again, on a real broker and a real Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from streams import events
from streams.engine import outbox
from streams.engine.engine import Engine
from streams.kafka.connection import KafkaConnection
from streams.kafka.reader import read_to_now
from streams.kafka.topics import create_topics
from streams.settings import Settings
from streams.state.connection import Connection
from streams.verification.repair import repair
from tests.brokers import AnyBroker
from tests.engine.worlds import CONTENTS, message


def test_all_pending_events_are_published_however_many_lots_they_are(
    new_broker: Callable[..., AnyBroker],
    generation: Settings,
    new_connection: Callable[[], Connection],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outbox, "_LOT", 1)
    settings = generation.model_copy(update={"kafka_url": new_broker().url, "partitions": 1})
    engine = Engine(settings, new_connection())
    for number in range(6):
        engine.process([message(f"s:{number}", CONTENTS[0] | {"title": f"Paper number {number}"}, 100 + number)])
    pending = {field for fields in engine.groups.pending_events().values() for field in fields}
    assert len(pending) >= 6

    async def story() -> set[str]:
        await create_topics(settings)
        await repair(settings, engine, [])
        told = read_to_now(KafkaConnection.of(settings), [events.EVENTS])
        return {m.key.decode() async for m in told}

    assert asyncio.run(story()) == {field.rpartition(":")[0] for field in pending}
    assert engine.groups.pending_events() == {}
