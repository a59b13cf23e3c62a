"""What a scenario came to: faults with the time it took to recover, and the rows of docs/reliability.md."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from typing import Any, NamedTuple

__all__ = ["Fault", "Place", "Report"]

Place = tuple[str, int]
"""A topic and a partition of it."""


class Fault(NamedTuple):
    """Something done to the running system: what, when, and how far each partition was then."""

    what: str
    time: float
    positions: Mapping[Place, int]

    def recovery(
        self, samples: Sequence[tuple[float, Mapping[Place, int]]], taken: Mapping[Place, list[float]]
    ) -> float:
        """Seconds until every partition that had unread messages went on; `taken` says when the broker took each message."""
        longest = 0.0
        for place, times in taken.items():
            before = self.positions.get(place, 0)
            if before < bisect_right(times, self.time):
                went_on = next(t for t, now in samples if t > self.time and now.get(place, 0) > before)
                longest = max(longest, went_on - self.time)
        return longest


class Report(NamedTuple):
    """What a scenario came to, for the table of docs/reliability.md.

    `messages` were sent; of the `records` they tell of some are in clusters, some deleted; `letters` are dead letters;
    `lost` are records that are in no cluster and should be. `repeated` counts the events that came again with an id already
    seen; `recovery` is the longest time in seconds from a fault until every partition with unread messages went on.
    """

    messages: int
    records: int
    deleted: int
    letters: int
    lost: int
    repeated: int
    faults: Counter[str]
    restarts: int
    recovery: float
    seconds: float

    def plain(self) -> dict[str, Any]:
        """The report in types that may go from process to process."""
        return self._asdict() | {"faults": dict(self.faults)}

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Report:
        """Read a `plain` report."""
        return cls(**(dict(plain) | {"faults": Counter(plain["faults"])}))

    def and_(self, other: Report) -> Report:
        """This and another run of the same scenario as one: sums, and the longest times."""
        pairs: Iterable[tuple[Any, Any]] = zip(self, other, strict=True)
        added = Report(*(mine + theirs for mine, theirs in pairs))
        return added._replace(recovery=max(self.recovery, other.recovery), seconds=max(self.seconds, other.seconds))

    @staticmethod
    def table(told: Iterable[tuple[str, Report]]) -> Iterator[str]:
        """Scenarios with their reports as a table in Markdown; the runs of one scenario are one row."""
        runs: dict[str, list[Report]] = {}
        for scenario, report in told:
            runs.setdefault(scenario, []).append(report)
        names = ("live records", "deleted", "dead letters", "lost", "repeated events", "recovery, s")
        yield f"| scenario | runs | faults | messages | {' | '.join(names)} |"
        yield "|---|---|---|---|---|---|---|---|---|---|"
        for scenario, reports in runs.items():
            total = reduce(Report.and_, reports)
            faults = ", ".join(f"{count} × {what}" for what, count in sorted(total.faults.items())) or "none"
            counts = (total.messages, total.records, total.deleted, total.letters, total.lost, total.repeated)
            yield f"| {scenario} | {len(reports)} | {faults} | {' | '.join(map(str, counts))} | {total.recovery:.1f} |"
