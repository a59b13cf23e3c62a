"""Messages of `dedup.events` and `dedup.clusters` for three records, and the keys of the clusters they begin."""

from __future__ import annotations

from typing import Any

import orjson

from streams.clusters.group import cluster_id
from streams.records.stored import id_of

__all__ = ["NAME", "A", "B", "C", "event", "state"]

A, B, C = (id_of(f"document:{name}") for name in "abc")
NAME = {"a": "document:a", "b": "document:b", "c": "document:c"}


def event(key: bytes, revision: int, after: str, **fields: Any) -> bytes:
    names = [NAME[letter] for letter in after]
    base = {"event_id": f"{cluster_id(key)}:{revision}", "type": "created", "before": [], "after": names}
    return orjson.dumps({"cluster_id": cluster_id(key), "revision": revision, **base, **fields})


def state(key: bytes, revision: int, records: str) -> bytes:
    fields = {"records": [NAME[letter] for letter in records], "document": {"id": "x", "versions": []}}
    return orjson.dumps({"cluster_id": cluster_id(key), "revision": revision, **fields})
