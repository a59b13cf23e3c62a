"""A subscription leaves the hub once: when it is closed, when it ends or fails, or when it is dropped."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncGenerator

import pytest

from streams.errors import BrokerError
from streams.subscriptions.subscription import Subscription


async def frames(*, fails: bool = False) -> AsyncGenerator[bytes, None]:
    yield b"one"
    if fails:
        raise BrokerError("away")
    yield b"two"


def test_it_leaves_once_however_it_ends() -> None:
    async def story() -> None:
        left: list[str] = []
        closed = Subscription(frames(), lambda: left.append("closed"))
        assert await anext(closed) == b"one"
        await closed.aclose()
        await closed.aclose()
        ended = Subscription(frames(), lambda: left.append("ended"))
        assert [chunk async for chunk in ended] == [b"one", b"two"]
        await ended.aclose()
        failed = Subscription(frames(fails=True), lambda: left.append("failed"))
        with pytest.raises(BrokerError):
            [chunk async for chunk in failed]
        dropped = Subscription(frames(), lambda: left.append("dropped"))
        assert await anext(dropped) == b"one"
        del dropped
        gc.collect()
        assert left == ["closed", "ended", "failed", "dropped"]

    asyncio.run(story())
