"""Plans how a group changes: from its members and clusters before, the new group and the typed changes. Pure.

Three steps: ask the pairs of members, divide the members into parts (`clusters/partition.py`), assign ids to the parts
(`clusters/id_assignment.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import msgspec

from streams.clusters.group import Cluster, Group, Member, Relation, Ruling, first_key, singleton_group
from streams.clusters.group_plan import Change, GroupPlan
from streams.clusters.id_assignment import assign_ids
from streams.clusters.partition import ORDINARY, Link, Opposition, partition

__all__ = ["Pair", "Pairs", "birth", "combine", "plan", "waiting"]


class Pair(NamedTuple):
    """What a decision means for clusters: a link with a score and a strength, a veto, an opposition, or nothing."""

    link: float | None
    veto: bool
    opposes: int = 0
    strength: int = ORDINARY

    @property
    def contradicts(self) -> bool:
        """Return whether the pair opposes one cluster, so that a group with such a pair must be divided as a whole."""
        return self.veto or self.opposes > 0


Pairs = Callable[[bytes, bytes], Pair]
"""Answers for any two members of a group, symmetric; asked again it answers the same."""

_Asked = tuple[bytes, bytes, Pair]


def combine(groups: Sequence[Group]) -> Group:
    """Combine several groups into one, before it is planned anew; clusters keep their members."""
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
    """Yield the groups of `moving` whose merge into `group` is still to be done.

    A group was merged already if `group`, or an earlier group of `moving`, has one of its clusters or a redirect for it.
    """
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
) -> GroupPlan:
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
    settled = not (anew or old.vetoed or old.must or old.cannot or updated or removed or corrected)
    members = sorted(digests)
    asked, all_pairs = _ask(groups, old, members, pairs, settled=settled)
    parts = (_divided if all_pairs else _joined)(old, members, asked)
    contradicted = all_pairs and any(pair.contradicts for _, _, pair in asked)
    planned = assign_ids(old, digests, parts, contradicted, updated, now)
    if not (related or old.related):
        return planned
    group = msgspec.structs.replace(planned.group, related=tuple(sorted({r for r in related if r.record in digests})))
    return planned._replace(group=group, relations=tuple(_relations(old, group)))


def _relations(old: Group, new: Group) -> Iterable[tuple[str, bytes, tuple[Relation, ...]]]:
    """Return which clusters that stay have gained relations, and which have only lost some."""
    before = {cluster.key: set(old.relations(index)) for index, cluster in enumerate(old.clusters)}
    for index, cluster in enumerate(new.clusters):
        known, now = before.get(cluster.key, set()), set(new.relations(index))
        if now - known:
            yield "relation_added", cluster.key, tuple(sorted(now - known))
        elif known - now and new.records(index):
            yield "relation_removed", cluster.key, tuple(sorted(known - now))


def birth(record: bytes, digest: bytes, now: int) -> GroupPlan:
    """Plan a singleton cluster, as most plans are."""
    change = Change("created", first_key(record), 1, (), (record,))
    return GroupPlan(singleton_group(record, digest, now), (change,))


def _ask(
    groups: Sequence[Group], old: Group, members: list[bytes], pairs: Pairs, *, settled: bool
) -> tuple[list[_Asked], bool]:
    """Return the outcomes of pairs of members, and whether these are all pairs.

    `settled`: the pairs inside each old group need no second look, unless a pair asked now contradicts.
    """
    if settled:
        new = set(members) - {member.id for member in old.members}
        asked = [(a, b, pairs(a, b)) for a, b in _crossing(groups, new, members)]
        if not any(pair.contradicts for _, _, pair in asked):
            return asked, False
    return [(a, b, pairs(a, b)) for a, b in combinations(members, 2)], True


def _joined(old: Group, members: list[bytes], asked: Sequence[_Asked]) -> list[list[bytes]]:
    """Return the clusters of a group without contradictions: the old clusters, joined by the links among `asked`."""
    links = [Link(1.0, a, b) for a, b, pair in asked if pair.link is not None]
    for index in range(len(old.clusters)):
        records = old.records(index)
        links += (Link(1.0, records[0], other) for other in records[1:])
    return partition(members, links)


def _divided(old: Group, members: list[bytes], asked: Sequence[_Asked]) -> list[list[bytes]]:
    """Return the clusters of a group with contradictions or corrections, decided from all pairs and these corrections."""
    links = [Link(pair.link, a, b, pair.strength) for a, b, pair in asked if pair.link is not None]
    vetoes = [(a, b) for a, b, pair in asked if pair.veto]
    oppositions = [Opposition(a, b, pair.opposes) for a, b, pair in asked if pair.opposes]
    # A is B and B is C means A is C, also while B is not there: the absent take part, and are left out after.
    absent = {end for pair in (*old.must, *old.cannot) for end in pair}.difference(members)
    parts = partition([*members, *absent], links, vetoes, old.must, old.cannot, oppositions)
    left = ([record for record in part if record not in absent] for part in parts)
    return sorted(part for part in left if part)


def _crossing(groups: Sequence[Group], new: set[bytes], members: list[bytes]) -> Iterable[tuple[bytes, bytes]]:
    """Return pairs never asked inside one group: between groups, and of new records with all."""
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
    """Return the constraint of the last correction on each pair."""
    found: dict[tuple[bytes, bytes], Ruling] = {}
    for ruling in rulings:
        known = found.get((ruling.a, ruling.b))
        if known is None or ruling.serial > known.serial:
            found[ruling.a, ruling.b] = ruling
    return tuple(found[pair] for pair in sorted(found))
