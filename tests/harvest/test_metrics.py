from __future__ import annotations

from streams.harvest.metrics import HarvestMetrics


def test_known_labels_are_there_from_the_beginning() -> None:
    shown = HarvestMetrics("arxiv").exposition().decode()
    for line in (
        'streams_harvest_records_total{kind="delete",source="arxiv"} 0.0',
        'streams_harvest_requests_total{source="arxiv",status="200"} 0.0',
        'streams_harvest_wait_seconds_total{cause="server",source="arxiv"} 0.0',
        'streams_harvest_last_success_timestamp_seconds{source="arxiv"} 0.0',
    ):
        assert line in shown
    assert "_created" not in shown


def test_the_newest_day_is_its_unix_time() -> None:
    metrics = HarvestMetrics("arxiv")
    metrics.published(3, 1)
    metrics.progressed("2026-11-28", 17.0, 2)
    shown = metrics.exposition().decode()
    assert 'newest_timestamp_seconds{source="arxiv"} 1.795824e+09' in shown
    assert 'pending_windows{source="arxiv"} 2.0' in shown
    metrics.progressed("no day", 17.0, 0)
    assert 'newest_timestamp_seconds{source="arxiv"} 0.0' in metrics.exposition().decode()
