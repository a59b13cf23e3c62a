"""What a subscriber has that folds `dedup.events` by docs/events.md alone, without the code of Streams."""

from __future__ import annotations

import json
from collections.abc import Iterable

__all__ = ["folded"]


def folded(messages: Iterable[bytes]) -> set[frozenset[str]]:
    """Return the clusters after these events; fails where two events of one id differ."""
    revisions: dict[str, int] = {}
    clusters: dict[str, list[str]] = {}
    seen: dict[str, bytes] = {}
    for value in filter(None, messages):
        event = json.loads(value)
        assert seen.setdefault(event["event_id"], value) == value, f"{event['event_id']} came with two contents"
        if event["revision"] > revisions.get(event["cluster_id"], 0):
            revisions[event["cluster_id"]] = event["revision"]
            clusters[event["cluster_id"]] = event["after"]
    return {frozenset(records) for records in clusters.values() if records}
