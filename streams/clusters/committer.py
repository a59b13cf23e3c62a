"""Brings records that belong together into one group and commits what that changes.

Written for any number of workers at once: nothing is locked, every step is a compare-and-set that
anybody may repeat, and a worker whose view is out of date reads again. The steps of one attempt, each one
round trip for the whole micro-batch:

1. resolve: where does every record's group live?
2. freeze the groups (and claim the new records) that are to move into another
3. plan the group anew, describe the changes, commit the group together with its events
4. leave pointers where the moved groups were
5. read the records again that went in: whoever changed one meanwhile either sees our group, or is seen here

A worker that dies in between leaves frozen groups behind: the replay of its messages, or any worker that
meets one, finishes the move.

A correction brings the groups of its two records together, whatever it says, so that it lives in one value
with both. There the later correction on a pair replaces the earlier, never the other way round: so a
worker that is behind the times, wherever it stalls or dies, cannot bring back what was undone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from streams.clusters.group import Group, Relation, Ruling
from streams.clusters.heads import Head, Heads, lift
from streams.clusters.judge import Judge
from streams.clusters.planner import Change, Draft, Pair, plan, waiting
from streams.clusters.store import Commit, GroupStore, Root
from streams.errors import RedisError
from streams.index.reader import Reader

__all__ = ["Committed", "Committer", "Described", "Work"]

_MAX_ATTEMPTS = 200
_NO_HEADS: Heads = {}


class Work(NamedTuple):
    """What a micro-batch asks for: records stored (live or deleted), the accepted links and the relations among and from them.

    `rulings` are what corrections say; both records of each are among `records`, known or not.
    """

    records: frozenset[bytes]
    links: tuple[tuple[bytes, bytes], ...]
    related: tuple[tuple[bytes, bytes], ...] = ()
    rulings: tuple[Ruling, ...] = ()


class Described(NamedTuple):
    """A draft made ready: the group with canonical digests and final revisions, and the events owed for it.

    `states` are the latest states of the changed clusters, by key; None where a cluster is no more.
    """

    group: Group
    owed: Mapping[str, bytes]
    changes: tuple[Change, ...]
    states: Mapping[bytes, bytes | None]


class Committed(NamedTuple):
    """A group as committed: where it lives, its raw value, and what was described."""

    root: bytes
    raw: bytes
    described: Described


Describe = Callable[[Draft], Described]


class _Job(NamedTuple):
    """Groups that become one (or one that changes). `moves`: id -> (raw value now, group).

    `related` are pairs of a member and another record that were or may be related.
    """

    target: Root
    moves: dict[bytes, tuple[bytes, Group]]
    frozen: frozenset[bytes]
    records: set[bytes]
    related: set[tuple[bytes, bytes]]
    rulings: tuple[Ruling, ...] = ()


class Committer:
    """Applies the work of micro-batches; holds no state between them."""

    def __init__(self, groups: GroupStore, judge: Judge, cap: int) -> None:
        """No group grows beyond `cap` records; links that would are counted in `capped`."""
        self._groups = groups
        self._judge = judge
        self._cap = cap
        self.capped = 0

    def apply(self, work: Work, reader: Reader, describe: Describe, heads: Heads = _NO_HEADS) -> list[Committed]:
        """Commit the work and return every group that changed. `heads` are what was published of clusters, where that may be
        more than Redis knows.

        Raises RedisError when others change the same groups so fast that no attempt gets through.
        """
        done: list[Committed] = []
        doubtful: set[bytes] = set()
        todo = work
        for _ in range(_MAX_ATTEMPTS):
            jobs = self._jobs(todo)
            failed = self._freeze(jobs)
            self._load(jobs, reader)
            if one_sided := _one_sided(jobs, reader):
                todo = todo._replace(related=todo.related + one_sided)
                continue
            ready = [job for job in jobs if job.target.id not in failed]
            committed, late = self._commit(ready, reader, describe, heads, doubtful)
            done += committed
            overtaken = self._overtaken(jobs, committed, reader)
            late |= {target for targets in overtaken.values() for target in targets}
            doubtful |= overtaken.keys()
            again = [job for job in jobs if job.target.id in failed | late]
            if not again:
                return done
            todo = _again(todo, again)
            reader.forget(record for job in again for record in _records(job))
            reader.forget(todo.records)
            reader.forget(end for pair in todo.related for end in pair)
        raise RedisError("other workers change the same groups faster than this one can")

    def _jobs(self, work: Work) -> list[_Job]:
        asked = {*work.records, *(end for pair in work.links + work.related for end in pair)}
        roots = self._groups.resolve(asked)
        if others := _once_related(work, roots.values()) - asked:
            # All at once: read in two parts, a group would be two, of which one does not know all that is on its way into it.
            roots = self._groups.resolve(asked | others)
        union = _Union(roots, self._cap)
        for a, b in work.links:
            if not union.join(a, b):
                self.capped += 1
        for ruling in work.rulings:
            union.join(ruling.a, ruling.b, capped=False)
        by_id = {root.id: root for root in roots.values()}
        records: dict[bytes, list[bytes]] = {root: [] for root in by_id}
        for record in work.records | {end for end in asked - work.records if _is_stray(end, roots[end])}:
            records[roots[record].id].append(record)
        claims: dict[bytes, set[bytes]] = defaultdict(set)
        for a, b in work.related:
            claims[a].add(b)
            claims[b].add(a)
        jobs = [_job([by_id[root] for root in joined], records, claims) for joined in union.sets()]
        return [_ruled(job, work.rulings) for job in jobs] if work.rulings else jobs

    def _freeze(self, jobs: list[_Job]) -> set[bytes]:
        """Freeze what moves; returns the targets of the jobs in which somebody was faster."""
        commits, owners = [], []
        for job in jobs:
            for moving, (raw, _) in job.moves.items():
                if moving not in job.frozen:
                    frozen = self._groups.frozen(raw, job.target.id)
                    commits.append(Commit(moving, raw, frozen))
                    owners.append(job.target.id)
        applied = self._groups.commit(commits)
        return {owner for owner, ok in zip(owners, applied, strict=True) if not ok}

    def _load(self, jobs: list[_Job], reader: Reader) -> None:
        # A group knows a member by another content than we have read: somebody changed the record since.
        reader.forget([record for job in jobs for record in _differing(job, reader)])
        reader.load(record for job in jobs for record in _records(job))
        reader.load(other for job in jobs for _, other in job.related)

    def _overtaken(
        self, jobs: list[_Job], committed: Sequence[Committed], reader: Reader
    ) -> Mapping[bytes, set[bytes]]:
        """Records that are no longer as they were read, with the targets of the jobs that were committed with them.

        The document that was told of one may be of neither version that its features are of, before or after.
        """
        used: dict[bytes, set[bytes]] = defaultdict(set)
        groups = {c.root: c.described.group for c in committed}
        for job in jobs:
            if (group := groups.get(job.target.id)) is not None:
                for record in job.records.union(end for r in group.related for end in (r.record, r.other)):
                    used[record].add(job.target.id)
        return {record: used[record] for record in reader.changed(used)}

    def _commit(
        self, jobs: list[_Job], reader: Reader, describe: Describe, heads: Heads, doubtful: set[bytes]
    ) -> tuple[list[Committed], set[bytes]]:
        if heads:
            reader.load_records(
                {record for job in jobs for record in _records(job)}.union(o for j in jobs for _, o in j.related)
            )
        drafts = [self._draft(job, reader, heads)._replace(doubtful=frozenset(doubtful)) for job in jobs]
        changed = {record for draft in drafts for change in draft.changes for record in change.before + change.after}
        reader.load_records(changed.union(*(_told(draft) for draft in drafts)))
        commits: list[Commit | None] = []
        committed: list[Committed | None] = []
        pointers: dict[bytes, list[Commit]] = {}
        for job, draft in zip(jobs, drafts, strict=True):
            described = describe(draft)
            raw = self._groups.encode(described.group)
            pointers[job.target.id] = self._pointers(job)
            nothing = not (described.group.members or described.group.rulings or described.group.clusters)
            if (raw == job.target.raw and not described.owed) or (not job.target.raw and nothing):
                # Nothing to change: a replay, or others did our work. Pointers may still be owed.
                committed.append(None)
                commits.append(None)
                continue
            commits.append(Commit(job.target.id, job.target.raw, raw, described.owed))
            committed.append(Committed(job.target.id, raw, described))
        applied = iter(self._groups.commit([commit for commit in commits if commit]))
        late = {commit.id for commit in commits if commit and not next(applied)}
        ready = [pointer for job in jobs if job.target.id not in late for pointer in pointers[job.target.id]]
        self._groups.commit(ready)
        return [c for c in committed if c and c.root not in late], late

    def _pointers(self, job: _Job) -> list[Commit]:
        pointer = self._groups.pointer(job.target.id)
        return [
            Commit(moving, raw if moving in job.frozen else self._groups.frozen(raw, job.target.id), pointer)
            for moving, (raw, _) in job.moves.items()
        ]

    def _draft(self, job: _Job, reader: Reader, heads: Heads) -> Draft:
        stored = reader.stored()
        present, removed, now = {}, set(), []
        for record in job.records.union(_differing(job, reader)):
            entry = stored.get(record)
            if entry is None or not entry.stamp.live:
                removed.add(record)
            else:
                present[record] = entry.stamp.digest
                now.append(entry.stamp.taken)
        moved = waiting(job.target.group, (group for _, group in job.moves.values()))
        groups = [job.target.group, *(g for g in moved if g.members or g.clusters or g.rulings)]
        groups, corrected = _lifted(groups, job, reader, heads)
        known = {member.id for group in groups for member in group.members}

        def pairs(a: bytes, b: bytes) -> Pair:
            return self._judge.pair(reader.features(a), reader.features(b))

        related = [
            Relation(record, other, kind)
            for record, other in sorted(job.related)
            if (kind := self._judge.relation(reader.features(record), reader.features(other)))
        ]
        draft = plan(groups, present, removed & known, pairs, min(now, default=0), related, job.rulings)
        return draft._replace(changes=corrected + draft.changes) if corrected else draft


def _lifted(groups: list[Group], job: _Job, reader: Reader, heads: Heads) -> tuple[list[Group], tuple[Change, ...]]:
    """The groups of a job with what was published of them; see `lift`."""
    if not heads:
        return groups, ()

    def names(records: tuple[bytes, ...]) -> tuple[str, ...]:
        return tuple(sorted(known.id if (known := reader.record(r)) else r.hex() for r in records))

    def stands(group: Group, index: int, head: Head) -> bool:
        records, document = group.records(index), group.clusters[index].canonical
        relations = tuple(
            sorted(
                (r.kind, known.id, other.id)
                for r in group.relations(index)
                if (known := reader.record(r.record)) and (other := reader.record(r.other))
            )
        )
        same = not (document and head.document) or document == head.document
        return same and names(records) == head.records and head.relations in (None, relations)

    return lift(groups, heads, job.records, names, stands)


class _Union:
    """Joins records' roots: by links never beyond the cap, by corrections always."""

    def __init__(self, roots: Mapping[bytes, Root], cap: int) -> None:
        self._root_of = {record: root.id for record, root in roots.items()}
        self._parent = {root.id: root.id for root in roots.values()}
        self._size = {
            root.id: max(1, len(root.group.members) + sum(len(group.members) for _, group in root.moving.values()))
            for root in roots.values()
        }
        self._cap = cap

    def join(self, a: bytes, b: bytes, *, capped: bool = True) -> bool:
        x, y = self._find(self._root_of[a]), self._find(self._root_of[b])
        if x == y:
            return True
        if capped and self._size[x] + self._size[y] > self._cap:
            return False
        self._parent[y] = x
        self._size[x] += self._size[y]
        return True

    def sets(self) -> list[set[bytes]]:
        found: dict[bytes, set[bytes]] = {}
        for root in self._parent:
            found.setdefault(self._find(root), set()).add(root)
        return list(found.values())

    def _find(self, x: bytes) -> bytes:
        while self._parent[x] != x:
            self._parent[x] = self._parent[self._parent[x]]
            x = self._parent[x]
        return x


def _job(joined: Sequence[Root], records: Mapping[bytes, Sequence[bytes]], claims: Mapping[bytes, set[bytes]]) -> _Job:
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
    job = _Job(target, moves, frozenset(frozen), mine | fresh, set())
    for group in _all_groups(job):
        job.related.update((relation.record, relation.other) for relation in group.related)
    if claims:
        job.related.update((record, other) for record in _records(job) for other in claims.get(record, ()))
    return job


def _is_stray(record: bytes, root: Root) -> bool:
    """Whether a record leads to a group that does not have it: stored by another worker that has not come so far yet.

    It was deleted before, or a correction spoke of it before it came. It is taken in, or nobody would note what it is related to.
    """
    return bool(root.raw) and not any(member.id == record for group in root.groups for member in group.members)


def _once_related(work: Work, roots: Iterable[Root]) -> set[bytes]:
    """Records whose groups know of a relation to one that may have changed."""
    groups = (group for root in roots for group in root.groups)
    return {relation.other for group in groups for relation in group.related if relation.record in work.records}


def _told(draft: Draft) -> set[bytes]:
    """Records, beside those of the changed clusters, that are named in the events about relations."""
    told = {relation.other for relation in draft.group.related}
    told.update(end for _, _, changed in draft.relations for r in changed for end in (r.record, r.other))
    keys = {key for _, key, _ in draft.relations}
    doubted = (
        {member.cluster for member in draft.group.members if member.id in draft.doubtful} if draft.doubtful else ()
    )
    for index, cluster in enumerate(draft.group.clusters if keys or doubted else ()):
        if cluster.key in keys or index in doubted:
            told.update(draft.group.records(index))
    return told


def _ruled(job: _Job, rulings: Sequence[Ruling]) -> _Job:
    return job._replace(rulings=tuple(ruling for ruling in rulings if ruling.a in job.records))


def _all_groups(job: _Job) -> list[Group]:
    return [job.target.group, *(group for _, group in job.moves.values())]


def _records(job: _Job) -> set[bytes]:
    return job.records | {member.id for group in _all_groups(job) for member in group.members}


def _differing(job: _Job, reader: Reader) -> list[bytes]:
    """Members whose record, as it was read, is not the one the group saw last."""
    stored = reader.stored()
    return [
        member.id
        for group in _all_groups(job)
        for member in group.members
        if (entry := stored.get(member.id)) and (entry.stamp.digest != member.digest or not entry.stamp.live)
    ]


def _one_sided(jobs: list[_Job], reader: Reader) -> tuple[tuple[bytes, bytes], ...]:
    """Relations of members that another worker has changed to records of groups that are not at hand.

    Here they may end, and their other sides have to end with them: who changed the record finds nothing of them any more.
    """
    changed = {record for job in jobs for record in _differing(job, reader)}
    if not changed:
        return ()
    known = {record for job in jobs for record in _records(job)}
    relations = {(r.record, r.other) for job in jobs for group in _all_groups(job) for r in group.related}
    return tuple(sorted((a, b) for a, b in relations if a in changed and b not in known))


def _again(work: Work, jobs: list[_Job]) -> Work:
    records = frozenset(work.records & {record for job in jobs for record in _records(job) | job.moves.keys()})
    links = tuple(link for link in work.links if records.intersection(link))
    # Both sides of a relation are done together: a side that was early may have noted what is no longer so.
    mine = {record for job in jobs for record in _records(job)}
    related = tuple(pair for pair in work.related if mine.intersection(pair))
    return Work(records, links, related, tuple(ruling for ruling in work.rulings if ruling.a in records))
