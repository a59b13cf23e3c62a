"""Reconciles published clusters with a Redis that lost them in a failover, before the messages are read again.

Every cluster of a recent event is compared with Redis (`clusters/published.py`). No worker changes a group on a server
before it has done this (`GroupStore.known`), so no event that builds on less than was published is ever committed there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import msgspec
import orjson

from streams import events
from streams.clusters.canonical import render
from streams.clusters.committed import Described
from streams.clusters.draft import Draft
from streams.clusters.group import cluster_key
from streams.clusters.merge_jobs import Work
from streams.clusters.published import Head
from streams.engine.engine import Engine
from streams.engine.messages import Batch
from streams.events.published import decode_event, is_truncated
from streams.state.reader import Reader

__all__ = ["Published", "mend"]

_CHUNK = 500


class _Relation(msgspec.Struct):
    relation: str
    record: str
    other: str


_RELATIONS = msgspec.json.Decoder(list[_Relation])


class Published:
    """Collects the last published event of each cluster, from the messages of `dedup.events` that are read."""

    def __init__(self) -> None:
        self.heads: dict[bytes, Head] = {}

    def add(self, value: bytes, time: int) -> None:
        """Add one message, published at `time` (Unix time in ms); a message that is no event is ignored."""
        try:
            event = decode_event(value)
            key = cluster_key(event.cluster_id)
            relations = _RELATIONS.decode(event.relations) if event.relations else []
        except (msgspec.MsgspecError, ValueError, OverflowError):
            return
        known = self.heads.get(key)
        if known is None or event.revision > known.revision:
            text, born = bytes(event.document), known.time if known else time
            cut = is_truncated(text)
            document = b"" if cut else _fingerprint(text)
            related = None if cut else tuple(sorted((r.relation, r.record, r.other) for r in relations))
            self.heads[key] = Head(event.revision, tuple(sorted(event.after)), born, document, related)

    def chunks(self) -> Iterator[list[bytes]]:
        """Return the keys of all clusters, some hundreds at a time; all of one seed record together."""
        keys = sorted(self.heads)
        founders = sorted({key[:8] for key in keys})
        by_founder: dict[bytes, list[bytes]] = defaultdict(list)
        for key in keys:
            by_founder[key[:8]].append(key)
        for start in range(0, len(founders), _CHUNK):
            yield [key for founder in founders[start : start + _CHUNK] for key in by_founder[founder]]


def mend(engine: Engine, published: Published, keys: list[bytes]) -> Batch:
    """Bring the clusters of a chunk up to what was published; return the batch of the changes, to be delivered."""
    reader = Reader(engine.store, engine.connection)

    def describe(draft: Draft) -> Described:
        cause = f"forgotten:{engine.settings.generation}"
        return events.describe(draft, reader.record, reader.is_live, {}, frozenset(), cause=cause)

    work = Work(frozenset(key[:8] for key in keys), ())
    committed = engine.committer.apply(work, reader, describe, published.heads).committed
    for done in committed:
        for change in done.described.changes:
            published.heads.pop(change.key, None)  # an event of this batch is not made once more
    return Batch.of(committed)


def _fingerprint(document: bytes) -> bytes:
    """Return the digest of a document as a group keeps it, `b""` where there is none."""
    return render(orjson.loads(document))[1] if document else b""
