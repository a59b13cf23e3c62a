"""The key index: which records have a blocking key. Key `N:{kK}:k` of `state/layout.py`.

A blocking key has two fields:

| field             | value                                                                                            |
|-------------------|--------------------------------------------------------------------------------------------------|
| fingerprint       | packed entries (record id; of a weak key the signature too), at most `STREAMS_KEY_CAP`           |
| fingerprint + `+` | the overflow, once the key was full: packed entries by ascending id, at most 4 times as many;    |
|                   | then the byte `-` where even these were too few; empty where every record had room               |

A fingerprint has 3 bytes, of which the highest bit says whether the key is weak, and an entry 12 bytes of a weak key, 8 of another.
In format 1 (`state/formats.py`) they have 4 and 12 bytes.

A full key keeps the records with the smallest ids. Where some of them are removed, records of the overflow move into the room:
a key holds as many of its live records as it may, unless it once had more than five times as many (ADR 32).

*Insert, then read*: a record is stored first, then added to each of its keys atomically with reading
the records that were there before. Of two workers that handle two copies of a paper at the same moment, at least one
so finds the other's copy, whatever the interleaving; and as no key needs another it holds on
Redis Cluster too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

import msgspec

from streams.matching.blocking import Key
from streams.matching.prefilter import SIGNATURE_BYTES, WEAK_KINDS
from streams.records.stored import ID_BYTES
from streams.state.connection import Command, Script
from streams.state.layout import Layout
from streams.state.places import count, fields, fingerprints, names, pack, slots

__all__ = ["ADD_TO_KEYS", "REMOVE_FROM_KEYS", "Entry", "KeyIndex", "KeyRecords", "Place", "places"]

_FOLDER = Path(__file__).parent
ADD_TO_KEYS, REMOVE_FROM_KEYS = (
    Script(_FOLDER / "key_entries.lua", _FOLDER / f"{name}.lua") for name in ("add_to_keys", "remove_from_keys")
)


_SIGNED = ID_BYTES + SIGNATURE_BYTES
_OVERFLOW = b"+"
_NONE: dict[int, bytes] = {}
_ADD_TOGETHER = 32
"""Records that one script adds to their keys, where these are on one server; it holds the server for about half a millisecond."""


class Place(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where a key is kept: the Redis key and the field in it, and the bytes of an entry there.

    Records under a `loose` key must pass the prefilter too.
    """

    name: bytes
    fingerprint: bytes
    loose: bool
    entry: int


class Entry(NamedTuple):
    """A record and where its blocking keys are kept, as in `state/places.py`."""

    id: bytes
    signature: bytes
    places: bytes


class KeyIndex:
    """Makes the commands of the key index and reads their replies. Does no I/O itself."""

    def __init__(self, layout: Layout, cap: int, *, together: bool) -> None:
        """Keep and read at most `cap` records under one key (promise 8: bounded work).

        `together` lets one script touch all keys of many records, as on a single Redis; on a cluster each key has its own call.
        """
        self._names = layout.key_names
        self._fingerprint_bytes = layout.fingerprint_bytes
        self._entry = entry_bytes(layout, loose=False)
        self._cap = cap
        self._together = together

    def add(self, entries: Sequence[Entry]) -> list[Command]:
        """Add records to their keys and read the records there before; the replies are for `found`."""
        return [self._add(chunk) for chunk in self._chunks(entries)]

    def remove(self, record: bytes, places: bytes) -> list[Command]:
        """Take a record out of keys that it no longer has; a record that a full key had no room for takes its room."""
        found = list(zip(names(places, self._names), fields(places, self._fingerprint_bytes), strict=True))
        lots = [found][: len(found)] if self._together else [[each] for each in found]
        return [
            REMOVE_FROM_KEYS.call([name for name, _ in lot], (record, self._cap, *(value for _, value in lot)))
            for lot in lots
        ]

    @staticmethod
    def get(places: Sequence[Place]) -> list[Command]:
        """Read the records under keys and change nothing; one reply a place: packed entries, None where there are none."""
        return [Command(place.name, ("HGET", place.name, place.fingerprint)) for place in places]

    def _chunks(self, entries: Sequence[Entry]) -> list[Sequence[Entry]]:
        if self._together:
            whole = [entry for entry in entries if entry.places]
            return [whole[start : start + _ADD_TOGETHER] for start in range(0, len(whole), _ADD_TOGETHER)]
        return [(entry._replace(places=pack((slot,))),) for entry in entries for slot in slots(entry.places)]

    def _add(self, entries: Sequence[Entry]) -> Command:
        keys: list[bytes] = []
        arguments: list[bytes | int] = [self._cap, self._fingerprint_bytes]
        for record, signature, places in entries:
            keys += names(places, self._names)
            arguments += (record, signature, fingerprints(places))
        return ADD_TO_KEYS.call(keys, arguments)

    def found(self, entries: Sequence[Entry], replies: Sequence[Sequence[Any]]) -> Sequence[Mapping[int, bytes]]:
        """Take the replies to `add`: for each entry the packed entries that its keys had, by the index of the place.

        Keys that were empty are left out.
        """
        found: list[dict[int, bytes]] = [_NONE] * len(entries)
        for (number, place), packed in self._hits(entries, replies):
            if found[number] is _NONE:
                found[number] = {}
            found[number][place] = packed
        return found

    def _hits(
        self, entries: Sequence[Entry], replies: Sequence[Sequence[Any]]
    ) -> Iterator[tuple[tuple[int, int], bytes]]:
        """Yield what keys had by the index of the entry and of the place."""
        if self._together:
            numbers = [number for number, entry in enumerate(entries) if entry.places]
            for start, reply in zip(range(0, len(numbers), _ADD_TOGETHER), replies, strict=True):
                for number, place, packed in zip(reply[::3], reply[1::3], reply[2::3], strict=True):
                    yield (numbers[start + number - 1], place - 1), packed
            return
        alone = [(number, place) for number, entry in enumerate(entries) for place in range(count(entry.places))]
        for slot, reply in zip(alone, replies, strict=True):
            if reply:
                yield slot, reply[2]

    def count(self, packed: bytes, *, loose: bool) -> int:
        """Return how many records a key has, by its packed entries."""
        return len(packed) // (_SIGNED if loose else self._entry)

    def is_full(self, packed: bytes, *, loose: bool) -> bool:
        """Return whether the key has as many records as it may keep."""
        return self.count(packed, loose=loose) >= self._cap

    def candidates(self, packed: bytes, may: Callable[[bytes, int], bool] | None = None) -> list[bytes]:
        """Return the 8-byte ids of packed entries; of a weak key those that `may`, the prefilter of a record, lets pass."""
        if may is None:
            return [packed[start : start + ID_BYTES] for start in range(0, len(packed), self._entry)]
        starts = range(0, len(packed), _SIGNED)
        return [packed[start : start + ID_BYTES] for start in starts if may(packed, start + ID_BYTES)]


class KeyRecords(NamedTuple):
    """Everything that Redis has of one blocking key: its packed entries, its overflow, None where there is none, bytes an entry."""

    packed: bytes
    overflow: bytes | None
    entry: int

    @staticmethod
    def get(place: Place) -> Command:
        """Return the command that reads a key; the reply is for `of`."""
        return Command(place.name, ("HMGET", place.name, place.fingerprint, place.fingerprint + _OVERFLOW))

    @classmethod
    def of(cls, place: Place, reply: Sequence[bytes | None]) -> Self:
        """Take the reply to `get`."""
        packed, overflow = reply
        return cls(packed or b"", overflow, place.entry)

    def signature(self, record: bytes) -> bytes | None:
        """Return the signature that the key has of a record, empty where it has none of any.

        None where the record is not among those that are compared.
        """
        return _signature(self.packed, record, self.entry)

    def overflow_signature(self, record: bytes) -> bytes | None:
        """Return the signature that the overflow has of a record; None where it is not there."""
        return _signature(self.overflow or b"", record, self.entry)

    def may_lack_records(self, cap: int) -> bool:
        """Return whether this key may have left out records for which even its overflow had no room.

        A version without an overflow left them out of a full key; one that is half full may have been full before deletes.
        """
        if self.overflow is None:
            return len(self.packed) >= cap * self.entry // 2
        return len(self.overflow) % self.entry > 0


def _signature(packed: bytes, record: bytes, entry: int) -> bytes | None:
    at = packed.find(record)
    while at >= 0 and at % entry:
        at = packed.find(record, at + 1)
    return packed[at + ID_BYTES : at + entry] if at >= 0 else None


def entry_bytes(layout: Layout, *, loose: bool) -> int:
    """Return how many bytes an entry has: id and signature of a weak key, the id alone of another, both in format 1."""
    return _SIGNED if loose or layout.signs_all_entries else ID_BYTES


def places(layout: Layout, keys: Iterable[Key]) -> tuple[Place, ...]:
    """Return where keys are kept."""
    found = []
    for kind, value in keys:
        loose = kind in WEAK_KINDS
        found.append(Place(*layout.key(kind, value), loose, entry_bytes(layout, loose=loose)))
    return tuple(found)
