"""Frequencies of words and pairs of words in titles, and a test whether a string is a word at all.

`words.bin` holds counts alone: for each of 164,000 words and pairs of neighbouring words a number of four bytes,
sorted, of which the upper 25 bits are a hash of the text and the lower 7 a class (see `bench/make_words.py`, which makes
the file). A string that is not in the table is taken for a word in one case of 200, by a collision of hashes.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from functools import cache, lru_cache
from importlib.resources import files
from zlib import crc32

from streams.normalize.han import has_han

__all__ = ["CLASS_BITS", "RAREST", "hash_of", "information", "is_word", "shared_information"]

CLASS_BITS = 7
"""Lower bits of an entry: the surprise of the word or pair in quarters of a bit, 1 to 127."""
RAREST = 13.0
"""Bits of surprise of the rarest words, one title in 8,000: too few titles were counted to distinguish rarer words."""
_QUARTERS = 4.0
_CLASS = (1 << CLASS_BITS) - 1
_IDEOGRAPH_BITS = 6.0
"""Bits of an ideograph, kana or Thai letter in a title without blanks; in ordinary text a character has 5 to 9."""
_FIRST_UNSPACED = "\u0e00"


def hash_of(text: str) -> int:
    """Return the upper 25 bits of a table entry for a word, or for two words with a blank between."""
    return crc32(text.encode("utf-8", "surrogatepass")) >> CLASS_BITS << CLASS_BITS


@cache
def _table() -> array[int]:
    table = array("I")
    table.frombytes(files("streams.matching").joinpath("words.bin").read_bytes())
    return table


@lru_cache(maxsize=16_384)
def _surprise(text: str) -> float:
    """Return the bits of surprise (minus log2 of the probability) of a word, or of the second word of a pair.

    0.0 where the table has no entry.
    """
    table, key = _table(), hash_of(text)
    at = bisect_left(table, key)
    if at < len(table) and table[at] & ~_CLASS == key:
        return (table[at] & _CLASS) / _QUARTERS
    return 0.0


def is_word(text: str) -> bool:
    """Tell whether a string is a word of English, of the counted titles and abstracts, or of Chinese characters.

    Each such character is a word's sense, not one of its letters: another character makes another word.
    """
    return _surprise(text) > 0.0 or has_han(text)


def shared_information(a: str, b: str) -> float:
    """Return the bits of the words that two titles in normal form have in common, in any order."""
    common = set(a.split(" ")).intersection(b.split(" "))
    return sum(_surprise(word) or _unknown(word) for word in common)


# Cached, for a title is compared with several others.
@lru_cache(maxsize=8192)
def information(title: str) -> float:
    """Return how many bits a title in normal form says: the less likely its words in this order, the more.

    A title of B bits is expected once in 2^B titles, so of 250 million works (2^28) about 2^(28 - B) others have it by
    chance. Each word counts its surprise among all titles, or the surprise after the word before it where that is less.
    """
    total, before = 0.0, ""
    for word in title.split(" "):
        bits = _surprise(word) or _unknown(word)
        if before:
            pair = _surprise(f"{before} {word}")
            if pair and pair < bits:
                bits = pair
        total += bits
        before = word
    return total


def _unknown(word: str) -> float:
    if word[:1] >= _FIRST_UNSPACED:
        return _IDEOGRAPH_BITS * len(word)
    return RAREST
