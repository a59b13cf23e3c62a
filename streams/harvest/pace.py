"""How long to wait before the next request: as the source asks, in its documentation and in the headers of its responses."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime

__all__ = ["Pace", "retry_after"]

_SLOWER, _FASTER = 1.1, 0.98
_MOST_SECONDS = 60.0
_TOO_MANY = 429


class Pace:
    """Seconds between a response and the next request. Pure but for the clock.

    Begins at `least`. Each 429 makes it a tenth longer, for sources answer so below their own limits too; each other response
    a little shorter again. Where a response names a rate (`x-rate-limit-limit` in `x-rate-limit-interval`), the pace keeps it.
    """

    def __init__(self, least: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the `least` seconds, of the documentation of the source or of the user."""
        self._least = least
        self._clock = clock
        self._named = 0.0
        self._factor = 1.0
        self._earliest = 0.0

    @property
    def seconds(self) -> float:
        """The pause after a response as it is now."""
        return min(max(self._least, self._named, 0.01 if self._factor > 1 else 0.0) * self._factor, _MOST_SECONDS)

    def delay(self) -> float:
        """Return the seconds until the next request may be sent."""
        return max(self._earliest - self._clock(), 0.0)

    def answered(self, status: int, headers: Mapping[str, str]) -> None:
        """Note that a response is read to its end, or that there was none (status 0)."""
        if status == _TOO_MANY:
            self._factor *= _SLOWER
        elif status:
            self._factor = max(self._factor * _FASTER, 1.0)
        if (named := _named_rate(headers)) is not None:
            self._named = named
        self._earliest = self._clock() + self.seconds
        if (reset := _exhausted(headers)) > 0:
            self._earliest = max(self._earliest, self._clock() + reset)


def retry_after(headers: Mapping[str, str], now: Callable[[], float] = time.time) -> float | None:
    """Return the seconds that `Retry-After` asks for, which is a number or a date; None without one that can be read."""
    value = headers.get("Retry-After", "").strip()
    try:
        return max(float(value), 0.0)
    except ValueError:
        pass
    try:
        return max(parsedate_to_datetime(value).timestamp() - now(), 0.0)
    except (ValueError, TypeError):
        return None


def _named_rate(headers: Mapping[str, str]) -> float | None:
    """Return the seconds between requests by Crossref's headers: `x-rate-limit-limit: 3`, `x-rate-limit-interval: 1s`."""
    limit, interval = headers.get("x-rate-limit-limit", ""), headers.get("x-rate-limit-interval", "").removesuffix("s")
    try:
        return float(interval) / float(limit)
    except (ValueError, ZeroDivisionError):
        return None


def _exhausted(headers: Mapping[str, str]) -> float:
    """Return the seconds until requests are granted again, where a response says that none remains (OpenAlex)."""
    if headers.get("X-RateLimit-Remaining", "").strip() != "0":
        return 0.0
    try:
        return max(float(headers.get("X-RateLimit-Reset", "0")), 0.0)
    except ValueError:
        return 0.0
