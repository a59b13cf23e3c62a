"""How much is in Redis, counted or estimated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from streams.engine.deliver import discard
from streams.engine.engine import Engine
from streams.settings import Settings
from streams.state import index_size
from streams.state.connection import Connection
from streams.state.index_size import IndexMeter
from streams.state.layout import Layout
from tests.engine.worlds import CONTENTS, message


def meter_of(settings: Settings, connection: Connection) -> IndexMeter:
    return IndexMeter(Layout(settings.namespace, settings.generation, settings.buckets), connection)


def test_an_empty_index_has_nothing(generation: Settings, connection: Connection) -> None:
    assert meter_of(generation, connection).measure() == (0, 0, 0)


def test_a_small_index_is_counted(generation: Settings, connection: Connection) -> None:
    engine = Engine(generation, connection)
    batch = engine.process([message(f"s:{number}", CONTENTS[number % 2 * 6], 1000 + number) for number in range(10)])
    size = meter_of(generation, connection).measure()
    assert (size.records, size.clusters) == (10, 2)
    assert size.pending_events == sum(len(c.described.pending) for c in batch.committed) + len(batch.singletons)
    discard(batch, engine.outbox)
    assert meter_of(generation, connection).measure().pending_events == 0


def test_a_large_index_is_estimated_from_other_buckets_each_time(
    new_generation: Callable[..., Settings], connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = new_generation(buckets=64)
    engine = Engine(settings, connection)
    for start in range(0, 1000, 200):
        engine.process([message(f"s:{n}", _lone(n), n) for n in range(start, start + 200)])
    monkeypatch.setattr(index_size, "_BUCKETS", 16)
    monkeypatch.setattr(index_size, "_SAMPLE", 250)
    meter = meter_of(settings, connection)
    sizes = [meter.measure() for _ in range(4)]
    assert len({size.records for size in sizes}) > 1
    assert sum(size.records for size in sizes) == 4 * 1000, "four samples of a quarter are all"
    assert all(500 < size.clusters <= 1500 for size in sizes), sizes


def _lone(number: int) -> dict[str, Any]:
    """A paper of which nothing else is a copy."""
    return {"title": f"Corals of reef {number}", "authors": [f"Ada {chr(97 + number % 26)}{chr(97 + number // 26)}"]}
