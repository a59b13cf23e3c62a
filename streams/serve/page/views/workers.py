"""What the page of workers shows: each worker with why it is not ready, the topics with their lag, and the harvesters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from streams.harvest.checkpoints import Checkpoint, State
from streams.state.heartbeats import Heartbeat

__all__ = ["HarvesterRow", "TopicRow", "WorkerRow", "harvester_rows", "topic_rows", "worker_rows"]

_TONES = {"working": "good", "waiting": "good", "failed": "bad", "ended": ""}


class WorkerRow(NamedTuple):
    """A worker: `partitions` by topic, `waiting` messages of them all, the oldest for `lag_seconds`."""

    worker: str
    address: str
    is_ready: bool
    reasons: Sequence[str]
    version: str
    ruleset: str
    generation: str
    started: float
    time: float
    messages: int
    rejected: int
    partitions: Sequence[tuple[str, str]]
    waiting: int
    lag_seconds: float


class TopicRow(NamedTuple):
    """A topic: how many of its partitions workers have, what waits, and where each partition is read, by number."""

    topic: str
    partitions: int
    waiting: int
    lag_seconds: float
    places: Sequence[tuple[int, int | None, int, float, str]]


class HarvesterRow(NamedTuple):
    """A feed that is harvested. `pending`: the number of spans of days that failed and are asked for again."""

    feed: str
    state: str
    tone: str
    detail: str
    time: float
    done: str
    pending: int
    newest: str
    success: float
    records: int


def harvester_rows(states: Sequence[State]) -> list[HarvesterRow]:
    """Return a row for each feed, those that failed first."""
    rows = []
    for each in states:
        checkpoint = each.checkpoint or Checkpoint(each.feed)
        rows.append(
            HarvesterRow(
                each.feed, each.state, _TONES[each.state], each.detail, each.time, checkpoint.done,
                len(checkpoint.pending), checkpoint.newest, each.success, each.records,
            )
        )  # fmt: skip
    return sorted(rows, key=lambda row: (row.state != "failed", row.feed))


def worker_rows(workers: Sequence[Heartbeat]) -> list[WorkerRow]:
    """Return a row for each worker, those that are not ready first."""
    rows = []
    for each in sorted(workers, key=lambda worker: (worker.ready, worker.worker)):
        topics: dict[str, list[int]] = {}
        for lag in each.partitions:
            topics.setdefault(lag.topic, []).append(lag.partition)
        rows.append(
            WorkerRow(
                each.worker, each.address, each.ready, each.reasons, each.version, each.ruleset, each.generation,
                each.started, each.time, each.messages, each.rejected,
                [(topic, _ranges(sorted(numbers))) for topic, numbers in sorted(topics.items())],
                sum(lag.messages for lag in each.partitions), max((lag.seconds for lag in each.partitions), default=0.0),
            )
        )  # fmt: skip
    return rows


def topic_rows(workers: Sequence[Heartbeat]) -> list[TopicRow]:
    """Return a row for each topic that workers read, the one whose oldest message waits longest first."""
    # A worker that died has a heartbeat for some seconds, with partitions that others have by now.
    by_age = sorted(workers, key=lambda worker: worker.time)
    lags = {(lag.topic, lag.partition): (lag, each.worker) for each in by_age for lag in each.partitions}
    topics: dict[str, list[tuple[int, int | None, int, float, str]]] = {}
    for (topic, partition), (lag, worker) in sorted(lags.items()):
        topics.setdefault(topic, []).append((partition, lag.position, lag.messages, lag.seconds, worker))
    rows = [
        TopicRow(topic, len(places), sum(place[2] for place in places), max(place[3] for place in places), places)
        for topic, places in topics.items()
    ]
    return sorted(rows, key=lambda row: (-row.lag_seconds, -row.waiting, row.topic))


def _ranges(numbers: Sequence[int]) -> str:
    """Return numbers in words, such as `0 to 3, 7`."""
    found: list[list[int]] = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return ", ".join(str(first) if first == last else f"{first} to {last}" for first, last in found)
