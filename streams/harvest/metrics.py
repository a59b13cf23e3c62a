"""Metrics of a harvester: what it has asked for and published, how long it waited and why, and how old its newest record is."""

from __future__ import annotations

from datetime import UTC, datetime

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

__all__ = ["HarvestMetrics"]

_KINDS = ("record", "delete")
_CAUSES = ("pace", "server", "backoff")


class HarvestMetrics:
    """The registry of one process, which harvests one source."""

    def __init__(self, source: str) -> None:
        """Expose the known labels from the beginning, so that the first event of each is seen."""
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        ProcessCollector(namespace="streams_harvest", registry=self.registry)
        self._source = source
        self._records = Counter(
            "streams_harvest_records",
            "Payloads that Kafka has acknowledged",
            ["source", "kind"],
            registry=self.registry,
        )
        self._requests = Counter(
            "streams_harvest_requests",
            "Requests sent to the source, by status of the response; timeout, lost and garbled where there was none to use",
            ["source", "status"],
            registry=self.registry,
        )
        self._waited = Counter(
            "streams_harvest_wait_seconds",
            "Seconds waited: for the pace, as the server asked, or after a failure",
            ["source", "cause"],
            registry=self.registry,
        )
        self._success = self._gauge(
            "last_success_timestamp_seconds", "When everything due was last harvested, Unix time; 0: never yet"
        )
        self._newest = self._gauge(
            "newest_timestamp_seconds",
            "The day that the newest record is of, as the source says it, Unix time; 0: none yet",
        )
        self._pending = self._gauge("pending_windows", "Windows that failed and are asked for again")
        for kind in _KINDS:
            self._records.labels(source, kind)
        for cause in _CAUSES:
            self._waited.labels(source, cause)
        self._requests.labels(source, "200")

    def _gauge(self, name: str, meaning: str) -> Gauge:
        gauge = Gauge(f"streams_harvest_{name}", meaning, ["source"], registry=self.registry)
        gauge.labels(self._source)
        return gauge

    def published(self, records: int, deletes: int) -> None:
        """Count payloads that Kafka has acknowledged."""
        self._records.labels(self._source, "record").inc(records)
        self._records.labels(self._source, "delete").inc(deletes)

    def requested(self, status: str) -> None:
        """Count a request by the status of its response."""
        self._requests.labels(self._source, status).inc()

    def waited(self, cause: str, seconds: float) -> None:
        """Count seconds of waiting by their cause: pace, server or backoff."""
        self._waited.labels(self._source, cause).inc(seconds)

    def progressed(self, newest: str, success: float, pending: int) -> None:
        """Expose the day of the newest record, the time of the last success, and how many windows failed."""
        self._success.labels(self._source).set(success)
        self._newest.labels(self._source).set(_unix(newest))
        self._pending.labels(self._source).set(pending)

    def exposition(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self.registry)


def _unix(day: str) -> float:
    try:
        return datetime.fromisoformat(day[:10]).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return 0.0
