"""`ClusterView`: events folded as docs/events.md describes it, however partitions are mixed and messages repeated."""

from __future__ import annotations

import json
from collections import defaultdict
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import streams
from streams.testing import FakeStreams, Message, event_messages, generated_feed


def event(name: str, revision: int, after: list[str], **fields: Any) -> dict[str, Any]:
    return {"cluster_id": name, "revision": revision, "after": after, "document": {"title": name}, **fields}


def view_of(*events: dict[str, Any]) -> streams.ClusterView:
    view = streams.ClusterView()
    for one in events:
        view.apply(one)
    return view


@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10_000), random=st.randoms(use_true_random=False), size=st.integers(1, 9))
def test_the_view_ends_with_the_clusters_of_deduplicate(seed: int, random: Random, size: int) -> None:
    records = [item.record for item in generated_feed(12, seed, noise=2.0)]
    by_key: dict[bytes, list[Message]] = defaultdict(list)
    for message in event_messages(records, batch_size=size):
        by_key[message.key].append(message)
    view = streams.ClusterView()
    waiting = [messages for messages in by_key.values() if messages]
    while waiting:  # any order between clusters, in order within each, some of them twice
        queue = random.choice(waiting)
        message = queue.pop(0)
        assert view.apply(message.value)
        assert not view.apply(message.value), "a repeated event changes nothing"
        waiting = [messages for messages in waiting if messages]
    expected = {cluster.record_ids: cluster for cluster in streams.deduplicate(records)}
    assert {state.records for state in view} == expected.keys()
    for state in view:
        cluster = expected[state.records]
        assert state.relations == cluster.relations
        assert {**state.document, "id": ""} == {**cluster.document, "id": ""}
        assert view.resolve(state.id) == state.id
        for record in state.records:
            assert view.cluster_of(record) == state == view.get(state.id)
    assert len(view) == len(expected)


def test_a_merged_cluster_resolves_through_all_merges_whatever_came_first() -> None:
    ended = [event("cb", 2, [], merged_into=["ca"]), event("cc", 2, [], merged_into=["cb"])]
    view = view_of(event("cb", 1, ["x:2"]), event("cc", 1, ["x:3"]), *ended)
    assert view.resolve("cc") == "ca", "the event of the remaining cluster is still to come"
    assert view.get("cc") is None
    view.apply(event("ca", 2, ["x:1", "x:2", "x:3"], merged_from=["cb"]))
    assert view.get("cc") == view.get("ca") == view.cluster_of("x:3")
    assert "cc" not in view
    assert "ca" in view


def test_an_ended_or_unknown_cluster_resolves_to_none() -> None:
    view = view_of(event("ca", 1, ["x:1"]), event("ca", 2, []))
    assert view.resolve("ca") is None
    assert view.resolve("cz") is None
    assert view.get("cz") is None
    assert view.cluster_of("x:1") is None
    assert not list(view)


def test_a_cluster_that_comes_back_is_no_longer_redirected() -> None:
    view = view_of(event("cb", 1, ["x:2"]), event("cb", 2, [], merged_into=["ca"]), event("ca", 2, ["x:1", "x:2"]))
    assert view.resolve("cb") == "ca"
    view.apply(event("cb", 3, ["x:2"]))
    assert view.resolve("cb") == "cb"


def test_redirects_in_a_circle_end() -> None:
    view = view_of(event("ca", 2, [], merged_into=["cb"]), event("cb", 4, [], merged_into=["ca"]))
    assert view.resolve("ca") is None


def test_a_record_on_its_way_between_two_clusters_is_never_lost() -> None:
    view = view_of(event("ca", 1, ["x:1"]), event("ca", 2, []), event("ca", 3, ["x:1"]), event("cb", 1, ["x:1"]))
    assert view.cluster_of("x:1") == view.get("cb")
    view.apply(event("cb", 2, []))
    assert view.cluster_of("x:1") == view.get("ca")


def test_older_and_repeated_events_change_nothing() -> None:
    view = view_of(event("ca", 2, ["x:1", "x:2"]))
    assert not view.apply(event("ca", 1, ["x:1"]))
    assert not view.apply(json.dumps(event("ca", 2, ["x:1"])))
    assert view.get("ca").records == ("x:1", "x:2")  # type: ignore[union-attr]


@pytest.mark.parametrize("value", [None, b"", ""])
def test_messages_without_a_value_are_left_aside(value: bytes | str | None) -> None:
    assert not streams.ClusterView().apply(value)


@pytest.mark.parametrize("value", [b"{", b'{"cluster_id": "ca"}', "[]", {"cluster_id": 1}, b"\xff"])
def test_what_is_no_event_is_refused_and_changes_nothing(value: Any) -> None:
    view = view_of(event("ca", 1, ["x:1"]))
    with pytest.raises(streams.PayloadError) as raised:
        view.apply(value)
    assert raised.value.code == "not_an_event"
    assert len(view) == 1


def test_it_folds_what_a_fake_publishes() -> None:
    fake, view = FakeStreams(), streams.ClusterView()
    for message in fake.send([{"id": "1", "title": "Coral growth in warm seas"}]):
        if message.topic == "dedup.events":
            view.apply(message.value)
    assert [state.records for state in view] == [("document:1",)]
