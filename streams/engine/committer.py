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
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from streams.clusters.committed import Committed, Described
from streams.clusters.group import Group, Relation
from streams.clusters.merge_jobs import Job, Work, find_jobs, once_related, one_sided, still_to_do
from streams.clusters.planner import Change, Draft, Pair, plan, waiting
from streams.clusters.published import Head, Heads, lift
from streams.engine.births import commit_births
from streams.engine.decision_cache import Judge
from streams.engine.statistics import Statistics
from streams.errors import RedisError
from streams.state.group_store import Commit, GroupStore, Owed
from streams.state.reader import Reader

__all__ = ["Changes", "Committer"]

_MAX_ATTEMPTS = 200
_NO_HEADS: Heads = {}
_NO_BIRTHS: Mapping[bytes, Described] = {}


class Changes(NamedTuple):
    """Every group that changed, and how many links would have made a group larger than the cap."""

    committed: list[Committed]
    capped: int

    @property
    def statistics(self) -> Statistics:
        """Return the caps that were reached."""
        return Statistics(capped={"cluster": self.capped}) if self.capped else Statistics()


Describe = Callable[[Draft], Described]


class Committer:
    """Applies the work of micro-batches; holds no state between them."""

    def __init__(self, groups: GroupStore, judge: Judge, cap: int) -> None:
        """Let no group grow beyond `cap` records."""
        self._groups = groups
        self._judge = judge
        self._cap = cap

    def apply(
        self,
        work: Work,
        reader: Reader,
        describe: Describe,
        heads: Heads = _NO_HEADS,
        births: Mapping[bytes, Described] = _NO_BIRTHS,
    ) -> Changes:
        """Commit the work and return every group that changed. `heads` are what was published of clusters, where that may be
        more than Redis knows; `births` as in `commit_births`.

        Raises RedisError when others change the same groups so fast that no attempt gets through.
        """
        done, todo, doubtful = commit_births(self._groups, work, births, reader)
        if done and not todo.records:
            return Changes(done, 0)
        capped = 0
        for _ in range(_MAX_ATTEMPTS):
            jobs, refused = self._jobs(todo)
            capped += refused
            failed = self._freeze(jobs)
            self._load(jobs, reader)
            if beyond := one_sided(jobs, reader.stored()):
                todo = todo._replace(related=todo.related + beyond)
                continue
            ready = [job for job in jobs if job.target.id not in failed]
            committed, late = self._commit(ready, reader, describe, heads, doubtful)
            done += committed
            overtaken = self._overtaken(jobs, committed, reader)
            late |= {target for targets in overtaken.values() for target in targets}
            doubtful |= overtaken.keys()
            again = [job for job in jobs if job.target.id in failed | late]
            if not again:
                return Changes(done, capped)
            todo = still_to_do(todo, again)
            reader.forget(record for job in again for record in job.all_records)
            reader.forget(todo.records)
            reader.forget(end for pair in todo.related for end in pair)
        raise RedisError("other workers change the same groups faster than this one can")

    def _jobs(self, work: Work) -> tuple[list[Job], int]:
        asked = work.asked
        roots = self._groups.resolve(asked)
        if others := once_related(work, roots.values()) - asked:
            # All at once: read in two parts, a group would be two, of which one does not know all that is on its way into it.
            roots = self._groups.resolve(asked | others)
        return find_jobs(work, roots, self._cap)

    def _freeze(self, jobs: list[Job]) -> set[bytes]:
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

    def _load(self, jobs: list[Job], reader: Reader) -> None:
        # A group knows a member by another content than we have read: somebody changed the record since.
        reader.forget([record for job in jobs for record in job.differing(reader.stored())])
        # What a group says of another record was said by one who had stored that: what we read before may be older.
        reader.forget(r.other for job in jobs for group in job.groups for r in group.related)
        reader.load(record for job in jobs for record in job.all_records)
        reader.load(other for job in jobs for _, other in job.related)

    def _overtaken(self, jobs: list[Job], committed: Sequence[Committed], reader: Reader) -> Mapping[bytes, set[bytes]]:
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
        self, jobs: list[Job], reader: Reader, describe: Describe, heads: Heads, doubtful: set[bytes]
    ) -> tuple[list[Committed], set[bytes]]:
        if heads:
            reader.load_records(
                {record for job in jobs for record in job.all_records}.union(o for j in jobs for _, o in j.related)
            )
        drafts = [self._draft(job, reader, heads)._replace(doubtful=frozenset(doubtful)) for job in jobs]
        changed = {record for draft in drafts for change in draft.changes for record in change.before + change.after}
        reader.load_records(changed.union(*(_told(draft) for draft in drafts)))
        carried = self._carried(jobs)
        commits: list[Commit] = []
        committed: list[Committed] = []
        pointers: dict[bytes, list[Commit]] = {}
        for job, draft in zip(jobs, drafts, strict=True):
            described = describe(draft)
            raw = self._groups.encode(described.group)
            pointers[job.target.id] = self._pointers(job)
            nothing = not (described.group.members or described.group.rulings or described.group.clusters)
            if (raw == job.target.raw and not described.owed) or (not job.target.raw and nothing):
                # Nothing to change: a replay, or others did our work. Pointers may still be owed.
                continue
            described = described._replace(owed={**carried[job.target.id], **described.owed})
            commits.append(Commit(job.target.id, job.target.raw, raw, described.owed))
            committed.append(Committed(job.target.id, raw, described))
        before = self._groups.commit_events(commits)
        late = {commit.id for commit, owed in zip(commits, before, strict=True) if owed is None}
        ready = [pointer for job in jobs if job.target.id not in late for pointer in pointers[job.target.id]]
        self._groups.commit(ready)
        done = [c._replace(before=owed) for c, owed in zip(committed, before, strict=True) if owed is not None]
        return done, late

    def _carried(self, jobs: list[Job]) -> Mapping[bytes, Owed]:
        """The events that are owed where groups were that now move, by the job's target: they go along."""
        moves = {moving: group for job in jobs for moving, (_, group) in job.moves.items() if group.clusters}
        owed = self._groups.owed_of(
            {moving: {c.key: c.revision for c in group.clusters} for moving, group in moves.items()}
        )
        return {
            job.target.id: {field: event for moving in job.moves for field, event in owed.get(moving, {}).items()}
            for job in jobs
        }

    def _pointers(self, job: Job) -> list[Commit]:
        pointer = self._groups.pointer(job.target.id)
        return [
            Commit(moving, raw if moving in job.frozen else self._groups.frozen(raw, job.target.id), pointer)
            for moving, (raw, _) in job.moves.items()
        ]

    def _draft(self, job: Job, reader: Reader, heads: Heads) -> Draft:
        stored = reader.stored()
        present, removed, now = {}, set(), []
        for record in job.records.union(job.differing(reader.stored())):
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


def _lifted(groups: list[Group], job: Job, reader: Reader, heads: Heads) -> tuple[list[Group], tuple[Change, ...]]:
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
