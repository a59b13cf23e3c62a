"""Sorts the changes that a micro-batch asks for into merge jobs that share no group. Pure.

A job is a set of groups that become one, with their changes; a merge attempt reads the groups, and commits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from streams.clusters.disjoint_sets import DisjointSets
from streams.clusters.group import Group, Root, Ruling
from streams.records.stored import Stored

__all__ = ["Job", "Work", "find_jobs", "once_related", "one_sided", "still_to_do"]


class Work(NamedTuple):
    """The changes of a micro-batch: records stored or deleted, the accepted links and the relations among and from them.

    `rulings` are what corrections say; both records of each are among `records`, known or not.
    """

    records: frozenset[bytes]
    links: tuple[tuple[bytes, bytes], ...]
    related: tuple[tuple[bytes, bytes], ...] = ()
    rulings: tuple[Ruling, ...] = ()

    @property
    def asked(self) -> frozenset[bytes]:
        """Return all records of the work."""
        return self.records | self.ends

    @property
    def ends(self) -> frozenset[bytes]:
        """Return the records that a link, a relation or a correction ties to another."""
        pairs = (*self.links, *self.related, *((ruling.a, ruling.b) for ruling in self.rulings))
        return frozenset(end for pair in pairs for end in pair)


class Job(NamedTuple):
    """Groups that become one (or one that changes). `moves`: id -> (raw value now, group).

    `related` are pairs of a member and another record that were or may be related.
    """

    target: Root
    moves: dict[bytes, tuple[bytes, Group]]
    frozen: frozenset[bytes]
    records: set[bytes]
    related: set[tuple[bytes, bytes]]
    rulings: tuple[Ruling, ...] = ()

    @property
    def groups(self) -> list[Group]:
        """Return the groups, the target first."""
        return [self.target.group, *(group for _, group in self.moves.values())]

    @property
    def all_records(self) -> set[bytes]:
        """Return the records of the job and all members of its groups."""
        return self.records | {member.id for group in self.groups for member in group.members}

    def differing(self, stored: Mapping[bytes, Stored | None]) -> list[bytes]:
        """Return members whose record, as it was read, is not the one the group saw last."""
        return [
            member.id
            for group in self.groups
            for member in group.members
            if (entry := stored.get(member.id)) and (entry.version.digest != member.digest or not entry.version.live)
        ]


def find_jobs(work: Work, roots: Mapping[bytes, Root], cap: int) -> tuple[list[Job], int]:
    """Return the jobs of a micro-batch, and how many links would have made a group larger than `cap` records.

    `roots` are those of all records asked for, and of `once_related`.
    """
    together, refused = _joined(work, roots, cap)
    by_id = {root.id: root for root in roots.values()}
    records: dict[bytes, list[bytes]] = {root: [] for root in by_id}
    for record in work.records | {end for end in work.asked - work.records if _is_stray(end, roots[end])}:
        records[roots[record].id].append(record)
    claims: dict[bytes, set[bytes]] = defaultdict(set)
    for a, b in work.related:
        claims[a].add(b)
        claims[b].add(a)
    return [_job([by_id[root] for root in joined], records, claims, work.rulings) for joined in together], refused


def _joined(work: Work, roots: Mapping[bytes, Root], cap: int) -> tuple[Iterable[Sequence[bytes]], int]:
    """Return the ids of the groups that come together, and how many links the cap refused; corrections know no cap."""
    sets = DisjointSets(root.id for root in roots.values())
    size = {
        root.id: max(1, len(root.group.members) + sum(len(group.members) for _, group in root.moving.values()))
        for root in roots.values()
    }
    refused = 0
    for a, b in work.links:
        one, other = sets.find(roots[a].id), sets.find(roots[b].id)
        if one == other:
            continue
        together = size[one] + size[other]
        if together > cap:
            refused += 1
        else:
            size[sets.join(one, other)] = together
    for ruling in work.rulings:
        sets.join(roots[ruling.a].id, roots[ruling.b].id)
    return sets.members.values(), refused


def _job(
    joined: Sequence[Root],
    records: Mapping[bytes, Sequence[bytes]],
    claims: Mapping[bytes, set[bytes]],
    rulings: Sequence[Ruling],
) -> Job:
    # A group that exists before one that does not; then the smaller id: the same choice for every worker.
    target = min(joined, key=lambda root: (not root.raw, root.id))
    moves: dict[bytes, tuple[bytes, Group]] = {}
    frozen: set[bytes] = set()
    for root in joined:
        if root is not target:
            moves[root.id] = (root.raw, root.group)
    for root in joined:
        moves.update(root.moving)
        frozen |= root.moving.keys()
    mine = {record for root in joined for record in records[root.id]}
    # A linked record of another worker that has no group yet is taken in as well: it is stored already.
    fresh = {root.id for root in joined if not root.raw}
    about = mine | fresh
    ruled = tuple(ruling for ruling in rulings if ruling.a in about)
    job = Job(target, moves, frozenset(frozen), about, set(), ruled)
    for group in job.groups:
        job.related.update((relation.record, relation.other) for relation in group.related)
    if claims:
        job.related.update((record, other) for record in job.all_records for other in claims.get(record, ()))
    return job


def _is_stray(record: bytes, root: Root) -> bool:
    """Return whether a record leads to a group that does not have it: another worker has stored it and not yet grouped it.

    It was deleted before, or a correction named it before it came. It is taken in, so that its relations are noted.
    """
    return bool(root.raw) and not any(member.id == record for group in root.groups for member in group.members)


def once_related(work: Work, roots: Iterable[Root]) -> set[bytes]:
    """Return records whose groups know of a relation to one that may have changed."""
    groups = (group for root in roots for group in root.groups)
    return {relation.other for group in groups for relation in group.related if relation.record in work.records}


def one_sided(jobs: Sequence[Job], stored: Mapping[bytes, Stored | None]) -> tuple[tuple[bytes, bytes], ...]:
    """Return relations of members that another worker has changed to records of groups that were not read.

    Here they may end, and their other sides have to end with them: the worker that changed the record no longer finds them.
    """
    changed = {record for job in jobs for record in job.differing(stored)}
    if not changed:
        return ()
    known = {record for job in jobs for record in job.all_records}
    relations = {(r.record, r.other) for job in jobs for group in job.groups for r in group.related}
    return tuple(sorted((a, b) for a, b in relations if a in changed and b not in known))


def still_to_do(work: Work, jobs: Sequence[Job]) -> Work:
    """Return the part of the work that is to be tried again, where these jobs were not committed."""
    records = frozenset(work.records & {record for job in jobs for record in job.all_records | job.moves.keys()})
    links = tuple(link for link in work.links if records.intersection(link))
    # Both sides of a relation are done together: a side that was early may have noted what is no longer so.
    mine = {record for job in jobs for record in job.all_records}
    related = tuple(pair for pair in work.related if mine.intersection(pair))
    return Work(records, links, related, tuple(ruling for ruling in work.rulings if ruling.a in records))
