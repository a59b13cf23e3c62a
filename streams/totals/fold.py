"""Fold `dedup.events` into counters: each event changes them by its `before` and its `after`. Pure.

The sources of a cluster are the prefixes of its record ids, so nothing is kept of a cluster. All counters are sums over clusters,
and so the sum of the changes of a cluster's events is what the cluster adds now. An event must be added once;
`streams/totals/repeats.py` finds those that come again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import combinations
from typing import TypeVar

import msgspec

__all__ = ["OTHER", "SIZES", "Change", "Counters", "add_cluster", "add_event", "decode_change"]

T = TypeVar("T", str, int)

SIZES = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 21, 51, 101, 201, 501, 1001)
"""The smallest number of records of each class of cluster sizes."""
OTHER = "other"
"""Name of all sources beyond the first `_MOST_SOURCES`, and of records without a source."""
_MOST_SOURCES = 64


class Change(msgspec.Struct):
    """The fields of an event that are counted."""

    type: str
    cluster_id: str
    revision: int
    before: list[str]
    after: list[str]


class Counters(msgspec.Struct):
    """What is counted; a key whose count is 0 is absent.

    - `events`: events by their type
    - `records`: live records by source
    - `clusters`: clusters that have a record
    - `clusters_of`: clusters that have a record of a source, by source
    - `sizes`: clusters by class of size, which is named by its smallest size (`SIZES`)
    - `overlap`: clusters with records of two sources, by the one that sorts first and then by the other; under the same name twice,
      clusters with two or more records of a source
    - `sources`: the sources that have a name of their own, in the order in which they came
    """

    events: dict[str, int] = {}
    records: dict[str, int] = {}
    clusters: int = 0
    clusters_of: dict[str, int] = {}
    sizes: dict[int, int] = {}
    overlap: dict[str, dict[str, int]] = {}
    sources: list[str] = []


_CHANGE = msgspec.json.Decoder(Change)


def decode_change(value: bytes) -> Change:
    """Return the counted fields of a message of `dedup.events`. Raises msgspec.MsgspecError where it is no event."""
    return _CHANGE.decode(value)


def add_event(counters: Counters, event: Change) -> None:
    """Add an event to the counters."""
    _add(counters.events, event.type, 1)
    if event.before != event.after:
        add_cluster(counters, event.before, -1)
        add_cluster(counters, event.after, 1)


def add_cluster(counters: Counters, records: Iterable[str], sign: int = 1) -> None:
    """Add a cluster with these record ids to all counters but `events`; with `sign` -1, remove it. One without a record is none."""
    found: dict[str, int] = {}
    for record in records:
        source = _source(counters, record)
        found[source] = found.get(source, 0) + 1
    if not found:
        return
    size = sum(found.values())
    counters.clusters += sign
    _add(counters.sizes, SIZES[bisect_right(SIZES, size) - 1], sign)
    for source, number in found.items():
        _add(counters.records, source, sign * number)
        _add(counters.clusters_of, source, sign)
        if number > 1:
            _add_overlap(counters.overlap, source, source, sign)
    if len(found) > 1:
        for a, b in combinations(sorted(found), 2):
            _add_overlap(counters.overlap, a, b, sign)


def _source(counters: Counters, record: str) -> str:
    """Return the name that a record is counted under; a source keeps its name, so that a cluster is removed as it was added."""
    name, colon, _ = record.partition(":")
    if not colon:
        return OTHER
    if name not in counters.sources:
        if len(counters.sources) >= _MOST_SOURCES:
            return OTHER
        counters.sources.append(name)
    return name


def _add(counts: dict[T, int], key: T, number: int) -> None:
    if total := counts.get(key, 0) + number:
        counts[key] = total
    else:
        counts.pop(key, None)


def _add_overlap(overlap: dict[str, dict[str, int]], a: str, b: str, number: int) -> None:
    row = overlap.setdefault(a, {})
    _add(row, b, number)
    if not row:
        del overlap[a]
