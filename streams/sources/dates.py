"""Parsers of dates as feeds write them, into partial ISO dates and UTC timestamps.

A date keeps its precision; nothing is filled in. Text without a year gives `""`.
"""

from __future__ import annotations

import re
from calendar import isleap
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

__all__ = ["from_parts", "partial_date", "timestamp", "without_guessed_day"]

FIRST_YEAR, LAST_YEAR = 1000, 2200
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_DAYS = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_ISO = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2})(?![\d]))?)?(?=$|[T/Z]|\s\d)")
_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_SLASHED = re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})(?!\d)")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_DAY_FIRST = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)?[\s.-]+([A-Za-z]{3,9})\.?,?[\s-]+(\d{4})\b")
_MONTH_FIRST = re.compile(r"\b([A-Za-z]{3,9})\.?\s+(?:(\d{1,2})(?:st|nd|rd|th)?,?\s+)?(\d{4})\b")
_YEAR_FIRST = re.compile(r"\b(\d{4}),?\s+([A-Za-z]{3,9})\.?(?:\s+(\d{1,2}))?\b")
_YEAR = re.compile(r"(?<!\d)(1[4-9]\d\d|20\d\d)(?!\d)")
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:Z|\+00:?00)?")


def from_parts(year: int, month: int = 0, day: int = 0) -> str:
    """Make a partial date of numbers; a month or day that does not exist is left out, a bad year gives `""`."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return ""
    if not 1 <= month <= 12:
        return f"{year:04d}"
    if not 1 <= day <= _DAYS[month] or (day == 29 and month == 2 and not isleap(year)):
        return f"{year:04d}-{month:02d}"
    return f"{year:04d}-{month:02d}-{day:02d}"


# The days that spreadsheets count from: what they write for an empty cell.
_DAY_ZERO = frozenset(("1899-12-30", "1899-12-31"))


def _iso_day(text: str) -> str:
    """Return ten characters such as `2021-11-24` if they are a date, else `""`."""
    match = _DAY.fullmatch(text)
    return from_parts(*map(int, match.groups())) if match else ""


def partial_date(text: str) -> str:
    """Return the date in a text as precise as it is written: `2021`, `2021-11` or `2021-11-24`, else `""`.

    ISO forms with or without a time, RFC 822, `1 Jan 2020`, `January 2020`, `2020/1/5`; of a range
    its beginning. A day and month in digits whose order cannot be known (`05/01/2020`) give the year.
    """
    return _partial_date(text[:100])


@lru_cache(maxsize=4096)
def _partial_date(text: str) -> str:
    """Return the date of a short text; cached, for years and days recur."""
    text = text.strip()
    if text[:10] in _DAY_ZERO:
        return ""
    if (date := _iso_day(text[:10])) and (len(text) == 10 or (text[10] in "T " and text[11:12].isdecimal())):
        return date
    if match := _SLASHED.match(text) or _ISO.match(text) or _COMPACT.fullmatch(text):
        year, month, day = match.groups()
        return from_parts(int(year), int(month or 0), int(day or 0))
    for pattern, order in ((_DAY_FIRST, (3, 2, 1)), (_MONTH_FIRST, (3, 1, 2)), (_YEAR_FIRST, (1, 2, 3))):
        match = pattern.search(text)
        if match and (number := _MONTHS.get(match[order[1]][:3].lower())):
            return from_parts(int(match[order[0]]), number, int(match[order[2]] or 0))
    match = _YEAR.search(text)
    return match[1] if match else ""


def without_guessed_day(date: str) -> str:
    """Return a date of a source that guesses the day: 1 January, its form of a bare year, becomes the year."""
    return date[:4] if date.endswith("-01-01") else date


def timestamp(value: str | int) -> str:
    """Return a time of change as UTC text that sorts, `2024-01-02T03:04:05Z`, `""` where it cannot be read.

    ISO 8601 with or without zone (without: UTC), RFC 822, a date alone (its first second) and, as a
    number, seconds or milliseconds since 1970.
    """
    if isinstance(value, int):
        seconds = value / 1000 if abs(value) > 10**11 else value
        try:
            return _written(datetime.fromtimestamp(seconds, UTC))
        except (OverflowError, ValueError, OSError):
            return ""
    text = value[:100].strip()
    if (match := _INSTANT.fullmatch(text)) and match[2] < "24" and match[3] < "60" and match[4] < "60":
        date = partial_date(match[1])
        return f"{date}T{match[2]}:{match[3]}:{match[4]}Z" if len(date) == 10 else ""
    if len(text) == 10 and len(date := partial_date(text)) == 10:
        return f"{date}T00:00:00Z"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError):
            date = partial_date(text)
            return f"{date}T00:00:00Z" if len(date) == 10 else ""
    try:
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        return ""
    return _written(moment)


def _written(moment: datetime) -> str:
    """Return a UTC moment as text of one length, so that it sorts; `""` for a year before `FIRST_YEAR`."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment.year >= FIRST_YEAR else ""
