"""Wake many subscribers in parts, so that requests, which share the event loop, are answered between two parts."""

from __future__ import annotations

import asyncio
from itertools import count

__all__ = ["Wakers"]

_GROUPS = 32


class Wakers:
    """Thirty-two groups of tasks that wait for the same. Use from one event loop."""

    def __init__(self) -> None:
        self._events = [asyncio.Event() for _ in range(_GROUPS)]
        self._numbers = count()

    def next_group(self) -> int:
        """Return the group of one more subscriber; all groups are of one size."""
        return next(self._numbers) % _GROUPS

    async def woken(self, group: int = 0) -> None:
        """Return when a group is woken the next time."""
        await self._events[group].wait()

    def wake(self, group: int = 0) -> None:
        """Wake a group now, and the groups after it each in a turn of the event loop of its own."""
        self._wake(group)
        if group + 1 < _GROUPS:
            asyncio.get_running_loop().call_soon(self.wake, group + 1)

    def wake_now(self) -> None:
        """Wake all groups at once."""
        for group in range(_GROUPS):
            self._wake(group)

    def _wake(self, group: int) -> None:
        woken, self._events[group] = self._events[group], asyncio.Event()
        woken.set()
