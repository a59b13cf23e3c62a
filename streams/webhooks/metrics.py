"""Metrics of webhooks, in the registry of `streams serve`. Only the process that sends has series of endpoints."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge

from streams.webhooks.states import EndpointState

__all__ = ["OUTCOMES", "WebhookMetrics"]

OUTCOMES = ("taken", "failed", "refused", "gone", "parked", "given_up")
"""Of attempts, but for the last two, which are of events: an event that is parked failed or was refused as well."""


class WebhookMetrics:
    """The metrics of one process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._deliveries = Counter(
            "streams_webhook_deliveries",
            "Attempts by their outcome; `parked` counts events that were set aside, `given_up` those that are not sent again",
            ["name", "outcome"],
            registry=registry,
        )
        self._lag = Gauge(
            "streams_webhook_lag_seconds",
            "Age of the oldest event that waits for the endpoint's answer, 0 where none waits",
            ["name"],
            registry=registry,
        )
        self._failing = Gauge(
            "streams_webhook_failing",
            "1 while the endpoint has taken nothing since an attempt failed, or is off; else 0",
            ["name"],
            registry=registry,
        )

        self._parked = Gauge(
            "streams_webhook_parked",
            "Events that the endpoint did not take, and that wait until a person has them sent again",
            ["name"],
            registry=registry,
        )

    def begin(self, names: Iterable[str]) -> None:
        """Give each endpoint its series, so that the first failure is an increase."""
        for name in names:
            for outcome in OUTCOMES:
                self._deliveries.labels(name, outcome)
            self._lag.labels(name)
            self._failing.labels(name)
            self._parked.labels(name)

    def end(self) -> None:
        """Drop what is said of endpoints now: another process sends."""
        self._lag.clear()
        self._failing.clear()
        self._parked.clear()

    def count(self, name: str, outcome: str) -> None:
        """Count an attempt, or an event that is given up."""
        self._deliveries.labels(name, outcome).inc()

    def show(self, state: EndpointState) -> None:
        """Show what a state says."""
        self._lag.labels(state.name).set(state.lag_seconds)
        self._failing.labels(state.name).set(bool(state.failing_since or state.off_since))
        self._parked.labels(state.name).set(state.parked)
