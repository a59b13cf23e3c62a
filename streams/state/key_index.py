"""The key index: which records have a blocking key. Key `N:{kK}:k` of `state/layout.py`.

A blocking key has two fields:

| field             | value                                                                                            |
|-------------------|--------------------------------------------------------------------------------------------------|
| fingerprint       | packed entries of 12 bytes (record id, signature), at most `STREAMS_KEY_CAP`                     |
| fingerprint + `+` | the overflow, once the key was full: packed entries by ascending id, at most 4 times as many;    |
|                   | then the byte `-` where even these were too few; empty where every record had room               |

A full key keeps the records with the smallest ids. Where some of them are removed, records of the overflow move into the room:
a key holds as many of its live records as it may, unless it once had more than five times as many (ADR 32).

*Insert, then read*: a record is stored first, then added to each of its keys atomically with reading
the records that were there before. Of two workers that handle two copies of a paper at the same moment, at least one
so finds the other's copy, whatever the interleaving; and as no key needs another it holds on
Redis Cluster too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Self

import msgspec

from streams.matching.blocking import Key
from streams.matching.prefilter import SIGNATURE_BYTES, WEAK_KINDS, prefilter
from streams.records.stored import ID_BYTES
from streams.state.connection import Command, Script
from streams.state.layout import Layout

__all__ = ["ADD_TO_KEYS", "ENTRY_BYTES", "REMOVE_FROM_KEYS", "KeyIndex", "KeyRecords", "Place", "places"]

_FOLDER = Path(__file__).parent
ADD_TO_KEYS, REMOVE_FROM_KEYS = (
    Script(_FOLDER / "key_entries.lua", _FOLDER / f"{name}.lua") for name in ("add_to_keys", "remove_from_keys")
)


ENTRY_BYTES = ID_BYTES + SIGNATURE_BYTES
_OVERFLOW = b"+"


class Place(msgspec.Struct, frozen=True, array_like=True, gc=False):
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
        """Take a record out of keys that it no longer has; a record that a full key had no room for takes its room."""
        return [
            REMOVE_FROM_KEYS.call([p.name for p in lot], (record, self._cap, *(p.fingerprint for p in lot)))
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


class KeyRecords(NamedTuple):
    """Everything that Redis has of one blocking key: its packed entries, and its overflow, None where there is none."""

    packed: bytes
    overflow: bytes | None

    @staticmethod
    def get(place: Place) -> Command:
        """Return the command that reads a key; the reply is for `of`."""
        return Command(place.name, ("HMGET", place.name, place.fingerprint, place.fingerprint + _OVERFLOW))

    @classmethod
    def of(cls, reply: Sequence[bytes | None]) -> Self:
        """Take the reply to `get`."""
        packed, overflow = reply
        return cls(packed or b"", overflow)

    def signature(self, record: bytes) -> bytes | None:
        """Return the signature that the key has of a record; None where it is not among the records that are compared."""
        return _signature(self.packed, record)

    def overflow_signature(self, record: bytes) -> bytes | None:
        """Return the signature that the overflow has of a record; None where it is not there."""
        return _signature(self.overflow or b"", record)

    def may_lack_records(self, cap: int) -> bool:
        """Return whether this key may have left out records for which even its overflow had no room.

        A version without an overflow left them out of a full key; one that is half full may have been full before deletes.
        """
        if self.overflow is None:
            return len(self.packed) >= cap * ENTRY_BYTES // 2
        return len(self.overflow) % ENTRY_BYTES > 0


def _signature(packed: bytes, record: bytes) -> bytes | None:
    at = packed.find(record)
    while at >= 0 and at % ENTRY_BYTES:
        at = packed.find(record, at + 1)
    return packed[at + ID_BYTES : at + ENTRY_BYTES] if at >= 0 else None


def places(layout: Layout, keys: Iterable[Key]) -> tuple[Place, ...]:
    """Return where keys are kept."""
    return tuple([Place(*layout.key(kind, value), kind in WEAK_KINDS) for kind, value in keys])
