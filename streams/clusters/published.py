"""Raises the revisions of clusters above the published ones, where Redis lost writes in a failover. Pure.

Redis has the state: the records whose writes it lost are stored again when their messages are read again. But subscribers have
read the events of the lost writes, whose ids must not be used again. So each cluster whose published revision is at least
the one in Redis gets the next revision, with an event that leads from the published records to the stored ones. A cluster that
Redis no longer has is stored again without records, with its revision, and continues when its seed record comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

import msgspec

from streams.clusters.group import Cluster, Group, cluster_id
from streams.clusters.group_plan import Change

__all__ = ["AsPublished", "Heads", "Names", "PublishedCluster", "change_kind", "lift"]


class PublishedCluster(NamedTuple):
    """A cluster as last published: by its events, or by its state where there are no events of it.

    `created` is the Unix time in ms of its first message; `document` the digest, `b""` where it is not known, as the relations are
    not then, `whole` that of all of it, with the list of versions. `into` is the key of the cluster that it was merged into.
    `events` and `state` are the last revisions in `dedup.events` and `dedup.clusters`, 0 where there is none or a tombstone.
    `before` are the records by its events, where these end before the state. Records are sorted.
    """

    key: bytes
    records: tuple[str, ...]
    created: int
    events: int
    state: int = 0
    document: bytes = b""
    relations: tuple[tuple[str, str, str], ...] = ()
    into: bytes = b""
    before: tuple[str, ...] = ()
    whole: bytes = b""

    @property
    def revision(self) -> int:
        """The last revision that any subscriber may know."""
        return max(self.events, self.state)

    @property
    def name(self) -> str:
        """The id of the cluster."""
        return cluster_id(self.key)

    @property
    def is_stale(self) -> bool:
        """Whether `dedup.clusters` does not have what the events lead to."""
        return self.state != (self.events if self.records else 0)


Heads = Mapping[bytes, PublishedCluster]
"""By the key of the cluster."""

Names = Callable[[tuple[bytes, ...]], tuple[str, ...]]
"""The names of records, sorted."""

AsPublished = Callable[[Group, int, PublishedCluster], bool]
"""Answers whether the cluster at an index of a group is as published."""


def lift(
    groups: Sequence[Group], heads: Heads, founders: Collection[bytes], names: Names, as_published: AsPublished
) -> tuple[list[Group], tuple[Change, ...]]:
    """Return groups fast-forwarded to their published revisions, and the changes that lead to what they are now.

    Clusters that no group knows are put into the first one, where their seed record is one of `founders`.
    """
    changes: list[Change] = []
    lifted: list[Group] = []
    for group in groups:
        clusters = [
            _lift(group, index, head, names, changes)
            if (head := heads.get(cluster.key)) and _is_behind(group, index, head, as_published)
            else cluster
            for index, cluster in enumerate(group.clusters)
        ]
        lifted.append(msgspec.structs.replace(group, clusters=tuple(clusters)))
    known = {cluster.key for group in groups for cluster in group.clusters}.union(*(group.merged for group in groups))
    lost = sorted(key for key in heads if key[:8] in founders and key not in known)
    if lost:
        empty = tuple(_empty(key, heads[key], changes) for key in lost)
        lifted[0] = msgspec.structs.replace(lifted[0], clusters=(*lifted[0].clusters, *empty))
    return lifted, tuple(changes)


def _is_behind(group: Group, index: int, head: PublishedCluster, as_published: AsPublished) -> bool:
    revision = group.clusters[index].revision
    return revision < head.revision or (revision == head.revision and not as_published(group, index, head))


def _lift(group: Group, index: int, head: PublishedCluster, names: Names, changes: list[Change]) -> Cluster:
    cluster, records = group.clusters[index], group.records(index)
    if not records:
        return msgspec.structs.replace(_empty(cluster.key, head, changes), created=cluster.created)
    revision = head.revision + 1
    kind = change_kind(set(head.records), set(names(records)))
    changes.append(Change(kind, cluster.key, revision, (), records, (), head.records))
    return Cluster(cluster.key, revision, cluster.created)


def _empty(key: bytes, head: PublishedCluster, changes: list[Change]) -> Cluster:
    """Return a cluster without a record."""
    if not head.records:
        return Cluster(key, head.revision, head.created)
    changes.append(Change("record_removed", key, head.revision + 1, (), (), (), head.records))
    return Cluster(key, head.revision + 1, head.created)


def change_kind(published: set[str], now: set[str]) -> str:
    """Return the type of event that leads from the one to the other."""
    if not published:
        return "created"
    if published - now:
        return "record_removed"
    return "record_added" if now - published else "record_updated"
