"""Rates, lag and latency of all workers, from the heartbeats of the last minutes. Pure: reads nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import NamedTuple

import msgspec

from streams.state.heartbeats import Heartbeat

__all__ = ["HeartbeatRing", "Rates", "quantile"]

_KEPT_SECONDS = 900.0
_WINDOW_SECONDS = 60.0


class Rates(msgspec.Struct):
    """The work of all workers.

    - `seconds`: the time that the rates are of, at most the window asked for; 0 where too few heartbeats are known
    - `messages`, `decisions`, `duplicates`, `rejected`: messages handled, pairs decided, pairs found duplicate, dead letters, each
      per second
    - `lag_messages`, `lag_seconds`: messages that wait now, and the age of the oldest one
    - `latency_p50`, `latency_p99`: seconds from the broker's append of a message to its decision, within the buckets of the metric;
      None where no message was handled
    - `workers`, `workers_ready`: those whose heartbeat is not older than 15 seconds
    """

    seconds: float
    messages: float
    decisions: float
    duplicates: float
    lag_messages: int
    lag_seconds: float
    latency_p50: float | None
    latency_p99: float | None
    workers: int
    workers_ready: int
    rejected: float = 0.0


class _Seen(NamedTuple):
    """The heartbeats that were read at once, by worker, and when by the reader's clock."""

    time: float
    heartbeats: dict[str, Heartbeat]


class _Work(NamedTuple):
    """What a worker has done between two heartbeats."""

    messages: int
    decided: int
    duplicates: int
    latency: tuple[int, ...]
    rejected: int


class HeartbeatRing:
    """The heartbeats of the last 15 minutes: `add` what was read, for example every second."""

    def __init__(self) -> None:
        self._seen: deque[_Seen] = deque()

    def add(self, heartbeats: Iterable[Heartbeat], now: float) -> None:
        """Add the heartbeats of all workers, as read at `now`, Unix time in seconds."""
        self._seen.append(_Seen(now, {each.worker: each for each in heartbeats}))
        while self._seen[0].time < now - _KEPT_SECONDS:
            self._seen.popleft()

    def latest(self) -> list[Heartbeat]:
        """Return the heartbeats that were added last."""
        return list(self._seen[-1].heartbeats.values()) if self._seen else []

    def rates(self, window_seconds: float = _WINDOW_SECONDS) -> Rates:
        """Return the rates of the last `window_seconds`, and what waits now."""
        latest = self.latest()
        window = [seen for seen in self._seen if seen.time >= self._seen[-1].time - window_seconds]
        seconds = window[-1].time - window[0].time if window else 0.0
        work = [done for done in _work(window) if done is not None] if seconds else []
        bounds = max((each.latency_bounds for each in latest), key=len, default=[])
        counts = [sum(column) for column in zip(*(done.latency for done in work), strict=False)]
        # The heartbeat of a worker that died is there for some seconds, with partitions that others have by now.
        by_age = sorted(latest, key=lambda each: each.time)
        lags = {(lag.topic, lag.partition): lag for each in by_age for lag in each.partitions}.values()

        def per_second(total: int) -> float:
            return round(total / seconds, 3) if seconds else 0.0

        return Rates(
            seconds=round(seconds, 3),
            messages=per_second(sum(done.messages for done in work)),
            decisions=per_second(sum(done.decided for done in work)),
            duplicates=per_second(sum(done.duplicates for done in work)),
            lag_messages=sum(lag.messages for lag in lags),
            lag_seconds=max((lag.seconds for lag in lags), default=0.0),
            latency_p50=quantile(bounds, counts, 0.5),
            latency_p99=quantile(bounds, counts, 0.99),
            workers=len(latest),
            workers_ready=sum(each.ready for each in latest),
            rejected=per_second(sum(done.rejected for done in work)),
        )


def _work(window: Sequence[_Seen]) -> Iterable[_Work]:
    """Yield what each worker has done in the window; of one that started in it, everything."""
    first: dict[str, Heartbeat] = {}
    last: dict[str, Heartbeat] = {}
    for seen in window:
        for name, heartbeat in seen.heartbeats.items():
            first.setdefault(name, heartbeat)
            last[name] = heartbeat
    for name, end in last.items():
        begin = first[name]
        if name not in window[0].heartbeats:
            begin = msgspec.structs.replace(begin, messages=0, decided=0, duplicates=0, latency_counts=[], rejected=0)
        before = [*begin.latency_counts, *[0] * (len(end.latency_counts) - len(begin.latency_counts))]
        yield _Work(
            end.messages - begin.messages,
            end.decided - begin.decided,
            end.duplicates - begin.duplicates,
            tuple(after - earlier for after, earlier in zip(end.latency_counts, before, strict=True)),
            end.rejected - begin.rejected,
        )


def quantile(bounds: Sequence[float], counts: Sequence[int], share: float) -> float | None:
    """Return the value that a share of the counted ones are not above, linear within its bucket; None where none is counted.

    `counts` has one number for each of `bounds` and one for what is beyond; of the latter the largest bound is returned.
    """
    total = sum(counts)
    if not total or not bounds:
        return None
    wanted = share * total
    for number, below in enumerate(accumulate(counts)):
        if below >= wanted and counts[number]:
            if number >= len(bounds):
                break
            least = bounds[number - 1] if number else 0.0
            within = (wanted - (below - counts[number])) / counts[number]
            return round(least + (bounds[number] - least) * within, 6)
    return bounds[-1]
