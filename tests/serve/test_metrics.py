"""The metrics of `streams serve`."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from tests.serve.conftest import Client


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
