"""Adds the statistics of micro-batches to the metrics of a worker."""

from __future__ import annotations

from streams.engine.statistics import Statistics
from streams.ops.metrics import Metrics

__all__ = ["count"]


def count(metrics: Metrics, statistics: Statistics) -> None:
    """Add every counter of `statistics` to its metric."""
    for counter, counted in (
        (metrics.parsed, statistics.parsed),
        (metrics.decided, statistics.decided),
        (metrics.capped, statistics.capped),
        (metrics.changed, statistics.changed),
        (metrics.corrected, statistics.corrected),
    ):
        for label, number in counted.items():
            counter.add(number, label)
    for counter, counted_by_two in ((metrics.rejected, statistics.rejected), (metrics.unread, statistics.unread)):
        for labels, number in counted_by_two.items():
            counter.add(number, *labels)
    metrics.candidates.observe(statistics.candidates)
    metrics.cluster_sizes.observe(statistics.sizes)
    for stage, seconds in statistics.seconds.items():
        metrics.stages.observe((seconds,), stage)
