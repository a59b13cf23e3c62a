"""What a client knows of partitions without asking: where a worker puts a key, and which broker counts them wrongly."""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

__all__ = ["EMBEDDED_CLUSTER", "partition_of"]

EMBEDDED_CLUSTER = "tansu_cluster"
"""The id of every cluster of the embedded broker, which `local/broker.py` leaves as it is."""


def partition_of(key: bytes, partitions: list[int], _available: Sequence[int] = ()) -> int:
    """Return which of a topic's sorted partitions has the messages of a key, where only workers write the topic."""
    return partitions[crc32(key) % len(partitions)]
