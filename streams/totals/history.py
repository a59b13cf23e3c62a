"""The rates of the last hour, a point every ten seconds, for charts. Pure; some 50 kB."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from streams.totals.rates import Rates

__all__ = ["POINT_SECONDS", "History", "Point"]

POINT_SECONDS = 10.0
_KEPT_SECONDS = 3600.0


class Point(NamedTuple):
    """What the workers did in the ten seconds before `time`, Unix time in seconds.

    `messages` and `rejected` are per second; `duplicate_share` is of the pairs decided, None where none was; `lag_seconds` is None
    without a worker; `latency_p99` is in seconds, None where no message was handled; `open_reviews` are the pairs that wait for
    people. All are None where nothing is known.
    """

    time: float
    messages: float | None
    duplicate_share: float | None
    lag_seconds: float | None
    latency_p99: float | None
    rejected: float | None
    open_reviews: float | None

    @classmethod
    def of(cls, rates: Rates, time: float, open_reviews: float | None = None) -> Point:
        """Return the point of the rates of ten seconds that end at `time`, and of the pairs that wait for people then."""
        if not rates.seconds:
            return cls.unknown(time)._replace(open_reviews=open_reviews)
        return cls(
            time,
            rates.messages,
            min(rates.duplicates / rates.decisions, 1.0) if rates.decisions else None,
            rates.lag_seconds if rates.workers else None,
            rates.latency_p99,
            rates.rejected,
            open_reviews,
        )

    @classmethod
    def unknown(cls, time: float) -> Point:
        """Return the point of a time that nothing is known of."""
        return cls(time, None, None, None, None, None, None)


class History:
    """The points of the last hour, the oldest first."""

    def __init__(self) -> None:
        self._points: deque[Point] = deque()

    def add(self, point: Point) -> None:
        """Add a point that is later than those before."""
        self._points.append(point)
        while self._points[0].time <= point.time - _KEPT_SECONDS:
            self._points.popleft()

    def points(self) -> Sequence[Point]:
        """Return the points, with an unknown one in each hole: where the process was held up, or its clock was set."""
        found: list[Point] = []
        for point, after in pairwise([*self._points, None]):
            if point is None:
                continue
            found.append(point)
            if after is not None and after.time - point.time > 2 * POINT_SECONDS:
                found.append(Point.unknown(point.time + POINT_SECONDS))
        return found

    def last(self) -> Point | None:
        """Return the newest point, None where there is none."""
        return self._points[-1] if self._points else None
