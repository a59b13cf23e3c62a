"""A micro-batch is what has arrived, never more records than allowed, in order, and it does not wait for a clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.worker.micro_batches import micro_batches


def event(number: int, records: int) -> Any:
    return SimpleNamespace(number=number, message=SimpleNamespace(records=[None] * records))


class Stream:
    """The two members of a stream of Faust's that are used, on a queue; None ends it, an error is raised in it."""

    enable_acks = True

    def __init__(self, items: Sequence[Any] = ()) -> None:
        self.queue: asyncio.Queue[Any] = asyncio.Queue()
        for item in items:
            self.queue.put_nowait(item)

    async def events(self) -> AsyncIterator[Any]:
        while (item := await self.queue.get()) is not None:
            if isinstance(item, Exception):
                raise item
            yield item


def idle() -> bool:
    return False


async def taken(stream: Stream, most: int, seconds: float = 0.0) -> list[list[Any]]:
    found = []
    async with aclosing(micro_batches(stream, most, seconds, idle)) as batches:
        async for batch in batches:
            found.append(batch)
            await asyncio.sleep(0.001)  # meanwhile others arrive, as while a micro-batch is processed
    return found


@given(st.lists(st.integers(1, 10), max_size=60), st.integers(10, 30))
def test_all_are_handed_over_in_order_and_no_batch_has_more_records_than_allowed(sizes: list[int], most: int) -> None:
    events = [event(number, size) for number, size in enumerate(sizes)]
    found = asyncio.run(taken(Stream([*events, None]), most))
    assert [each.number for batch in found for each in batch] == list(range(len(sizes)))
    assert all(sum(len(each.message.records) for each in batch) <= most for batch in found)


def test_what_arrives_while_one_is_under_way_comes_as_one() -> None:
    found = asyncio.run(taken(Stream([*(event(number, 1) for number in range(10)), None]), 100))
    assert len(found) <= 2, "the first that arrived, then all others"


def test_a_lone_one_waits_for_no_clock() -> None:
    async def first() -> Any:
        stream = Stream([event(0, 1)])  # and no end
        async with aclosing(micro_batches(stream, 100, 0.0, idle)) as batches:
            return stream, await asyncio.wait_for(anext(batches), 5)

    stream, batch = asyncio.run(first())
    assert [each.number for each in batch] == [0]
    assert stream.enable_acks is False, "the worker acknowledges, when all effects are stored"


def test_it_waits_for_others_where_that_is_set() -> None:
    async def first() -> Any:
        stream = Stream([event(0, 1)])
        async with aclosing(micro_batches(stream, 100, 0.2, idle)) as batches:
            asyncio.get_running_loop().call_later(0.02, stream.queue.put_nowait, event(1, 1))
            return await anext(batches)

    assert len(asyncio.run(first())) == 2


def test_what_has_waited_long_enough_waits_no_longer() -> None:
    async def second() -> Any:
        stream = Stream([event(0, 10), event(1, 1)])  # the first fills a micro-batch
        async with aclosing(micro_batches(stream, 10, 0.5, idle)) as batches:
            await anext(batches)
            await asyncio.sleep(0.55)  # as while it is processed
            return await asyncio.wait_for(anext(batches), 0.45)

    assert [each.number for each in asyncio.run(second())] == [1]


def test_it_waits_for_no_others_while_one_is_under_way() -> None:
    async def first() -> Any:
        async with aclosing(micro_batches(Stream([event(0, 1)]), 10, 600.0, lambda: True)) as batches:
            return await asyncio.wait_for(anext(batches), 10)

    assert [each.number for each in asyncio.run(first())] == [0]


@pytest.mark.parametrize(("sizes", "taken_sizes"), [([10], [10]), ([5, 5], [5, 5]), ([5, 6], [5])])
def test_a_full_one_waits_for_no_others(sizes: list[int], taken_sizes: list[int]) -> None:
    async def taken_at_once() -> list[Any]:
        stream = Stream()
        async with aclosing(micro_batches(stream, 10, 600.0, idle)) as batches:
            first = asyncio.create_task(anext(batches))
            await asyncio.sleep(0)  # it waits for the first event
            for number, size in enumerate(sizes):
                stream.queue.put_nowait(event(number, size))
            return await asyncio.wait_for(first, 10)

    found = asyncio.run(taken_at_once())
    assert [len(each.message.records) for each in found] == taken_sizes


def test_an_error_of_the_stream_is_raised_after_what_came_before_it() -> None:
    seen: list[Any] = []

    async def all_of_them() -> None:
        async with aclosing(micro_batches(Stream([event(0, 1), RuntimeError("gone")]), 100, 0.0, idle)) as batches:
            async for batch in batches:
                seen.extend(batch)

    with pytest.raises(RuntimeError, match="gone"):
        asyncio.run(all_of_them())
    assert len(seen) == 1


def test_a_cancelled_caller_ends_the_reading_too() -> None:
    async def cancelled() -> int:
        stream = Stream()
        caller = asyncio.create_task(taken(stream, 10))
        await asyncio.sleep(0.01)
        caller.cancel()
        await asyncio.gather(caller, return_exceptions=True)
        return len(asyncio.all_tasks())

    assert asyncio.run(cancelled()) == 1, "this one"
