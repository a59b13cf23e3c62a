"""Whether scores are probabilities: of pairs with a score, the share that are one work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import mean

from measure import Histogram
from reviews import BINS, Review


def shares(reviews: Sequence[Review], end: float) -> Iterator[list[object]]:
    """Return a line for each bin of scores of pairs in doubt; doubts begin where duplicates begin and end below."""
    for number, (low, high) in enumerate(zip(BINS, (*BINS[1:], end), strict=True)):
        mine = [review.bins[number] for review in reviews if review.bins[number].known]
        known, same = sum(one.known for one in mine), sum(one.same for one in mine)
        alike = mean(one.same / one.known for one in mine) if mine else 0.0
        yield [
            f"{low:.2f}–{high:.2f}",
            known,
            same,
            f"{same / known:.2f}" if known else "–",
            f"{alike:.2f}" if mine else "–",
        ]


def reliability(sets: Sequence[Histogram]) -> Iterator[tuple[float, int, float, float, float]]:
    """Return (lower bound, pairs, mean score, share of one work, mean of the sets' own shares) by tenth of the score."""
    for tenth in range(10):
        mine = [one for one in (_within(scored, tenth) for scored in sets) if one]
        total = sum(one.total() for one in mine)
        if total:
            whole = sum(mine, Counter[tuple[int, bool]]())
            score = sum(score * count for (score, _), count in whole.items()) / total / 1000
            yield tenth / 10, total, score, _same(whole), mean(map(_same, mine))


def _within(scored: Histogram, tenth: int) -> Histogram:
    return Counter({(score, same): n for (score, same), n in scored.items() if min(9, score // 100) == tenth})


def _same(scored: Histogram) -> float:
    return sum(n for (_, same), n in scored.items() if same) / scored.total()


def curve(scored: Histogram) -> list[tuple[float, float]]:
    """Return (recall, precision) among compared pairs at every threshold, the highest first."""
    gold = sum(n for (_, same), n in scored.items() if same)
    said = right = 0
    points = []
    for score in sorted({score for score, _ in scored}, reverse=True):
        said += scored[score, True] + scored[score, False]
        right += scored[score, True]
        points.append((right / max(1, gold), right / said))
    return points
