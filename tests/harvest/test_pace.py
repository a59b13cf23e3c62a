from __future__ import annotations

import pytest

from streams.harvest.pace import Pace, retry_after


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_pause_begins_at_the_end_of_a_response() -> None:
    clock = Clock()
    pace = Pace(3.0, clock)
    assert pace.delay() == 0
    clock.now += 50
    pace.answered(200, {})
    assert pace.delay() == 3.0
    clock.now += 2
    assert pace.delay() == pytest.approx(1.0)
    clock.now += 2
    assert pace.delay() == 0


def test_too_many_makes_it_slower_and_success_faster_again() -> None:
    pace = Pace(1.0, Clock())
    pace.answered(429, {})
    assert pace.seconds == pytest.approx(1.1)
    pace.answered(429, {})
    assert pace.seconds == pytest.approx(1.21)
    for _ in range(100):
        pace.answered(200, {})
    assert pace.seconds == 1.0
    for _ in range(1000):
        pace.answered(429, {})
    assert pace.seconds == 60.0


def test_a_rate_that_the_server_names_is_kept() -> None:
    pace = Pace(0.1, Clock())
    pace.answered(200, {"x-rate-limit-limit": "1", "x-rate-limit-interval": "2s"})
    assert pace.seconds == 2.0
    pace.answered(200, {"x-rate-limit-limit": "50", "x-rate-limit-interval": "1s"})
    assert pace.seconds == 0.1, "never faster than documented"
    for nonsense in ({"x-rate-limit-limit": "0", "x-rate-limit-interval": "1s"}, {"x-rate-limit-limit": "many"}):
        pace.answered(200, nonsense)
        assert pace.seconds == 0.1


def test_nothing_is_asked_while_no_request_is_granted() -> None:
    pace = Pace(0.1, Clock())
    pace.answered(200, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "3600"})
    assert pace.delay() == 3600
    pace.answered(200, {"X-RateLimit-Remaining": "1", "X-RateLimit-Reset": "3600"})
    assert pace.delay() == pytest.approx(0.1)
    pace.answered(200, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "soon"})
    assert pace.delay() == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        ("-3", 0),
        ("Thu, 01 Jan 1970 00:05:00 GMT", 200),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(value: str, seconds: float | None) -> None:
    assert retry_after({"Retry-After": value}, lambda: 100.0) == seconds
    assert retry_after({}) is None
