"""Plans what the engine would do with changes that are not made: the engine's own plan, without its commits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from streams.clusters.draft import Draft
from streams.clusters.group import Root
from streams.clusters.merge_jobs import Job, Work, find_jobs
from streams.engine.plan_job import plan_job
from streams.query.index_reader import IndexReader, TooManyPairsError
from streams.state.reader import Reader

__all__ = ["Hypothetical", "Planned"]


class Planned(NamedTuple):
    """A job that is not done: the groups that would come together, and the group they would become, None where it is too large."""

    job: Job
    draft: Draft | None


class Hypothetical:
    """Finds and plans the merge jobs of changes that might be made."""

    def __init__(self, index: IndexReader, reader: Reader) -> None:
        """Plan by the records that `reader` has read or been given; what it lacks is read."""
        self._index = index
        self._reader = reader

    def jobs(self, works: Sequence[Work]) -> list[list[Job]]:
        """Return the merge jobs of each work, each as if it were the only one, and read the records of their groups."""
        roots = self._index.groups.resolve(frozenset().union(*(work.asked for work in works)))
        found = [self._jobs(work, roots) for work in works]
        self._reader.load(record for jobs in found for job in jobs for record in job.all_records)
        return found

    def plan(self, jobs: Sequence[Job]) -> list[Planned]:
        """Plan the jobs of one work; together they may ask about so many pairs as one question."""
        self._index.decisions.begin()
        return [Planned(job, self._plan(job)) for job in jobs]

    def _jobs(self, work: Work, roots: Mapping[bytes, Root]) -> list[Job]:
        jobs, _ = find_jobs(work, {record: roots[record] for record in work.asked}, self._index.settings.cluster_cap)
        return jobs

    def _plan(self, job: Job) -> Draft | None:
        try:
            return plan_job(job, self._reader, self._index.decisions, {})
        except TooManyPairsError:
            return None
