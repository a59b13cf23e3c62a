"""Precision, recall and F1 with intervals: pairs put together against pairs that are one work, drawn anew by works."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
from subjects import Subject
from world import Pair

from streams.evaluation.scores import Pairwise

RESAMPLES = 1000
SEED = 20_250
LEVEL = 95.0


class Interval(NamedTuple):
    """The bounds between which 95 % of the resamples lie."""

    low: float
    high: float


class Scores(NamedTuple):
    """The pairs counted, and the interval of each score."""

    pairs: Pairwise
    precision: Interval
    recall: Interval
    f1: Interval

    @property
    def wrong(self) -> int:
        """Pairs put together that are not one work."""
        return self.pairs.predicted - self.pairs.correct

    @property
    def missed(self) -> int:
        """Pairs that are one work and were not put together."""
        return self.pairs.gold - self.pairs.correct


def score(subject: Subject, found: Collection[Pair]) -> Scores:
    """Score the pairs put together in a set."""
    given = set(found)
    unread = sum(subject.unread.values())
    pairs = Pairwise(len(given & subject.gold), len(given), len(subject.gold) + unread)
    return Scores(pairs, *_intervals(_by_work(subject, given), len(set(subject.works.values()))))


def _by_work(subject: Subject, found: set[Pair]) -> np.ndarray:
    """Return a row (right, wrong, missed) for each work that has any; a wrong pair counts half in each of its two works."""
    cells: dict[int, list[float]] = {}

    def add(work: int, column: int, count: float) -> None:
        cells.setdefault(work, [0.0, 0.0, 0.0])[column] += count

    for pair in found & subject.gold:
        add(subject.works[pair[0]], 0, 1.0)
    for pair in found - subject.gold:
        for record in pair:
            add(subject.works[record], 1, 0.5)
    for pair in subject.gold - found:
        add(subject.works[pair[0]], 2, 1.0)
    for work, count in subject.unread.items():
        add(work, 2, count)
    return np.array([cells[work] for work in sorted(cells)]).reshape(-1, 3)


def _intervals(cells: np.ndarray, works: int) -> tuple[Interval, Interval, Interval]:
    """Return the intervals of precision, recall and F1 when as many works are drawn anew, with replacement.

    Works without a pair found or missed change nothing, so they are one lot that is drawn together.
    """
    others = max(0, works - len(cells))
    total = len(cells) + others
    shares = np.full(len(cells) + 1, 1.0 / max(1, total))
    shares[-1] = others / max(1, total)
    drawn = np.random.default_rng(SEED).multinomial(total, shares / shares.sum(), size=RESAMPLES)[:, :-1]
    right, wrong, missed = (drawn @ cells).T
    ends = [(100.0 - LEVEL) / 2, (100.0 + LEVEL) / 2]
    measures = (
        _ratio(right, right + wrong),
        _ratio(right, right + missed),
        _ratio(2 * right, 2 * right + wrong + missed),
    )
    return tuple(Interval(*(float(x) for x in np.percentile(measure, ends))) for measure in measures)  # type: ignore[return-value]


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return the ratio, 1 where there is no whole."""
    ratio: np.ndarray = np.divide(part, whole, out=np.ones_like(part), where=whole > 0)
    return ratio
