"""The key index: which records have a blocking key. Key `N:{kK}:k` of `state/layout.py`.

*Insert, then read*: a record is stored first, then added to each of its keys atomically with reading
the records that were there before. Of two workers that handle two copies of a paper at the same moment, at least one
so finds the other's copy, whatever the interleaving; and as no key needs another it holds on
Redis Cluster too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from streams.matching.blocking import Key
from streams.matching.prefilter import SIGNATURE_BYTES, WEAK_KINDS, prefilter
from streams.records.stored import ID_BYTES
from streams.state.connection import Command, Script
from streams.state.layout import Layout

__all__ = ["ADD_TO_KEYS", "ENTRY_BYTES", "REMOVE_FROM_KEYS", "KeyIndex", "Place", "places"]

ADD_TO_KEYS = Script(Path(__file__).parent / "add_to_keys.lua")
REMOVE_FROM_KEYS = Script(Path(__file__).parent / "remove_from_keys.lua")


ENTRY_BYTES = ID_BYTES + SIGNATURE_BYTES


class Place(NamedTuple):
    """Where a key is kept: the Redis key and the field in it; records under a `loose` key must pass the prefilter too."""

    name: bytes
    fingerprint: bytes
    loose: bool


class KeyIndex:
    """Makes the commands of the key index and reads their replies. Does no I/O itself."""

    def __init__(self, layout: Layout, cap: int, *, together: bool) -> None:
        """Keep and read at most `cap` records under one key (promise 8: bounded work).

        `together` lets one script touch all keys of a record, as on a single Redis; on a cluster each key has its own call.
        """
        self._layout = layout
        self._cap = cap
        self._together = together

    def add(self, record: bytes, signature: bytes, places: Sequence[Place]) -> list[Command]:
        """Add a record to its keys and read the records there before; the replies are for `entries`."""
        return [
            ADD_TO_KEYS.call([p.name for p in lot], (record, signature, self._cap, *(p.fingerprint for p in lot)))
            for lot in self._lots(places)
        ]

    def remove(self, record: bytes, places: Sequence[Place]) -> list[Command]:
        """Take a record out of keys that it no longer has."""
        return [
            REMOVE_FROM_KEYS.call([p.name for p in lot], (record, *(p.fingerprint for p in lot)))
            for lot in self._lots(places)
        ]

    @staticmethod
    def get(places: Sequence[Place]) -> list[Command]:
        """Read the records under keys and change nothing; one reply a place: packed entries, None where there are none."""
        return [Command(place.name, ("HGET", place.name, place.fingerprint)) for place in places]

    def _lots(self, places: Sequence[Place]) -> list[Sequence[Place]]:
        if self._together:
            return [places] if places else []
        return [(place,) for place in places]

    def entries(self, places: Sequence[Place], replies: Iterator[list[bytes]]) -> list[bytes]:
        """Take the replies to `add` for these places from `replies`: packed entries, one a place."""
        return [packed for _ in self._lots(places) for packed in next(replies)]

    def is_full(self, packed: bytes) -> bool:
        """Return whether the key has as many records as it may keep."""
        return len(packed) >= self._cap * ENTRY_BYTES

    @staticmethod
    def candidates(packed: bytes, signature: bytes, *, loose: bool) -> Iterator[bytes]:
        """Return the 8-byte ids of packed entries that pass the prefilter for a record of this signature."""
        may = prefilter(signature) if loose else None
        for start in range(0, len(packed), ENTRY_BYTES):
            if may is None or may(packed, start + ID_BYTES):
                yield packed[start : start + ID_BYTES]


def places(layout: Layout, keys: Iterable[Key]) -> tuple[Place, ...]:
    """Return where keys are kept."""
    return tuple(Place(*layout.key(key.kind, key.value), key.kind in WEAK_KINDS) for key in keys)
