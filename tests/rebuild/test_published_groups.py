"""Groups made from what was published."""

from __future__ import annotations

from streams.clusters.group import Ruling, cluster_id
from streams.events.published_clusters import PublishedClusters
from streams.rebuild.published_groups import PublishedGroups
from tests.events.published_messages import A, B, C, event, state


def test_a_merged_cluster_redirects_to_the_one_that_is_current() -> None:
    found = PublishedClusters()
    for value in (
        event(A, 1, "a"),
        event(B, 1, "b"),
        event(C, 1, "c"),
        event(B, 2, "", merged_into=[cluster_id(A)]),
        event(A, 2, "", merged_into=[cluster_id(C)]),
        event(C, 2, "abc"),
    ):
        found.add_event(value, 7)
    found.add_state(cluster_id(C).encode(), state(C, 2, "abc"), 8)
    found.end()
    groups = PublishedGroups(found.clusters, [])
    (records,) = groups.records()
    group = groups.group(records[0], lambda _: {A: b"digest"})
    assert records == sorted([A, B, C])
    assert group.merged == {A: C, B: C}
    assert [(cluster.key, cluster.revision) for cluster in group.clusters] == [(C, 2)]
    assert {member.id: member.digest for member in group.members}[A] == b"digest"


def test_corrections_bring_groups_together() -> None:
    found = PublishedClusters()
    found.add_event(event(A, 1, "a"), 7)
    found.add_event(event(B, 1, "b"), 7)
    found.end()
    first, second = sorted((A, B))
    old, new = Ruling(first, second, 1, 1), Ruling(first, second, -1, 2)
    groups = PublishedGroups(found.clusters, [new, old])
    (records,) = groups.records()
    assert groups.group(records[0], lambda _: {}).rulings == (new,)
