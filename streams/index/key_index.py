"""The key index: which records were seen under a key. Key `N:{kK}:k` of `index/layout.py`.

*Insert, then read*: a record is stored first, then added to each of its keys atomically with reading
who was there before. Of two workers that handle two copies of a paper at the same moment, at least one
so finds the other's copy, whatever the interleaving; and as each script touches one key it holds on
Redis Cluster too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from streams.index.connection import Command, Script
from streams.index.layout import ID_BYTES, Layout
from streams.matching.keys import Key
from streams.matching.screen import LOOSE_KINDS, SIGNATURE_BYTES, allows

__all__ = ["ADD_TO_KEY", "ENTRY_BYTES", "REMOVE_FROM_KEY", "KeyIndex", "Place", "places"]

ADD_TO_KEY = Script(Path(__file__).parent / "add_to_key.lua")
REMOVE_FROM_KEY = Script(Path(__file__).parent / "remove_from_key.lua")


ENTRY_BYTES = ID_BYTES + SIGNATURE_BYTES


class Place(NamedTuple):
    """Where a key is kept: the Redis key and the field in it; `loose` keys need the signatures' consent."""

    name: bytes
    fingerprint: bytes
    loose: bool


class KeyIndex:
    """Makes the commands of the key index and reads their replies. Does no I/O itself."""

    def __init__(self, layout: Layout, cap: int) -> None:
        """At most `cap` records are kept and read under one key (promise 8: bounded work)."""
        self._layout = layout
        self._cap = cap

    def add(self, record: bytes, signature: bytes, places: Iterable[Place]) -> list[Command]:
        """Add a record to its keys and read who was there; each reply is for `met`."""
        cap = self._cap
        return [ADD_TO_KEY.call((name,), (fingerprint, record, signature, cap)) for name, fingerprint, _ in places]

    def remove(self, record: bytes, places: Iterable[Place]) -> list[Command]:
        """Take a record out of keys that no longer are its own."""
        return [REMOVE_FROM_KEY.call((name,), (fingerprint, record)) for name, fingerprint, _ in places]

    def is_full(self, reply: bytes) -> bool:
        """Whether the cap bit: the key has as many members as it may keep."""
        return len(reply) >= self._cap * ENTRY_BYTES

    @staticmethod
    def met(reply: bytes, signature: bytes, *, loose: bool) -> Iterator[bytes]:
        """The 8-byte ids in a reply of `add` worth comparing with a record of this signature."""
        for start in range(0, len(reply), ENTRY_BYTES):
            middle = start + ID_BYTES
            if not loose or allows(signature, reply[middle : middle + SIGNATURE_BYTES]):
                yield reply[start:middle]


def places(layout: Layout, keys: Iterable[Key]) -> tuple[Place, ...]:
    """Where keys are kept."""
    return tuple(Place(*layout.key(key.kind, key.value), key.kind in LOOSE_KINDS) for key in keys)
