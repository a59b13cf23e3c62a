"""A cache of bounded size that lets go of its entries one by one, the oldest first.

A cache that is cleared when it is full frees a hundred thousand values at once, a pause of some tenths of a second, and then
everything is computed anew. An order by last use costs more memory and time than it saves here.
"""

from __future__ import annotations

from collections import deque
from typing import TypeVar

__all__ = ["Recent"]

K = TypeVar("K")
V = TypeVar("V")


class Recent(dict[K, V]):
    """The latest entries of a mapping: read it as a dict, write it with `add`."""

    def __init__(self, most: int) -> None:
        """Keep at most so many entries."""
        super().__init__()
        self._most = most
        self._order: deque[K] = deque()

    def add(self, key: K, value: V) -> None:
        """Set a value; where there are too many, the entry that was added first is removed."""
        if key not in self:
            if len(self._order) >= self._most:
                del self[self._order.popleft()]
            self._order.append(key)
        self[key] = value
