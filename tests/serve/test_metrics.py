"""The metrics of `streams serve`."""

from __future__ import annotations

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from streams.curation.backlog import NOTHING, Backlog
from streams.serve import curation
from streams.serve.metrics import ServeMetrics
from tests.serve.conftest import Client
from tests.serve.desk import CHAPTER, OTHER, Desk
from tests.system.processes import wait_for


def test_requests_are_counted_by_operation_and_status(client: Client) -> None:
    client.get("/api/v1/records/mine:1")
    client.get("/api/v1/records/mine:9")
    client.get("/nonsense/%00")
    families = {family.name: family for family in text_string_to_metric_families(client.get("/metrics").text)}
    counts = {
        (sample.labels["operation"], sample.labels["status"]): sample.value
        for sample in families["streams_serve_request_seconds"].samples
        if sample.name.endswith("_count")
    }
    assert counts == {("getRecord", "200"): 1, ("getRecord", "404"): 1}
    assert families["streams_serve_build_info"].samples[0].value == 1


def samples(metrics: ServeMetrics, name: str, *labels: str) -> dict[tuple[str, ...], float]:
    text = generate_latest(metrics.registry).decode()
    return {
        tuple(sample.labels[label] for label in labels): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name
    }


def test_what_waits_for_people_is_shown_until_it_does_not() -> None:
    metrics = ServeMetrics()
    backlog = Backlog(
        {("arxiv", "crossref"): 2, ("mine", "arxiv"): 3, ("yours", "arxiv"): 4},
        90_000,
        {("core", "not_json"): 5, ("corrections", "correction_conflict"): 1},
    )
    metrics.show_backlog(backlog, now=100.0)
    assert samples(metrics, "streams_review_open", "source_a", "source_b") == {
        ("arxiv", "crossref"): 2,
        ("other", "arxiv"): 7,
    }
    assert samples(metrics, "streams_review_oldest_seconds") == {(): 10}
    assert samples(metrics, "streams_dead_letters", "source", "reason") == {
        ("core", "not_json"): 5,
        ("corrections", "correction_conflict"): 1,
    }
    metrics.show_backlog(NOTHING, now=100.0)
    assert not samples(metrics, "streams_review_open", "source_a", "source_b")
    assert not samples(metrics, "streams_dead_letters", "source", "reason")
    assert samples(metrics, "streams_review_oldest_seconds") == {(): 0}


def test_subscribers_are_counted_now_and_those_that_were_too_slow_since_the_start() -> None:
    metrics = ServeMetrics()
    assert samples(metrics, "streams_subscribers_dropped_total") == {(): 0}
    metrics.show_subscribers(7, 2)
    metrics.show_subscribers(5, 3)
    assert samples(metrics, "streams_subscribers") == {(): 5}
    assert samples(metrics, "streams_subscribers_dropped_total") == {(): 3}


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits is counted all the time."""
    monkeypatch.setattr(curation, "_COUNT_SECONDS", 0.05)
    monkeypatch.setattr(curation, "_COUNT_PAUSES", 0.0)


def test_the_service_shows_its_subscribers_and_what_waits(often: None, desk: Desk) -> None:
    desk.send("m:1", CHAPTER)
    desk.send("m:2", OTHER)
    desk.payload(b"garbage")
    shown = ("streams_review_open{", "streams_dead_letters{")
    wait_for(lambda: all(name in desk.api.get("/metrics").text for name in shown), "what waits is shown")
    text = desk.api.get("/metrics").text
    assert 'streams_review_open{source_a="other",source_b="other"} 1.0' in text
    assert 'streams_dead_letters{reason="not_json",source="document"} 1.0' in text
    assert "streams_subscribers 0.0" in text
