"""CancelledError reaches a task when it was cancelled, and only then, whatever the code below makes of it."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from streams.errors import BrokerError
from streams.kafka.cancellation import cancelled_only_by_caller, closed, stop_task


async def invents() -> None:
    """Wait for a future that is cancelled, as aiokafka's are when a connection closes."""
    future = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(future.cancel)
    await future


async def swallows(seconds: float = 30.0) -> str:
    """Suppress a cancellation, as aiokafka does while it closes."""
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.sleep(seconds)
    return "done"


def test_a_cancellation_that_nobody_asked_for_is_an_error_of_the_broker() -> None:
    async def story() -> None:
        with pytest.raises(BrokerError, match="closed a connection"):
            await cancelled_only_by_caller(invents())
        assert await cancelled_only_by_caller(swallows(0)) == "done"

    asyncio.run(story())


def test_a_task_that_is_cancelled_stays_so_while_it_cleans_up() -> None:
    async def work() -> None:
        try:
            await asyncio.sleep(30)
        finally:
            await cancelled_only_by_caller(invents())

    async def story() -> None:
        task = asyncio.create_task(work())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(story())


def test_a_cancellation_that_was_swallowed_is_raised_after_all() -> None:
    async def story() -> None:
        task = asyncio.create_task(cancelled_only_by_caller(swallows()))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(story())


def test_a_time_limit_within_or_around_is_no_cancellation() -> None:
    async def limited() -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.01):
                await asyncio.sleep(30)

    async def story() -> None:
        await cancelled_only_by_caller(limited())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await cancelled_only_by_caller(swallows())

    asyncio.run(story())


def test_what_closes_a_client_is_cut_short_where_a_task_of_it_has_swallowed_its_cancellation() -> None:
    async def close(fetching: asyncio.Task[str], ended: list[str]) -> None:
        fetching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await fetching
        ended.append("closed")

    async def stubborn() -> str:
        await swallows()
        return await swallows()

    async def story() -> None:
        ended: list[str] = []
        fetching = asyncio.create_task(stubborn())
        await asyncio.sleep(0)
        await closed(close(fetching, ended), 0.05)
        assert ended == ["closed"]
        assert fetching.done()
        caller = asyncio.create_task(closed(asyncio.sleep(30)))
        await asyncio.sleep(0)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        with pytest.raises(ValueError, match="x"):
            await closed(fails())

    async def fails() -> None:
        raise ValueError("x")

    asyncio.run(story())


def test_a_task_is_cancelled_until_it_ends() -> None:
    async def stubborn() -> None:
        for _ in range(2):
            await swallows()

    async def story() -> None:
        task = asyncio.create_task(stubborn())
        await asyncio.sleep(0)
        await stop_task(task)
        assert task.done()
        await stop_task(None)

    asyncio.run(story())
