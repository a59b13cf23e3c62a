from __future__ import annotations

import threading

import pytest
from prometheus_client.parser import text_string_to_metric_families

from streams.ops.metrics import OTHER, Metrics
from streams.sources.fields import FIELDS


def samples(metrics: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    body, _ = metrics.exposition()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


def used() -> Metrics:
    metrics = Metrics()
    metrics.received.add(5, "arxiv")
    metrics.parsed.add(4, "arxiv")
    metrics.rejected.add(1, "arxiv", "not_json")
    metrics.unread.add(2, "arxiv", "version/date")
    metrics.decided.add(2, "duplicate")
    metrics.decided.add(3, "distinct")
    metrics.candidates.observe([3])
    metrics.capped.add(2, "key")
    metrics.changed.add(3, "created")
    metrics.changed.add(1, "merged")
    metrics.published.add(4, "dedup.events")
    metrics.batch(5, 0.02, ended=1_700_000_000.5)
    metrics.latency.observe([0.01, 0.2, -5.0])
    metrics.round_trips.add(7)
    metrics.rewound.add(1)
    metrics.retried.add(2, "redis")
    return metrics


def test_what_is_counted_is_what_is_exposed() -> None:
    seen = samples(used())
    assert seen["streams_received_records_total", (("source", "arxiv"),)] == 5
    assert seen["streams_parsed_records_total", (("source", "arxiv"),)] == 4
    assert seen["streams_rejected_records_total", (("reason", "not_json"), ("source", "arxiv"))] == 1
    assert seen["streams_unread_fields_total", (("field", "version/date"), ("source", "arxiv"))] == 2
    assert seen["streams_decisions_total", (("decision", "duplicate"),)] == 2
    assert seen["streams_candidates_bucket", (("le", "2.0"),)] == 0
    assert seen["streams_candidates_bucket", (("le", "4.0"),)] == 1
    assert seen["streams_caps_total", (("cap", "key"),)] == 2
    assert seen["streams_cluster_changes_total", (("change", "merged"),)] == 1
    assert seen["streams_published_messages_total", (("topic", "dedup.events"),)] == 4
    assert seen["streams_batch_seconds_sum", ()] == 0.02
    assert seen["streams_batch_records_total", ()] == 5
    assert seen["streams_last_batch_timestamp_seconds", ()] == 1_700_000_000.5
    assert seen["streams_redis_round_trips_total", ()] == 7
    assert seen["streams_rewinds_total", ()] == 1
    assert seen["streams_retries_total", (("cause", "redis"),)] == 2


def test_clocks_that_disagree_give_no_negative_latency() -> None:
    seen = samples(used())
    assert seen["streams_decision_latency_seconds_count", ()] == 3
    assert seen["streams_decision_latency_seconds_sum", ()] == pytest.approx(0.21)


def test_totals_are_sums_over_labels() -> None:
    metrics = used()
    assert metrics.received.total() == 5
    assert metrics.decided.total() == 5
    assert metrics.decided.total("duplicate") == 2
    assert metrics.changed.total() == 4
    assert metrics.changed.total("merged") == 1
    assert metrics.round_trips.total() == 7
    assert Metrics().decided.total() == 0


@pytest.mark.parametrize("hostile", ["a\nb", 'x"y', "", "z" * 65, "é"])
def test_a_malformed_label_is_counted_as_other(hostile: str) -> None:
    metrics = Metrics()
    metrics.rejected.add(1, "arxiv", hostile)
    assert samples(metrics)["streams_rejected_records_total", (("reason", OTHER), ("source", "arxiv"))] == 1


def test_known_label_values_are_exposed_with_0_and_no_series_tells_when_it_was_created() -> None:
    seen = samples(Metrics())
    assert seen["streams_rejected_records_total", (("reason", "internal_error"), ("source", "arxiv"))] == 0
    assert seen["streams_publish_errors_total", (("topic", "dedup.events"),)] == 0
    assert seen["streams_stage_seconds_count", (("stage", "commit"),)] == 0
    assert seen["streams_paused", (("reason", "redis"),)] == 0
    assert not [name for name, _ in seen if name.endswith("_created")]


def test_health_is_asked_at_each_scrape() -> None:
    metrics, ready = Metrics(), False
    metrics.follow(ready=lambda: ready, live=lambda: True, rebuilding=lambda: not ready)
    seen = samples(metrics)
    assert (seen["streams_ready", ()], seen["streams_live", ()], seen["streams_paused", (("reason", "rebuild"),)]) == (
        0,
        1,
        1,
    )
    ready = True
    seen = samples(metrics)
    assert (seen["streams_ready", ()], seen["streams_paused", (("reason", "rebuild"),)]) == (1, 0)


def test_the_lag_of_a_topic_is_exposed_while_the_worker_has_it() -> None:
    metrics, lag = Metrics(), {"records.arxiv": (3, 1.5)}
    metrics.lag(lambda: lag)
    seen = samples(metrics)
    assert seen["streams_lag_messages", (("topic", "records.arxiv"),)] == 3
    assert seen["streams_lag_seconds", (("topic", "records.arxiv"),)] == 1.5
    lag.clear()
    assert not [name for name, _ in samples(metrics) if name.startswith("streams_lag")]


def test_labels_cannot_grow_without_end() -> None:
    metrics = Metrics()
    for number in range(10_000):
        metrics.rejected.add(1, f"source{number}", f"reason{number}")
    counted = {key: n for key, n in samples(metrics).items() if key[0] == "streams_rejected_records_total"}
    assert sum(counted.values()) == 10_000
    assert len({dict(labels)["reason"] for _, labels in counted}) == 65
    assert len({dict(labels)["source"] for _, labels in counted}) == 65


def test_a_label_with_a_fixed_set_of_values_takes_all_of_them_and_no_other() -> None:
    metrics = Metrics()
    for field in (*FIELDS, "shoe_size", "a\nb"):
        metrics.unread.add(1, "arxiv", field)
    counted = {
        dict(labels)["field"]: n for (name, labels), n in samples(metrics).items() if "unread_fields_total" in name
    }
    assert len(FIELDS) > 64
    assert counted == dict.fromkeys(FIELDS, 1) | {OTHER: 2}


def test_counting_from_threads_loses_nothing() -> None:
    metrics = Metrics()

    def count() -> None:
        for _ in range(2000):
            metrics.decided.add(1, "duplicate")

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert metrics.decided.total() == 8000


def test_two_workers_in_one_process_do_not_share() -> None:
    one, other = Metrics(), Metrics()
    one.received.add(1, "arxiv")
    assert other.received.total() == 0


def test_names_have_prefix_unit_and_meaning() -> None:
    described = Metrics().described
    assert len({info.name for info in described}) == len(described)
    for info in described:
        assert info.name.startswith("streams_")
        assert info.meaning
        assert info.name.endswith("_total") == (info.kind == "counter")
        if info.kind == "histogram":
            assert info.name.endswith("_seconds") or info.name in {"streams_candidates", "streams_cluster_records"}


def test_openmetrics_is_given_to_who_asks_for_it() -> None:
    body, content_type = used().exposition("application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    assert body.rstrip().endswith(b"# EOF")
