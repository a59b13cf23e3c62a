"""Store records of published clusters that no topic has any more, as their documents have them.

Step 6 of `streams/rebuild/from_nothing.py`.
"""

from __future__ import annotations

import asyncio
from typing import Any

from streams.engine.engine import Engine
from streams.engine.prepare import Intake
from streams.events.published_clusters import PublishedClusters
from streams.rebuild.backfill import store_again
from streams.rebuild.missing_events import published_contents
from streams.rebuild.published_records import record_from, version_of
from streams.records.chunks import chunks
from streams.records.stored import id_of
from streams.state.reader import Reader

__all__ = ["missing_records", "restore"]

_CHUNK = 1000


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
        store_again(engine, intake, list(zip(records, versions, strict=True)))
    return {id_of(name) for name, _ in documents}
