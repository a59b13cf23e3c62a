"""Histograms that take many values at once agree with Prometheus' own; series that are replaced go."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from streams.ops.instruments import Counts, Distribution, Replaced, Values

BOUNDS = (0.1, 1, 10)


def text(registry: CollectorRegistry) -> bytes:
    return generate_latest(registry)


@given(st.lists(st.one_of(st.floats(0, 20), st.sampled_from(BOUNDS))))
def test_a_distribution_is_a_histogram(values: Iterable[float]) -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    Distribution("d_seconds", "seconds", BOUNDS, ours).observe(values)
    histogram = Histogram("d_seconds", "seconds", buckets=BOUNDS, registry=theirs)
    for value in values:
        histogram.observe(value)
    assert text(ours) == text(theirs)


def test_a_label_of_a_distribution_has_its_values_from_the_start_and_no_others() -> None:
    registry = CollectorRegistry()
    distribution = Distribution("d", "things", BOUNDS, registry, "stage", ("one", "two"))
    distribution.observe((0.5,), "one")
    assert b'd_count{stage="one"} 1.0' in text(registry)
    assert b'd_count{stage="two"} 0.0' in text(registry)
    with pytest.raises(KeyError):
        distribution.observe((1,), "three")


def test_series_that_are_replaced_go() -> None:
    registry = CollectorRegistry()
    gauge = Replaced("g", "things", "node", registry)
    assert b"g{" not in text(registry)
    gauge.set({"0": 1, "1": 2})
    assert b'g{node="1"} 2.0' in text(registry)
    gauge.set({"0": 3})
    assert b'g{node="0"} 3.0' in text(registry)
    assert b'node="1"' not in text(registry)


def test_values_are_bounded() -> None:
    assert Values(("a",)).bounded("b") == "other"
    assert Values().bounded("b") == "b"


def test_what_was_counted_can_be_read() -> None:
    registry = CollectorRegistry()
    counts = Counts(Counter("c_total", "things", ("kind",), registry=registry), [Values()])
    counts.begin([("none",)])
    counts.add(2, "one")
    counts.add(3, "two")
    assert (counts.total(), counts.total("two"), counts.total("none"), counts.total("absent")) == (5, 3, 0, 0)
    distribution = Distribution("d", "things", BOUNDS, registry)
    distribution.observe((0.05, 0.1, 5, 50, 60))
    assert distribution.counts() == [2, 0, 1, 2]
