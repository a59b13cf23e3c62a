"""Turns of the engine's thread, and work that is done again where a server is away."""

from __future__ import annotations

import asyncio

import pytest

from streams.errors import BrokerError, RedisError
from streams.ops.health import Health
from streams.ops.metrics import Metrics
from streams.worker import engine_thread
from streams.worker.engine_thread import EngineThread


class Leave:
    def __init__(self) -> None:
        self.is_open = True

    async def admitted(self) -> None:
        while not self.is_open:
            await asyncio.sleep(0.001)


def test_work_is_done_again_and_health_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_thread, "_FIRST_PAUSE_SECONDS", 0.001)
    health, seen = Health(), []
    health.assigned(1)
    errors = [RedisError("away"), BrokerError("away"), None]

    async def work() -> int:
        seen.append(health.ready().ok)
        if error := errors.pop(0):
            raise error
        return 7

    async def go() -> None:
        thread = EngineThread(Leave(), health, Metrics())  # type: ignore[arg-type]
        assert await thread.with_backoff(work) == 7
        assert thread.interrupted
        assert health.ready().ok
        thread.close()

    asyncio.run(go())
    assert len(seen) == 3


def test_leave_that_ends_before_the_turn_comes_is_waited_for_again() -> None:
    async def go() -> list[str]:
        leave, order = Leave(), []
        thread = EngineThread(leave, Health(), Metrics())  # type: ignore[arg-type]

        async def second() -> None:
            async with thread.admitted():
                order.append("second")

        async with thread.admitted():
            waiting = asyncio.create_task(second())
            await asyncio.sleep(0.01)
            leave.is_open = False
        await asyncio.sleep(0.02)
        assert not thread.turn.locked()
        order.append("open again")
        leave.is_open = True
        await asyncio.wait_for(waiting, 5)
        thread.close()
        return order

    assert asyncio.run(go()) == ["open again", "second"]


def test_quiesce_waits_for_the_work_under_way(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def go() -> None:
        thread = EngineThread(Leave(), Health(), Metrics())  # type: ignore[arg-type]
        await thread.quiesce()
        assert thread.closing
        monkeypatch.setattr(engine_thread, "_QUIESCE_SECONDS", 0.01)
        async with thread.turn:
            await thread.quiesce()
        thread.close()

    asyncio.run(go())
    assert "will be handled again" in caplog.text
