"""Bringing groups up to what was published of their clusters, where Redis has forgotten it. Pure.

Redis is the state: what it has forgotten is done again when the messages come again. But subscribers were told. So each
cluster of which the published revision is not behind the one in Redis gets the next one, with an event that leads from what
was told to what is; a cluster that Redis no longer knows is there again without a record, with its revision, so that
it goes on where it was when its founder comes back. After that no event id is used twice.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

import msgspec

from streams.clusters.draft import Change
from streams.clusters.group import Cluster, Group

__all__ = ["Head", "Heads", "Names", "Stands", "lift"]


class Head(NamedTuple):
    """The last event published of a cluster: its revision, the names of its records after it, when the first one was (ms).

    `document` and `relations` are what of them tells a difference, empty or None where that is not known.
    """

    revision: int
    records: tuple[str, ...]
    time: int
    document: bytes = b""
    relations: tuple[tuple[str, str, str], ...] | None = None


Heads = Mapping[bytes, Head]
"""By the key of the cluster."""

Names = Callable[[tuple[bytes, ...]], tuple[str, ...]]
"""The names of records, sorted."""

Stands = Callable[[Group, int, Head], bool]
"""Whether the cluster at an index of a group is as published."""


def lift(
    groups: Sequence[Group], heads: Heads, founders: Collection[bytes], names: Names, stands: Stands
) -> tuple[list[Group], tuple[Change, ...]]:
    """Groups that were forgotten in part, with what was published of them; and the changes that tell what they are now.

    Clusters that no group knows are put into the first one, where their founder is one of `founders`.
    """
    changes: list[Change] = []
    lifted: list[Group] = []
    for group in groups:
        clusters = [
            _lift(group, index, head, names, changes)
            if (head := heads.get(cluster.key)) and _is_behind(group, index, head, stands)
            else cluster
            for index, cluster in enumerate(group.clusters)
        ]
        lifted.append(msgspec.structs.replace(group, clusters=tuple(clusters)))
    known = {cluster.key for group in groups for cluster in group.clusters}.union(*(group.merged for group in groups))
    lost = sorted(key for key in heads if key[:8] in founders and key not in known)
    if lost:
        told = tuple(_empty(key, heads[key], changes) for key in lost)
        lifted[0] = msgspec.structs.replace(lifted[0], clusters=(*lifted[0].clusters, *told))
    return lifted, tuple(changes)


def _is_behind(group: Group, index: int, head: Head, stands: Stands) -> bool:
    revision = group.clusters[index].revision
    return revision < head.revision or (revision == head.revision and not stands(group, index, head))


def _lift(group: Group, index: int, head: Head, names: Names, changes: list[Change]) -> Cluster:
    cluster, records = group.clusters[index], group.records(index)
    if not records:
        return msgspec.structs.replace(_empty(cluster.key, head, changes), created=cluster.created)
    revision = head.revision + 1
    kind = _kind(set(head.records), set(names(records)))
    changes.append(Change(kind, cluster.key, revision, (), records, (), head.records))
    return Cluster(cluster.key, revision, cluster.created)


def _empty(key: bytes, head: Head, changes: list[Change]) -> Cluster:
    """A cluster without a record."""
    if not head.records:
        return Cluster(key, head.revision, head.time)
    changes.append(Change("record_removed", key, head.revision + 1, (), (), (), head.records))
    return Cluster(key, head.revision + 1, head.time)


def _kind(told: set[str], now: set[str]) -> str:
    """The type of event that leads from the one to the other."""
    if not told:
        return "created"
    if told - now:
        return "record_removed"
    return "record_added" if now - told else "record_updated"
