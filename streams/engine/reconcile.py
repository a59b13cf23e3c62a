"""Reconciles published clusters with a Redis that lost them in a failover, before the messages are read again.

Every cluster of a recent event is compared with Redis (`clusters/published.py`). No worker changes a group on a server
before it has done this (`GroupStore.known`), so no event that builds on less than was published is ever committed there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import msgspec

from streams import events
from streams.clusters.committed import PlannedCommit
from streams.clusters.group import cluster_key
from streams.clusters.group_plan import GroupPlan
from streams.clusters.merge_jobs import MergeRequest
from streams.clusters.published import Head
from streams.engine.engine import Engine
from streams.engine.messages import Batch
from streams.events import Cause
from streams.events.published import decode_event, decode_relations, document_digest, is_truncated
from streams.state.reader import Reader

__all__ = ["Published", "reconcile"]

_CHUNK = 500


class Published:
    """What subscribers know of each cluster: its event with the highest revision in `dedup.events`.

    The caller reads the topic and gives each message to `add`; `heads` has the result.
    """

    def __init__(self) -> None:
        self.heads: dict[bytes, Head] = {}

    def add(self, value: bytes, time: int) -> None:
        """Add one message, published at `time` (Unix time in ms); a message that is no event is ignored."""
        try:
            event = decode_event(value)
            key = cluster_key(event.cluster_id)
            relations = decode_relations(event.relations)
        except (msgspec.MsgspecError, ValueError, OverflowError):
            return
        known = self.heads.get(key)
        if known is None or event.revision > known.revision:
            text, born = bytes(event.document), known.time if known else time
            related = None if is_truncated(text) else relations
            self.heads[key] = Head(event.revision, tuple(sorted(event.after)), born, document_digest(text), related)

    def chunks(self) -> Iterator[list[bytes]]:
        """Yield the keys of all clusters in chunks of some hundreds; clusters of one seed record are in one chunk."""
        keys = sorted(self.heads)
        founders = sorted({key[:8] for key in keys})
        by_founder: dict[bytes, list[bytes]] = defaultdict(list)
        for key in keys:
            by_founder[key[:8]].append(key)
        for start in range(0, len(founders), _CHUNK):
            yield [key for founder in founders[start : start + _CHUNK] for key in by_founder[founder]]


def reconcile(engine: Engine, published: Published, keys: list[bytes]) -> Batch:
    """Bring the clusters of a chunk up to what was published; return the batch of the changes, to be delivered."""
    reader = Reader(engine.store, engine.connection)
    cause = Cause.failover(engine.settings.generation)

    def describe(plan: GroupPlan) -> PlannedCommit:
        return events.describe(plan, reader.record, reader.is_live, cause)

    request = MergeRequest(frozenset(key[:8] for key in keys), ())
    committed = engine.committer.apply(request, reader, describe, published.heads).committed
    for done in committed:
        for change in done.described.changes:
            published.heads.pop(change.key, None)  # an event of this batch is not made once more
    return Batch.of(committed)
