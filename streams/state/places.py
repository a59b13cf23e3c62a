"""The places of a record's blocking keys in the key index, as one bytes object a record.

First the number of the key bucket of each, 4 bytes, with the highest bit set where it is a weak key; then the fingerprint of each,
4 bytes, of which the last ones are those in Redis. Workers keep hundreds of thousands of these, and each crosses from the process
that prepares payloads.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from struct import Struct

from streams.matching.blocking import Key
from streams.matching.prefilter import WEAK_KINDS
from streams.state.layout import Layout

__all__ = [
    "Slot",
    "count",
    "fields",
    "fingerprints",
    "is_weak",
    "names",
    "pack",
    "places_of",
    "shared",
    "slots",
    "without",
]

Slot = tuple[int, bytes]
"""A place: number of the bucket, with the bit of a weak key, and fingerprint. Equal ones are one blocking key."""

_WEAK = 1 << 31
_BUCKET = _WEAK - 1
_WIDTH, _BYTES = 4, 8


@cache
def _numbers(count: int) -> Struct:
    return Struct(f">{count}I")


def places_of(layout: Layout, keys: Sequence[Key]) -> bytes:
    """Return the places of blocking keys, in their order."""
    where = layout.slots(keys)
    numbers = [_WEAK | n if key[0] in WEAK_KINDS else n for key, (n, _) in zip(keys, where, strict=True)]
    return _numbers(2 * len(numbers)).pack(*numbers, *[fingerprint for _, fingerprint in where])


def pack(some: Collection[Slot]) -> bytes:
    """Return places as bytes."""
    return b"".join((_numbers(len(some)).pack(*(n for n, _ in some)), *(fingerprint for _, fingerprint in some)))


def count(places: bytes) -> int:
    """Return how many places there are."""
    return len(places) // _BYTES


def names(places: bytes, key_names: Sequence[bytes]) -> list[bytes]:
    """Return the Redis keys of places; `key_names` are those of the layout."""
    return [key_names[number & _BUCKET] for number in _numbers(len(places) // _BYTES).unpack_from(places)]


def fingerprints(places: bytes) -> bytes:
    """Return the fingerprints, one after the other."""
    return places[len(places) // 2 :]


def fields(places: bytes, width: int) -> list[bytes]:
    """Return the field of each place in its Redis key: its fingerprint, which has `width` bytes there."""
    return [fingerprint[-width:] for _, fingerprint in slots(places)]


def is_weak(places: bytes, index: int) -> bool:
    """Return whether the place at an index is of a weak blocking key, whose records must pass the prefilter too."""
    return places[_WIDTH * index] >= _WEAK >> 24


def slots(places: bytes) -> list[Slot]:
    """Return each place for itself."""
    half = len(places) // 2
    found = [places[at : at + _WIDTH] for at in range(half, len(places), _WIDTH)]
    return list(zip(_numbers(len(found)).unpack_from(places), found, strict=True))


def shared(places: bytes, others: bytes) -> tuple[int, int]:
    """Return how many places are among others too, strong and weak ones."""
    common = set(slots(places)).intersection(slots(others))
    weak = sum(number >= _WEAK for number, _ in common)
    return len(common) - weak, weak


def without(places: bytes, others: bytes) -> bytes:
    """Return the places that are not among others."""
    left_out = set(slots(others))
    return pack([slot for slot in slots(places) if slot not in left_out])
