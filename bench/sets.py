"""The labelled sets, as records: those of a folder, and two of our own that are always there."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from importlib.resources import files
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import orjson
from compare import ordered, rows, to_record

from streams.demo import feed as demo_feed
from streams.errors import PayloadError
from streams.records import Delete, Record
from streams.sources import parse
from streams.testing import Generated, generate

PAIR_SETS = ("scholarly_pairs", "archive_pairs")
FEED_SETS = ("diabetes", "stroke", "cytology_screening", "dblp_scholar")
UNLABELLED = ("multi_source_feed",)
OWN_SETS = ("generated", "demo")
SEED = 20_250

Pair = tuple[str, str]


class Labels(NamedTuple):
    """A labelled pair of documents: `duplicate`, `distinct` or `unsure`."""

    a: Record
    b: Record
    label: str


class Feed(NamedTuple):
    """Records of a set by id, in order of arrival, with gold clusters or gold pairs across sources.

    `kinds` names the trap each generated record belongs to.
    """

    records: dict[str, Record]
    gold: dict[str, str]
    cross: frozenset[Pair] = frozenset()
    kinds: dict[str, str] = {}  # noqa: RUF012 - a default nobody writes to

    def gold_pairs(self) -> set[Pair]:
        """The pairs that are one paper, each in order."""
        if self.cross:
            return set(self.cross)
        members: dict[str, list[str]] = {}
        for record, cluster in self.gold.items():
            members.setdefault(cluster, []).append(record)
        return {ordered(a, b) for group in members.values() for a, b in combinations(group, 2)}


def labelled_pairs(folder: Path) -> list[Labels]:
    """The labelled pairs of a set."""
    return [Labels(to_record(row["a"]), to_record(row["b"]), row["label"]) for row in rows(folder / "pairs.jsonl.gz")]


def labelled_feed(folder: Path) -> Feed:
    """The records of a set with its gold; a record that comes again replaces itself."""
    records = {record.id: record for record in readable(folder / "feed.jsonl.gz")}
    cross = folder / "gold_cross_pairs.jsonl.gz"
    if cross.exists():
        return Feed(records, {}, frozenset(ordered(row["a"], row["b"]) for row in rows(cross)))
    gold = folder / "gold.jsonl.gz"
    return Feed(records, {row["record"]: row["cluster"] for row in rows(gold)} if gold.exists() else {})


def documents(folder: Path) -> Iterator[Record]:
    """All records of a set, of pairs or of a feed, as they come; none where the folder holds neither."""
    if (folder / "pairs.jsonl.gz").exists():
        for pair in labelled_pairs(folder):
            yield pair.a
            yield pair.b
    elif (folder / "feed.jsonl.gz").exists():
        yield from readable(folder / "feed.jsonl.gz")


def readable(path: Path) -> Iterator[Record]:
    """The records of a feed; rows that name no record are left out, as in the product."""
    for row in rows(path):
        with contextlib.suppress(PayloadError):
            yield to_record(row)


def records_of(name: str, data: Path | None, works: int) -> dict[str, Record] | None:
    """All records of any set by id, the last of each; None where the set is absent."""
    if name == "generated":
        return generated_set(works).records
    if name == "demo":
        return demo_set().records
    folder = data / name if data else None
    if folder is None or not folder.is_dir():
        return None
    if name in PAIR_SETS:
        return {record.id: record for pair in labelled_pairs(folder) for record in (pair.a, pair.b)}
    return labelled_feed(folder).records


def generated_set(works: int) -> Feed:
    """Made-up works with known truth."""
    messages: list[Generated] = list(generate(SEED, works))
    records = final_state((m.feed, m.key, m.value) for m in messages)
    truth = {m.record_id: m for m in messages if m.live and m.event != "delete"}
    return Feed(
        records,
        {record: truth[record].work for record in records},
        kinds={record: truth[record].kind for record in records},
    )


def demo_set() -> Feed:
    """The feed `streams demo` plays, with its gold."""
    lines = files("streams.demo").joinpath("gold.jsonl").read_bytes().splitlines()
    gold = {row["record"]: row["cluster"] for row in map(orjson.loads, lines)}
    return Feed(final_state(demo_feed()), gold)


def final_state(messages: Iterable[tuple[str, bytes, bytes]]) -> dict[str, Record]:
    """The records that are left when every message has been heard."""
    records: dict[str, Record] = {}
    for source, key, payload in messages:
        for item in parse(source, payload, key):
            if isinstance(item, Record):
                records[item.id] = item
            elif isinstance(item, Delete):
                records.pop(item.id, None)
    return records
