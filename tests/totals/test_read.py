from __future__ import annotations

from datetime import UTC, datetime

from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.fence import Fence
from streams.state.heartbeats import HeartbeatStore
from streams.totals.fold import Counters, add_cluster
from streams.totals.read import (
    DeadLetterCount,
    Overlap,
    ReviewCount,
    SizeCount,
    SourceCount,
    describe_totals,
    read_totals,
    read_workers,
)
from streams.totals.snapshot import ReviewQueue, Snapshot, TotalsStore
from tests.state.test_heartbeats import ONE


def test_totals_say_of_which_time_they_are_and_add_up() -> None:
    counters = Counters(events={"created": 3, "merged": 2})
    for records in (["core:1", "arxiv:1"], ["arxiv:2"], [f"core:{number}" for number in range(12)]):
        add_cluster(counters, records)
    snapshot = Snapshot(
        counters,
        "dedup.events",
        {1: 5, 0: 9},
        90_000,
        repeated=4,
        dead_letters={"core": {"not_json": 2}},
        review=ReviewQueue(7, 2, 98_000),
    )
    found = describe_totals(snapshot, 100.5)
    assert (found.time, found.age_seconds) == (datetime(1970, 1, 1, 0, 1, 30, tzinfo=UTC), 10.5)
    assert (found.records, found.clusters, found.duplicates) == (15, 3, 12)
    assert found.sources == [SourceCount("arxiv", 2, 2), SourceCount("core", 13, 2)]
    assert [size for size in found.sizes if size.clusters] == [
        SizeCount(1, 1, 1),
        SizeCount(2, 2, 1),
        SizeCount(11, 20, 1),
    ]
    assert found.sizes[-1] == SizeCount(1001, None, 0)
    assert found.overlap == [Overlap("arxiv", "core", 1), Overlap("core", "core", 1)]
    assert list(found.offsets.items()) == [(0, 9), (1, 5)]
    assert found.dead_letters == [DeadLetterCount("core", "not_json", 2)]
    assert found.review == ReviewCount(7, 2, 2.5)
    assert (found.complete, found.repeated_events, found.behind) == (True, 4, None)


def test_what_is_missing_never_counts_below_zero() -> None:
    counters = Counters()
    add_cluster(counters, ["arxiv:1", "core:1"], -1)
    found = describe_totals(Snapshot(counters, "dedup.events", complete=False, missing=7), 0.0)
    assert (found.records, found.clusters, found.duplicates) == (0, 0, 0)
    assert (found.sources, found.overlap) == ([], [])
    assert all(size.clusters == 0 for size in found.sizes)
    assert (found.complete, found.missing_events, found.dead_letters, found.review) == (False, 7, None, None)


def test_they_are_read_from_redis(generation: Settings, connection: Connection) -> None:
    own = generation.model_copy(update={"namespace": f"n{generation.generation}"})
    assert read_totals(own, connection) is None
    TotalsStore(own.namespace, connection).replace(Snapshot(Counters(clusters=3), "dedup.events", time=1))
    found = read_totals(own, connection)
    assert found is not None
    assert found.clusters == 3


def test_workers_are_read_from_redis(generation: Settings, connection: Connection) -> None:
    Fence(generation.namespace, generation.generation, connection).enter("one")
    HeartbeatStore(generation.namespace, generation.generation, connection).write(ONE)
    assert read_workers(generation, connection) == [ONE]
