"""Brings records that belong together into one group and commits what that changes.

Written for any number of workers at once: nothing is locked, every stage of an attempt (`engine/merge_attempt.py`) is a
compare-and-set that any worker may repeat, and a worker whose view is out of date reads again.

A worker that dies in between leaves frozen groups behind: the replay of its messages, or any worker that
meets one, finishes the merge.

A correction brings the groups of its two records together, whatever it says, so that it is in one value
with both. There the later correction on a pair replaces the earlier, never the other way round: so a
worker that is behind the times, wherever it stalls or dies, cannot bring back what was undone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from streams.clusters.committed import Committed
from streams.clusters.merge_jobs import MergeRequest
from streams.clusters.published import Heads
from streams.engine.births import commit_births
from streams.engine.decision_cache import DecisionCache
from streams.engine.merge_attempt import Describe, Left, MergeAttempt
from streams.engine.statistics import Statistics
from streams.engine.upsert import Upsert
from streams.errors import RedisError
from streams.state.group_store import GroupStore, SingletonCommit
from streams.state.reader import Reader

__all__ = ["Changes", "Committer"]

_MAX_ATTEMPTS = 200
_NO_HEADS: Heads = {}


class Changes(NamedTuple):
    """Every group that changed, and how many links would have made a group larger than the cap.

    `singletons` are the clusters that began with one record, before all others.
    """

    committed: list[Committed]
    capped: int
    singletons: Sequence[SingletonCommit] = ()

    @property
    def statistics(self) -> Statistics:
        """Return the caps that were reached."""
        return Statistics(capped={"cluster": self.capped}) if self.capped else Statistics()


class Committer:
    """Applies the merge requests of micro-batches; holds no state between them."""

    def __init__(self, groups: GroupStore, decisions: DecisionCache, cap: int) -> None:
        """Let no group grow beyond `cap` records."""
        self._groups = groups
        self._decisions = decisions
        self._cap = cap

    def apply(
        self,
        request: MergeRequest,
        reader: Reader,
        describe: Describe,
        heads: Heads = _NO_HEADS,
        upserts: Sequence[Upsert] = (),
    ) -> Changes:
        """Commit the changes of a request and return what changed.

        `heads` are the published revisions of clusters, where they may be ahead of Redis; `upserts` as in `commit_births`.
        Raises RedisError when other workers change the same groups so fast that no attempt gets through.
        """
        singletons, todo, doubtful = commit_births(self._groups, request, upserts, reader)
        if singletons and not todo.records:
            return Changes([], 0, singletons)
        attempt = MergeAttempt(self._groups, self._decisions, self._cap, reader, describe, heads)
        left = Left(todo, frozenset(doubtful))
        committed: list[Committed] = []
        capped = 0
        for _ in range(_MAX_ATTEMPTS):
            outcome = attempt.run(left)
            committed = committed + outcome.committed
            capped += outcome.capped
            if outcome.left is None:
                return Changes(committed, capped, singletons)
            left = outcome.left
        raise RedisError("other workers change the same groups faster than this one can")
