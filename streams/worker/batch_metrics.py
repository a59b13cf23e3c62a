"""Adds the statistics of micro-batches to the metrics of a worker."""

from __future__ import annotations

from streams.engine.statistics import Statistics
from streams.ops.metrics import Metrics

__all__ = ["count"]


def count(metrics: Metrics, statistics: Statistics) -> None:
    """Add every counter of `statistics` to its metric."""
    for source, number in statistics.parsed.items():
        metrics.parsed(source, number)
    for (source, reason), number in statistics.rejected.items():
        metrics.rejected(source, reason, number)
    for (source, field), number in statistics.unread.items():
        metrics.unread(source, field, number)
    metrics.candidates(statistics.candidates)
    for verdict, number in statistics.decided.items():
        metrics.decided(verdict, number)
    for cap, number in statistics.capped.items():
        metrics.capped(cap, number)
    for change, number in statistics.changed.items():
        metrics.changed(change, number)
    for verdict, number in statistics.corrected.items():
        metrics.corrected(verdict, number)
    metrics.cluster_sizes(statistics.sizes)
    for stage, seconds in statistics.seconds.items():
        metrics.stage(stage, seconds)
