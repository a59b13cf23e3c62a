"""Where the time of a request goes, as its response says."""

from __future__ import annotations

import time

from prometheus_client.parser import text_string_to_metric_families

from streams.serve.timing import PARTS, Timing
from tests.serve.conftest import Client


def parts_of(header: str) -> dict[str, float]:
    return {name: float(value) for name, value in (each.split(";dur=") for each in header.split(", "))}


def test_a_look_up_says_how_long_it_waited_for_redis(client: Client) -> None:
    found = parts_of(client.get("/api/v1/lookup", params={"doi": "10.5555/aaa.1"}).headers["Server-Timing"])
    assert set(found) == {*PARTS, "total"}
    assert 0 < found["redis"] < found["total"]
    assert sum(found[part] for part in PARTS) <= found["total"] + 0.01


def test_what_asks_nothing_has_a_total_only(client: Client) -> None:
    assert set(parts_of(client.get("/healthz").headers["Server-Timing"])) == {"total"}


def test_the_parts_are_counted(client: Client) -> None:
    client.get("/api/v1/records/mine:1")
    families = {family.name: family for family in text_string_to_metric_families(client.get("/metrics").text)}
    seconds = {sample.labels["part"]: sample.value for sample in families["streams_serve_part_seconds"].samples}
    assert set(seconds) == set(PARTS)
    assert seconds["redis"] > 0


def test_parts_of_several_questions_add_up() -> None:
    timing = Timing()
    for _ in range(2):
        timing.ask()
        began = time.perf_counter()
        time.sleep(0.002)
        timing.took(began, 0.001)
        timing.resume()
    assert timing.seconds["redis"] == 0.002
    assert timing.seconds["answer"] >= 0.002
    assert timing.header(1.5).endswith(b", total;dur=1500.000")


def test_a_question_that_no_thread_took_counts_nothing() -> None:
    timing = Timing()
    timing.ask()
    timing.resume()
    assert not any(timing.seconds.values())


def test_questions_asked_at_once_take_no_negative_time() -> None:
    timing = Timing()
    timing.ask()
    began = time.perf_counter()
    time.sleep(0.002)
    timing.ask()
    timing.took(began, 0.0)
    assert timing.seconds["queue"] == 0.0
    assert all(seconds >= 0 for seconds in timing.seconds.values())
