"""How a group changes: from what it was and what happened, the new group and the typed changes. Pure.

Ids are stable: an older cluster keeps its id before a younger one, in whichever part most of its records
are; a part that inherits none gets the id of one of its records. Revisions only grow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import msgspec

from streams.clusters.group import Cluster, Group, Member, Relation, Ruling, first_key, next_key
from streams.clusters.partition import ORDINARY, Link, Opposition, partition

__all__ = ["Change", "Draft", "Pair", "Pairs", "birth", "combine", "plan", "waiting"]


class Pair(NamedTuple):
    """What a decision means for clusters: a link with a score and a strength, a veto, an opposition, or nothing."""

    link: float | None
    veto: bool
    opposes: int = 0
    strength: int = ORDINARY

    @property
    def contradicts(self) -> bool:
        """Whether it speaks against one cluster, so that a group with such a pair must be divided as a whole."""
        return self.veto or self.opposes > 0


Pairs = Callable[[bytes, bytes], Pair]
"""Answers for any two members of a group, symmetric; asked again it answers the same."""


class Change(NamedTuple):
    """One cluster's change. `before` and `after` are sorted 8-byte record ids.

    `others` are the clusters merged into this one (`merged`, after not empty), the one this was merged into
    (`merged`, after empty), the ones split off (`split`) or the one this was split from (`created`). `told` are, in place of
    `before`, the names of the records that the cluster had by the event before, where Redis does not know them any more.
    """

    type: str
    key: bytes
    revision: int
    before: tuple[bytes, ...]
    after: tuple[bytes, ...]
    others: tuple[bytes, ...] = ()
    told: tuple[str, ...] | None = None


class Draft(NamedTuple):
    """The new group, still without digests of canonical documents, and its changes in order.

    `relations`: (`relation_added` or `relation_removed`, cluster key, the relations that came or went) of clusters that stand.
    `doubtful` are members of which an event may have told another document than the one that stands.
    """

    group: Group
    changes: tuple[Change, ...]
    relations: tuple[tuple[str, bytes, tuple[Relation, ...]], ...] = ()
    doubtful: frozenset[bytes] = frozenset()


def combine(groups: Sequence[Group]) -> Group:
    """Several groups as one, before it is planned anew; clusters keep their members."""
    members: list[Member] = []
    clusters: list[Cluster] = []
    merged: dict[bytes, bytes] = {}
    for group in groups:
        members += (Member(m.id, m.digest, m.cluster + len(clusters)) for m in group.members)
        clusters += group.clusters
        merged |= group.merged
    return Group(
        tuple(members),
        tuple(clusters),
        any(group.vetoed for group in groups),
        merged,
        _latest(ruling for group in groups for ruling in group.rulings),
        tuple(sorted({relation for group in groups for relation in group.related})),
    )


def waiting(group: Group, moving: Iterable[Group]) -> Iterable[Group]:
    """Those on their way into a group that it has not taken over; one whose clusters a nearer one knows went into that before."""
    known = {cluster.key for cluster in group.clusters} | group.merged.keys()
    for other in moving:
        if not any(cluster.key in known for cluster in other.clusters):
            yield other
            known |= {cluster.key for cluster in other.clusters} | other.merged.keys()


def plan(
    groups: Sequence[Group],
    present: Mapping[bytes, bytes],
    removed: set[bytes],
    pairs: Pairs,
    now: int,
    related: Sequence[Relation] = (),
    rulings: Sequence[Ruling] = (),
    *,
    anew: bool = False,
) -> Draft:
    """Bring `groups` together and up to date.

    `present` gives the digest of each record that is new or may have changed since the group last saw
    it, `removed` are gone. `now` is the broker's time in ms, given to clusters that begin; `related` are the relations
    that members have now, in place of those the groups knew. `rulings` are what corrections say; one older than what
    the groups know of its pair says nothing. `anew`: other rules may hold than when the groups were made, so every pair is asked.
    """
    alone = len(present) == 1 and not (removed or related or rulings)
    if alone and not any(group.members or group.clusters or group.rulings for group in groups):
        return birth(*next(iter(present.items())), now)
    old = combine(groups)
    latest = _latest((*old.rulings, *rulings)) if rulings else old.rulings
    corrected = latest != old.rulings
    if corrected:
        old = msgspec.structs.replace(old, rulings=latest)
    digests = {member.id: member.digest for member in old.members}
    updated = {record for record, digest in present.items() if digests.get(record, digest) != digest}
    digests.update(present)
    for record in removed:
        digests.pop(record, None)
    new = digests.keys() - {member.id for member in old.members}
    settled = not (anew or old.vetoed or old.must or old.cannot or updated or removed or corrected)
    parts, vetoed = _parts(groups, old, new, sorted(digests), pairs, settled=settled)
    draft = _Succession(old, digests, parts, vetoed, updated, now).draft()
    if not (related or old.related):
        return draft
    group = msgspec.structs.replace(draft.group, related=tuple(sorted({r for r in related if r.record in digests})))
    return draft._replace(group=group, relations=tuple(_relations(old, group)))


def _relations(old: Group, new: Group) -> Iterable[tuple[str, bytes, tuple[Relation, ...]]]:
    """Which clusters that stand have gained relations, and which have only lost some."""
    before = {cluster.key: set(old.relations(index)) for index, cluster in enumerate(old.clusters)}
    for index, cluster in enumerate(new.clusters):
        known, now = before.get(cluster.key, set()), set(new.relations(index))
        if now - known:
            yield "relation_added", cluster.key, tuple(sorted(now - known))
        elif known - now and new.records(index):
            yield "relation_removed", cluster.key, tuple(sorted(known - now))


def birth(record: bytes, digest: bytes, now: int) -> Draft:
    """A record in a group of its own, which is what most plans come to."""
    key = first_key(record)
    group = Group((Member(record, digest, 0),), (Cluster(key, 1, now),))
    return Draft(group, (Change("created", key, 1, (), (record,)),))


def _parts(
    groups: Sequence[Group],
    old: Group,
    new: set[bytes],
    members: list[bytes],
    pairs: Pairs,
    *,
    settled: bool,
) -> tuple[list[list[bytes]], bool]:
    """The partition, and whether any two contradict each other. `settled`: what is old needs no second look."""
    if settled:
        asked = _crossing(groups, new, members)
        outcomes = [(a, b, pairs(a, b)) for a, b in asked]
        if not any(pair.contradicts for _, _, pair in outcomes):
            # Nobody contradicts anybody: old clusters stand, and links between them and the new join.
            links = [Link(1.0, a, b) for a, b, pair in outcomes if pair.link is not None]
            for index in range(len(old.clusters)):
                records = old.records(index)
                links += (Link(1.0, records[0], other) for other in records[1:])
            return partition(members, links), False
    outcomes = [(a, b, pairs(a, b)) for a, b in combinations(members, 2)]
    links = [Link(pair.link, a, b, pair.strength) for a, b, pair in outcomes if pair.link is not None]
    vetoes = [(a, b) for a, b, pair in outcomes if pair.veto]
    oppositions = [Opposition(a, b, pair.opposes) for a, b, pair in outcomes if pair.opposes]
    # Who says A is B and B is C says A is C, also while B is not there: the absent take part, and are left out after.
    absent = {end for pair in (*old.must, *old.cannot) for end in pair}.difference(members)
    parts = partition([*members, *absent], links, vetoes, old.must, old.cannot, oppositions)
    left = ([record for record in part if record not in absent] for part in parts)
    return sorted(part for part in left if part), bool(vetoes or oppositions)


def _crossing(groups: Sequence[Group], new: set[bytes], members: list[bytes]) -> Iterable[tuple[bytes, bytes]]:
    """Pairs never looked at inside one group: between groups, and of new records with all."""
    home = {member.id: index for index, group in enumerate(groups) for member in group.members}
    if len(groups) <= 1:
        fresh = sorted(new)
        for position, a in enumerate(fresh):
            yield from ((a, b) for b in members if b not in new)
            yield from ((a, b) for b in fresh[position + 1 :])
        return
    for a, b in combinations(members, 2):
        if a in new or b in new or home[a] != home[b]:
            yield a, b


def _latest(rulings: Iterable[Ruling]) -> tuple[Ruling, ...]:
    """Of the rulings on each pair the one of the last correction."""
    found: dict[tuple[bytes, bytes], Ruling] = {}
    for ruling in rulings:
        known = found.get((ruling.a, ruling.b))
        if known is None or ruling.serial > known.serial:
            found[ruling.a, ruling.b] = ruling
    return tuple(found[pair] for pair in sorted(found))


class _Succession:
    """Which part inherits which cluster, and what that means for each."""

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
        self._inherit()

    def _inherit(self) -> None:
        """The older cluster chooses first, the part that holds most of its records."""
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

    def draft(self) -> Draft:
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
        return Draft(group, (*changes, *ended[1]))

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
        """Clusters that are nobody's heirs: merged away, or left without a record."""
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
