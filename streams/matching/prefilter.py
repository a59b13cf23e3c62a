"""A first look at candidates, so cheap that it is kept in the key index itself.

Keys made of parts of titles let records meet in spite of errors, and let many more meet that have nothing to do with each
other. So each entry of the index carries a signature of its record: year and authors. Records that share only
such a *loose* key are compared only where the signatures allow it: somebody in common, or, where one side names no
authors, years close together. `docs/evaluation.md` has what it costs in recall (pairs that meet, and pairs that are compared).
"""

from __future__ import annotations

from collections.abc import Callable
from zlib import crc32

from streams.matching.features import Features

__all__ = ["LOOSE_KINDS", "SIGNATURE_BYTES", "allows", "screen", "signature"]

LOOSE_KINDS = frozenset(("begin", "end", "words"))
"""Kinds of keys that need the signatures' consent."""

SIGNATURE_BYTES = 4
_FIRST_YEAR = 1790
_NAME_LETTERS = 4
_YEARS_APART = 3
_ANY = 255
_ANYBODY = bytes([_ANY] * 3)


def signature(features: Features) -> bytes:
    """Four bytes: the year (0: not known), and the three smallest 8-bit hashes of the authors' family names (0: none).

    The smallest, for lists that overlap are likely to share them however they are ordered or cut. A collaboration may
    stand for anybody.
    """
    year = features.date // 10000
    first = bytes([min(max(year - _FIRST_YEAR, 1), 255)]) if year else b"\0"
    if any(author.startswith("*") for author in features.authors):
        return first + _ANYBODY
    hashes = sorted({_hash(author.partition("|")[0]) for author in features.authors})[:3]
    return first + bytes(hashes).ljust(3, b"\0")


def allows(a: bytes, b: bytes) -> bool:
    """Whether two records that share only loose keys are worth comparing, by their signatures. Symmetric."""
    return screen(a)(b, 0)


def screen(signature: bytes) -> Callable[[bytes, int], bool]:
    """`allows` for one record against many: a function of packed entries and where in them a signature begins."""
    year, names = signature[0], frozenset(signature[1:4]) - {0}
    anybody = signature[1:] == _ANYBODY

    def may(packed: bytes, at: int) -> bool:
        first, second, third = packed[at + 1], packed[at + 2], packed[at + 3]
        if names and first:
            return anybody or first in names or second in names or third in names or first == third == _ANY
        other = packed[at]
        return bool(year and other) and -_YEARS_APART <= year - other <= _YEARS_APART

    return may


def _hash(family: str) -> int:
    return crc32(family[:_NAME_LETTERS].encode("utf-8", "surrogatepass")) % 254 + 1
