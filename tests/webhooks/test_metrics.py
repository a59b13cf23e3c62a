"""Series of endpoints are there from the beginning, and end with the lease."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest

from streams.webhooks.metrics import OUTCOMES, WebhookMetrics
from streams.webhooks.schedule import Verdict
from streams.webhooks.states import EndpointState


def lines(registry: CollectorRegistry) -> list[str]:
    return [
        line for line in generate_latest(registry).decode().splitlines() if line[0] != "#" and "_created" not in line
    ]


def test_each_outcome_is_zero_at_first() -> None:
    registry = CollectorRegistry()
    metrics = WebhookMetrics(registry)
    assert lines(registry) == []
    metrics.begin(["a"])
    found = lines(registry)
    for outcome in OUTCOMES:
        assert f'streams_webhook_deliveries_total{{name="a",outcome="{outcome}"}} 0.0' in found
    assert 'streams_webhook_failing{name="a"} 0.0' in found
    assert 'streams_webhook_lag_seconds{name="a"} 0.0' in found
    assert 'streams_webhook_parked{name="a"} 0.0' in found


def test_every_verdict_is_an_outcome() -> None:
    assert {verdict.value for verdict in Verdict} <= set(OUTCOMES)


def test_an_endpoint_is_failing_until_it_takes_an_event_and_while_it_is_off() -> None:
    registry = CollectorRegistry()
    metrics = WebhookMetrics(registry)
    for state, failing in (
        (EndpointState("a"), 0),
        (EndpointState("a", failing_since=7.0, lag_seconds=3.5, parked=2), 1),
        (EndpointState("a", off_since=7.0), 1),
    ):
        metrics.show(state)
        assert registry.get_sample_value("streams_webhook_failing", {"name": "a"}) == failing
        assert registry.get_sample_value("streams_webhook_lag_seconds", {"name": "a"}) == state.lag_seconds
        assert registry.get_sample_value("streams_webhook_parked", {"name": "a"}) == state.parked


def test_a_process_that_has_passed_the_lease_on_says_nothing_of_endpoints_now() -> None:
    registry = CollectorRegistry()
    metrics = WebhookMetrics(registry)
    metrics.begin(["a"])
    metrics.count("a", "taken")
    metrics.end()
    assert all(line.startswith("streams_webhook_deliveries_total") for line in lines(registry))
    assert registry.get_sample_value("streams_webhook_deliveries_total", {"name": "a", "outcome": "taken"}) == 1
