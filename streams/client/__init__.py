"""Follow the clusters of a running Streams from Python: docs/python.md describes every name.

    from streams.client import subscribe

    async for event in subscribe(kafka="localhost:9092", start="beginning"):
        print(event.type, event.cluster_id, event.after)

| module            | what it does                                                             |
|-------------------|--------------------------------------------------------------------------|
| `opening`         | `subscribe` and `snapshot`: from arguments to a source                   |
| `subscription`    | the iterator: selection, position, checkpoint, gaps                      |
| `kafka_source`    | reads `dedup.events` from Kafka                                          |
| `http_source`     | reads Server-Sent Events of `streams serve`; `sse` parses them           |
| `snapshot_source` | states, then events without a gap; `snapshot_table` has the revisions    |
| `blocking`        | the same for programs without asyncio                                    |
| `checkpoints`     | where a subscriber keeps its position                                    |

Importing the package loads neither Kafka's client nor an HTTP client: `subscribe` does, the one that it needs.
"""

from streams.api.cluster_view import ClusterView
from streams.api.event import EVENT_TYPES, ClusterRelation, ClusterState, Event
from streams.client.blocking import SnapshotSync, SubscriptionSync, snapshot_sync, subscribe_sync
from streams.client.checkpoints import Checkpoint, FileCheckpoint
from streams.client.items import ClusterEnd, Gap, Missing
from streams.client.opening import snapshot, subscribe
from streams.client.subscription import Snapshot, Subscription
from streams.errors import GapError

__all__ = [
    "EVENT_TYPES",
    "Checkpoint",
    "ClusterEnd",
    "ClusterRelation",
    "ClusterState",
    "ClusterView",
    "Event",
    "FileCheckpoint",
    "Gap",
    "GapError",
    "Missing",
    "Snapshot",
    "SnapshotSync",
    "Subscription",
    "SubscriptionSync",
    "snapshot",
    "snapshot_sync",
    "subscribe",
    "subscribe_sync",
]
