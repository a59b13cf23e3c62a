"""Plans what the engine would do with changes that are not made: the engine's own plan, without its commits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from streams.clusters.group import Root
from streams.clusters.group_plan import GroupPlan
from streams.clusters.merge_jobs import MergeJob, MergeRequest, find_jobs
from streams.engine.plan_job import plan_job
from streams.query.index_reader import IndexReader, TooManyPairsError
from streams.state.reader import Reader

__all__ = ["Hypothetical", "Planned"]


class Planned(NamedTuple):
    """A job that is not done: the groups that would come together, and the group they would become, None where it is too large."""

    job: MergeJob
    plan: GroupPlan | None


class Hypothetical:
    """Finds and plans the merge jobs of changes that might be made."""

    def __init__(self, index: IndexReader, reader: Reader) -> None:
        """Plan by the records that `reader` has read or been given; what it lacks is read."""
        self._index = index
        self._reader = reader

    def jobs(self, requests: Sequence[MergeRequest], roots: Mapping[bytes, Root] | None = None) -> list[list[MergeJob]]:
        """Return the merge jobs of each request, each as if it were the only one, and read the records of their groups.

        `roots` are those of all records that are asked for, where they were read already.
        """
        if roots is None:
            roots = self._index.groups.resolve(frozenset().union(*(request.asked for request in requests)))
        found = [self._jobs(request, roots) for request in requests]
        self._reader.load(record for jobs in found for job in jobs for record in job.all_records)
        return found

    def plan(self, jobs: Sequence[MergeJob]) -> list[Planned]:
        """Plan the jobs of one request; together they may ask about so many pairs as one question."""
        self._index.decisions.begin()
        return [Planned(job, self._plan(job)) for job in jobs]

    def _jobs(self, request: MergeRequest, roots: Mapping[bytes, Root]) -> list[MergeJob]:
        jobs, _ = find_jobs(
            request, {record: roots[record] for record in request.asked}, self._index.settings.cluster_cap
        )
        return jobs

    def _plan(self, job: MergeJob) -> GroupPlan | None:
        try:
            return plan_job(job, self._reader, self._index.decisions, {})
        except TooManyPairsError:
            return None
