"""Train the second compression dictionaries of `streams/state/` on records made up from statistics (`bench/record_statistics.py`).

    python bench/train_dictionaries.py --data DIR [--without SET …]

DIR holds feeds and labelled pairs as for `bench/evaluate.py`; only what is frequent leaves it: words and pairs of words, parts of
names, journals, and beginnings of addresses and identifiers. Records whose titles are in one of the sets
`--without` are left out, so that these sets show what the dictionaries save on records that they have not seen. It prints that.

State that was written with dictionaries is unreadable with others: give new ones a number of their own in `streams/state/codec.py`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import zstandard
from record_statistics import MadeUp
from sets import OWN_SETS, documents, load, names

from streams.matching.feature_values import Features
from streams.matching.features import extract
from streams.normalize.text import normalize
from streams.records.record import Record
from streams.state.codec import Arrays, Codec, Shape
from streams.state.record_codec import FEATURES, RECORD

FOLDER = Path(__file__).parent.parent / "streams" / "state"
BYTES = 64 * 1024
SAMPLES = 20_000


def models(data: Path, without: Iterable[str]) -> tuple[list[Record], list[Record]]:
    """Return the records to take statistics of, and those of the sets that are left out."""
    sets = {name: list(documents(load(name, data, 0))) for name in names(data) if name not in OWN_SETS}
    apart = [record for name in without for record in sets.pop(name)]
    titles = {normalize(record.title) for record in apart}
    return [r for records in sets.values() for r in records if normalize(r.title) not in titles], apart


def train(name: str, type_: type[msgspec.Struct], shape: Shape, samples: Sequence[Any]) -> None:
    """Write a dictionary for values of a type."""
    pack = Arrays(type_, shape).pack
    data = zstandard.train_dictionary(BYTES, [pack(sample) for sample in samples], level=3)
    (FOLDER / f"{name}-2.zdict").write_bytes(data.as_bytes())


def main() -> None:
    """Write both dictionaries and print what they save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--without", nargs="*", default=[])
    options = parser.parse_args()
    records, apart = models(options.data, options.without)
    made = list(MadeUp(records).make(SAMPLES))
    train("features", Features, FEATURES, [extract(record) for record in made])
    train("document", Record, RECORD, made)
    shown = [msgspec.structs.replace(record, abstract="") for record in apart or made]
    for form in (1, 2):
        features, document = Codec(Features, "features", FEATURES, form), Codec(Record, "document", RECORD, form)
        sizes = [(len(features.encode(extract(record))), len(document.encode(record))) for record in shown]
        both = [sum(column) / len(sizes) for column in zip(*sizes, strict=True)]
        print(f"format {form}, {len(shown)} records: features {both[0]:.1f}, document {both[1]:.1f} bytes a record")


if __name__ == "__main__":
    main()
