"""Whom a handler trusts, whatever became of its attempts to find out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from streams.engine.messages import Batch, Incoming
from streams.errors import RedisError
from streams.events import Outgoing
from streams.ops.health import Health
from streams.ops.metrics import Metrics
from streams.state.progress import Histories, Look, Step
from streams.worker import failover
from streams.worker.batch_processor import BatchProcessor, PreparedBatch
from streams.worker.engine_thread import EngineThread
from streams.worker.failover import FailoverGuard

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


def test_it_trusts_who_is_there_after_a_meeting_with_others_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slots move to another server and back, and in between it cannot be told what that one has forgotten."""
    servers = Servers()

    async def is_taken_up(_settings: None, _positions: object) -> None:
        pass

    monkeypatch.setattr(failover, "refuse_older_copy", is_taken_up)

    async def go() -> None:
        thread = EngineThread(None, None, None)  # type: ignore[arg-type]
        guard = FailoverGuard(servers, None, thread)  # type: ignore[arg-type]
        await guard.check(())
        assert servers.trusted == HERE
        servers.now = THERE
        with pytest.raises(RedisError):
            await guard.check(())
        assert servers.trusted == THERE
        servers.now = HERE
        await guard.check(())
        assert servers.trusted == HERE, "else it would be refused by them for ever"
        thread.close()

    asyncio.run(go())


class Broken(Servers):
    """An engine in which every message fails, until it is mended."""

    def __init__(self) -> None:
        super().__init__()
        self.mended = False
        self.outbox = self
        self.connection = self
        self.round_trips = 0

    def apply(self, _messages: Sequence[Incoming], _prepared: object) -> Batch:
        if not self.mended:
            raise ValueError("a fault of ours")
        return Batch([], [])

    def drain(self) -> Batch:
        return Batch([], [])

    def mark(self, _steps: Sequence[Step], _known: Histories) -> tuple[dict[Any, int], Histories]:
        return {}, self.now


class Open:
    """A lease that is open, and a publisher that takes everything."""

    is_open = True

    def __init__(self) -> None:
        self.published: list[Outgoing] = []

    async def admitted(self) -> None: ...

    def check(self) -> None: ...

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        self.published += messages


def test_a_worker_on_which_every_message_fails_is_not_ready() -> None:
    engine, around, health = Broken(), Open(), Health()
    health.assigned(1)
    messages = [Incoming("document", b"k", b"v", 0, "records.document", 0, number) for number in range(60)]

    async def go() -> None:
        metrics = Metrics()
        thread = EngineThread(around, health, metrics)  # type: ignore[arg-type]
        handler = BatchProcessor(engine, thread, None, around, metrics, health, around)  # type: ignore[arg-type]
        ready = PreparedBatch(messages, [[] for _ in messages], [])
        work = asyncio.create_task(handler.process(ready))
        async with asyncio.timeout(10):
            while not any("in a row failed" in check.reason for check in health.ready().checks):
                await asyncio.sleep(0.01)
        assert not health.ready().ok
        assert health.live().ok, "a restart would not help"
        assert len(around.published) == 50, "the rest of the feed does not go to the dead letters"
        engine.mended = True
        await asyncio.wait_for(work, 10)
        assert health.ready().ok
        thread.close()

    asyncio.run(go())
