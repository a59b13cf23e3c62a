"""Counts of words in the titles of all sets, the table made of them, and the same without a set.

The table (`streams/matching/words.bin`) says how common words and pairs of words are and which strings are words. To judge a
set by a table that has not seen it, a title counts only if another set has it as well.
"""

from __future__ import annotations

import math
import sys
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from sets import FeedSet
from subjects import Subject

from streams.matching import words as table_module
from streams.matching.spelling import one_spelling
from streams.matching.titles import title_forms
from streams.matching.words import CLASS_BITS, RAREST, hash_of
from streams.normalize.text import normalize
from streams.records.record import Record

LISTS = tuple(Path("/usr/share/dict", name) for name in ("american-english-large", "british-english-large"))
"""Lists of words, as Debian's wamerican-large and wbritish-large (made from SCOWL) install them."""
NOISY = ("google_scholar", "pdf")  # sources whose titles machines read off pages: their slips are no words
LEAST_TITLES, LEAST_ABSTRACTS, LEAST_NOISY, LEAST_PAIRS = 3, 3, 40, 4
ABSTRACT = 3000  # letters of an abstract that are counted


class Occurrence(NamedTuple):
    """A title in a set: the sets that have the record, whether people wrote the title, and the abstract as given."""

    sets: frozenset[str]
    clean: bool
    abstract: str


class Counts:
    """How many titles and abstracts have a word, and how many titles a pair of neighbouring words."""

    def __init__(self) -> None:
        self.titles = 0
        self.words: Counter[str] = Counter()
        self.clean: Counter[str] = Counter()
        self.pairs: Counter[str] = Counter()
        self.abstracts: Counter[str] = Counter()

    def add(self, title: str, one: Occurrence, times: int = 1) -> None:
        """Count a title and the beginning of its abstract; with -1 take them back."""
        self.titles += times
        words = title.split(" ")
        for word in set(words):
            self.words[word] += times
            if one.clean:
                self.clean[word] += times
        for pair in {f"{first} {second}" for first, second in pairwise(words)}:
            self.pairs[pair] += times
        for word in _abstract_words(one.abstract):
            self.abstracts[word] += times

    def copy(self) -> Counts:
        """Return counts that may be changed apart from these."""
        other = Counts()
        other.titles = self.titles
        other.words, other.clean = self.words.copy(), self.clean.copy()
        other.pairs, other.abstracts = self.pairs.copy(), self.abstracts.copy()
        return other


@lru_cache(maxsize=65_536)
def _abstract_words(abstract: str) -> frozenset[str]:
    return frozenset(one_spelling(normalize(abstract[:ABSTRACT])).split(" ")) if abstract else frozenset()


class Titles:
    """All titles of some sets in normal form, each with its occurrences in the order of the sets."""

    def __init__(self, subjects: Iterable[Subject]) -> None:
        self._occurrences: dict[str, list[Occurrence]] = {}
        for subject in subjects:
            for record, sets in _records(subject):
                title = one_spelling(title_forms(record.title, record.subtitle).whole)
                known = self._occurrences.setdefault(title, []) if title else []
                if not any(one.sets <= sets for one in known):
                    known.append(Occurrence(sets, record.source not in NOISY, record.abstract))
        self.counts = Counts()
        for title, (first, *_) in self._occurrences.items():
            self.counts.add(title, first)

    def without(self, base: str) -> Counts:
        """Return the counts when the records of a set are left out, also where other sets have them."""
        counts = self.counts.copy()
        for title, occurrences in self._occurrences.items():
            if base in occurrences[0].sets:
                counts.add(title, occurrences[0], -1)
                left = next((one for one in occurrences if base not in one.sets), None)
                if left:
                    counts.add(title, left)
        return counts


def _records(subject: Subject) -> Iterator[tuple[Record, frozenset[str]]]:
    """Return the records of a set, each with the sets that are left out with it."""
    own = frozenset((subject.base,))
    if isinstance(subject.labelled, FeedSet):
        yield from ((record, own) for record in subject.labelled.records.values())
    else:
        for key, pair in subject.labels.items():
            sets = own | subject.elsewhere.get(key, set())
            yield from ((pair.a, sets), (pair.b, sets))


def listed_words(files: Iterable[Path]) -> frozenset[str]:
    """Return the words of lists in normal form; possessives are left out."""
    found = set()
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines():
            if "'" not in line and (word := normalize(line)) and " " not in word:
                found.add(one_spelling(word))
    return frozenset(found)


def table(counts: Counts, listed: Iterable[str], more: Iterable[int] = ()) -> array[int]:
    """Return the table of counts; `listed` are words however rare they are in titles, `more` entries taken as they are."""
    entries = {value >> CLASS_BITS: value for value in (*more, *_entries(counts, listed))}
    return array("I", sorted(entries.values()))


def unexplained(titles: Titles) -> list[int]:
    """Return the entries of the shipped table that counts do not give: those of lists of words that are not at hand.

    Of a word that is in a list and in one set alone nothing is left when that set is left out.
    """
    counted = {value >> CLASS_BITS for value in table(titles.counts, ())}
    return [value for value in table_module._table() if value >> CLASS_BITS not in counted]


def _entries(counts: Counts, listed: Iterable[str]) -> Iterator[int]:
    known = {*listed, *(word for word, n in counts.abstracts.items() if n >= LEAST_ABSTRACTS)}
    known |= {word for word, n in counts.clean.items() if n >= LEAST_TITLES}
    known |= {word for word, n in counts.words.items() if n >= LEAST_NOISY}
    for word in sorted(known):
        yield _entry(word, math.log2(counts.titles / max(1, counts.words[word])))
    for pair, n in counts.pairs.items():
        if n >= LEAST_PAIRS:
            yield _entry(pair, math.log2(counts.words[pair.partition(" ")[0]] / n))


def _entry(text: str, bits: float) -> int:
    return hash_of(text) | max(1, min((1 << CLASS_BITS) - 1, round(4 * min(bits, RAREST))))


@contextmanager
def swapped(other: array[int]) -> Iterator[None]:
    """Let matching read another table of words in this process."""
    shipped = table_module._table
    table_module._table = lambda: other  # type: ignore[assignment]
    _forget()
    try:
        yield
    finally:
        table_module._table = shipped
        _forget()


def _forget() -> None:
    """Clear all caches of matching: what they keep may come from the other table."""
    for name, module in list(sys.modules.items()):
        if name.startswith("streams.matching"):
            for value in vars(module).values():
                if hasattr(value, "cache_clear") and value is not table_module._table:
                    value.cache_clear()
