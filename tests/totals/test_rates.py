from __future__ import annotations

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.state.heartbeats import Heartbeat, PartitionLag
from streams.totals.rates import HeartbeatRing, quantile
from tests.state.test_heartbeats import ONE

BOUNDS = [0.1, 1.0, 10.0]


def beat(worker: str, messages: int, **fields: object) -> Heartbeat:
    """A heartbeat of a worker that decides two pairs a message, one of them a duplicate, each within a second."""
    heartbeat = msgspec.structs.replace(
        ONE,
        worker=worker,
        messages=messages,
        decided=2 * messages,
        duplicates=messages,
        latency_bounds=BOUNDS,
        latency_counts=[0, messages, 0, 0],
        ready=True,
        partitions=[],
    )
    return msgspec.structs.replace(heartbeat, **fields)


def test_rates_are_what_all_workers_did_in_the_window() -> None:
    ring = HeartbeatRing()
    for second in range(101):
        ring.add([beat("a", 1000 + 10 * second), beat("b", 30 * second)], 5000.0 + second)
    rates = ring.rates(60)
    assert (rates.seconds, rates.messages, rates.decisions, rates.duplicates) == (60.0, 40.0, 80.0, 40.0)
    assert (rates.workers, rates.workers_ready) == (2, 2)
    assert rates.latency_p50 == pytest.approx(0.55)
    assert rates.latency_p99 == pytest.approx(0.991)


def test_a_worker_that_starts_counts_whole_and_one_that_ends_up_to_its_end() -> None:
    ring = HeartbeatRing()
    for second in range(11):
        beats = [beat("old", 500 + 10 * second)] if second <= 5 else []
        if second >= 6:
            beats.append(beat("new", 20 * (second - 5)))
        ring.add(beats, float(second))
    assert ring.rates().messages == (50 + 100) / 10
    assert [each.worker for each in ring.latest()] == ["new"]


def test_lag_is_that_of_the_last_heartbeats() -> None:
    ring = HeartbeatRing()
    waits = [PartitionLag("records.arxiv", 0, 5, 7, 3.5), PartitionLag("records.core", 0, 5, 1, 0.5)]
    ring.add([beat("a", 0, partitions=[PartitionLag("records.arxiv", 0, 0, 99, 99.0)])], 1.0)
    died = PartitionLag("records.core", 0, 5, 50, 60.0)
    ring.add([beat("a", 0, partitions=waits, time=9.0), beat("b", 0, ready=False, partitions=[died], time=3.0)], 2.0)
    rates = ring.rates()
    assert (rates.lag_messages, rates.lag_seconds, rates.workers_ready) == (8, 3.5, 1), "a has the partition of b"
    assert (rates.latency_p50, rates.latency_p99) == (None, None)


def test_without_heartbeats_there_are_no_rates() -> None:
    ring = HeartbeatRing()
    assert (ring.rates().seconds, ring.rates().workers, ring.latest()) == (0.0, 0, [])
    ring.add([beat("a", 7)], 1.0)
    assert (ring.rates().seconds, ring.rates().messages) == (0.0, 0.0)


def test_it_keeps_a_quarter_of_an_hour() -> None:
    ring = HeartbeatRing()
    for second in range(2000):
        ring.add([beat("a", second)], float(second))
    assert ring.rates(10_000).seconds == 900.0


@given(values=st.lists(st.floats(0.001, 9.99), min_size=1, max_size=200), share=st.floats(0.01, 0.99))
def test_a_quantile_is_in_the_bucket_of_the_true_one(values: list[float], share: float) -> None:
    edges = [0.0, *BOUNDS]
    counts = [sum(low < value <= high for value in values) for low, high in zip(edges, BOUNDS, strict=False)]
    found = quantile(BOUNDS, [*counts, 0], share)
    true = sorted(values)[math.ceil(share * len(values)) - 1]
    assert found is not None
    bucket = next(number for number, bound in enumerate(BOUNDS) if true <= bound)
    assert edges[bucket] <= found <= BOUNDS[bucket]


def test_beyond_the_last_bound_it_is_the_last_bound() -> None:
    assert quantile(BOUNDS, [0, 0, 0, 4], 0.5) == 10.0
    assert quantile(BOUNDS, [], 0.5) is None


def test_dead_letters_are_a_rate_too() -> None:
    ring = HeartbeatRing()
    for second in range(11):
        ring.add([beat("a", second, rejected=3 * second)], float(second))
    assert ring.rates().rejected == 3.0
