"""Prefilter of candidates: a test on four bytes, cheap enough to run inside the key index.

Keys made of parts of titles put records together in spite of errors, and put many more together that have nothing to do with
each other. So each entry of the index carries a signature of its record: year and authors. Records that share only
such *weak* keys are compared only where their signatures pass: an author in common, or, where one side names no
authors, years at most three apart. `docs/evaluation.md` has the cost in recall.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from zlib import crc32

from streams.matching.features import Features

__all__ = ["SIGNATURE_BYTES", "WEAK_KINDS", "passes", "prefilter", "signature"]

WEAK_KINDS = frozenset(("begin", "end", "words"))
"""Kinds of weak blocking keys: two records that share only such keys are compared only if they pass the prefilter."""

SIGNATURE_BYTES = 4
_FIRST_YEAR = 1790
_NAME_LETTERS = 4
_YEARS_APART = 3
_ANY = 255
_ANY_AUTHOR = bytes([_ANY] * 3)


def signature(features: Features) -> bytes:
    """Return the signature of a record, four bytes: the year (0: not known), and three hashes of authors (0: none).

    The hashes are the three smallest 8-bit hashes of family names: lists that overlap are likely to share those, however
    they are ordered or cut. A collaboration may have any author, so its signature matches all (255).
    """
    year = features.date // 10000
    first = bytes([min(max(year - _FIRST_YEAR, 1), 255)]) if year else b"\0"
    hashes = set()
    for author in features.authors:
        if author[0] == "*":
            return first + _ANY_AUTHOR
        hashes.add(_hash(author.partition("|")[0][:_NAME_LETTERS]))
    return first + bytes(sorted(hashes)[:3]).ljust(3, b"\0")


def passes(a: bytes, b: bytes) -> bool:
    """Tell whether two records that share only weak keys are worth comparing, by their signatures; symmetric."""
    return prefilter(a)(b, 0)


def prefilter(signature: bytes) -> Callable[[bytes, int], bool]:
    """Return `passes` for one record against many: a function of packed entries and the offset of a signature in them."""
    year, names = signature[0], frozenset(signature[1:4]) - {0}
    any_author = signature[1:] == _ANY_AUTHOR

    def may_be_one_work(packed: bytes, at: int) -> bool:
        first, second, third = packed[at + 1], packed[at + 2], packed[at + 3]
        if names and first:
            return any_author or first in names or second in names or third in names or first == third == _ANY
        other = packed[at]
        return bool(year and other) and -_YEARS_APART <= year - other <= _YEARS_APART

    return may_be_one_work


@lru_cache(maxsize=16_384)
def _hash(letters: str) -> int:
    """Return the hash of the first letters of a family name; cached, for few names begin in their own way."""
    return crc32(letters.encode("utf-8", "surrogatepass")) % 254 + 1
