"""A 16-byte fingerprint of an abstract, from which the similarity of two abstracts is estimated.

One-permutation MinHash (Li, Owen and Zhang 2012) over pairs of neighbouring words: each pair is hashed once,
falls into one of 16 bins, and each bin keeps one byte of its smallest hash. The share of equal bins estimates
the share of word pairs the two have in common. Only the first 120 words count:
abstracts are cut at the end, and the cost is bounded.
"""

from __future__ import annotations

import re
from operator import add, eq
from zlib import crc32

__all__ = ["BINS", "fingerprint", "similarity"]

BINS = 16
_WORD = re.compile(r"[^\W\d_]{3,}")
_LEAD = re.compile(
    r"^\W*(?:<[^>]*>\s*)*(?:abstract|summary|background|introduction|objectives?|purpose|aims?|context|resumen|resume)?\b[\s:.]*",
    re.IGNORECASE,
)
_WORDS = 120
_MIN_WORDS = 12  # shorter "abstracts" are notes such as "5 pages, 2 figures"


def fingerprint(abstract: str) -> bytes:
    """Return the fingerprint of an abstract, `b""` where it is too short to have one."""
    if len(abstract) < 60:
        return b""
    text = abstract[:1400].lower()
    words = _WORD.findall(text, _LEAD.match(text).end())[:_WORDS]  # type: ignore[union-attr]
    if len(words) < _MIN_WORDS:
        return b""
    hashes = [crc32(pair.encode()) for pair in map(add, words, words[1:])]
    # From the largest down, so that the smallest of each bin overwrites the others.
    smallest = {h & 15: h >> 8 & 0xFF for h in sorted(hashes, reverse=True)}
    return bytes([smallest.get(i, 0) for i in range(BINS)])


def similarity(a: bytes, b: bytes) -> float:
    """Estimate the share of word pairs that two abstracts have in common, 0 to 1; -1 where one has no fingerprint."""
    if not a or not b:
        return -1.0
    return 1.0 if a == b else sum(map(eq, a, b)) / BINS
