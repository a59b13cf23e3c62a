"""`streams totals` as a command, on totals in a real Redis; counting them is in tests/system/test_totals.py."""

from __future__ import annotations

import time
from collections.abc import Callable

import orjson
import pytest

from streams.settings import Settings
from streams.state.connection import Connection
from streams.totals.fold import Counters, add_cluster
from streams.totals.snapshot import ReviewQueue, Snapshot, TotalsStore
from tests.cli.test_cli import Said


@pytest.fixture
def namespace(generation: Settings) -> str:
    return f"cli{generation.generation}"


@pytest.fixture
def run(generation: Settings, namespace: str, say: Callable[..., Said]) -> Callable[..., Said]:
    return lambda *words: say(*words, redis_url=generation.redis_url, namespace=namespace, kafka_url="unused:9092")


def kept(namespace: str, connection: Connection, **fields: object) -> None:
    counters = Counters()
    for records in (["core:1", "arxiv:1"], ["core:2"], [f"core:{number}" for number in range(10, 1510)]):
        add_cluster(counters, records)
    snapshot = Snapshot(counters, "dedup.events", {0: 7}, int(time.time() * 1000) - 9000, **fields)  # type: ignore[arg-type]
    TotalsStore(namespace, connection).replace(snapshot)


def test_they_are_printed_with_their_age(run: Callable[..., Said], namespace: str, connection: Connection) -> None:
    kept(namespace, connection, dead_letters={"core": {"not_json": 1200}}, review=ReviewQueue(1300, 4))
    code, out, _ = run("totals")
    assert code == 0
    lines = [line.split() for line in out.splitlines()]
    assert out.startswith("1,503 records in 3 clusters, as of ")
    assert ["arxiv", "1", "1", "0", "1"] in lines
    assert ["core", "1,502", "3", "1", "1"] in lines
    assert ["1001", "or", "more", "1"] in lines
    assert "1,200 current dead letters" in out
    assert "1,300 pairs open for review, 4 of them not looked at yet" in out
    assert "Not complete" not in out


def test_json_has_every_field(run: Callable[..., Said], namespace: str, connection: Connection) -> None:
    kept(namespace, connection, complete=False, missing=5)
    code, out, _ = run("totals", "--json")
    found = orjson.loads(out)
    assert code == 0
    assert (found["records"], found["clusters"], found["offsets"]) == (1503, 3, {"0": 7})
    assert 9 <= found["age_seconds"] < 60
    assert "5 events or more were gone" in run("totals")[1]


def test_where_there_are_none_it_says_what_keeps_them(run: Callable[..., Said]) -> None:
    code, out, err = run("totals")
    assert (code, out) == (1, "")
    assert "streams serve" in err
