"""The key index: which records were seen under a key. Key `N:{kK}:k` of `index/layout.py`.

*Insert, then read*: a record is stored first, then added to each of its keys atomically with reading
who was there before. Of two workers that handle two copies of a paper at the same moment, at least one
so finds the other's copy, whatever the interleaving; and as each script touches one key it holds on
Redis Cluster too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from streams.index.connection import Command, Script
from streams.index.layout import ID_BYTES, Layout
from streams.matching.keys import Key

__all__ = ["ADD_TO_KEY", "REMOVE_FROM_KEY", "KeyIndex"]

ADD_TO_KEY = Script(Path(__file__).parent / "add_to_key.lua")
REMOVE_FROM_KEY = Script(Path(__file__).parent / "remove_from_key.lua")


class KeyIndex:
    """Makes the commands of the key index and reads their replies. Does no I/O itself."""

    def __init__(self, layout: Layout, cap: int) -> None:
        """At most `cap` records are kept and read under one key (promise 8: bounded work)."""
        self._layout = layout
        self._cap = cap

    def places(self, keys: Iterable[Key]) -> list[tuple[bytes, bytes]]:
        """Where keys are kept: (Redis key, fingerprint) each."""
        return [self._layout.key(key.kind, key.value) for key in keys]

    def add(self, record: bytes, places: Iterable[tuple[bytes, bytes]]) -> list[Command]:
        """Add a record to its keys and read who was there; each reply is for `members`."""
        return [ADD_TO_KEY.call((name,), (fingerprint, record, self._cap)) for name, fingerprint in places]

    def remove(self, record: bytes, places: Iterable[tuple[bytes, bytes]]) -> list[Command]:
        """Take a record out of keys that no longer are its own."""
        return [REMOVE_FROM_KEY.call((name,), (fingerprint, record)) for name, fingerprint in places]

    def is_full(self, reply: Any) -> bool:
        """Whether the cap bit: the key has as many members as it may keep."""
        return len(reply) >= self._cap * ID_BYTES

    @staticmethod
    def members(reply: Any) -> Iterator[bytes]:
        """The 8-byte ids in a reply of `add`."""
        for start in range(0, len(reply), ID_BYTES):
            yield reply[start : start + ID_BYTES]
