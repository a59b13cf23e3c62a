"""Decide what follows an answer: the event is done, is sent again after a while, is parked, or the endpoint is turned off. Pure.

| answer                                    | meaning                                                                     |
|-------------------------------------------|-----------------------------------------------------------------------------|
| 2xx                                       | taken                                                                       |
| 400, 409, 413, 415, 422                   | refused: the endpoint answers, and objects to this event                    |
| 410                                       | gone: the endpoint is turned off at once                                    |
| all others, no answer, a refused address  | failed: the endpoint does not work at the moment                            |

An event is sent again after 5 s, 30 s, 5 min, … 12 h, each a tenth more or less by chance, later where `Retry-After` says so. One
that is not taken within the endpoint's `park_after` is parked (`streams/webhooks/parking.py`), and the next one is sent. Where
nothing at all is taken the endpoint is down, and it is turned off after five days.
"""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import Enum
from random import Random
from typing import NamedTuple

import msgspec

__all__ = ["OFF_AFTER_SECONDS", "WAITS", "Answer", "Retry", "Schedule", "Verdict", "renewed", "retry_after", "verdict"]

WAITS = (5.0, 30.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 43_200.0)
"""Seconds before an event is sent again, the last ones 5, 10 and 12 hours."""
OFF_AFTER_SECONDS = 5 * 86_400.0
_JITTER = 0.1
_OBJECTS = frozenset({400, 409, 413, 415, 422})
_GONE = 410


class Verdict(Enum):
    """What an answer says of an event."""

    TAKEN = "taken"
    REFUSED = "refused"
    FAILED = "failed"
    GONE = "gone"


class Answer(NamedTuple):
    """The answer to one attempt: its `status`, 0 and an `error` where there was none; `retry_after` in seconds, 0 for none."""

    status: int
    error: str = ""
    retry_after: float = 0.0

    @property
    def reason(self) -> str:
        """The answer as people read it."""
        return self.error or f"it answered {self.status}"


class Retry(msgspec.Struct):
    """An event that was sent and not taken.

    `offset` and `event_id` name it, `attempts` were made, the first at `since` (Unix seconds); it is sent again at `due`. `level`
    is how many waits of the schedule are over, and `passed` says that the endpoint has taken another event since.
    """

    offset: int
    event_id: str
    since: float
    attempts: int = 0
    level: int = 0
    due: float = 0.0
    passed: bool = False


def verdict(status: int) -> Verdict:
    """Return what a status says, 0 being no answer."""
    if 200 <= status < 300:
        return Verdict.TAKEN
    if status == _GONE:
        return Verdict.GONE
    return Verdict.REFUSED if status in _OBJECTS else Verdict.FAILED


def retry_after(header: str, now: float) -> float:
    """Return the seconds that a header `Retry-After` asks for, as a number or a date; 0 where it is neither."""
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return 0.0
    return max((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now, 0.0)


class Schedule:
    """The waits between attempts, and after how long an endpoint is turned off; `random` decides about the tenth."""

    def __init__(
        self,
        waits: tuple[float, ...] = WAITS,
        off_after: float = OFF_AFTER_SECONDS,
        random: Random | None = None,
    ) -> None:
        self._waits = waits
        self._off_after = off_after
        self._random = random or Random()  # noqa: S311 - not for secrets

    def after(self, retry: Retry, answer: Answer, now: float, park_after: float, *, may_park: bool = True) -> bool:
        """Count an attempt that failed at `now`, and set when the next one is due; return False where the event is to be parked.

        It is parked `park_after` seconds after its first attempt, which the last attempt is made at.
        """
        retry.attempts += 1
        last = retry.since + park_after
        if may_park and now >= last:
            return False
        wait = self._waits[min(retry.level, len(self._waits) - 1)] * (1 + self._random.uniform(-_JITTER, _JITTER))
        retry.level += 1
        due = now + wait
        retry.due = max(last if now < last < due else due, now + min(answer.retry_after, self._waits[-1]))
        return True

    def is_over(self, failing_since: float, now: float) -> bool:
        """Tell whether an endpoint that has taken nothing since then is turned off."""
        return now - failing_since >= self._off_after


def renewed(retry: Retry, now: float) -> None:
    """Note that the endpoint has taken another event: the first time since this one failed, it is due now, and all waits anew."""
    if not retry.passed:
        retry.passed, retry.level, retry.due = True, 0, now
