"""Mends what `streams verify` found where that is safe: what Redis knows is published again, as a worker would do it.

Events that are owed are published; of clusters of which `dedup.clusters` says something else, the state as it is now, or a
tombstone. Where events lead to another state than the one in Redis, or to a cluster that Redis does not know, one more event
says what is: Redis has forgotten what it acknowledged (`streams/engine/reconcile.py`). Redis is not changed otherwise.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from streams.clusters.group import cluster_key
from streams.engine.engine import Engine
from streams.errors import RefusedError
from streams.events import CLUSTERS, Outgoing
from streams.kafka.producer import Publisher
from streams.settings import Settings
from streams.verification.differences import Difference
from streams.worker.reconciler import Reconciler

__all__ = ["repair"]

_CODES = frozenset(("state_malformed", "clusters_missing", "clusters_ghost", "clusters_differ"))
_FORGOTTEN = frozenset(("redis_missing", "redis_ghost", "redis_differs", "events_ghost", "events_differ"))
_LOT = 500
_FEW = 100


async def repair(settings: Settings, engine: Engine, differences: Iterable[Difference], clusters: int = 0) -> int:
    """Publish again what can be; returns how many messages that were. `clusters` is how many Redis has.

    Raises ServiceError, and RefusedError where Redis lacks so much that subscribers should not be told of it.
    """
    differences = list(differences)
    forgotten = {difference.cluster_id for difference in differences if difference.code in _FORGOTTEN}
    missing = sum(difference.code == "redis_missing" for difference in differences)
    if missing > max(_FEW, clusters):
        raise RefusedError(
            f"Redis knows {clusters} clusters and lacks {missing} that were published: that is no failover, and subscribers are "
            "not told that they are no more. Look at STREAMS_NAMESPACE and STREAMS_REDIS_URL, or build the state anew"
        )
    names = sorted({difference.cluster_id for difference in differences if difference.code in _CODES})
    keys = [(name, _key(name)) for name in names]
    nobodys = [Outgoing(CLUSTERS, name.encode(), None) for name, key in keys if not key]
    known = [key for _, key in keys if key]
    async with Publisher(settings.kafka_url, settings.topic_prefix) as publisher:
        reconciler = Reconciler(engine, publisher, asyncio.to_thread)
        await publisher.publish(nobodys)
        count = len(nobodys)
        while (owed := engine.outbox.drain()).outgoing:
            count += await reconciler.publish(owed)
        if forgotten:
            count += await reconciler.reconcile(0, forgotten)
        for start in range(0, len(known), _LOT):
            count += await reconciler.publish(engine.outbox.restate(known[start : start + _LOT]))
    return count


def _key(name: str) -> bytes:
    """The key of a cluster, `b""` where the name is that of none."""
    try:
        return cluster_key(name)
    except (ValueError, OverflowError):
        return b""
