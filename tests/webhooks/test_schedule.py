"""What follows an answer: how long an event waits, when it is given up, and when an endpoint is turned off."""

from __future__ import annotations

from email.utils import format_datetime
from math import inf
from random import Random
from typing import NamedTuple

import pytest

from streams.webhooks.parking import PARK_AFTER_HOURS
from streams.webhooks.schedule import (
    OFF_AFTER_SECONDS,
    WAITS,
    Answer,
    Retry,
    Schedule,
    Verdict,
    renewed,
    retry_after,
    verdict,
)
from tests.webhooks.clock import moment

DOWN = Answer(503)
REFUSED = Answer(422)
PARK_AFTER = PARK_AFTER_HOURS * 3600


class Outcome(NamedTuple):
    """The waits of an event, in seconds, until it is parked; `parked` is false where that was not within so many attempts."""

    waits: list[float]
    parked: bool


def attempts(
    answer: Answer, most: int = 20, *, park_after: float = PARK_AFTER, may_park: bool = True, seed: int = 1
) -> Outcome:
    schedule, retry, now = Schedule(random=Random(seed)), Retry(7, "c:1", 1000.0), 1000.0  # noqa: S311
    waits: list[float] = []
    for _ in range(most):
        if not schedule.after(retry, answer, now, park_after, may_park=may_park):
            return Outcome(waits, True)
        waits.append(retry.due - now)
        now = retry.due
    return Outcome(waits, False)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        *((status, Verdict.TAKEN) for status in (200, 201, 202, 204, 299)),
        *((status, Verdict.REFUSED) for status in (400, 409, 413, 415, 422)),
        *((status, Verdict.FAILED) for status in (0, 100, 199, 300, 301, 401, 403, 404, 408, 425, 429, 500, 503, 599)),
        (410, Verdict.GONE),
    ],
)
def test_what_a_status_says(status: int, expected: Verdict) -> None:
    assert verdict(status) is expected


def test_waits_go_from_five_seconds_to_twelve_hours_with_a_tenth_by_chance() -> None:
    assert (WAITS[0], WAITS[-1]) == (5, 12 * 3600)
    seen = [attempts(DOWN, park_after=inf, seed=seed).waits for seed in range(50)]
    for level, wait in enumerate(WAITS):
        those = [waits[level] for waits in seen]
        assert all(0.9 * wait <= each <= 1.1 * wait for each in those)
        assert max(those) - min(those) > 0.1 * wait, "endpoints that fail together are not all asked again together"
        assert len(set(those)) > 40


@pytest.mark.parametrize("answer", [DOWN, REFUSED])
def test_an_event_is_parked_at_its_hour_after_a_last_attempt(answer: Answer) -> None:
    for seed in range(50):
        waits, parked = attempts(answer, seed=seed)
        assert parked
        assert sum(waits) == pytest.approx(PARK_AFTER)
        assert len(WAITS) <= len(waits) <= len(WAITS) + 1
    waits, parked = attempts(answer, park_after=60.0)
    assert (parked, len(waits)) == (True, 3)
    assert sum(waits) == pytest.approx(60.0)


def test_where_nothing_may_be_parked_an_event_is_sent_as_long_as_it_takes() -> None:
    waits, parked = attempts(DOWN, may_park=False)
    assert not parked
    assert all(wait >= 0.9 * WAITS[-1] for wait in waits[len(WAITS) + 1 :])


def test_an_endpoint_that_asks_for_more_time_has_it_before_an_event_is_parked() -> None:
    waits, parked = attempts(Answer(503, retry_after=7200), park_after=3600.0)
    assert (parked, len(waits)) == (True, 1)
    assert waits[0] == pytest.approx(7200)


def test_the_first_event_that_is_taken_makes_the_others_due_and_the_next_ones_do_not() -> None:
    schedule, retry = Schedule(), Retry(7, "c:1", 0.0)
    for _ in range(5):
        schedule.after(retry, DOWN, 1000.0, PARK_AFTER)
    renewed(retry, 2000.0)
    assert (retry.due, retry.attempts, retry.passed) == (2000.0, 5, True)
    schedule.after(retry, DOWN, 2000.0, PARK_AFTER)
    assert 2004 < retry.due < 2006
    due = retry.due
    renewed(retry, 2001.0)
    assert retry.due == due


def test_an_event_waits_as_long_as_the_endpoint_asks_for_and_not_longer_than_twelve_hours() -> None:
    for asked, expected in ((100, 100), (1, 5), (10**9, WAITS[-1])):
        (wait,) = attempts(Answer(429, retry_after=asked), 1).waits
        assert wait >= 0.9 * expected
        assert wait <= 1.1 * expected
        assert wait >= min(asked, WAITS[-1])


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("0", 0),
        ("9" * 400, float("9" * 12)),
        (format_datetime(moment(1090)), 90),
        (format_datetime(moment(1090), usegmt=True), 90),
        (format_datetime(moment(10)), 0),
        *((text, 0) for text in ("", "soon", "-5", "1.5", "٣", "Thu, 99 Nov 2026 99:00:00 GMT", "\x00")),
    ],
)
def test_retry_after_is_a_number_or_a_date(header: str, seconds: float) -> None:
    assert retry_after(header, 1000.0) == seconds


def test_an_endpoint_is_turned_off_after_five_days() -> None:
    schedule = Schedule()
    assert not schedule.is_over(1000.0, 1000.0 + OFF_AFTER_SECONDS - 1)
    assert schedule.is_over(1000.0, 1000.0 + OFF_AFTER_SECONDS)
    assert OFF_AFTER_SECONDS == 5 * 24 * 3600
