"""Every statistic of a micro-batch reaches a metric of the worker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest

from streams.engine.engine import Engine
from streams.engine.statistics import Statistics
from streams.ops.metrics import Metrics
from streams.settings import Settings
from streams.state.connection import Connection
from streams.worker.batch_metrics import count
from tests.engine.worlds import CONTENTS, message

ONE: dict[str, Any] = {
    "rejected": {("crossref", "not_json"): 1},
    "unread": {("crossref", "doi"): 1},
    "candidates": (4,),
    "sizes": (4,),
    "seconds": {"store": 0.1},
}


def exposed(metrics: Metrics) -> list[str]:
    lines = metrics.exposition()[0].decode().splitlines()
    return [line for line in lines if line.startswith("streams_") and not line.startswith("streams_process")]


@pytest.mark.parametrize("name", [field.name for field in fields(Statistics)])
def test_every_statistic_has_a_metric(name: str) -> None:
    metrics = Metrics()
    before = exposed(metrics)
    count(metrics, Statistics(**{name: ONE.get(name, {"other": 1})}))
    assert exposed(metrics) != before


def test_what_the_engine_counts_is_what_is_exposed() -> None:
    metrics = Metrics()
    one = Statistics(
        parsed={"crossref": 5},
        rejected={("crossref", "not_json"): 2},
        unread={("crossref", "publisher"): 3, ("lakes", "doi"): 1},
        decided={"duplicate": 4},
        candidates=(4, 5),
    )
    count(metrics, one + Statistics(parsed={"crossref": 1, "lakes": 1}, candidates=[0]))
    lines = exposed(metrics)
    for line in (
        'streams_parsed_records_total{source="crossref"} 6.0',
        'streams_parsed_records_total{source="lakes"} 1.0',
        'streams_rejected_records_total{reason="not_json",source="crossref"} 2.0',
        'streams_unread_fields_total{field="publisher",source="crossref"} 3.0',
        'streams_unread_fields_total{field="doi",source="lakes"} 1.0',
        'streams_decisions_total{decision="duplicate"} 4.0',
        "streams_candidates_count 3.0",
        "streams_candidates_sum 9.0",
    ):
        assert line in lines


def test_candidates_are_observed_once_a_record_that_is_new(
    new_generation: Callable[..., Settings], new_connection: Callable[[], Connection]
) -> None:
    engine, metrics = Engine(new_generation(), new_connection()), Metrics()
    sent = [message(f"s:{number}", CONTENTS[0], 1000 + number) for number in range(3)]
    for batch in ([sent[0]], [sent[1]], [sent[2]], sent):  # the last is a replay: nothing in it is new
        count(metrics, engine.process(batch).statistics)
    lines = exposed(metrics)
    assert "streams_candidates_count 3.0" in lines
    assert "streams_candidates_sum 3.0" in lines, "none, then one, then two"
