"""The Prometheus metrics of a worker; every name starts with `streams_` and ends with its unit.

Label values are sources, verdicts and reason codes, all from small sets. Values from outside are not bounded, so each label keeps
at most 64 values, or those of a fixed set, and counts the rest as `other` (`streams/ops/instruments.py`). Known values are
exposed with 0 from the start, because a series that begins with its first event shows no increase.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector, disable_created_metrics
from prometheus_client.exposition import choose_encoder

from streams.clusters.corrections import BAD_CORRECTION, CONFLICT, ID_USED, NOTHING_TO_UNDO
from streams.engine.prepare import CORRECTIONS
from streams.engine.statistics import STAGES
from streams.errors import PAYLOAD_CODES
from streams.events import CLUSTERS, DEAD_LETTER, DECISIONS, EVENTS, REVIEWS
from streams.matching.decision import DISTINCT, DUPLICATE, RELATED, REVIEW
from streams.ops.instruments import OTHER, Counts, Distribution, Replaced, Values
from streams.sources import SOURCES
from streams.sources.fields import FIELDS

__all__ = ["OTHER", "REDIS_ERRORS", "MetricInfo", "Metrics", "Work"]

# A second series for each one, which no query needs.
disable_created_metrics()  # type: ignore[no-untyped-call]

_FIXED: Mapping[str, Collection[str]] = MappingProxyType({"field": FIELDS})
"""The values of labels with a fixed set."""

REDIS_ERRORS = (
    "connection", "timeout", "full", "disk", "read_only", "replicas", "loading", "login", "permission", "failover",
    "moved", "other",
)  # fmt: skip
"""Kinds of errors of Redis, as `streams_redis_errors_total` counts them."""
_PAUSES = ("rebuild", "redis", "kafka", "fault")
_CORRECTION_CODES = (BAD_CORRECTION, CONFLICT, ID_USED, NOTHING_TO_UNDO)
_TOPICS = (EVENTS, CLUSTERS, DECISIONS, REVIEWS, DEAD_LETTER)
_EVENT_TYPES = (
    "created", "record_added", "record_updated", "record_removed", "merged", "split", "canonical_changed",
    "relation_added", "relation_removed",
)  # fmt: skip
_REFUSALS = [
    *((source, code) for source in SOURCES for code in PAYLOAD_CODES),
    *((CORRECTIONS, code) for code in (*_CORRECTION_CODES, "internal_error")),
]

_SIZES = (0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
_CLUSTER_SIZES = (0, 1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 50, 100, 200, 500, 1000)
_BATCH_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_REDIS_SECONDS = (0.0002, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_LATENCY_SECONDS = (
    0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30,
    60, 120, 300, 3600,
)  # fmt: skip


class Work(NamedTuple):
    """What a worker has done since it started.

    `latency_counts` has the messages by decision latency: for each of `latency_bounds` (seconds) those not above it and above
    the one before, and at the end those beyond. `rejected` are dead letters.
    """

    messages: int
    decided: int
    duplicates: int
    latency_bounds: tuple[float, ...]
    latency_counts: tuple[int, ...]
    rejected: int


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
        self._messages()
        self._clusters()
        self._worker()
        self._servers()
        ProcessCollector(namespace="streams", registry=self.registry)

    def _messages(self) -> None:
        sources = [*((source,) for source in SOURCES), (CORRECTIONS,)]
        self._received = self._counter(
            "streams_received_records_total", "messages read from a feed's topic", source=sources
        )
        self._parsed = self._counter(
            "streams_parsed_records_total", "messages that became a record or a delete", source=sources[:-1]
        )
        self._rejected = self._counter(
            "streams_rejected_records_total", "messages sent to the dead letters, by reason code",
            source=_REFUSALS, reason=(),
        )  # fmt: skip
        self._unread = self._counter(
            "streams_unread_fields_total",
            "fields that could not be read as given and were left out, truncated or repaired, once per record handled; a "
            "record that is replayed counts again",
            source=(),
            field=(),
        )
        self._published = self._counter(
            "streams_published_messages_total", "messages published, by topic", topic=_each(_TOPICS)
        )
        self._unpublished = self._counter(
            "streams_publish_errors_total",
            "failures to publish to a topic; the batch is tried again",
            topic=_each(_TOPICS),
        )
        self._cut = self._counter(
            "streams_cut_messages_total",
            "messages published truncated, as the broker refuses larger ones, by topic",
            topic=_each(_TOPICS),
        )
        self._skipped = self._counter(
            "streams_skipped_offsets_total",
            "offsets without a message, found where a later message comes or where the topic begins behind them",
        )
        self._rewinds = self._counter(
            "streams_rewinds_total",
            "partitions rewound because Redis had lost their position in a failover, or because offsets were missing",
        )

    def _clusters(self) -> None:
        self._decisions = self._counter(
            "streams_decisions_total",
            "decided pairs of records, by verdict",
            decision=_each((DUPLICATE, REVIEW, RELATED, DISTINCT)),
        )
        self._caps = self._counter(
            "streams_caps_total",
            "times that a limit on work was reached, by limit",
            cap=_each(("key", "cluster", "review")),
        )
        self._changes = self._counter(
            "streams_cluster_changes_total",
            "changes of clusters, by type of event: created, merged, split, …",
            change=_each(_EVENT_TYPES),
        )
        self._corrections = self._counter(
            "streams_corrections_total",
            "corrections decided: accepted, or the reason code of the refusal",
            verdict=_each(("accepted", *_CORRECTION_CODES[1:])),
        )
        self._candidates = self._distribution("streams_candidates", "records compared with a new record", _SIZES)
        self._sizes = self._distribution(
            "streams_cluster_records", "records of a cluster after a change, 0 where it ended", _CLUSTER_SIZES
        )
        self._index_records = self._gauge(
            "streams_index_records", "records in Redis, live and deleted ones; every worker counts all of them"
        )
        self._index_clusters = self._gauge(
            "streams_index_clusters",
            "clusters in Redis, estimated from a sample of some thousand records; every worker estimates all of them",
        )
        self._pending = self._gauge(
            "streams_pending_events",
            "events committed and not known to be published; every worker counts those of all workers",
        )

    def _worker(self) -> None:
        self._info = self._labelled(
            "streams_info",
            "1: the version, ruleset and index version of the worker",
            "version",
            "ruleset",
            "generation",
        )
        self._ready = self._gauge("streams_ready", "1 while the worker is ready (/readyz), or else 0")
        self._live = self._gauge("streams_live", "1 while the worker is live (/healthz), or else 0")
        self._paused = self._labelled(
            "streams_paused",
            "1 while the worker waits, by reason: for a rebuild, for redis or kafka to answer, or because every message fails "
            "(fault)",
            "reason",
        )
        for reason in _PAUSES:
            self._paused.labels(reason).set(0)
        self._assigned = self._gauge("streams_assigned_partitions", "partitions that Kafka has assigned to the worker")
        self._unassigned = self._gauge(
            "streams_unassigned_partitions",
            "partitions of records.* and dedup.corrections that no worker has; 0 where the broker does not say (the embedded one)",
        )
        self._rebalances = self._counter(
            "streams_rebalances_total", "times that Kafka has assigned partitions to the worker anew"
        )
        self._lag_messages = self._replaced(
            "streams_lag_messages", "messages of the assigned partitions that are not finished, by topic", "topic"
        )
        self._lag_seconds = self._replaced(
            "streams_lag_seconds",
            "age of the oldest message of the assigned partitions that is not finished, in seconds; 0 where there is none",
            "topic",
        )
        self._retries = self._counter(
            "streams_retries_total",
            "batches tried again after an error, by cause",
            cause=_each(("RedisError", "ForgottenError", "BrokerError", "FencedError", "StuckError")),
        )
        self._batch = self._distribution(
            "streams_batch_seconds", "time to process one micro-batch, in seconds", _BATCH_SECONDS
        )
        self._batch_records = self._counter("streams_batch_records_total", "messages in finished micro-batches")
        self._last_batch = self._gauge(
            "streams_last_batch_timestamp_seconds", "Unix time at which the last micro-batch ended; 0 before the first"
        )
        self._stages = self._distribution(
            "streams_stage_seconds", "time that one micro-batch spends in a stage, in seconds", _BATCH_SECONDS,
            "stage", STAGES,
        )  # fmt: skip
        self._latency = self._distribution(
            "streams_decision_latency_seconds",
            "time from the broker's append of a message to its decision, in seconds",
            _LATENCY_SECONDS,
        )
        self._publish_latency = self._distribution(
            "streams_publish_latency_seconds",
            "time from the broker's append of a message to the acknowledgement of its events by the broker, in seconds",
            _LATENCY_SECONDS,
        )

    def _servers(self) -> None:
        self._round_trips = self._counter(
            "streams_redis_round_trips_total", "round trips to Redis; a pipeline counts as one"
        )
        self._redis = self._distribution(
            "streams_redis_seconds", "time of one round trip to Redis of the micro-batches, in seconds", _REDIS_SECONDS
        )
        self._redis_errors = self._counter(
            "streams_redis_errors_total", "errors of Redis, by kind", kind=_each(REDIS_ERRORS)
        )
        self._redis_used = self._replaced("streams_redis_used_bytes", "memory that Redis uses, by node", "node")
        self._redis_max = self._replaced(
            "streams_redis_max_bytes", "maxmemory of Redis, by node; 0 where it has no limit", "node"
        )

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

    def candidates(self, found: Iterable[int]) -> None:
        """Observe with how many records each of some new records was compared."""
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
        self._batch.observe((seconds,))
        self._last_batch.set(ended)

    def latencies(self, seconds: Iterable[float]) -> None:
        """Observe the seconds from broker append to decision; a negative time, from clocks that disagree, counts as 0."""
        self._latency.observe(max(value, 0.0) for value in seconds)

    def publish_latencies(self, seconds: Iterable[float]) -> None:
        """Observe the seconds from broker append to the acknowledgement of events, a negative time as 0."""
        self._publish_latency.observe(max(value, 0.0) for value in seconds)

    def stage(self, name: str, seconds: float) -> None:
        """Observe the seconds that a micro-batch spent in a stage, one of `STAGES`."""
        self._stages.observe((seconds,), name)

    def cluster_sizes(self, records: Iterable[int]) -> None:
        """Observe how many records clusters have after a change."""
        self._sizes.observe(records)

    def publish_failed(self, topic: str) -> None:
        """Count that messages could not be published to a topic."""
        self._unpublished.add(1, topic)

    def info(self, version: str, ruleset: str, generation: str) -> None:
        """Expose which version of Streams works by which ruleset on which index version."""
        self._info.labels(version, ruleset, generation).set(1)

    def follow(self, *, ready: Callable[[], bool], live: Callable[[], bool], rebuilding: Callable[[], bool]) -> None:
        """Ask at each scrape whether the worker is ready, is live, and waits for a rebuild."""
        self._ready.set_function(ready)
        self._live.set_function(live)
        self._paused.labels("rebuild").set_function(rebuilding)

    def paused(self, reason: str, waits: bool) -> None:
        """Expose whether the worker waits for a reason: `redis`, `kafka` or `fault`."""
        self._paused.labels(reason).set(waits)

    def assigned(self, partitions: int) -> None:
        """Expose how many partitions the worker has."""
        self._assigned.set(partitions)

    def unassigned(self, partitions: int) -> None:
        """Expose how many partitions no worker of the group has."""
        self._unassigned.set(partitions)

    def rebalanced(self) -> None:
        """Count that Kafka has assigned partitions anew."""
        self._rebalances.add(1)

    def lag(self, by_topic: Callable[[], Mapping[str, tuple[int, float]]]) -> None:
        """Ask at each scrape for the lag: by topic, the messages and the seconds."""
        self._lag_messages.follow(lambda: {topic: lag[0] for topic, lag in by_topic().items()})
        self._lag_seconds.follow(lambda: {topic: lag[1] for topic, lag in by_topic().items()})

    def index_size(self, records: int, clusters: float, pending_events: int) -> None:
        """Expose how much is in Redis."""
        self._index_records.set(records)
        self._index_clusters.set(clusters)
        self._pending.set(pending_events)

    def redis_memory(self, used: Mapping[str, float], most: Mapping[str, float]) -> None:
        """Expose the memory that each node of Redis uses and may use, in bytes."""
        self._redis_used.set(used)
        self._redis_max.set(most)

    def redis_answered(self, seconds: float) -> None:
        """Observe the time of a round trip to Redis."""
        self._redis.observe((seconds,))

    def redis_failed(self, kind: str) -> None:
        """Count an error of Redis; `kind` is one of `REDIS_ERRORS`."""
        self._redis_errors.add(1, kind)

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

    def work(self) -> Work:
        """Return what this worker has done since it started, for its heartbeat."""
        return Work(
            self._batch_records.total(),
            self._decisions.total(),
            self._decisions.total(DUPLICATE),
            _LATENCY_SECONDS,
            tuple(self._latency.counts()),
            self._rejected.total(),
        )

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

    def _counter(self, name: str, meaning: str, **labels: Iterable[tuple[str, ...]]) -> Counts:
        """Make a counter; the first of its labels names the values of all labels that are exposed with 0 from the start."""
        self._describe(name, "counter", tuple(labels), meaning)
        values = [Values(_FIXED.get(label, ())) for label in labels]
        counts = Counts(Counter(name, meaning, tuple(labels), registry=self.registry), values)
        counts.begin(next(iter(labels.values()), ()))
        return counts

    def _gauge(self, name: str, meaning: str) -> Gauge:
        return self._labelled(name, meaning)

    def _labelled(self, name: str, meaning: str, *labels: str) -> Gauge:
        self._describe(name, "gauge", labels, meaning)
        return Gauge(name, meaning, labels, registry=self.registry)

    def _replaced(self, name: str, meaning: str, label: str) -> Replaced:
        self._describe(name, "gauge", (label,), meaning)
        return Replaced(name, meaning, label, self.registry)

    def _distribution(
        self, name: str, meaning: str, bounds: tuple[float, ...], label: str = "", known: Collection[str] = ("",)
    ) -> Distribution:
        self._describe(name, "histogram", (label,) if label else (), meaning)
        return Distribution(name, meaning, bounds, self.registry, label, known)


def _each(values: Iterable[str]) -> list[tuple[str, ...]]:
    """Return the values of one label as the label sets of a counter that has no other label."""
    return [(value,) for value in values]
