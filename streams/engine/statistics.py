"""What one micro-batch counts. A worker adds every counter to the metric of its meaning (`worker/batch_metrics.py`)."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

__all__ = ["STAGES", "Statistics"]

K = TypeVar("K", bound=Hashable)

STAGES = ("prepare", "store", "candidates", "decide", "commit", "publish", "acknowledge", "positions")
"""The stages of a micro-batch, in their order; the engine itself measures those from `store` to `commit`."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """Count what the steps of a micro-batch did, by labels of the metrics.

    The steps count for themselves; the sum of two statistics is another.
    """

    parsed: Mapping[str, int] = field(default_factory=dict)
    """Records and deletes that were read, by source."""
    rejected: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """Dead letters, by source and reason code."""
    unread: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """Fields that could not be read as given, by source and field."""
    candidates: Sequence[int] = ()
    """How many records each record newly stored was compared with: one value a record."""
    decided: Mapping[str, int] = field(default_factory=dict)
    """Decisions on pairs, by verdict."""
    capped: Mapping[str, int] = field(default_factory=dict)
    """Times a limit on work was reached, by limit."""
    changed: Mapping[str, int] = field(default_factory=dict)
    """Changes of clusters, by type of event."""
    corrected: Mapping[str, int] = field(default_factory=dict)
    """Corrections, `accepted` or by the reason code of the refusal."""
    sizes: Sequence[int] = ()
    """How many records each changed cluster has after the change."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Time spent in each stage of the engine, in seconds."""

    def __add__(self, other: Statistics) -> Statistics:
        """Return the sums of all counters; the values of `candidates` and `sizes` one after the other."""
        summed: dict[str, Any] = {
            one.name: _sum(getattr(self, one.name), getattr(other, one.name))
            for one in fields(self)
            if one.name not in _VALUES
        }
        return Statistics(candidates=[*self.candidates, *other.candidates], sizes=[*self.sizes, *other.sizes], **summed)


_VALUES = ("candidates", "sizes")


def _sum(one: Mapping[K, float], other: Mapping[K, float]) -> Mapping[K, float]:
    if not one or not other:
        return one or other
    return {key: one.get(key, 0) + other.get(key, 0) for key in (*one, *other)}
