# ruff: noqa: S311 - a seed makes a test repeatable
from __future__ import annotations

from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.totals.fold import OTHER, SIZES, Change, Counters, add_cluster, add_event, decode_change
from tests.totals.oracle import Clusters, counted


def same(a: Counters, b: Counters) -> bool:
    """Compare what is counted of clusters."""
    return msgspec.structs.replace(a, events={}, sources=[]) == msgspec.structs.replace(b, events={}, sources=[])


@given(seed=st.integers(0, 10**6), changes=st.integers(0, 150))
def test_the_fold_of_any_history_is_the_count_of_what_it_led_to(seed: int, changes: int) -> None:
    clusters, counters = Clusters(Random(seed)), Counters()
    for number in range(changes):
        for event in clusters.change():
            add_event(counters, event)
        if number % 20 == 0:
            assert same(counters, counted(clusters.records)), "at any moment between two changes"
    assert same(counters, counted(clusters.records))


@given(seed=st.integers(0, 10**6), changes=st.integers(1, 100))
def test_the_order_of_events_does_not_matter(seed: int, changes: int) -> None:
    random = Random(seed)
    clusters = Clusters(random)
    events = [event for _ in range(changes) for event in clusters.change()]
    forward, shuffled = Counters(), Counters()
    for event in events:
        add_event(forward, event)
    random.shuffle(events)
    for event in events:
        add_event(shuffled, event)
    assert same(forward, shuffled)
    assert forward.events == shuffled.events


@pytest.mark.parametrize("size", [1, 10, 11, 20, 21, 1000, 1001, 5000])
def test_a_cluster_is_in_the_class_of_its_size(size: int) -> None:
    counters = Counters()
    add_cluster(counters, [f"arxiv:{number}" for number in range(size)])
    assert counters.sizes == {max(least for least in SIZES if least <= size): 1}
    assert counters.records == {"arxiv": size}


def test_more_sources_than_are_named_are_one_and_can_be_removed_again() -> None:
    counters = Counters()
    clusters = [[f"s{number}:1", f"s{number + 1}:2", "nameless"] for number in range(100)]
    for records in clusters:
        add_cluster(counters, records)
    assert len(counters.records) == 65
    assert counters.records[OTHER] == 100 + sum(number >= 64 for number in range(100)) + sum(
        number + 1 >= 64 for number in range(100)
    )
    for records in clusters:
        add_cluster(counters, records, -1)
    assert same(counters, Counters())


def test_an_event_is_decoded_without_its_document() -> None:
    value = (
        b'{"event_id":"ca:2","type":"merged","cluster_id":"ca","revision":2,"before":["s:1"],"after":["s:1","s:2"],'
        b'"causes":[],"evidence":[],"merged_from":["cb"],"document":{"title":"T"}}'
    )
    assert decode_change(value) == Change("merged", "ca", 2, ["s:1"], ["s:1", "s:2"])
    with pytest.raises(msgspec.MsgspecError):
        decode_change(b'{"event_id":"ca:2"}')
