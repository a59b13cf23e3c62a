"""Subscribers are woken in parts: between two of them the event loop has a turn for others."""

from __future__ import annotations

import asyncio

from streams.subscriptions.wakers import Wakers


def test_all_are_woken_part_by_part_with_turns_for_others_between() -> None:
    async def story() -> None:
        wakers, order = Wakers(), list[str]()

        async def subscriber() -> None:
            group = wakers.next_group()
            await wakers.woken(group)
            order.append("subscriber")

        async def request() -> None:
            while order.count("subscriber") < 64:
                order.append("request")
                await asyncio.sleep(0)

        tasks = [asyncio.create_task(subscriber()) for _ in range(64)]
        await asyncio.sleep(0)
        tasks.append(asyncio.create_task(request()))
        wakers.wake()
        async with asyncio.timeout(10):
            await asyncio.gather(*tasks)
        runs = "".join("s" if each == "subscriber" else " " for each in order).split()
        assert sum(map(len, runs)) == 64
        assert max(map(len, runs)) <= 4, "two of each group, and those of the next at most"

    asyncio.run(story())


def test_at_the_end_all_are_woken_at_once() -> None:
    async def story() -> None:
        wakers = Wakers()
        tasks = [asyncio.create_task(wakers.woken(wakers.next_group())) for _ in range(64)]
        await asyncio.sleep(0)
        wakers.wake_now()
        await asyncio.sleep(0)
        assert all(task.done() for task in tasks)

    asyncio.run(story())
