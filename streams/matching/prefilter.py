"""Prefilter of candidates: a test on four bytes, cheap enough to run inside the key index.

Keys made of parts of titles, and of an author with one word, put records together in spite of errors, and put many more together
that have nothing to do with each other, the more the larger the feed. So each entry of the index carries a signature of its
record: hashes of two authors and a sketch of the words of its title. Records that share only such *weak* keys are
compared only where their signatures agree: the fewer authors they have in common, the more words they need.
`docs/evaluation.md` has the cost in recall, ADR 49 the reasons.

| bits | value                                                                                                       |
|------|-------------------------------------------------------------------------------------------------------------|
| 6    | hash of the family name of the first author, 1 to 62; 0: no authors are known, 63: a collaboration          |
| 6    | the smallest hash of the other authors' family names, 1 to 62; 0: there are none, 63: a collaboration among |
|      | them; where no authors are known, the year modulo 62, from 1 on; 0: not known                               |
| 20   | the sketch: one bit for each word of the titles, by its hash                                                |
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import sqrt
from zlib import crc32

from streams.matching.feature_values import Features
from streams.normalize.text import STOPWORDS

__all__ = ["SIGNATURE_BYTES", "WEAK_KINDS", "passes", "prefilter", "signature"]

WEAK_KINDS = frozenset(("author", "begin", "end", "words"))
"""Kinds of weak blocking keys: two records that share only such keys are compared only if they pass the prefilter."""

SIGNATURE_BYTES = 4
_NAME_BITS, _SKETCH_BITS = 6, 20
_ANYBODY = (1 << _NAME_BITS) - 1
_NAMES = _ANYBODY - 1  # values from 1 on
_SKETCH = (1 << _SKETCH_BITS) - 1
_NAME_LETTERS = 4
_WORD_LETTERS = 6  # of a word, so that endings and most slips do not count
_FIRST_UNSPACED = "\u0e00"  # from here on scripts have no blanks between words: each of their letters counts as a word

_FULL = _SKETCH_BITS // 2  # bits; two sketches with more share so much by chance that they say nothing
_YEARS_APART = 3

_BOTH_AGREE, _ONE_KNOWN, _ONE_OF_SEVERAL = 0.25, 0.4, 0.45
"""How much of two titles has to agree (cosine of the sets of words, without what sketches share by chance) where two authors
agree; where one does, and one of the records names no other; where one does, and the others differ."""
_NONE_AGREES = 0.9
"""The same where no author agrees: names are garbled, and the titles are not."""
_NO_AUTHORS_ONE_TIME, _NO_AUTHORS = 0.45, 0.75
"""The same where neither record names authors and their years are close; where authors cannot be compared otherwise."""


def signature(features: Features) -> bytes:
    """Return the signature of a record, four bytes.

    It has the first author and the smallest hash of the others: two lists of the same authors share both in any order, and a list
    that lacks an author still shares one.
    """
    first, other = _names(features.authors) if features.authors else (0, _year(features))
    words = 0
    for title in (features.title, *features.others):
        words |= _sketch(title)
    return ((first << _NAME_BITS | other) << _SKETCH_BITS | words).to_bytes(SIGNATURE_BYTES, "big")


def _names(authors: Sequence[str]) -> tuple[int, int]:
    hashes = [_hash_of_name(author) for author in authors]
    others = hashes[1:]
    return hashes[0], _ANYBODY if _ANYBODY in others else min(others, default=0)


def _year(features: Features) -> int:
    return features.year % _NAMES + 1 if features.year else 0


def passes(a: bytes, b: bytes) -> bool:
    """Tell whether two records that share only weak keys are worth comparing, by their signatures; symmetric."""
    return prefilter(a)(b, 0)


def prefilter(signature: bytes) -> Callable[[bytes, int], bool]:
    """Return `passes` for one record against many: a function of packed entries and the offset of a signature in them.

    A record meets the same others under several keys, so the function remembers its answers.
    """
    first, other, words = _parts(signature)
    count = words.bit_count()
    known: dict[bytes, bool] = {}

    def agrees(theirs: bytes) -> bool:
        their_first, their_other, their_words = _parts(theirs)
        their_count = their_words.bit_count()
        product = count * their_count
        if not product:
            return True  # a title without words says nothing
        by_chance = product / _SKETCH_BITS
        common, most = (words & their_words).bit_count() - by_chance, sqrt(product) - by_chance
        are_full = count > _FULL < their_count
        if not are_full and common < _BOTH_AGREE * most:
            return False  # as most do, whatever their authors
        least = _least_agreement(first, other, their_first, their_other)
        return (are_full and least < _NONE_AGREES) or common >= least * most

    def may_be_one_work(packed: bytes, at: int) -> bool:
        theirs = packed[at : at + SIGNATURE_BYTES]
        answer = known.get(theirs)
        if answer is None:
            answer = known[theirs] = agrees(theirs)
        return answer

    return may_be_one_work


def _parts(signature: bytes) -> tuple[int, int, int]:
    number = int.from_bytes(signature, "big")
    names = number >> _SKETCH_BITS
    return names >> _NAME_BITS, names & _ANYBODY, number & _SKETCH


def _least_agreement(first: int, other: int, their_first: int, their_other: int) -> float:
    """Return how much of two titles has to agree, by the authors of both records."""
    if not first or not their_first:
        one_time = (
            not first and not their_first and other and their_other and _years_apart(other, their_other) <= _YEARS_APART
        )
        return _NO_AUTHORS_ONE_TIME if one_time else _NO_AUTHORS
    if _ANYBODY in (first, their_first):
        return _ONE_KNOWN
    common = (first == their_first) + (0 < other == their_other) + (first == their_other) + (other == their_first)
    if _ANYBODY in (other, their_other):
        return _BOTH_AGREE if common else _ONE_KNOWN
    if common > 1:
        return _BOTH_AGREE
    if not common:
        return _NONE_AGREES
    return _ONE_OF_SEVERAL if other and their_other else _ONE_KNOWN


def _years_apart(year: int, other: int) -> int:
    apart = abs(year - other)
    return min(apart, _NAMES - apart)


# The bits of words seen lately, as in `spelling.py`.
_BITS: dict[str, int] = {}
_MOST_BITS = 65_536


def _sketch(title: str) -> int:
    bits, known = 0, _BITS.get
    for word in title.split(" "):
        found = known(word)
        bits |= _remember(word) if found is None else found
    return bits


def _remember(word: str) -> int:
    if len(_BITS) >= _MOST_BITS:
        _BITS.clear()
    bits = 0
    if word[:1] >= _FIRST_UNSPACED:
        for letter in word:
            bits |= _bit(letter)
    elif word and word not in STOPWORDS:
        bits = _bit(word[:_WORD_LETTERS])
    _BITS[word] = bits
    return bits


def _bit(word: str) -> int:
    return 1 << crc32(word.encode("utf-8", "surrogatepass")) % _SKETCH_BITS


@lru_cache(maxsize=16_384)
def _hash_of_name(author: str) -> int:
    if author.startswith("*"):
        return _ANYBODY
    family = author.partition("|")[0][:_NAME_LETTERS]
    return crc32(family.encode("utf-8", "surrogatepass")) % _NAMES + 1
