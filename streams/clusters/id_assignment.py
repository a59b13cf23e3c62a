"""Assigns cluster ids and revisions to the parts that a group was divided into. Pure.

Ids are stable: an older cluster keeps its id before a younger one, in whichever part most of its records
are; a part that takes over none gets the id of one of its records. Revisions only grow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from streams.clusters.group import Cluster, Group, Member, next_key
from streams.clusters.group_plan import Change, GroupPlan

__all__ = ["assign_ids"]


def assign_ids(
    old: Group, digests: Mapping[bytes, bytes], parts: list[list[bytes]], vetoed: bool, updated: set[bytes], now: int
) -> GroupPlan:
    """Return the new group and the changes of its clusters.

    `digests` are those of all members, `parts` their division, `updated` the members with another content than before;
    `now` is the broker's time in ms, given to clusters that begin.
    """
    return _Assignment(old, digests, parts, vetoed, updated, now).plan()


class _Assignment:
    """Which part takes over which cluster, and what that means for each."""

    def __init__(
        self,
        old: Group,
        digests: Mapping[bytes, bytes],
        parts: list[list[bytes]],
        vetoed: bool,
        updated: set[bytes],
        now: int,
    ) -> None:
        self._old = old
        self._digests = digests
        self._parts = parts
        self._vetoed = vetoed
        self._updated = updated
        self._now = now
        self._before = [old.records(index) for index in range(len(old.clusters))]
        self._part_of = {record: index for index, part in enumerate(parts) for record in part}
        self._heir: dict[int, int] = {}  # part -> old cluster that keeps its id there
        self._absorbed: dict[int, int] = {}  # old cluster without a part of its own -> part that takes it in
        self._choose()

    def _choose(self) -> None:
        """Give each part the id of an old cluster: oldest clusters first, each to the free part with most of its records.

        A cluster that finds no free part is absorbed by the part with most of its records.
        """
        by_age = sorted(
            range(len(self._old.clusters)), key=lambda i: (self._old.clusters[i].created, self._old.clusters[i].key)
        )
        for index in by_age:
            overlap = Counter(self._part_of[r] for r in self._before[index] if r in self._part_of)
            choices = sorted(overlap, key=lambda part: (-overlap[part], part))
            free = next((part for part in choices if part not in self._heir), None)
            if free is not None:
                self._heir[free] = index
            elif choices:
                self._absorbed[index] = choices[0]

    def plan(self) -> GroupPlan:
        clusters: list[Cluster] = []
        changes: list[Change] = []
        homes: dict[bytes, int] = {}
        used = {cluster.key for cluster in self._old.clusters} | self._old.merged.keys()
        keys = [self._key(part, used) for part in range(len(self._parts))]
        for part, records in enumerate(self._parts):
            cluster, change = self._succeed(part, tuple(records), keys)
            homes.update(dict.fromkeys(records, len(clusters)))
            clusters.append(cluster)
            changes += change
        lost, ended = self._ended(keys)
        merged = {key: lost.get(into, into) for key, into in self._old.merged.items()} | lost
        group = Group(
            tuple(Member(record, self._digests[record], homes[record]) for record in sorted(homes)),
            (*clusters, *(cluster for cluster in ended[0] if cluster.key not in {c.key for c in clusters})),
            self._vetoed,
            merged,
            self._old.rulings,
        )
        return GroupPlan(group, (*changes, *ended[1]))

    def _key(self, part: int, used: set[bytes]) -> bytes:
        if part in self._heir:
            return self._old.clusters[self._heir[part]].key
        records = self._parts[part]
        for index, cluster in enumerate(self._old.clusters):
            if not self._before[index] and cluster.key[:8] in records:
                return cluster.key
        key = min((next_key(record, used) for record in records), key=lambda key: (len(key), key))
        used.add(key)
        return key

    def _succeed(self, part: int, after: tuple[bytes, ...], keys: list[bytes]) -> tuple[Cluster, list[Change]]:
        if part not in self._heir:
            return self._begin(part, after, keys)
        index = self._heir[part]
        cluster, before = self._old.clusters[index], self._before[index]
        taken_in = tuple(sorted(self._old.clusters[i].key for i, p in self._absorbed.items() if p == part))
        split_off = tuple(sorted({keys[self._part_of[r]] for r in before if self._part_of.get(r, part) != part}))
        kind = self._kind(before, after, bool(taken_in), bool(split_off))
        if kind is None:
            return cluster, []
        revision = cluster.revision + 1
        change = Change(kind, cluster.key, revision, before, after, taken_in or split_off)
        return Cluster(cluster.key, revision, cluster.created, cluster.canonical), [change]

    def _begin(self, part: int, after: tuple[bytes, ...], keys: list[bytes]) -> tuple[Cluster, list[Change]]:
        origin = sorted(
            {self._old.clusters[i].key for i, before in enumerate(self._before) if set(before) & set(after)}
        )
        returned = next(
            (c for i, c in enumerate(self._old.clusters) if c.key == keys[part] and not self._before[i]), None
        )
        revision = (returned.revision if returned else 0) + 1
        created = returned.created if returned else self._now
        change = Change("created", keys[part], revision, (), after, tuple(origin))
        return Cluster(keys[part], revision, created), [change]

    def _kind(self, before: tuple[bytes, ...], after: tuple[bytes, ...], merged: bool, split: bool) -> str | None:
        if merged:
            return "merged"
        if split:
            return "split"
        if set(before) - set(after):
            return "record_removed"
        if set(after) - set(before):
            return "record_added"
        return "record_updated" if self._updated.intersection(after) else None

    def _ended(self, keys: list[bytes]) -> tuple[dict[bytes, bytes], tuple[list[Cluster], list[Change]]]:
        """Return the clusters that no part takes over: merged away, or left without a record."""
        lost: dict[bytes, bytes] = {}
        empty: list[Cluster] = []
        changes: list[Change] = []
        for index, cluster in enumerate(self._old.clusters):
            if index in self._heir.values():
                continue
            before, revision = self._before[index], cluster.revision + 1
            if index in self._absorbed:
                into = keys[self._absorbed[index]]
                lost[cluster.key] = into
                changes.append(Change("merged", cluster.key, revision, before, (), (into,)))
            elif before:
                empty.append(Cluster(cluster.key, revision, cluster.created))
                changes.append(Change("record_removed", cluster.key, revision, before, ()))
            else:
                empty.append(cluster)
        return lost, (empty, changes)
