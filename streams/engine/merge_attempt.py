"""One attempt at the group changes of a micro-batch, stage by stage; each stage is one round trip for all of it.

1. resolve: read the group of every record
2. freeze the groups (and claim the new records) that are to move into another
3. plan each group anew, describe the changes, commit the group together with its events
4. leave pointers where the moved groups were
5. read the records again that went in: a worker that changed one meanwhile either sees the new group, or is noticed here
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from streams.clusters.committed import Committed, PlannedCommit
from streams.clusters.group_plan import GroupPlan
from streams.clusters.merge_jobs import MergeJob, MergeRequest, find_jobs, once_related, one_sided, still_to_do
from streams.clusters.published import Heads
from streams.engine.decision_cache import DecisionCache
from streams.engine.plan_job import named_in_events, plan_job
from streams.state.group_store import Commit, GroupStore, PendingEvents
from streams.state.reader import Reader

__all__ = ["Describe", "Left", "MergeAttempt", "Outcome"]

Describe = Callable[[GroupPlan], PlannedCommit]


class Left(NamedTuple):
    """What attempts have still to do.

    `doubtful` are records that changed while a group was committed with them: an event may describe a document that is
    made of the former content, so this worker compares their clusters with it again.
    """

    request: MergeRequest
    doubtful: frozenset[bytes]


class _Planned(NamedTuple):
    """A job with its new group, described, and the value of the group."""

    job: MergeJob
    described: PlannedCommit
    raw: bytes

    @property
    def changes_nothing(self) -> bool:
        """Return whether the group is as it should be: after a replay, or where another worker did the work.

        Pointers may be missing all the same.
        """
        group, target = self.described.group, self.job.target
        empty = not (group.members or group.rulings or group.clusters)
        return (self.raw == target.raw and not self.described.pending) or (not target.raw and empty)


class Outcome(NamedTuple):
    """The groups that were committed, how many links a cap refused, and what is left; `left` is None when all is done."""

    committed: list[Committed]
    capped: int
    left: Left | None


class MergeAttempt(NamedTuple):
    """What every attempt of a micro-batch works with."""

    groups: GroupStore
    decisions: DecisionCache
    cap: int
    reader: Reader
    describe: Describe
    heads: Heads

    def run(self, left: Left) -> Outcome:
        """Run all stages once, and return what was committed and what is left for the next attempt.

        Left are the jobs whose groups or records another worker changed meanwhile.
        """
        jobs, capped = self._resolve(left.request)
        conflicting = self._freeze(jobs)
        self._read(jobs)
        if beyond := one_sided(jobs, self.reader.stored()):
            request = left.request._replace(related=left.request.related + beyond)
            return Outcome([], capped, left._replace(request=request))
        planned = self._plan([job for job in jobs if job.target.id not in conflicting], left.doubtful)
        committed, refused = self._commit(planned)
        self._point([p.job for p in planned if p.job.target.id not in refused])
        changed = self._changed(jobs, committed)
        again = conflicting.union(refused, *changed.values())
        unfinished = [job for job in jobs if job.target.id in again]
        if not unfinished:
            return Outcome(committed, capped, None)
        request = still_to_do(left.request, unfinished)
        self._forget(request, unfinished)
        return Outcome(committed, capped, Left(request, left.doubtful.union(changed)))

    def _resolve(self, request: MergeRequest) -> tuple[list[MergeJob], int]:
        """Return the jobs, and how many links would have made a group larger than the cap."""
        asked = request.asked
        roots = self.groups.resolve(asked)
        if others := once_related(request, roots.values()) - asked:
            # All at once: read in two parts, a group would be two, of which one does not know all merges pending into it.
            roots = self.groups.resolve(asked | others)
        return find_jobs(request, roots, self.cap)

    def _freeze(self, jobs: Sequence[MergeJob]) -> set[bytes]:
        """Freeze the groups that merge into others; return the targets of those jobs for which another worker was faster."""
        commits, targets = [], []
        for job in jobs:
            for moving, (raw, _) in job.moves.items():
                if moving not in job.frozen:
                    commits.append(Commit(moving, raw, self.groups.frozen(raw, job.target.id)))
                    targets.append(job.target.id)
        applied = self.groups.commit(commits)
        return {target for target, ok in zip(targets, applied, strict=True) if not ok}

    def _read(self, jobs: Sequence[MergeJob]) -> None:
        """Read the records of the groups, those that may be out of date again."""
        reader = self.reader
        # A group knows a member by another content than was read: another worker changed the record since.
        reader.forget([record for job in jobs for record in job.differing(reader.stored())])
        # What a group says of another record comes from a worker that had stored that: what was read before may be older.
        reader.forget(r.other for job in jobs for group in job.groups for r in group.related)
        reader.load(record for job in jobs for record in job.all_records)
        reader.load(other for job in jobs for _, other in job.related)

    def _plan(self, jobs: Sequence[MergeJob], doubtful: frozenset[bytes]) -> list[_Planned]:
        """Plan every group anew and describe its changes."""
        reader = self.reader
        if self.heads:
            reader.load_records(
                {record for job in jobs for record in job.all_records}.union(o for j in jobs for _, o in j.related)
            )
        plans = [plan_job(job, reader, self.decisions, self.heads)._replace(doubtful=doubtful) for job in jobs]
        changed = {record for plan in plans for change in plan.changes for record in change.before + change.after}
        reader.load_records(changed.union(*(named_in_events(plan) for plan in plans)))
        described = [self.describe(plan) for plan in plans]
        return [
            _Planned(job, d, self.groups.encode(job.target.id, d.group)) for job, d in zip(jobs, described, strict=True)
        ]

    def _commit(self, planned: Sequence[_Planned]) -> tuple[list[Committed], set[bytes]]:
        """Commit the groups that change with their events; return them, and the targets that another worker changed first."""
        pending = self._pending([p.job for p in planned])
        wanted: list[Committed] = []
        commits: list[Commit] = []
        for job, described, raw in (p for p in planned if not p.changes_nothing):
            whole = described._replace(pending={**pending[job.target.id], **described.pending})
            wanted.append(Committed(job.target.id, raw, whole))
            commits.append(Commit(job.target.id, job.target.raw, raw, whole.pending))
        replies = self.groups.commit_events(commits)
        committed = [
            c._replace(before=earlier) for c, earlier in zip(wanted, replies, strict=True) if earlier is not None
        ]
        return committed, {c.root for c, earlier in zip(wanted, replies, strict=True) if earlier is None}

    def _pending(self, jobs: Sequence[MergeJob]) -> Mapping[bytes, PendingEvents]:
        """Return the events pending where groups were that now move, by the job's target: they go along."""
        moves = {moving: group for job in jobs for moving, (_, group) in job.moves.items() if group.clusters}
        found = self.groups.pending_of(
            {moving: {c.key: c.revision for c in group.clusters} for moving, group in moves.items()}
        )
        return {
            job.target.id: {field: event for moving in job.moves for field, event in found.get(moving, {}).items()}
            for job in jobs
        }

    def _point(self, jobs: Sequence[MergeJob]) -> None:
        """Leave pointers where the groups were that went into another one."""
        self.groups.commit(
            [
                Commit(
                    moving,
                    raw if moving in job.frozen else self.groups.frozen(raw, job.target.id),
                    self.groups.pointer(job.target.id),
                )
                for job in jobs
                for moving, (raw, _) in job.moves.items()
            ]
        )

    def _changed(self, jobs: Sequence[MergeJob], committed: Sequence[Committed]) -> Mapping[bytes, set[bytes]]:
        """Return the records that another worker changed since they were read, with the targets committed with them.

        The document in the event of such a record may be of neither content that its features are of, before or after.
        """
        used: dict[bytes, set[bytes]] = defaultdict(set)
        groups = {c.root: c.described.group for c in committed}
        for job in jobs:
            if (group := groups.get(job.target.id)) is not None:
                for record in job.records.union(end for r in group.related for end in (r.record, r.other)):
                    used[record].add(job.target.id)
        return {record: used[record] for record in self.reader.changed(used)}

    def _forget(self, request: MergeRequest, jobs: Sequence[MergeJob]) -> None:
        """Drop from the reader all records of the jobs that were not committed, so that the next attempt reads them again."""
        self.reader.forget(record for job in jobs for record in job.all_records)
        self.reader.forget(request.records)
        self.reader.forget(end for pair in request.related for end in pair)
