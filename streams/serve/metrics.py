"""Metrics of `streams serve`: how long requests take, by operation and status; subscribers, webhooks, what waits for people."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics

from streams import __version__
from streams.curation.backlog import Backlog
from streams.engine.prepare import CORRECTIONS
from streams.serve.timing import PARTS, Timing, current_timing
from streams.sources import SOURCES
from streams.webhooks.metrics import WebhookMetrics

__all__ = ["ServeMetrics"]

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)


class ServeMetrics:
    """The registry of one process, and the middleware that observes requests."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._clock = clock
        build = Gauge(
            "streams_serve_build_info", "Always 1; the version is its label", ["version"], registry=self.registry
        )
        build.labels(__version__).set(1)
        self._seconds = Histogram(
            "streams_serve_request_seconds",
            "Time from a request to its response's first byte, by operation and status; a path that there is not is not counted",
            ["operation", "status"],
            registry=self.registry,
            buckets=_SECONDS,
        )
        self._parts = Counter(
            "streams_serve_part_seconds",
            "Time of requests by its part: queue (for a thread), redis, answer (decoding, deciding), resume (the event loop)",
            ["part"],
            registry=self.registry,
        )
        for part in PARTS:
            self._parts.labels(part)
        self._refused = Counter(
            "streams_serve_refused",
            "Requests refused before any path, by the code of the problem: unknown tokens and hosts, and too many at once",
            ["code"],
            registry=self.registry,
        )
        for code in ("host_refused", "token_unknown", "too_many_requests", "busy"):
            self._refused.labels(code)
        self.webhooks = WebhookMetrics(self.registry)
        self._subscribers = Gauge("streams_subscribers", "Open streams of events", registry=self.registry)
        self._dropped = Counter(
            "streams_subscribers_dropped",
            "Streams of events ended as the client was too slow: it took nothing for 30 s, or its next event had left the memory",
            registry=self.registry,
        )
        self._dropped_before = 0
        self._review_open = Gauge(
            "streams_review_open",
            "Open pairs of the review queue, by the sources of their records, as of the last look at each",
            ["source_a", "source_b"],
            registry=self.registry,
        )
        self._review_oldest = Gauge(
            "streams_review_oldest_seconds", "Age of the oldest open pair; 0 without one", registry=self.registry
        )
        self._dead_letters = Gauge(
            "streams_dead_letters",
            "Current dead letters, by source and reason code",
            ["source", "reason"],
            registry=self.registry,
        )

    def show_subscribers(self, open_now: int, dropped: int) -> None:
        """Set how many streams of events are open, and how many were ended since the start as their client was too slow."""
        self._subscribers.set(open_now)
        self._dropped.inc(dropped - self._dropped_before)
        self._dropped_before = dropped

    def show_backlog(self, backlog: Backlog, now: float) -> None:
        """Set what waits for people, at `now` in Unix seconds. Sources that have no adapter are counted as `other`."""
        _replace(self._review_open, backlog.pairs, both=True)
        _replace(self._dead_letters, backlog.letters, both=False)
        self._review_oldest.set(max(now - backlog.oldest / 1000, 0) if backlog.oldest is not None else 0)

    def refused(self, code: str) -> None:
        """Count a request that was refused with this problem code."""
        self._refused.labels(code).inc()

    def middleware(self, app: ASGIApp) -> ASGIApp:
        """Wrap the application so that each HTTP request is observed."""

        async def observed(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != ScopeType.HTTP:
                await app(scope, receive, send)
                return
            began = self._clock()
            timing = Timing()
            token = current_timing.set(timing)

            async def observe(message: Message) -> None:
                if message["type"] == "http.response.start":
                    total = self._clock() - began
                    handler: Any = scope.get("route_handler")
                    operation = getattr(handler, "operation_id", None)
                    name = operation if isinstance(operation, str) else "other"
                    self._seconds.labels(name, str(message["status"])).observe(total)
                    for part, seconds in timing.seconds.items():
                        if seconds:
                            self._parts.labels(part).inc(seconds)
                    message["headers"] = [*message.get("headers", []), (b"server-timing", timing.header(total))]
                await send(message)

            try:
                await app(scope, receive, observe)
            finally:
                current_timing.reset(token)

        return observed


def _replace(gauge: Gauge, counts: Mapping[tuple[str, str], int], *, both: bool) -> None:
    """Set the samples of a gauge, and no others; the first label is a source, and the second one too where `both`."""
    totals: dict[tuple[str, str], int] = {}
    for (first, second), number in counts.items():
        labels = (_source(first), _source(second) if both else second)
        totals[labels] = totals.get(labels, 0) + number
    gauge.clear()
    for labels, number in totals.items():
        gauge.labels(*labels).set(number)


def _source(name: str) -> str:
    """Return the label of a source: records of the format `document` may name any."""
    return name if name in SOURCES or name == CORRECTIONS else "other"
