"""The Prometheus metrics of a worker; every name starts with `streams_` and ends with its unit.

Label values are sources, verdicts and reason codes, all from small sets. Values from outside are not bounded, so each label keeps
at most 64 values, or those of a fixed set, and counts the rest as `other` (`streams/ops/instruments.py`). Known values are
exposed with 0 from the start, because a series that begins with its first event shows no increase.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from prometheus_client import ProcessCollector, disable_created_metrics

from streams.clusters.corrections import BAD_CORRECTION, CONFLICT, ID_USED, NOTHING_TO_UNDO
from streams.engine.prepare import CORRECTIONS
from streams.engine.statistics import STAGES
from streams.errors import PAYLOAD_CODES
from streams.events import CLUSTERS, DEAD_LETTER, DECISIONS, EVENTS, REVIEWS
from streams.matching.decision import DISTINCT, DUPLICATE, RELATED, REVIEW
from streams.ops.instruments import OTHER, InstrumentRegistry
from streams.sources import SOURCES
from streams.sources.fields import FIELDS

__all__ = ["OTHER", "REDIS_ERRORS", "Metrics", "Work"]

# A second series for each one, which no query needs.
disable_created_metrics()  # type: ignore[no-untyped-call]

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


class Metrics(InstrumentRegistry):
    """All metrics of one worker: an attribute each, with its meaning below. Safe to use from several threads.

    `add` counts, as in `metrics.rejected.add(2, "arxiv", "not_json")`; `observe` takes the values of a distribution, `set` that of
    a gauge.
    """

    def __init__(self) -> None:
        super().__init__({"field": FIELDS})
        self._messages()
        self._clusters()
        self._worker()
        self._servers()
        ProcessCollector(namespace="streams", registry=self.registry)

    def _messages(self) -> None:
        sources = [*((source,) for source in SOURCES), (CORRECTIONS,)]
        self.received = self.counter(
            "streams_received_records_total", "messages read from a feed's topic", source=sources
        )
        self.parsed = self.counter(
            "streams_parsed_records_total", "messages that became a record or a delete", source=sources[:-1]
        )
        self.rejected = self.counter(
            "streams_rejected_records_total", "messages sent to the dead letters, by reason code",
            source=_REFUSALS, reason=(),
        )  # fmt: skip
        self.unread = self.counter(
            "streams_unread_fields_total",
            "fields that could not be read as given and were left out, truncated or repaired, once per record handled; a "
            "record that is replayed counts again",
            source=(),
            field=(),
        )
        self.published = self.counter(
            "streams_published_messages_total", "messages published, by topic", topic=_each(_TOPICS)
        )
        self.publish_failed = self.counter(
            "streams_publish_errors_total",
            "failures to publish to a topic; the batch is tried again",
            topic=_each(_TOPICS),
        )
        self.cut = self.counter(
            "streams_cut_messages_total",
            "messages published truncated, as the broker refuses larger ones, by topic",
            topic=_each(_TOPICS),
        )
        self.skipped = self.counter(
            "streams_skipped_offsets_total",
            "offsets without a message, found where a later message comes or where the topic begins behind them",
        )
        self.rewound = self.counter(
            "streams_rewinds_total",
            "partitions rewound because Redis had lost their position in a failover, or because offsets were missing",
        )

    def _clusters(self) -> None:
        self.decided = self.counter(
            "streams_decisions_total",
            "decided pairs of records, by verdict",
            decision=_each((DUPLICATE, REVIEW, RELATED, DISTINCT)),
        )
        self.capped = self.counter(
            "streams_caps_total",
            "times that a limit on work was reached, by limit",
            cap=_each(("key", "cluster", "review")),
        )
        self.changed = self.counter(
            "streams_cluster_changes_total",
            "changes of clusters, by type of event: created, merged, split, …",
            change=_each(_EVENT_TYPES),
        )
        self.corrected = self.counter(
            "streams_corrections_total",
            "corrections decided: accepted, or the reason code of the refusal",
            verdict=_each(("accepted", *_CORRECTION_CODES[1:])),
        )
        self.candidates = self.distribution("streams_candidates", "records compared with a new record", _SIZES)
        self.cluster_sizes = self.distribution(
            "streams_cluster_records", "records of a cluster after a change, 0 where it ended", _CLUSTER_SIZES
        )
        self.index_records = self.gauge(
            "streams_index_records", "records in Redis, live and deleted ones; every worker counts all of them"
        )
        self.index_clusters = self.gauge(
            "streams_index_clusters",
            "clusters in Redis, estimated from a sample of some thousand records; every worker estimates all of them",
        )
        self.pending_events = self.gauge(
            "streams_pending_events",
            "events committed and not known to be published; every worker counts those of all workers",
        )

    def _worker(self) -> None:
        self.info = self.gauge(
            "streams_info",
            "1: the version, ruleset and index version of the worker",
            "version",
            "ruleset",
            "generation",
        )
        self.ready = self.gauge("streams_ready", "1 while the worker is ready (/readyz), or else 0")
        self.live = self.gauge("streams_live", "1 while the worker is live (/healthz), or else 0")
        self.paused = self.gauge(
            "streams_paused",
            "1 while the worker waits, by reason: for a rebuild, for redis or kafka to answer, or because every message fails "
            "(fault)",
            "reason",
        )
        for reason in _PAUSES:
            self.paused.labels(reason).set(0)
        self.assigned = self.gauge("streams_assigned_partitions", "partitions that Kafka has assigned to the worker")
        self.unassigned = self.gauge(
            "streams_unassigned_partitions",
            "partitions of records.* and dedup.corrections that no worker has; 0 where the broker does not say (the embedded one)",
        )
        self.rebalanced = self.counter(
            "streams_rebalances_total", "times that Kafka has assigned partitions to the worker anew"
        )
        self.lag_messages = self.replaced(
            "streams_lag_messages", "messages of the assigned partitions that are not finished, by topic", "topic"
        )
        self.lag_seconds = self.replaced(
            "streams_lag_seconds",
            "age of the oldest message of the assigned partitions that is not finished, in seconds; 0 where there is none",
            "topic",
        )
        self.retried = self.counter(
            "streams_retries_total",
            "batches tried again after an error, by cause",
            cause=_each(("RedisError", "ForgottenError", "BrokerError", "FencedError", "StuckError")),
        )
        self.batch_seconds = self.distribution(
            "streams_batch_seconds", "time to process one micro-batch, in seconds", _BATCH_SECONDS
        )
        self.batch_records = self.counter("streams_batch_records_total", "messages in finished micro-batches")
        self.last_batch = self.gauge(
            "streams_last_batch_timestamp_seconds", "Unix time at which the last micro-batch ended; 0 before the first"
        )
        self.stages = self.distribution(
            "streams_stage_seconds", "time that one micro-batch spends in a stage, in seconds", _BATCH_SECONDS,
            "stage", STAGES,
        )  # fmt: skip
        self.latency = self.distribution(
            "streams_decision_latency_seconds",
            "time from the broker's append of a message to its decision, in seconds",
            _LATENCY_SECONDS,
        )
        self.publish_latency = self.distribution(
            "streams_publish_latency_seconds",
            "time from the broker's append of a message to the acknowledgement of its events by the broker, in seconds",
            _LATENCY_SECONDS,
        )

    def _servers(self) -> None:
        self.round_trips = self.counter(
            "streams_redis_round_trips_total", "round trips to Redis; a pipeline counts as one"
        )
        self.redis_seconds = self.distribution(
            "streams_redis_seconds", "time of one round trip to Redis of the micro-batches, in seconds", _REDIS_SECONDS
        )
        self.redis_errors = self.counter(
            "streams_redis_errors_total", "errors of Redis, by kind", kind=_each(REDIS_ERRORS)
        )
        self.redis_used = self.replaced("streams_redis_used_bytes", "memory that Redis uses, by node", "node")
        self.redis_max = self.replaced(
            "streams_redis_max_bytes", "maxmemory of Redis, by node; 0 where it has no limit", "node"
        )

    def batch(self, records: int, seconds: float, ended: float) -> None:
        """Observe a finished micro-batch: its messages, its duration, and the Unix time of its end."""
        self.batch_records.add(records)
        self.batch_seconds.observe((seconds,))
        self.last_batch.set(ended)

    def follow(self, *, ready: Callable[[], bool], live: Callable[[], bool], rebuilding: Callable[[], bool]) -> None:
        """Ask at each scrape whether the worker is ready, is live, and waits for a rebuild."""
        self.ready.set_function(ready)
        self.live.set_function(live)
        self.paused.labels("rebuild").set_function(rebuilding)

    def lag(self, by_topic: Callable[[], Mapping[str, tuple[int, float]]]) -> None:
        """Ask at each scrape for the lag: by topic, the messages and the seconds."""
        self.lag_messages.follow(lambda: {topic: lag[0] for topic, lag in by_topic().items()})
        self.lag_seconds.follow(lambda: {topic: lag[1] for topic, lag in by_topic().items()})

    def work(self) -> Work:
        """Return what this worker has done since it started, for its heartbeat."""
        return Work(
            self.batch_records.total(),
            self.decided.total(),
            self.decided.total(DUPLICATE),
            _LATENCY_SECONDS,
            tuple(self.latency.counts()),
            self.rejected.total(),
        )


def _each(values: Iterable[str]) -> list[tuple[str, ...]]:
    """Return the values of one label as the label sets of a counter that has no other label."""
    return [(value,) for value in values]
