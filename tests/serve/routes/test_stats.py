"""Totals and workers over HTTP, from a keeper and heartbeats in a real Redis."""

from __future__ import annotations

import time

from streams.state.connection import Command
from streams.state.heartbeats import Heartbeat, HeartbeatStore
from streams.state.layout import meta_key
from tests.query.conftest import Library
from tests.serve.conftest import Client
from tests.system.processes import wait_for


def beat(library: Library, messages: int) -> None:
    meta = meta_key(library.settings.namespace, library.settings.generation)
    library.connection.execute([Command(meta, ("HSET", meta, "worker:w1", "1"))])
    HeartbeatStore(library.settings.namespace, library.settings.generation, library.connection).write(
        Heartbeat(
            worker="w1",
            address="127.0.0.1:6066",
            version="1",
            ruleset="1",
            generation=library.settings.generation,
            time=time.time(),
            started=time.time(),
            ready=False,
            reasons=["kafka: away"],
            messages=messages,
            decided=0,
            duplicates=0,
            latency_bounds=[0.1, 1.0],
            latency_counts=[0, messages, 0],
            partitions=[],
        )
    )


def test_a_worker_is_shown_with_its_reasons_and_its_rate(client: Client, library: Library) -> None:
    beat(library, 0)
    wait_for(lambda: client.get("/api/v1/workers").json()["items"], "the heartbeat is read")
    (worker,) = client.get("/api/v1/workers").json()["items"]
    assert (worker["worker"], worker["ready"], worker["reasons"]) == ("w1", False, ["kafka: away"])
    beat(library, 500)
    rates = wait_for(
        lambda: (found := client.get("/api/v1/stats").json()["rates"]) and found["messages"] > 0 and found, "a rate"
    )
    assert (rates["workers"], rates["workers_ready"]) == (1, 0)
    assert 0.1 <= rates["latency_p50"] <= 1.0


def test_without_totals_there_are_none(client: Client) -> None:
    assert client.get("/api/v1/stats").json()["totals"] is None
    assert client.get("/api/v1/stats", params={"window": 0}).json()["code"] == "invalid"
