"""One list of background tasks, and what becomes of those that end."""

from __future__ import annotations

import asyncio

import pytest

from streams.worker.side_tasks import SideTasks


async def _wait() -> None:
    await asyncio.Event().wait()


async def _fail() -> None:
    raise ValueError("broken")


async def _end() -> None: ...


def test_a_lasting_task_that_ends_is_a_failure_of_the_worker(caplog: pytest.LogCaptureFixture) -> None:
    failures: list[str] = []

    async def go() -> None:
        tasks = SideTasks(failures.append)
        tasks.keep("waits", _wait())
        tasks.keep("fails", _fail())
        tasks.keep("ends", _end())
        await asyncio.sleep(0.01)
        assert tasks.is_running("waits")
        assert not tasks.is_running("fails")
        tasks.cancel()
        await asyncio.sleep(0.01)
        assert not tasks.is_running("waits")

    asyncio.run(go())
    assert failures == ["fails ended: ValueError('broken')", "ends ended"]
    assert "fails failed: ValueError('broken')" in caplog.text


def test_a_task_that_ends_by_itself_is_none_also_where_it_fails(caplog: pytest.LogCaptureFixture) -> None:
    failures: list[str] = []

    async def go() -> None:
        tasks = SideTasks(failures.append)
        tasks.once("one", _wait())
        tasks.once("two", _fail())
        tasks.once("three", _end())
        assert tasks.is_running("two")
        await asyncio.sleep(0.01)
        assert [tasks.is_running(name) for name in ("one", "two", "three")] == [True, False, False]
        tasks.cancel()

    asyncio.run(go())
    assert failures == []
    assert "two failed: ValueError('broken')" in caplog.text
