"""Count words and pairs of words in titles, and write the table that tells how much a title says.

    python bench/make_words.py --data DIR [--without SET ...] [--words FILE ...] [--out FILE]

DIR holds feeds and labelled pairs as for `bench/evaluate.py`; only counts of words leave it. `--words` are lists of
words, one a line (Debian's wamerican-large and wbritish-large, made from SCOWL): they are words however rare in titles.
`--without` leaves sets out, so that a set can be judged by a table that has not seen it.
"""

from __future__ import annotations

import argparse
import math
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

from sets import documents

from streams.matching.spelling import one_spelling
from streams.matching.titles import title_forms
from streams.matching.words import CLASS_BITS, RAREST, hash_of
from streams.records import Record
from streams.text import normalize

OUT = Path(__file__).parent.parent / "streams" / "matching" / "words.bin"
NOISY = ("google_scholar", "pdf")  # sources whose titles machines read off pages: their slips are no words
LEAST_TITLES, LEAST_ABSTRACTS, LEAST_NOISY, LEAST_PAIRS = 3, 3, 40, 4


class Counts:
    """How many titles and abstracts have a word, and how many titles a pair of neighbouring words."""

    def __init__(self) -> None:
        self.titles = 0
        self.words: Counter[str] = Counter()
        self.clean: Counter[str] = Counter()
        self.pairs: Counter[str] = Counter()
        self.abstracts: Counter[str] = Counter()
        self._seen: set[str] = set()

    def add(self, record: Record) -> None:
        """Count a record's title once however many records have it, and the first 3,000 characters of its abstract."""
        title = one_spelling(title_forms(record.title, record.subtitle).whole)
        if title and title not in self._seen:
            self._seen.add(title)
            self.titles += 1
            words = title.split(" ")
            self.words.update(set(words))
            if record.source not in NOISY:
                self.clean.update(set(words))
            self.pairs.update({f"{one} {two}" for one, two in pairwise(words)})
            if record.abstract:
                self.abstracts.update(set(one_spelling(normalize(record.abstract[:3000])).split(" ")))


def entries(counts: Counts, listed: Iterable[str]) -> Iterator[int]:
    """The entries of the table."""
    known = {*listed, *(word for word, n in counts.abstracts.items() if n >= LEAST_ABSTRACTS)}
    known |= {word for word, n in counts.clean.items() if n >= LEAST_TITLES}
    known |= {word for word, n in counts.words.items() if n >= LEAST_NOISY}
    for word in known:
        yield entry(word, math.log2(counts.titles / max(1, counts.words[word])))
    for pair, n in counts.pairs.items():
        if n >= LEAST_PAIRS:
            yield entry(pair, math.log2(counts.words[pair.partition(" ")[0]] / n))


def entry(text: str, bits: float) -> int:
    """One entry: hash and class."""
    return hash_of(text) | max(1, min((1 << CLASS_BITS) - 1, round(4 * min(bits, RAREST))))


def listed_words(files: Iterable[Path]) -> Iterator[str]:
    """The words of the lists in normal form; possessives are left out."""
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines():
            if "'" not in line and (word := normalize(line)) and " " not in word:
                yield one_spelling(word)


def main() -> None:
    """Count and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--without", nargs="*", default=[])
    parser.add_argument("--words", nargs="*", type=Path, default=[])
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    counts = Counts()
    for folder in sorted(path for path in options.data.iterdir() if path.is_dir() and path.name not in options.without):
        for record in documents(folder):
            counts.add(record)
    table = array(
        "I", sorted({value >> CLASS_BITS: value for value in entries(counts, listed_words(options.words))}.values())
    )
    options.out.write_bytes(table.tobytes())
    print(f"{counts.titles} titles, {len(table)} entries, {options.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
