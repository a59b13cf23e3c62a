"""Groups made from what was published."""

from __future__ import annotations

from typing import Any

import orjson

from streams.clusters.group import Ruling, cluster_id
from streams.events.published_clusters import PublishedClusters
from streams.rebuild.published_groups import PublishedGroups
from streams.records.stored import id_of

A, B, C = (id_of(f"document:{name}") for name in "abc")
NAME = {"a": "document:a", "b": "document:b", "c": "document:c"}


def event(key: bytes, revision: int, after: str, **fields: Any) -> bytes:
    names = [NAME[letter] for letter in after]
    base = {"event_id": f"{cluster_id(key)}:{revision}", "type": "created", "before": [], "after": names}
    return orjson.dumps({"cluster_id": cluster_id(key), "revision": revision, **base, **fields})


def state(key: bytes, revision: int, records: str) -> bytes:
    fields = {"records": [NAME[letter] for letter in records], "document": {"id": "x", "versions": []}}
    return orjson.dumps({"cluster_id": cluster_id(key), "revision": revision, **fields})


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
