"""What was asked of each set, and whether it holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from measure import Result
from order import Order

MICROSECONDS = 60.0


class Target(NamedTuple):
    """The least a set is to reach; None where nothing was asked."""

    precision: float | None = None
    recall: float | None = None
    f1: float | None = None
    review: float | None = None
    blocking: float | None = None


TARGETS = {
    "scholarly_pairs": Target(precision=0.995, recall=0.985, review=0.03, blocking=0.998),
    "diabetes": Target(precision=1.0, recall=0.993, blocking=0.995),
    "stroke": Target(precision=1.0, recall=0.993, blocking=0.995),
    "cytology_screening": Target(precision=0.999, recall=0.98, blocking=0.995),
    "dblp_scholar": Target(precision=0.93, f1=0.85, blocking=0.97),
    "archive_pairs": Target(precision=0.97, recall=0.93),
}
CANDIDATES = 15.0

Line = tuple[str, str, str, str]


def check(results: list[Result], orders: list[Order]) -> Iterator[Line]:
    """(set, asked, measured, holds) for each demand on the sets that were measured."""
    for result in results:
        target = TARGETS.get(result.name, Target())
        blocking = f"{result.blocking:.4f} ({result.screened:.4f} after the screen)"
        for what, least, got, measured in (
            ("precision", target.precision, result.pairs.precision, f"{result.pairs.precision:.4f}"),
            ("recall", target.recall, result.pairs.recall, f"{result.pairs.recall:.4f}"),
            ("F1", target.f1, result.pairs.f1, f"{result.pairs.f1:.4f}"),
            ("blocking recall", target.blocking, result.blocking, blocking),
        ):
            if least is not None:
                yield result.name, f"{what} ≥ {least}", measured, told(got >= least)
        if target.review is not None:
            yield (
                result.name,
                f"review ≤ {target.review:.0%}",
                f"{result.review_share:.2%}",
                told(result.review_share <= target.review),
            )
        if result.candidates is not None and result.name in TARGETS:
            yield (
                result.name,
                f"candidates ≤ {CANDIDATES:.0f} a record",
                f"{result.candidates:.2f}",
                told(result.candidates <= CANDIDATES),
            )
    for order in orders:
        engine = f"; engine, {order.engine[0]} orders: {order.engine[2]} records apart" if order.engine else ""
        holds = order.partitions == 1 and not (order.engine and order.engine[2])
        measured = f"{order.partitions} partition(s), {order.moved} records move{engine}"
        yield order.name, f"one partition over {order.seeds} orders", measured, told(holds)
    if results:
        slowest = max(results, key=lambda result: result.decide_us)
        yield (
            "all",
            f"one pair compared ≤ {MICROSECONDS:.0f} µs median",
            (f"{min(result.decide_us for result in results):.1f} to {slowest.decide_us:.1f} µs (most: {slowest.name})"),
            told(slowest.decide_us <= MICROSECONDS),
        )


def told(holds: bool) -> str:
    """Yes or no."""
    return "yes" if holds else "**no**"
