"""Verify Redis against `dedup.events` and `dedup.clusters`: scan all, then scan again what differs.

Redis is read first: the events it has acknowledged as published are in the topics when these are read after it. Workers may run
meanwhile, so whatever differs is scanned again, it alone, until it is gone or stays the same for some seconds. A difference that is
another one at each scan is a change in progress and is not reported; a cluster with pending events is waited for.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import partial
from typing import Any, NamedTuple

from streams import events
from streams.kafka.connection import KafkaConnection
from streams.kafka.dead_letters import standing
from streams.kafka.partitions import partition_of
from streams.kafka.reader import first_offsets, read_to_now
from streams.settings import Settings
from streams.state.connection import Connection
from streams.verification.audit import Audit
from streams.verification.comparison import compare
from streams.verification.differences import Difference, split_healed
from streams.verification.folds import ClusterFold, EventFold
from streams.verification.scan import Findings
from streams.verification.states import Values, is_live

__all__ = ["COUNTS", "VerificationReport", "Verifier"]

_a_second = partial(asyncio.sleep, 1.0)
_STEADY_SCANS = 3
"""So many scans in a row must find nothing new: a slow worker may be between two steps of a batch for longer than a pause."""
COUNTS = {
    "messages": "messages handled, by the positions in Redis",
    "records": "live records",
    "records_in_clusters": "records in clusters",
    "deleted": "deleted records",
    "dead_letters": "current dead letters",
    "groups": "groups",
    "clusters": "clusters",
    "ended": "clusters without a record",
    "redirects": "clusters merged away",
    "corrections": "corrections accepted",
    "keys": "blocking keys of live records",
    "keys_capped": "of these left out by the cap",
    "owed": "events not yet published",
    "events": "events",
    "events_repeated": "events that came again",
    "states": "clusters in dedup.clusters",
}
"""What is counted, by its name in a report; docs/operations.md says more."""


class VerificationReport(NamedTuple):
    """The result of a verification.

    `healed` are contradictions among events that later ones have made good: nothing is left to do about them.
    `counts` has all of `COUNTS`; `notes` counts observations that are no differences. `scans` is the number of times that Redis
    and the topics were read: once as a whole, then what differed. `seconds` is the time it all took.
    """

    differences: list[Difference]
    counts: dict[str, int]
    notes: dict[str, int]
    scans: int
    seconds: float
    healed: Sequence[Difference] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the fields of the JSON that `streams verify --json` prints."""
        return {
            "ok": not self.differences,
            **self.counts,
            "notes": self.notes,
            "differences": [difference.as_json() for difference in self.differences],
            "healed": [difference.as_json() for difference in self.healed],
            "looks": self.scans,
            "seconds": round(self.seconds, 3),
        }


class _Topics(NamedTuple):
    events: EventFold
    clusters: ClusterFold


class Verifier:
    """Verify one generation of state against the topics of the same settings."""

    def __init__(
        self, settings: Settings, connection: Connection, pause: Callable[[], Awaitable[None]] = _a_second
    ) -> None:
        """Prepare a verification that awaits `pause` between two scans.

        Raises SettingsError or StateError where the generation was made with other settings or by another version.
        """
        self._settings = settings
        self._pause = pause
        self._audit = Audit(settings, connection)
        self._late: Callable[[str], bool] = lambda _: False

    async def verify(self, wait: float) -> VerificationReport:
        """Scan everything, then again what differs, for up to `wait` seconds while it changes. Raises ServiceError."""
        began = time.monotonic()
        values = Values()
        findings = self._audit.scan_all(values)
        topics = await self._read(values)
        await self._find_late()
        notes: Counter[str] = Counter()
        differences, healed = split_healed(self._differences(findings, topics, values, notes, None))
        counts = self._counts(findings, topics)
        counts["dead_letters"] = len(await standing(self._settings))
        scans, moving, steady = 1, 0, 0
        deadline = time.monotonic() + wait
        while differences:
            await self._pause()
            scans += 1
            known = {difference.identity for difference in differences}
            differences, more = split_healed(await self._rescan(differences))
            healed += more
            moving = sum(difference.identity not in known for difference in differences)
            pending = any(difference.code == "event_owed" for difference in differences)
            steady = 0 if moving or pending else steady + 1
            if time.monotonic() >= deadline or steady == _STEADY_SCANS:
                differences = [difference for difference in differences if difference.identity in known]
                break
        counts["owed"] = sum(difference.code == "event_owed" for difference in differences)
        notes["still_moving"] = moving
        nonzero = {name: count for name, count in notes.items() if count}
        seconds = time.monotonic() - began
        return VerificationReport(_sorted(differences), counts, nonzero, scans, seconds, _sorted(healed))

    async def _rescan(self, differences: Sequence[Difference]) -> list[Difference]:
        """Return which of some differences are left, and what else is wrong with the same clusters.

        A pending event that is new counts only where it explains another difference: busy workers always have some.
        """
        names = frozenset(name for difference in differences for name in difference.clusters)
        pending = {difference.identity for difference in differences if difference.code == "event_owed"}
        values = Values(names)
        findings = self._audit.rescan(differences, values)
        topics = await self._read(values, names) if names else _Topics(EventFold(values), ClusterFold(values))
        found = self._differences(findings, topics, values, Counter(), names)
        differ = {name for each in found if each.code != "event_owed" for name in each.clusters}
        return [
            each for each in found if each.code != "event_owed" or each.identity in pending or each.cluster_id in differ
        ]

    async def _read(self, values: Values, only: Collection[str] | None = None) -> _Topics:
        prefix = self._settings.topic_prefix
        topics = _Topics(EventFold(values, only), ClusterFold(values, only))
        event_topic = prefix + events.EVENTS
        keys = None if only is None else {name.encode() for name in only}
        async for message in read_to_now(
            KafkaConnection.of(self._settings), [event_topic, prefix + events.CLUSTERS], keys
        ):
            if message.topic != event_topic:
                topics.clusters.add(message.key or b"", message.value)
            elif message.value is not None:
                topics.events.add(message.key or b"", message.value)
        return topics

    def _differences(
        self, findings: Findings, topics: _Topics, values: Values, notes: Counter[str], only: Collection[str] | None
    ) -> list[Difference]:
        def begins_late(name: str) -> bool:
            return self._late(name) or bool(self._audit.topics_since and name not in findings.young)

        return compare(findings, topics.events, topics.clusters, values, begins_late, notes, only)

    async def _find_late(self) -> None:
        """Find the clusters whose events are in a partition that has lost its first messages to retention."""
        first = await first_offsets(KafkaConnection.of(self._settings), self._settings.topic_prefix + events.EVENTS)
        partitions = sorted(first)
        if any(first.values()):
            self._late = lambda name: first[partition_of(name.encode(), partitions)] > 0

    @staticmethod
    def _counts(findings: Findings, topics: _Topics) -> dict[str, int]:
        counts = findings.counts | Counter(
            events=topics.events.events,
            events_repeated=topics.events.repeated,
            states=sum(1 for state in topics.clusters.states.values() if is_live(state)),
        )
        return {name: counts[name] for name in COUNTS}


def _sorted(differences: Sequence[Difference]) -> list[Difference]:
    """Return the differences sorted, each identity once."""
    return [found for _, found in sorted({d.identity: d for d in differences}.items())]
