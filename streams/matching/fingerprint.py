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
_SEPARATE = bytes(code if chr(code).isalpha() and code < 128 else 32 for code in range(256))
_WORDS = 120
_MIN_WORDS = 12  # shorter "abstracts" are notes such as "5 pages, 2 figures"


def fingerprint(abstract: str) -> bytes:
    """Return the fingerprint of an abstract, `b""` where it is too short to have one."""
    if len(abstract) < 60:
        return b""
    words = _words(abstract[:1400].lower())
    if len(words) < _MIN_WORDS:
        return b""
    bins = bytearray(BINS)
    empty = set(range(BINS))
    for found in sorted(map(crc32, map(add, words, words[1:]))):
        # The smallest of each bin comes first.
        if found & 15 in empty:
            bins[found & 15] = found >> 8 & 0xFF
            empty.remove(found & 15)
            if not empty:
                break
    return bytes(bins)


def _words(text: str) -> list[bytes]:
    """Return the first words of an abstract in lower case, without a heading before it."""
    lead = _LEAD.match(text)
    if lead is None:  # a text of marks alone
        return []
    start = lead.end()
    if not text.isascii():
        return [word.encode() for word in _WORD.findall(text, start)[:_WORDS]]
    # A third of the time of the pattern, by which it means the same.
    return [word for word in text.encode()[start:].translate(_SEPARATE).split() if len(word) > 2][:_WORDS]


def similarity(a: bytes, b: bytes) -> float:
    """Estimate the share of word pairs that two abstracts have in common, 0 to 1; -1 where one has no fingerprint."""
    if not a or not b:
        return -1.0
    return 1.0 if a == b else sum(map(eq, a, b)) / BINS
