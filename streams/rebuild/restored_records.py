"""Store records of published clusters that no topic has any more, as their documents have them, and leave them where they were.

Steps 6 and 7 of `streams/rebuild/from_nothing.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

from streams.clusters.planner import Pair, Pairs
from streams.engine.deliver import discard
from streams.engine.engine import Engine
from streams.engine.messages import Incoming
from streams.engine.prepare import Intake
from streams.events.published_clusters import PublishedClusters
from streams.rebuild.joined_components import JoinedComponent
from streams.rebuild.missing_events import published_contents
from streams.rebuild.published_records import record_from, version_of
from streams.rebuild.transfer_ids import IdTransfer
from streams.records.chunks import chunks
from streams.records.stored import id_of
from streams.state.layout import Layout
from streams.state.reader import Reader

__all__ = ["TransferWithRestored", "missing_records", "restore"]

_CHUNK = 1000
_NOWHERE = Incoming("", b"", None, 0, "", 0, 0)
_APART, _TOGETHER = Pair(None, False), Pair(1.0, False)


def missing_records(engine: Engine, published: PublishedClusters) -> dict[bytes, list[str]]:
    """Return the records of published clusters that are not stored, by the key of their cluster. Raises RedisError."""
    missing: dict[bytes, list[str]] = {}
    for chunk in chunks(published.clusters.values(), _CHUNK):
        reader = Reader(engine.store, engine.connection)
        reader.load(id_of(record) for cluster in chunk for record in cluster.records)
        stored = reader.stored()
        for cluster in chunk:
            if lacking := [record for record in cluster.records if stored[id_of(record)] is None]:
                missing[cluster.key] = lacking
    return missing


def restore(engine: Engine, missing: dict[bytes, list[str]]) -> set[bytes]:
    """Store the missing records of clusters, as far as their documents tell; return their 8-byte ids. Raises ServiceError."""
    intake = Intake(engine.settings, engine.form)
    contents = asyncio.run(published_contents(engine.settings, list(missing)))
    documents: list[tuple[str, Any]] = [
        (name, contents[key].get("document", {})) for key, names in missing.items() for name in names
    ]
    for chunk in chunks(documents, _CHUNK):
        records = [record_from(name, document) for name, document in chunk]
        versions = [version_of(record, engine.store.content(record)) for record in records]
        prepared = intake.restore(list(zip(records, versions, strict=True)))
        discard(engine.apply([_NOWHERE], [prepared]), engine.outbox)
    return {id_of(name) for name, _ in documents}


class TransferWithRestored(IdTransfer):
    """Transfers ids, and leaves the records that came out of documents in the clusters they were published in.

    Too little is known of them to compare them: what a document does not tell may be why they were together, or apart.
    """

    def __init__(self, old: Layout, engine: Engine, restored: Collection[bytes]) -> None:
        """Take the generation that is transferred, and the records that came out of documents, by their 8-byte ids."""
        super().__init__(old, engine)
        self._restored = frozenset(restored)

    def _pairs(self, component: JoinedComponent, reader: Reader) -> Pairs:
        decide = super()._pairs(component, reader)
        if not self._restored.intersection(component.records):
            return decide
        home = {m.id: group.clusters[m.cluster].key for group in component.old_groups() for m in group.members}

        def pair(a: bytes, b: bytes) -> Pair:
            if not (a in self._restored or b in self._restored) or a not in home or b not in home:
                return decide(a, b)
            return _TOGETHER if home[a] == home[b] else _APART

        return pair
