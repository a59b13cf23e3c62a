"""Repair the differences that `streams verify` found where that is safe: publish again what Redis holds, as a worker would.

Pending events are published. For a cluster with another state in `dedup.clusters`, its current state or a tombstone is published.
Where events lead to another state than the one in Redis, or to a cluster that Redis lacks, one more event brings subscribers to
the state in Redis: Redis has lost acknowledged writes (`streams/engine/reconcile.py`). Redis is not changed otherwise.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from streams.engine.engine import Engine
from streams.errors import RefusedError
from streams.events import CLUSTERS, Outgoing
from streams.kafka.connection import KafkaConnection
from streams.ops.diagnosis import compare_partitions
from streams.ops.probes import ask_partitions
from streams.settings import Settings
from streams.state.fixed_partitions import fixed_partitions
from streams.verification.differences import Difference, key_of
from streams.worker.reconciler import open_reconciler

__all__ = ["repair"]

_CODES = frozenset(("state_malformed", "clusters_missing", "clusters_ghost", "clusters_differ"))
_FORGOTTEN = frozenset(("redis_missing", "redis_ghost", "redis_differs", "events_ghost", "events_differ"))
_FEW = 100
"""Clusters that Redis may lack in any case; beyond that it may not lack more than it has."""


async def repair(settings: Settings, engine: Engine, differences: Iterable[Difference], clusters: int = 0) -> int:
    """Publish what repairs some differences; returns the number of messages. `clusters` is how many Redis has.

    Raises ServiceError, StateError where a topic has other partitions than the state was begun with, and RefusedError where Redis
    lacks more clusters than a failover explains: publishing their end would make subscribers delete them.
    """
    begun = await asyncio.to_thread(fixed_partitions, settings, engine.connection)
    if begun:
        compare_partitions(await ask_partitions(KafkaConnection.of(settings), list(begun)), begun)
    differences = list(differences)
    forgotten = {difference.cluster_id for difference in differences if difference.code in _FORGOTTEN}
    missing = sum(difference.code == "redis_missing" for difference in differences)
    if missing > max(_FEW, clusters):
        raise RefusedError(
            f"Redis has {clusters} clusters and lacks {missing} that were published: that is no failover, and their end is not "
            "published. Check STREAMS_NAMESPACE and STREAMS_REDIS_URL, or rebuild the state (docs/operations.md)"
        )
    keys = {name: key_of(name) for name in sorted({each.cluster_id for each in differences if each.code in _CODES})}
    tombstones = [Outgoing(CLUSTERS, name.encode(), None) for name, key in keys.items() if not key]
    async with open_reconciler(engine) as reconciler:
        await reconciler.publish(tombstones)
        count = len(tombstones) + await reconciler.publish_pending()
        if forgotten:
            count += await reconciler.reconcile(0, forgotten)
        return count + await reconciler.publish_states(filter(None, keys.values()))
