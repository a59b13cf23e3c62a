"""The iterator: selection, position, gaps, checkpoints and cancellation, over sources in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

import pytest

from streams.api.event import Event
from streams.client.items import Gap, Item, Missing, Moved, Unreadable
from streams.client.selection import Selection
from streams.client.subscription import Subscription
from streams.errors import GapError, PayloadError


def event(number: int, kind: str = "created") -> Event:
    return Event("ca", number, ("x:1",), type=kind, position=f"0:{number}")


class Memory:
    """A source of given batches; then it waits."""

    def __init__(self, *batches: Sequence[Item]) -> None:
        self.batches = list(batches)
        self.is_closed = False

    async def read(self) -> Sequence[Item]:
        await asyncio.sleep(0.01)
        if not self.batches:
            await asyncio.sleep(60)
        return self.batches.pop(0)

    async def close(self) -> None:
        self.is_closed = True


class Store:
    def __init__(self) -> None:
        self.saved: list[str] = []
        self.failure: Exception | None = None

    def load(self) -> str:
        return "beginning"

    def save(self, position: str) -> None:
        if self.failure:
            raise self.failure
        self.saved.append(position)


def run(story: Coroutine[Any, Any, None]) -> None:
    async def in_time() -> None:
        async with asyncio.timeout(20):
            await story

    asyncio.run(in_time())


def test_the_position_moves_with_what_is_left_out() -> None:
    async def story() -> None:
        source = Memory([event(1), event(2, "split"), Moved("0:3")], [event(4)])
        async with Subscription[Event](source, Selection(frozenset({"created"}))) as events:
            assert events.position == ""
            assert (await anext(events)).event_id == "ca:1"
            assert events.position == "0:1"
            assert (await anext(events)).event_id == "ca:4"
            assert events.position == "0:4"
        assert source.is_closed

    run(story())


def test_a_gap_is_raised_and_the_subscription_may_be_continued() -> None:
    async def story() -> None:
        source = Memory([event(1), Gap("0:8", (Missing(0, 2, 8),), "events are gone"), event(9)])
        events = Subscription[Event](source, Selection())
        await anext(events)
        with pytest.raises(GapError, match="events are gone; take a snapshot") as raised:
            await anext(events)
        assert (raised.value.position, raised.value.missing) == ("0:8", (Missing(0, 2, 8),))
        assert (await anext(events)).position == "0:9"

    run(story())


def test_a_gap_may_be_handed_to_a_function_instead() -> None:
    async def story() -> None:
        gaps: list[Gap] = []
        source = Memory([Gap("0:8", (), "events are gone"), event(9)])
        events = Subscription[Event](source, Selection(), on_gap=gaps.append)
        assert (await anext(events)).position == "0:9"
        assert [gap.position for gap in gaps] == ["0:8"]

    run(story())


def test_an_unreadable_message_is_raised_once() -> None:
    async def story() -> None:
        source = Memory([Unreadable(PayloadError("not_an_event", "no JSON", "dedup.events:0:1"), "0:2"), event(3)])
        events = Subscription[Event](source, Selection())
        with pytest.raises(PayloadError, match="not_an_event"):
            await anext(events)
        assert events.position == "0:2"
        assert (await anext(events)).position == "0:3"

    run(story())


def test_a_checkpoint_has_only_what_was_handled() -> None:
    async def story() -> None:
        store = Store()
        events = Subscription[Event](Memory([event(number) for number in range(1, 5)]), Selection(), checkpoint=store)
        async for each in events:
            if each.revision == 3:
                break  # the program may have handled the third or not
        await events.aclose()
        assert store.saved[-1] == "0:2"
        assert (await anext(events)).revision == 4

    run(story())


def test_a_checkpoint_is_saved_while_nothing_comes_and_not_for_each_event() -> None:
    async def story() -> None:
        store = Store()
        source = Memory([event(number) for number in range(1, 500)])
        events = Subscription[Event](source, Selection(), checkpoint=store)
        waiting = asyncio.ensure_future(_exhaust(events))
        while store.saved[-1:] != ["0:499"]:
            await asyncio.sleep(0.02)
        assert len(store.saved) <= 3
        waiting.cancel()
        await asyncio.wait([waiting])

    run(story())


async def _exhaust(events: Subscription[Event]) -> None:
    async for _ in events:
        pass


def test_a_position_behind_a_gap_that_was_raised_is_not_saved() -> None:
    async def story() -> None:
        store = Store()
        events = Subscription[Event](
            Memory([event(1), event(2), Gap("0:8", (), "gone")]), Selection(), checkpoint=store
        )
        with pytest.raises(GapError):
            await _exhaust(events)
        await events.aclose()
        assert store.saved[-1] == "0:2", "a program that starts again meets the gap again"

    run(story())


def test_a_store_that_fails_is_raised_where_the_program_waits() -> None:
    async def story() -> None:
        store = Store()
        store.failure = OSError("no space left")
        source = Memory(*([event(number)] for number in range(1, 400)))
        with pytest.raises(OSError, match="no space left"):
            await _exhaust(Subscription[Event](source, Selection(), checkpoint=store))

    run(story())


def test_waiting_may_be_cancelled_and_loses_nothing() -> None:
    async def story() -> None:
        events = Subscription[Event](Memory([event(1)], [event(2)], [event(3)]), Selection())
        found: list[int] = []
        while len(found) < 3:
            try:
                async with asyncio.timeout(0.004):
                    found.append((await anext(events)).revision)
            except TimeoutError:
                async with asyncio.timeout(1):
                    found.append((await anext(events)).revision)
        assert found == [1, 2, 3]

    run(story())
