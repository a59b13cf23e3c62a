"""Windows of days, for sources that are asked for what changed between two days. Pure.

A window is asked for again from two days before the last one that is done: days end at other times elsewhere, and sources add to a
day after it has passed. A window that fails again and again is split, down to one day; a day that fails is left as pending, the
harvester continues with the next one and comes back.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import msgspec

from streams.errors import UsageError
from streams.harvest.checkpoints import Checkpoint
from streams.harvest.source import Options, Window

__all__ = ["OVERLAP_DAYS", "DayWindows", "days_due", "days_finished", "days_pending", "days_split"]

OVERLAP_DAYS = 2
_RECENT_DAYS = 14
_LONG_DAYS = 7


def days_due(checkpoint: Checkpoint, options: Options, today: date) -> Iterator[Window]:
    """Yield the windows that are due: those pending first, then from the overlap to today, or to the last day asked for.

    Windows have one day, or seven where they are more than two weeks ago. Raises UsageError where nothing says where to begin.
    """
    until = min(options.until or today, today)
    begin = _begin(checkpoint, options)
    if is_covered(checkpoint, options):
        yield from (_window(*_ends(name)) for name in checkpoint.pending)
    while begin <= until:
        days = _LONG_DAYS if (until - begin).days >= _RECENT_DAYS else 1
        end = min(begin + timedelta(days - 1), until)
        yield _window(begin, end)
        begin = end + timedelta(1)


def is_covered(checkpoint: Checkpoint, options: Options) -> bool:
    """Return whether what is asked for continues the checkpoint, so that what it has is not asked for again."""
    if not checkpoint.done or options.again:
        return False
    since, done = date.fromisoformat(checkpoint.since), date.fromisoformat(checkpoint.done)
    return options.since is None or since <= options.since <= done + timedelta(1)


def _begin(checkpoint: Checkpoint, options: Options) -> date:
    if is_covered(checkpoint, options):
        begin = date.fromisoformat(checkpoint.done) - timedelta(OVERLAP_DAYS)
        return max(begin, date.fromisoformat(checkpoint.since))
    if options.since is None and not checkpoint.done:
        raise UsageError(
            f"{checkpoint.feed} was not harvested before: say by --from DAY where to begin; load what is older from a snapshot"
        )
    return options.since or date.fromisoformat(checkpoint.since)


def days_finished(checkpoint: Checkpoint, window: Window) -> Checkpoint:
    """Return the checkpoint after a window: `done` is never earlier than before, and days of the window are pending no more."""
    if not _joins(checkpoint, window):
        return Checkpoint(checkpoint.feed, since=window.since, done=window.until, newest=checkpoint.newest)
    pending = tuple(rest.name for name in checkpoint.pending for rest in _without(name, window))
    return msgspec.structs.replace(checkpoint, done=max(checkpoint.done, window.until), pending=pending)


def days_pending(checkpoint: Checkpoint, window: Window) -> Checkpoint:
    """Return the checkpoint after a window that failed: the next ones follow, and it is asked for again."""
    passed = days_finished(checkpoint, window)
    return msgspec.structs.replace(passed, pending=(*passed.pending, window.name))


def days_split(window: Window) -> list[Window]:
    """Return the two halves of a window; none of one day."""
    since, until = date.fromisoformat(window.since), date.fromisoformat(window.until)
    if since == until:
        return []
    middle = since + (until - since) // 2
    return [_window(since, middle), _window(middle + timedelta(1), until)]


class DayWindows:
    """What a source that is asked for days does with its windows (`streams/harvest/source.py`)."""

    def finished(self, checkpoint: Checkpoint, window: Window) -> Checkpoint:
        """Return the checkpoint after a window."""
        return days_finished(checkpoint, window)

    def failed(self, checkpoint: Checkpoint, window: Window) -> Checkpoint:
        """Return the checkpoint after a window that failed."""
        return days_pending(checkpoint, window)

    def split(self, window: Window) -> list[Window]:
        """Return the halves of a window."""
        return days_split(window)


def _joins(checkpoint: Checkpoint, window: Window) -> bool:
    """Return whether the days of the window overlap those that are done, or are right after them."""
    if not checkpoint.done:
        return False
    after = date.fromisoformat(checkpoint.done) + timedelta(1)
    return checkpoint.since <= window.since and date.fromisoformat(window.since) <= after


def _without(name: str, window: Window) -> Iterator[Window]:
    """Yield what remains of a pending window without the days of another one: all, one part, two or none."""
    since, until = _ends(name)
    first, last = _ends(window.name)
    if (before := min(until, first - timedelta(1))) >= since:
        yield _window(since, before)
    if (after := max(since, last + timedelta(1))) <= until:
        yield _window(after, until)


def _window(since: date, until: date) -> Window:
    return Window(f"{since}/{until}", f"{since}", f"{until}")


def _ends(name: str) -> tuple[date, date]:
    since, _, until = name.partition("/")
    return date.fromisoformat(since), date.fromisoformat(until)
