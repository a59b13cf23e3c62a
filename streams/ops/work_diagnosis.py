"""Check the work under way, by what workers and `streams serve` last wrote to Redis. Pure: facts in, findings out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from streams.ops.diagnosis import Finding
from streams.state.heartbeats import Heartbeat

__all__ = ["WorkFacts", "check_work"]

_LONG_SECONDS = 15 * 60
"""The oldest message that waits longer is worth a look, as the alert StreamsLagBreach has it."""


class WorkFacts(NamedTuple):
    """The heartbeats of the last 15 seconds, events that are pending, and dead letters by source, None where they are not counted.

    `is_begun`: messages were handled with this state.
    """

    workers: Sequence[Heartbeat]
    pending_events: int
    dead_letters: Mapping[str, int] | None
    is_begun: bool


def check_work(facts: WorkFacts) -> Iterator[Finding]:
    """Check that workers run and are ready, that they keep up, and that nothing waits for a person."""
    yield _workers(facts)
    if facts.workers:
        yield _lag(facts.workers)
    yield _pending(facts)
    yield _dead_letters(facts.dead_letters)


def _workers(facts: WorkFacts) -> Finding:
    if not facts.workers:
        found = "none in the last 15 seconds"
        return (
            Finding("workers", "warn", found, "start one: `streams worker`")
            if facts.is_begun
            else Finding("workers", "ok", found)
        )
    waiting = [f"{each.worker}: {'; '.join(each.reasons)}" for each in facts.workers if not each.ready]
    ready = f"{len(facts.workers) - len(waiting)} of {len(facts.workers)} ready"
    if waiting:
        return Finding("workers", "warn", f"{ready}; {', '.join(waiting)}", "docs/runbooks/StreamsNotReady.md")
    return Finding("workers", "ok", ready)


def _lag(workers: Sequence[Heartbeat]) -> Finding:
    partitions = [partition for worker in workers for partition in worker.partitions]
    messages = sum(partition.messages for partition in partitions)
    seconds = max((partition.seconds for partition in partitions), default=0.0)
    if not messages:
        return Finding("lag", "ok", "nothing waits")
    found = f"{messages:,} messages wait, the oldest for {seconds:,.0f} s"
    if seconds > _LONG_SECONDS:
        return Finding("lag", "warn", found, "docs/runbooks/StreamsLagBreach.md")
    return Finding("lag", "ok", found)


def _pending(facts: WorkFacts) -> Finding:
    found = f"{facts.pending_events:,}" if facts.pending_events else "none"
    if facts.pending_events and not facts.workers:
        return Finding("unpublished events", "warn", found, "start a worker, which publishes them first")
    return Finding("unpublished events", "ok", found)


def _dead_letters(counts: Mapping[str, int] | None) -> Finding:
    if counts is None:
        return Finding("dead letters", "ok", "not counted: `streams serve` does")
    if not sum(counts.values()):
        return Finding("dead letters", "ok", "none")
    found = ", ".join(f"{source} {count:,}" for source, count in sorted(counts.items()))
    return Finding("dead letters", "warn", found, "`streams dead-letter list` shows them: docs/operations.md")
