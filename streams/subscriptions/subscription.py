"""A subscription as a program takes it, and what is known of those that listen."""

from __future__ import annotations

import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import NamedTuple

from streams.subscriptions.filters import Filter

__all__ = ["Listener", "Subscription"]


class Listener(NamedTuple):
    """Who listens: its name, since when (Unix time in seconds), what it wants, and how many events it has not taken yet."""

    name: str
    since: float
    wanted: Filter
    behind: int
    is_catching_up: bool


class Subscription(AsyncIterator[bytes]):
    """The frames of one subscriber, several in one item. Close it with `aclose`; one that is dropped closes itself."""

    def __init__(self, frames: AsyncGenerator[bytes, None], leave: Callable[[], None]) -> None:
        self._frames = frames
        self._leave = weakref.finalize(self, leave)
        self._leave.atexit = False

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> bytes:
        try:
            return await anext(self._frames)
        except BaseException:
            self._leave()
            raise

    async def aclose(self) -> None:
        """End the subscription."""
        self._leave()
        await self._frames.aclose()
