"""Which pairs a change of the rules moved: two dumps of `bench/evaluate.py --dump`, compared pair by pair.

    python bench/differences.py OLD NEW [--sets NAME ...] [--all]

Prints the pairs that are put together in one run and not in the other, better ones and worse ones, with what decided them.
`--all` lists also pairs of which only the verdict changed. A dump holds titles of the sets: it is not for the repository.
"""

from __future__ import annotations

import argparse
import gzip
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson


class Moved(NamedTuple):
    """A pair in the old run and in the new, None where a run does not list it; `how` it moved."""

    name: str
    pair: str
    how: str
    old: dict[str, Any] | None
    new: dict[str, Any] | None


def read(path: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the rows of a dump by set and pair."""
    with gzip.open(path, "rb") as lines:
        rows = [orjson.loads(line) for line in lines]
    return {(row["set"], row["pair"]): row for row in rows}


def compare(old: dict[tuple[str, str], dict[str, Any]], new: dict[tuple[str, str], dict[str, Any]]) -> Iterator[Moved]:
    """Return the pairs of which anything changed."""
    for key in sorted(old.keys() | new.keys()):
        before, after = old.get(key), new.get(key)
        how = _how(before, after)
        if how:
            yield Moved(*key, how, before, after)


def _how(before: dict[str, Any] | None, after: dict[str, Any] | None) -> str:
    truth = (before or after or {})["truth"]
    was, now = (bool(row and row["found"]) for row in (before, after))
    if was != now and truth is not None:
        return "better" if now == truth else "worse"
    if was != now or _verdict(before) != _verdict(after):
        return "otherwise"
    return ""


def _verdict(row: dict[str, Any] | None) -> str:
    """Return the verdict; a pair that a dump does not list is not a duplicate, and not in doubt."""
    return row["verdict"] if row and row["verdict"] in ("duplicate", "review") else "distinct"


def shown(moved: Moved) -> str:
    """Return a moved pair in three lines."""
    row = moved.new or moved.old or {}
    decided = " -> ".join(
        f"{one['verdict']} {one['score']:.2f} {one['reasons'][0]}{'' if one['met'] else ' (not compared)'}"
        f"{', together' if one['found'] else ''}" if one else "not listed"
        for one in (moved.old, moved.new)
    )  # fmt: skip
    truth = {True: "one work", False: "two works", None: "not known"}[row["truth"]]
    return "\n    ".join([f"{moved.how}: {moved.pair} ({truth}): {decided}", *row["titles"]])


def main() -> None:
    """Print what moved, set by set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--sets", nargs="*", default=[])
    parser.add_argument("--all", action="store_true")
    options = parser.parse_args()
    by_set: dict[str, list[Moved]] = defaultdict(list)
    for moved in compare(read(options.old), read(options.new)):
        if not options.sets or moved.name in options.sets:
            by_set[moved.name].append(moved)
    for name, some in by_set.items():
        counts = Counter(moved.how for moved in some)
        print(f"{name}: {counts['better']} better, {counts['worse']} worse, {counts['otherwise']} decided otherwise")
        for moved in some:
            if options.all or moved.how != "otherwise":
                print("  " + shown(moved).replace("\n", "\n  "))


if __name__ == "__main__":
    main()
