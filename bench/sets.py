"""The labelled sets: every folder of the right form, variants of some, and two of our own that are always there.

A set is a folder with `pairs.jsonl.gz` (labelled pairs of documents), or with `feed.jsonl.gz` and `gold.jsonl.gz`
(clusters) or `gold_cross_pairs.jsonl.gz` (pairs between sources). A feed without gold is measured for what needs no truth.
"""

from __future__ import annotations

import contextlib
import gzip
from collections.abc import Iterable, Iterator
from importlib.resources import files
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import orjson

from streams.demo import feed as demo_feed
from streams.errors import PayloadError
from streams.records.record import Delete, Record
from streams.sources import parse
from streams.sources.document import read
from streams.synthetic import Generated, generate

Pair: TypeAlias = tuple[str, str]

OWN_SETS = ("generated", "demo")
SEED = 20_250

TRUTH: dict[str, bool | None] = {
    "duplicate": True, "distinct": False, "related": False, "unsure": None, "debatable": None,
}  # fmt: skip
"""Whether a label says that two records are one work; None where it leaves that open, and then nothing is scored."""


class LabelledPair(NamedTuple):
    """Two documents and what a person says of them: a label of `TRUTH`, and its kind where the set has kinds."""

    name: str
    a: Record
    b: Record
    label: str
    kind: str = ""


class PairSet(NamedTuple):
    """Labelled pairs. `base` is the folder they come from."""

    name: str
    base: str
    pairs: tuple[LabelledPair, ...]


class FeedSet(NamedTuple):
    """Records by id, in order of arrival, with gold clusters, or gold pairs where only pairs across sources are labelled.

    Gold may name records that could not be read (neither a title nor an identifier); their pairs count as missed. `base`
    is the folder they come from; `kinds` names the trap each generated record belongs to.
    """

    name: str
    base: str
    records: dict[str, Record]
    gold: dict[str, str]
    cross: frozenset[Pair] = frozenset()
    kinds: dict[str, str] = {}  # noqa: RUF012 - a default that is never written to

    @property
    def labelled(self) -> bool:
        """Whether there is any truth to score by."""
        return bool(self.gold or self.cross)

    def gold_pairs(self) -> set[Pair]:
        """Return the pairs that are one work, each in order."""
        if self.cross:
            return set(self.cross)
        members: dict[str, list[str]] = {}
        for record, cluster in self.gold.items():
            members.setdefault(cluster, []).append(record)
        return {ordered(a, b) for group in members.values() for a, b in combinations(group, 2)}


LabelledSet: TypeAlias = PairSet | FeedSet


class Variant(NamedTuple):
    """A set measured once more without the records of some sources: what one noisy source does to the clean ones."""

    name: str
    base: str
    without: tuple[str, ...]


VARIANTS = (Variant("mis_quarterly_clean", "mis_quarterly", ("pdf",)),)


def ordered(a: str, b: str) -> Pair:
    """Return a pair in one order."""
    return (a, b) if a < b else (b, a)


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """Return the JSON lines of a gzip file."""
    with gzip.open(path, "rb") as lines:
        for line in lines:
            yield orjson.loads(line)


def to_record(row: dict[str, Any]) -> Record:
    """Return a document as a Record, by the adapter the product uses."""
    found = read(row)
    assert isinstance(found, Record)
    return found


def readable(path: Path) -> Iterator[Record]:
    """Return the records of a feed; rows that name no record are left out, as in the product."""
    for row in rows(path):
        with contextlib.suppress(PayloadError):
            yield to_record(row)


def names(data: Path | None) -> list[str]:
    """Return the names of all sets that are there: those of the folder with their variants, then our own."""
    found = []
    for folder in sorted(data.iterdir()) if data and data.is_dir() else ():
        if (folder / "pairs.jsonl.gz").exists() or (folder / "feed.jsonl.gz").exists():
            found += [folder.name, *(variant.name for variant in VARIANTS if variant.base == folder.name)]
    return [*found, *OWN_SETS]


def load(name: str, data: Path | None, works: int) -> LabelledSet:
    """Return a set by its name, one of `names`; `works` is the number of generated works."""
    if name == "generated":
        return generated_set(works)
    if name == "demo":
        return demo_set()
    assert data is not None
    for variant in VARIANTS:
        if variant.name == name:
            return without_sources(load_feed(data / variant.base), variant)
    folder = data / name
    return load_pairs(folder) if (folder / "pairs.jsonl.gz").exists() else load_feed(folder)


def load_pairs(folder: Path) -> PairSet:
    """Return the labelled pairs of a folder."""
    pairs = []
    for row in rows(folder / "pairs.jsonl.gz"):
        if row["label"] not in TRUTH:
            raise ValueError(f"{folder.name}, {row['pair']}: unknown label {row['label']!r}")
        pairs.append(
            LabelledPair(row["pair"], to_record(row["a"]), to_record(row["b"]), row["label"], row.get("kind", ""))
        )
    return PairSet(folder.name, folder.name, tuple(pairs))


def load_feed(folder: Path) -> FeedSet:
    """Return the records of a folder with their gold; a record that comes again replaces itself."""
    records = {record.id: record for record in readable(folder / "feed.jsonl.gz")}
    cross, gold = folder / "gold_cross_pairs.jsonl.gz", folder / "gold.jsonl.gz"
    if cross.exists():
        pairs = (ordered(row["a"], row["b"]) for row in rows(cross))
        return FeedSet(folder.name, folder.name, records, {}, frozenset(pairs))
    clusters = {row["record"]: row["cluster"] for row in rows(gold)} if gold.exists() else {}
    return FeedSet(folder.name, folder.name, records, clusters)


def without_sources(feed: FeedSet, variant: Variant) -> FeedSet:
    """Return a feed without the records of some sources."""
    kept = {name: record for name, record in feed.records.items() if record.source not in variant.without}
    left_out = tuple(f"{source}:" for source in variant.without)
    gold = {record: cluster for record, cluster in feed.gold.items() if not record.startswith(left_out)}
    return feed._replace(name=variant.name, records=kept, gold=gold)


def documents(labelled: LabelledSet) -> Iterator[Record]:
    """Return all records of a set as they come."""
    if isinstance(labelled, FeedSet):
        yield from labelled.records.values()
    else:
        for pair in labelled.pairs:
            yield from (pair.a, pair.b)


def generated_set(works: int) -> FeedSet:
    """Return made-up works with known truth."""
    messages: list[Generated] = list(generate(SEED, works))
    records = final_state((m.feed, m.key, m.value) for m in messages)
    truth = {m.record_id: m for m in messages if m.live and m.event != "delete"}
    return FeedSet(
        "generated",
        "generated",
        records,
        {record: truth[record].work for record in records},
        kinds={record: truth[record].kind for record in records},
    )


def demo_set() -> FeedSet:
    """Return the feed `streams demo` plays, with its gold."""
    lines = files("streams.demo").joinpath("gold.jsonl").read_bytes().splitlines()
    gold = {row["record"]: row["cluster"] for row in map(orjson.loads, lines)}
    return FeedSet("demo", "demo", final_state(demo_feed()), gold)


def final_state(messages: Iterable[tuple[str, bytes, bytes]]) -> dict[str, Record]:
    """Return the records that are left when every message has been read."""
    records: dict[str, Record] = {}
    for source, key, payload in messages:
        for item in parse(source, payload, key):
            if isinstance(item, Record):
                records[item.id] = item
            elif isinstance(item, Delete):
                records.pop(item.id, None)
    return records
