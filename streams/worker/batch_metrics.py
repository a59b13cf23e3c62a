"""Adds the statistics of micro-batches to the metrics of a worker."""

from __future__ import annotations

from streams.engine.statistics import Statistics
from streams.ops.metrics import Metrics

__all__ = ["count"]


def count(metrics: Metrics, statistics: Statistics) -> None:
    """Add every counter of `statistics` to its metric."""
    for source, number in statistics.parsed.items():
        metrics.parsed.add(number, source)
    for (source, reason), number in statistics.rejected.items():
        metrics.rejected.add(number, source, reason)
    for (source, field), number in statistics.unread.items():
        metrics.unread.add(number, source, field)
    metrics.candidates.observe(statistics.candidates)
    for verdict, number in statistics.decided.items():
        metrics.decided.add(number, verdict)
    for cap, number in statistics.capped.items():
        metrics.capped.add(number, cap)
    for change, number in statistics.changed.items():
        metrics.changed.add(number, change)
    for verdict, number in statistics.corrected.items():
        metrics.corrected.add(number, verdict)
    metrics.cluster_sizes.observe(statistics.sizes)
    for stage, seconds in statistics.seconds.items():
        metrics.stages.observe((seconds,), stage)
