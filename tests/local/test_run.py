"""What a bounded run reads of its worker; tests/system/test_run.py walks whole runs."""

from __future__ import annotations

import pytest

from streams.local.run import latency_quantiles, own_generation
from streams.settings import Settings

BUCKET = 'streams_decision_latency_seconds_bucket{{le="{}"}} {}\n'


def exposition(*buckets: tuple[str, int]) -> str:
    return "# HELP streams\n" + "".join(BUCKET.format(*bucket) for bucket in buckets)


def test_quantiles_of_latency_are_interpolated_inside_a_bucket() -> None:
    found = latency_quantiles(exposition(("0.1", 50), ("0.2", 100), ("+Inf", 100)))
    assert found == {"p50": 100.0, "p99": pytest.approx(198.0)}


def test_beyond_the_last_bound_the_bound_is_what_is_known() -> None:
    assert latency_quantiles(exposition(("0.1", 0), ("+Inf", 4))) == {"p50": 100.0, "p99": 100.0}


@pytest.mark.parametrize("text", ["", exposition(("0.1", 0), ("+Inf", 0))])
def test_without_a_decision_there_is_no_latency(text: str) -> None:
    assert latency_quantiles(text) == {"p50": 0.0, "p99": 0.0}


def test_each_run_has_a_generation_topics_and_a_group_of_its_own() -> None:
    one, other = own_generation(Settings()), own_generation(Settings())
    for name in ("generation", "topic_prefix", "app_id"):
        assert getattr(one, name) != getattr(other, name)
