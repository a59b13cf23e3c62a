"""Reconciles published clusters with a Redis that lost them in a failover, before the messages are read again.

Every cluster of a recent event is compared with Redis (`clusters/published.py`). No worker changes a group on a server
before it has done this (`GroupStore.known`), so no event that builds on less than was published is ever committed there.
"""

from __future__ import annotations

from collections.abc import Sequence

from streams import events
from streams.clusters.committed import PlannedCommit
from streams.clusters.group_plan import GroupPlan
from streams.clusters.merge_jobs import MergeRequest
from streams.engine.engine import Engine
from streams.engine.messages import Batch
from streams.events import Cause
from streams.events.published_clusters import PublishedClusters
from streams.state.reader import Reader

__all__ = ["reconcile"]


def reconcile(engine: Engine, published: PublishedClusters, keys: Sequence[bytes]) -> Batch:
    """Bring the clusters of a chunk up to what was published; return the batch of the changes, to be delivered."""
    reader = Reader(engine.store, engine.connection)
    cause = Cause.failover(engine.settings.generation)

    def describe(plan: GroupPlan) -> PlannedCommit:
        return events.describe(plan, reader.record, reader.is_live, cause)

    request = MergeRequest(frozenset(key[:8] for key in keys), ())
    committed = engine.committer.apply(request, reader, describe, published.clusters).committed
    for done in committed:
        for change in done.described.changes:
            published.clusters.pop(change.key, None)  # an event of this batch is not made once more
    return Batch.of(committed)
