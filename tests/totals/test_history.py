from __future__ import annotations

import msgspec

from streams.totals.history import POINT_SECONDS, History, Point
from streams.totals.rates import HeartbeatRing
from tests.totals.test_rates import beat


def test_a_point_is_what_the_workers_did_in_its_ten_seconds() -> None:
    ring = HeartbeatRing()
    for second in range(11):
        ring.add([beat("a", 100 * second, rejected=2 * second)], 1000.0 + second)
    point = Point.of(ring.rates(POINT_SECONDS), 1010.0)
    assert point[:4] == (1010.0, 100.0, 0.5, 0.0)
    assert point.rejected == 2.0
    assert point.latency_p99 is not None


def test_without_workers_there_is_no_lag_and_without_heartbeats_nothing() -> None:
    ring = HeartbeatRing()
    assert Point.of(ring.rates(), 5.0) == Point.unknown(5.0)
    ring.add([], 1.0)
    ring.add([], 2.0)
    assert Point.of(ring.rates(), 5.0) == (5.0, 0.0, None, None, None, 0.0, None)
    assert Point.of(ring.rates(), 5.0, 7.0).open_reviews == 7.0
    assert Point.of(HeartbeatRing().rates(), 5.0, 7.0) == Point.unknown(5.0)._replace(open_reviews=7.0)


def test_an_hour_is_kept_and_holes_are_named() -> None:
    history = History()
    assert history.points() == []
    assert history.last() is None
    for number in range(400):
        history.add(Point(10.0 * number, float(number), None, None, None, None, None))
    points = history.points()
    assert len(points) == 360
    assert (points[0].time, points[-1].time) == (400.0, 3990.0)
    late = msgspec.convert([5000.0, 1.0, None, None, None, None, 3.0], Point)
    history.add(late)
    assert history.points()[-2:] == [Point.unknown(4000.0), late]
    assert history.last() == late
