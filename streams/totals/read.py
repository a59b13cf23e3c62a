"""Read the totals and the heartbeats of workers as values for the API, the page and the command line.

Every figure is as of `Totals.time`. `Totals.complete` says whether they include every record: where retention has deleted events
before they were counted, they are too small, until `streams totals --count` counts them from the state of all clusters.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import pairwise

import msgspec

from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.heartbeats import Heartbeat, HeartbeatStore
from streams.totals.fold import SIZES, Counters
from streams.totals.snapshot import ReviewQueue, Snapshot, TotalsStore

__all__ = [
    "DeadLetterCount",
    "Overlap",
    "ReviewCount",
    "SizeCount",
    "SourceCount",
    "Totals",
    "describe_totals",
    "read_totals",
    "read_workers",
]


class SourceCount(msgspec.Struct):
    """A source: its live records, and the clusters that have at least one of them."""

    source: str
    records: int
    clusters: int


class SizeCount(msgspec.Struct):
    """The clusters with `least` to `most` records; `most` None: any number from `least` on."""

    least: int
    most: int | None
    clusters: int


class Overlap(msgspec.Struct):
    """The clusters with records of two sources, `a` sorts before `b`; `a` = `b`: with two or more records of the source."""

    a: str
    b: str
    clusters: int


class DeadLetterCount(msgspec.Struct):
    """The current dead letters of a source with a reason code."""

    source: str
    code: str
    dead_letters: int


class ReviewCount(msgspec.Struct):
    """The pairs that people are asked about and that are open: each was when it was last looked at, or was not looked at yet.

    `unlooked` of them were not looked at yet; the others `looked_seconds` ago at most.
    """

    open: int
    unlooked: int
    looked_seconds: float


class Totals(msgspec.Struct):
    """Totals over all records.

    - `time`: when they were written; `age_seconds`: how long ago that was
    - `offsets`: the next offset of `dedup.events` that is not included, by partition; `behind`: events that were there and not
      included when they were written, None where the broker does not say
    - `complete`: whether all events are included; `missing_events`: offsets known to be lost before they were counted
    - `records`, `clusters`, `duplicates`: live records, clusters with a record, and the difference
    - `sources`, `overlap`: by name; sources beyond the first 64 are one, `other`
    - `sizes`: all classes, the smallest first
    - `events`: events included, by type; `repeated_events` came again and count once
    - `dead_letters`: None where their number is not known
    - `review`: None while the process that keeps the totals has not read the whole queue
    """

    time: datetime
    age_seconds: float
    complete: bool
    missing_events: int
    offsets: dict[int, int]
    behind: int | None
    records: int
    clusters: int
    duplicates: int
    sources: list[SourceCount]
    sizes: list[SizeCount]
    overlap: list[Overlap]
    events: dict[str, int]
    repeated_events: int
    dead_letters: list[DeadLetterCount] | None
    review: ReviewCount | None


def read_totals(settings: Settings, connection: Connection) -> Totals | None:
    """Return the totals that were last written, None where no process has kept any. Raises RedisError, StateError."""
    snapshot = TotalsStore(settings.namespace, connection).read()
    return None if snapshot is None else describe_totals(snapshot, time.time())


def read_workers(settings: Settings, connection: Connection) -> list[Heartbeat]:
    """Return the last heartbeat of each worker that had one in the last 15 seconds, by id. Raises RedisError.

    `settings` are those of the current generation (`streams/state/generation.py`). `HeartbeatRing` of `streams/totals/rates.py`
    makes rates of what is read again and again.
    """
    return HeartbeatStore(settings.namespace, settings.generation, connection).read()


def describe_totals(snapshot: Snapshot, now: float) -> Totals:
    """Return a snapshot as totals that are read at a Unix time in seconds."""
    counters, written = snapshot.counters, snapshot.time / 1000
    records = max(sum(counters.records.values()), 0)
    clusters = max(counters.clusters, 0)
    return Totals(
        time=datetime.fromtimestamp(written, UTC),
        age_seconds=round(max(now - written, 0.0), 3),
        complete=snapshot.complete,
        missing_events=snapshot.missing,
        offsets=dict(sorted(snapshot.positions.items())),
        behind=snapshot.behind,
        records=records,
        clusters=clusters,
        duplicates=max(records - clusters, 0),
        sources=_sources(counters),
        sizes=[
            SizeCount(least, most and most - 1, max(counters.sizes.get(least, 0), 0))
            for least, most in pairwise((*SIZES, None))
            if least is not None
        ],
        overlap=[
            Overlap(a, b, clusters) for a, row in sorted(counters.overlap.items()) for b, clusters in _positive(row)
        ],
        events=dict(sorted(counters.events.items())),
        repeated_events=snapshot.repeated,
        dead_letters=_dead_letters(snapshot.dead_letters),
        review=_review(snapshot.review, now),
    )


def _review(queue: ReviewQueue | None, now: float) -> ReviewCount | None:
    if queue is None:
        return None
    seconds = max(now - queue.looked_since / 1000, 0.0) if queue.looked_since else 0.0
    return ReviewCount(queue.open, queue.unlooked, round(seconds, 3))


def _sources(counters: Counters) -> list[SourceCount]:
    return [
        SourceCount(source, records, max(counters.clusters_of.get(source, 0), 0))
        for source, records in _positive(counters.records)
    ]


def _positive(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return the counts above 0 by name: where events are missing, others may be below 0."""
    return sorted((name, count) for name, count in counts.items() if count > 0)


def _dead_letters(counts: Mapping[str, Mapping[str, int]] | None) -> list[DeadLetterCount] | None:
    if counts is None:
        return None
    return [
        DeadLetterCount(source, code, number)
        for source, codes in sorted(counts.items())
        for code, number in sorted(codes.items())
    ]
