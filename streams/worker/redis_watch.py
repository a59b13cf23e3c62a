"""Measure Redis beside the batches: its memory, its errors by kind, and how much is in it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import redis
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    MasterDownError,
    MovedError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
)

from streams.errors import RedisError
from streams.ops.metrics import Metrics
from streams.state.connection import Connection
from streams.state.index_size import IndexMeter

__all__ = ["error_kind", "memory_of", "watch_redis"]

_MEMORY_SECONDS = 5.0
_MEASURES = 6
"""Every so many measures of memory one of the index: every half minute."""

_KINDS: tuple[tuple[type[redis.RedisError], str], ...] = (
    (redis.TimeoutError, "timeout"),
    (AuthenticationError, "login"),
    (NoPermissionError, "permission"),
    (OutOfMemoryError, "full"),
    (ReadOnlyError, "read_only"),
    (BusyLoadingError, "loading"),
    (MasterDownError, "replicas"),
    (MovedError, "moved"),
    (redis.ConnectionError, "connection"),
)
_WORDS = (
    ("OOM", "full"),
    ("MISCONF", "disk"),
    ("FORGOTTEN", "failover"),
    ("NOREPLICAS", "replicas"),
    ("NOPERM", "permission"),
)


def error_kind(error: redis.RedisError) -> str:
    """Return the kind of an error of Redis, one of `REDIS_ERRORS`."""
    text = str(error)
    for word, kind in _WORDS:
        if text.startswith(word):
            return kind
    if "replicas have acknowledged" in text:
        return "replicas"
    return next((kind for known, kind in _KINDS if isinstance(error, known)), "other")


def memory_of(connection: Connection) -> tuple[dict[str, float], dict[str, float]]:
    """Return the memory that each node uses and may use, in bytes, by its number. Raises RedisError."""
    used: dict[str, float] = {}
    most: dict[str, float] = {}
    for number, reply in enumerate(connection.everywhere("INFO", "memory")):
        facts = dict(line.split(":", 1) for line in reply.decode("utf-8", "replace").splitlines() if ":" in line)
        used[str(number)] = float(facts.get("used_memory", 0))
        most[str(number)] = float(facts.get("maxmemory", 0))
    return used, most


async def watch_redis(
    connection: Connection,
    meter: IndexMeter,
    metrics: Metrics,
    in_thread: Callable[[Callable[[], Any]], Awaitable[Any]],
) -> None:
    """Measure memory every five seconds and the index every half minute, until the task is cancelled.

    A Redis that does not answer keeps the last figures of the index, and has no memory.
    """
    turn = 0
    while True:
        try:
            used, most = await in_thread(lambda: memory_of(connection))
            metrics.redis_used.set(used)
            metrics.redis_max.set(most)
            if turn % _MEASURES == 0:
                size = await in_thread(meter.measure)
                metrics.index_records.set(size.records)
                metrics.index_clusters.set(size.clusters)
                metrics.pending_events.set(size.pending_events)
            turn += 1
        except RedisError:
            metrics.redis_used.set({})
            metrics.redis_max.set({})
        await asyncio.sleep(_MEMORY_SECONDS)
