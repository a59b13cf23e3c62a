"""Measures how much is in Redis: records, clusters and pending events. Reads the keys `N:{b}:r`, `N:{b}:g` and `N:{b}:o`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any, NamedTuple

from streams.state.connection import Command, Connection
from streams.state.group_store import GroupStore
from streams.state.layout import Layout

__all__ = ["IndexMeter", "IndexSize"]

_BUCKETS = 4096
"""Most buckets of one kind that are asked for their length at once; of more, a sample of so many."""
_SAMPLE = 2000
"""Groups read for one estimate of the number of clusters."""


class IndexSize(NamedTuple):
    """Records (live and deleted), clusters (estimated beyond some thousand records), and events pending in outboxes."""

    records: int
    clusters: int
    pending_events: int


class IndexMeter:
    """Measures an index version, each time by other buckets where it does not read all. Use from one thread."""

    def __init__(self, layout: Layout, connection: Connection) -> None:
        self._connection = connection
        self._groups = GroupStore(layout, connection)
        self._records = layout.bucket_keys("records")
        self._outboxes = layout.bucket_keys("outboxes")
        self._group_keys = layout.bucket_keys("groups")
        self._turns = count()

    def measure(self) -> IndexSize:
        """Return the size now. Raises RedisError."""
        turn = next(self._turns)
        lengths = self._lengths(_sample(self._records, turn))
        sampled = max(len(lengths), 1)
        records = round(sum(lengths) * len(self._records) / sampled)
        pending = self._lengths(_sample(self._outboxes, turn))
        return IndexSize(records, self._clusters(records, turn), sum(pending))

    def _lengths(self, keys: Sequence[bytes]) -> list[int]:
        return [int(reply) for reply in self._connection.execute([Command(key, ("HLEN", key)) for key in keys])]

    def _clusters(self, records: int, turn: int) -> int:
        """Count the clusters of as many buckets as have some thousand records, and scale up."""
        buckets = len(self._group_keys)
        share = min(1.0, _SAMPLE / max(records, 1))
        taken = max(1, round(buckets * share))
        begin = turn * taken % buckets
        keys = [self._group_keys[(begin + number) % buckets] for number in range(taken)]
        replies: list[list[Any]] = self._connection.execute([Command(key, ("HVALS", key)) for key in keys])
        found = sum(self._groups.clusters_of(value) for reply in replies for value in reply)
        return round(found * buckets / taken)


def _sample(keys: Sequence[bytes], turn: int) -> Sequence[bytes]:
    """Return all keys, or of very many every n-th, another one each time."""
    step = -(-len(keys) // _BUCKETS)
    return keys[turn % step :: step]
