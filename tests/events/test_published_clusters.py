"""What subscribers know of each cluster, folded from both topics."""

from __future__ import annotations

from streams.clusters.group import cluster_id
from streams.events.published_clusters import PublishedClusters
from tests.events.published_messages import NAME, A, B, C, event, state


def test_of_one_event_id_with_two_contents_the_first_counts() -> None:
    found = PublishedClusters()
    for after in ("a", "ab"):
        found.add_event(event(A, 1, after), 7)
    found.add_event(b"no event", 7)
    found.end()
    assert found.clusters[A].records == (NAME["a"],)


def test_a_state_ahead_of_its_events_counts_and_a_tombstone_does_not() -> None:
    found = PublishedClusters()
    found.add_event(event(A, 1, "a"), 7)
    found.add_state(cluster_id(A).encode(), state(A, 2, "ab"), 8)
    found.add_event(event(C, 1, "c"), 7)
    found.add_state(cluster_id(C).encode(), None, 8)
    found.end()
    ahead, behind = found.clusters[A], found.clusters[C]
    assert (ahead.records, ahead.before, ahead.events, ahead.state) == ((NAME["a"], NAME["b"]), (NAME["a"],), 1, 2)
    assert (behind.records, behind.is_stale) == ((NAME["c"],), True)


def test_a_record_in_two_clusters_is_left_to_the_younger() -> None:
    found = PublishedClusters()
    found.add_event(event(A, 1, "ab"), 7)
    found.add_event(event(B, 1, "b"), 8)
    found.end()
    (fewer,) = found.settle()
    assert (fewer.key, fewer.records) == (A, (NAME["a"],))
