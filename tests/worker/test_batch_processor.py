"""Whom a handler trusts, whatever became of its attempts to find out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from streams.errors import RedisError
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
