"""The Prometheus metrics of a worker; every name starts with `streams_` and ends with its unit.

Label values are sources, verdicts and reason codes, all from small sets. Values from outside are not bounded, so each label keeps
at most 64 values, or those of a fixed set, and counts the rest as `other`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import choose_encoder

from streams.sources.fields import FIELDS

__all__ = ["OTHER", "MetricInfo", "Metrics"]

OTHER = "other"
"""Label value for all values beyond the first 64 or outside a fixed set, and for malformed ones."""

_VALUES_MAX = 64
_LABEL = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_FIXED: Mapping[str, Collection[str]] = MappingProxyType({"field": FIELDS})
"""The values of labels with a fixed set."""
_CANDIDATES = (0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
_BATCH_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_LATENCY_SECONDS = (
    0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30,
    60, 120, 300, 3600,
)  # fmt: skip


class MetricInfo(NamedTuple):
    """One metric as documentation: exposed `name`, `kind`, label names and `meaning` with its unit."""

    name: str
    kind: str
    labels: tuple[str, ...]
    meaning: str


class Metrics:
    """All metrics of one worker in a registry of its own. Safe to use from several threads."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._described: list[MetricInfo] = []
        self._received = self._counter("streams_received_records_total", "messages read from a feed's topic", "source")
        self._parsed = self._counter(
            "streams_parsed_records_total", "messages that became a record or a delete", "source"
        )
        self._rejected = self._counter(
            "streams_rejected_records_total", "messages sent to the dead letters, by reason code", "source", "reason"
        )
        self._unread = self._counter(
            "streams_unread_fields_total",
            "fields that could not be read as given and were left out, truncated or repaired, once per record handled; a "
            "record that is replayed counts again",
            "source",
            "field",
        )
        self._decisions = self._counter("streams_decisions_total", "decided pairs of records, by verdict", "decision")
        self._caps = self._counter("streams_caps_total", "times that a limit on work was reached, by limit", "cap")
        self._changes = self._counter(
            "streams_cluster_changes_total",
            "changes of clusters, by type of event: created, merged, split, …",
            "change",
        )
        self._corrections = self._counter(
            "streams_corrections_total", "corrections decided: accepted, or the reason code of the refusal", "verdict"
        )
        self._published = self._counter("streams_published_messages_total", "messages published, by topic", "topic")
        self._cut = self._counter(
            "streams_cut_messages_total",
            "messages published truncated, as the broker refuses larger ones, by topic",
            "topic",
        )
        self._round_trips = self._counter(
            "streams_redis_round_trips_total", "round trips to Redis; a pipeline counts as one"
        )
        self._rewinds = self._counter(
            "streams_rewinds_total",
            "partitions rewound because Redis had lost their position in a failover, or because offsets were missing",
        )
        self._skipped = self._counter(
            "streams_skipped_offsets_total", "offsets without a message, also when they were read again"
        )
        self._retries = self._counter("streams_retries_total", "batches tried again after an error, by cause", "cause")
        self._candidates = self._histogram("streams_candidates", "records compared with a new record", _CANDIDATES)
        self._batch = self._histogram(
            "streams_batch_seconds", "time to process one micro-batch, in seconds", _BATCH_SECONDS
        )
        self._batch_records = self._counter("streams_batch_records_total", "messages in finished micro-batches")
        self._latency = self._histogram(
            "streams_decision_latency_seconds",
            "time from the broker's append of a message to its decision, in seconds",
            _LATENCY_SECONDS,
        )
        self._last_batch = self._gauge(
            "streams_last_batch_timestamp_seconds", "Unix time at which the last micro-batch ended; 0 before the first"
        )
        ProcessCollector(namespace="streams", registry=self.registry)

    def received(self, source: str, count: int = 1) -> None:
        """Count messages read from the topic of `source`."""
        self._received.add(count, source)

    def parsed(self, source: str, count: int = 1) -> None:
        """Count messages that became a record or a delete."""
        self._parsed.add(count, source)

    def rejected(self, source: str, reason: str, count: int = 1) -> None:
        """Count dead letters; `reason` is a reason code such as that of a PayloadError, never free text."""
        self._rejected.add(count, source, reason)

    def unread(self, source: str, field: str, count: int = 1) -> None:
        """Count records of `source` with a `field`, one of `FIELDS`, that could not be read as given."""
        self._unread.add(count, source, field)

    def decided(self, decision: str, count: int = 1) -> None:
        """Count decisions on pairs; `decision` is the verdict."""
        self._decisions.add(count, decision)

    def candidates(self, found: int) -> None:
        """Observe how many records a new record was compared with."""
        self._candidates.observe(found)

    def capped(self, cap: str, count: int = 1) -> None:
        """Count that the limit named `cap` (`key`, `cluster`, …) was reached."""
        self._caps.add(count, cap)

    def changed(self, change: str, count: int = 1) -> None:
        """Count cluster changes; `change` is the type of the event."""
        self._changes.add(count, change)

    def corrected(self, verdict: str, count: int = 1) -> None:
        """Count decided corrections; `verdict` is the outcome: `accepted` or the reason code of the refusal."""
        self._corrections.add(count, verdict)

    def published(self, topic: str, count: int = 1) -> None:
        """Count published messages, once the broker has acknowledged them."""
        self._published.add(count, topic)

    def cut(self, topic: str, count: int = 1) -> None:
        """Count messages that were truncated because the broker refuses larger ones."""
        self._cut.add(count, topic)

    def batch(self, records: int, seconds: float, ended: float) -> None:
        """Observe a finished micro-batch: its messages, its duration, and the Unix time of its end."""
        self._batch_records.add(records)
        self._batch.observe(seconds)
        self._last_batch.set(ended)

    def latencies(self, seconds: Iterable[float]) -> None:
        """Observe the seconds from broker append to decision; a negative time, from clocks that disagree, counts as 0."""
        for value in seconds:
            self._latency.observe(max(value, 0.0))

    def redis_round_trips(self, count: int = 1) -> None:
        """Count round trips to Redis."""
        self._round_trips.add(count)

    def rewound(self, partitions: int = 1) -> None:
        """Count partitions that were rewound."""
        self._rewinds.add(partitions)

    def skipped(self, offsets: int) -> None:
        """Count offsets without a message."""
        self._skipped.add(offsets)

    def retried(self, cause: str, count: int = 1) -> None:
        """Count batches tried again; `cause` is a short code (`redis`, `kafka`, `engine`)."""
        self._retries.add(count, cause)

    def totals(self) -> dict[str, float]:
        """Sum every counter over its labels, by name without `streams_` and `_total`; decisions and changes also each.

        `{"received_records": 9.0, "decisions": 5.0, "decisions.duplicate": 3.0, …}`, for progress displays.
        """
        sums: dict[str, float] = {}
        for family in self.registry.collect():
            if family.type != "counter" or family.name.startswith("streams_process"):
                continue
            name = family.name.removeprefix("streams_")
            sums.setdefault(name, 0.0)
            for sample in family.samples:
                if sample.name.endswith("_total"):
                    sums[name] += sample.value
                    for value in (sample.labels.get("decision"), sample.labels.get("change")):
                        if value:
                            sums[f"{name}.{value}"] = sample.value
        return sums

    def exposition(self, accept: str = "") -> tuple[bytes, str]:
        """Render all metrics, with the content type that suits the HTTP Accept header."""
        encode, content_type = choose_encoder(accept)
        text: bytes = encode(self.registry)
        return text, content_type

    def described(self) -> list[MetricInfo]:
        """Return the metrics of Streams as documentation; without those of the process, which come on top."""
        return list(self._described)

    def _describe(self, name: str, kind: str, labels: tuple[str, ...], meaning: str) -> None:
        self._described.append(MetricInfo(name, kind, labels, meaning))

    def _counter(self, name: str, meaning: str, *labels: str) -> _Counts:
        self._describe(name, "counter", labels, meaning)
        values = [_Values(_FIXED.get(label, ())) for label in labels]
        return _Counts(Counter(name, meaning, labels, registry=self.registry), values)

    def _gauge(self, name: str, meaning: str) -> Gauge:
        self._describe(name, "gauge", (), meaning)
        return Gauge(name, meaning, registry=self.registry)

    def _histogram(self, name: str, meaning: str, buckets: tuple[float, ...]) -> Histogram:
        self._describe(name, "histogram", (), meaning)
        return Histogram(name, meaning, buckets=buckets, registry=self.registry)


class _Counts:
    """A counter whose label values are bounded, with its children cached: `Counter.labels` costs more than the counting."""

    def __init__(self, counter: Counter, labels: Sequence[_Values]) -> None:
        self._counter = counter
        self._labels = labels
        self._children: dict[tuple[str, ...], Counter] = {}

    def add(self, count: float, *values: str) -> None:
        if not values:
            self._counter.inc(count)
            return
        child = self._children.get(values)
        if child is None:
            known = tuple(label.bounded(value) for label, value in zip(self._labels, values, strict=True))
            child = self._counter.labels(*known)
            if known == values:  # only then is the number of entries bounded
                self._children[values] = child
        child.inc(count)


class _Values:
    """The values of one label: those of a fixed set, or else the first 64 well-formed ones that are counted."""

    def __init__(self, fixed: Collection[str] = ()) -> None:
        self._known = set(fixed)
        self._most = len(self._known) or _VALUES_MAX

    def bounded(self, value: str) -> str:
        """Return the value, or `OTHER` where the label has no room for it."""
        if value in self._known:
            return value
        if len(self._known) >= self._most or not _LABEL.fullmatch(value):
            return OTHER
        self._known.add(value)
        return value
