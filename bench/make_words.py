"""Count words and pairs of words in titles, and write the table of how much a title says.

    python bench/make_words.py --data DIR [--without SET] [--words FILE ...] [--out FILE]

DIR holds feeds and labelled pairs as for `bench/evaluate.py`; only counts of words leave it. `--words` are lists of words,
one a line: they are words however rare in titles; those of Debian's wamerican-large and wbritish-large are taken where they
are installed. `--without` leaves out the records of a set, so that it can be judged by a table that has not seen it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from sets import OWN_SETS, load, names
from subjects import Subject, trace_shared_pairs
from word_counts import LISTS, Titles, listed_words, table

OUT = Path(__file__).parent.parent / "streams" / "matching" / "words.bin"


def main() -> None:
    """Count and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--without", default="")
    parser.add_argument("--words", nargs="*", type=Path, default=[file for file in LISTS if file.exists()])
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    subjects = [Subject(load(name, options.data, 0)) for name in names(options.data) if name not in OWN_SETS]
    subjects = [subject for subject in subjects if subject.name == subject.base]
    trace_shared_pairs(subjects)
    titles = Titles(subjects)
    counts = titles.without(options.without) if options.without else titles.counts
    made = table(counts, listed_words(options.words))
    options.out.write_bytes(made.tobytes())
    print(f"{counts.titles} titles, {len(made)} entries, {options.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
