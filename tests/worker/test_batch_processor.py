"""Whom a handler trusts, whatever became of its attempts to find out."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from streams.engine.messages import Batch
from streams.errors import RedisError
from streams.ops.metrics import Metrics
from streams.state.progress import Histories, Look, Step
from streams.worker.batch_processor import Handler

HERE, THERE = (b"a", b"b"), (b"b", b"b")


class Servers:
    """The part of an engine that says which servers answer, and is told which may be changed."""

    def __init__(self) -> None:
        self.now: Histories = HERE
        self.trusted: Histories = ()
        self.progress = self
        self.settings = None

    def claim(self, _settings: None) -> None:
        raise RedisError("a slot is on its way")

    def look(self) -> Look:
        return Look({}, self.now, tuple({server: 1} for server in HERE))

    def check(self, _steps: Sequence[Step], _known: Histories) -> tuple[dict[Any, int], Histories]:
        return {}, self.now

    def trust(self, histories: Histories) -> None:
        self.trusted = histories


def test_it_trusts_who_is_there_after_a_meeting_with_others_has_failed() -> None:
    """Slots move to another server and back, and in between it cannot be told what that one has forgotten."""
    servers = Servers()

    async def go() -> None:
        handler = Handler(servers, None, None, None, None, None)  # type: ignore[arg-type]
        await handler._check(())
        assert servers.trusted == HERE
        servers.now = THERE
        with pytest.raises(RedisError):
            await handler._check(())
        assert servers.trusted == THERE
        servers.now = HERE
        await handler._check(())
        assert servers.trusted == HERE, "else it would be refused by them for ever"
        handler.close()

    asyncio.run(go())


def test_what_the_engine_counts_is_what_is_exposed() -> None:
    metrics = Metrics()
    handler = Handler(Servers(), None, None, metrics, None, None)  # type: ignore[arg-type]
    counts = Counter(
        {
            ("records", "crossref"): 5,
            ("deletes", "crossref"): 1,
            ("rejected", "crossref not_json"): 2,
            ("unread", "crossref publisher"): 3,
            ("unread", "lakes doi"): 1,
            ("decisions", "duplicate"): 4,
            ("candidates", ""): 9,
        }
    )
    handler._count(Batch([], [], counts))
    handler.close()
    exposed = metrics.exposition()[0].decode()
    for line in (
        'streams_parsed_records_total{source="crossref"} 6.0',
        'streams_rejected_records_total{reason="not_json",source="crossref"} 2.0',
        'streams_unread_fields_total{field="publisher",source="crossref"} 3.0',
        'streams_unread_fields_total{field="doi",source="lakes"} 1.0',
        'streams_decisions_total{decision="duplicate"} 4.0',
    ):
        assert line in exposed
