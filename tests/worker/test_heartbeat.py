"""The heartbeat of a worker, on a real Redis and without one."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

import pytest

from streams.ops.health import Health
from streams.ops.metrics import Metrics
from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.fence import Fence
from streams.state.heartbeats import Heartbeat, HeartbeatStore, PartitionLag
from streams.worker import heartbeat as module
from streams.worker.heartbeat import HeartbeatWriter

LAG = PartitionLag("records.arxiv", 0, 5, 2, 0.5)


def writer(settings: Settings, metrics: Metrics, health: Health) -> HeartbeatWriter:
    return HeartbeatWriter(settings, "one", "host:6066", metrics, health, lambda: [LAG])


def test_it_says_what_the_worker_has_done_and_how_it_is(generation: Settings) -> None:
    metrics, health = Metrics(), Health()
    metrics.batch(7, 0.1, 1.0)
    metrics.decided.add(3, "duplicate")
    metrics.decided.add(2, "distinct")
    metrics.latency.observe([0.004, 0.2, 5000.0])
    found = writer(generation, metrics, health).heartbeat()
    assert (found.worker, found.address, found.generation) == ("one", "host:6066", generation.generation)
    assert (found.messages, found.decided, found.duplicates) == (7, 5, 3)
    assert len(found.latency_counts) == len(found.latency_bounds) + 1
    counts = dict(zip([*found.latency_bounds, float("inf")], found.latency_counts, strict=True))
    assert {bound: count for bound, count in counts.items() if count} == {0.005: 1, 0.2: 1, float("inf"): 1}
    assert found.partitions == [LAG]
    assert not found.ready
    assert any(reason.startswith("kafka: no partitions") for reason in found.reasons)
    health.assigned(1)
    health.redis_away("")
    found = writer(generation, metrics, health).heartbeat()
    assert (found.ready, found.reasons) == (True, [])


def test_it_is_written_while_the_task_runs(generation: Settings, connection: Connection) -> None:
    Fence(generation.namespace, generation.generation, connection).enter("one")
    store = HeartbeatStore(generation.namespace, generation.generation, connection)

    async def story() -> list[Heartbeat]:
        one = writer(generation, Metrics(), Health())
        task = asyncio.create_task(one.keep())
        deadline = time.monotonic() + 10
        while not (found := store.read()) and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        task.cancel()
        one.close()
        return found

    (found,) = asyncio.run(story())
    assert abs(found.time - time.time()) < 10


def test_a_redis_that_is_away_is_logged_once(
    new_generation: Callable[..., Settings], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SECONDS", 0.01)
    away = new_generation().model_copy(update={"redis_url": "redis://127.0.0.1:1/0"})

    async def story() -> None:
        one = writer(away, Metrics(), Health())
        task = asyncio.create_task(one.keep())
        await asyncio.sleep(0.3)
        assert not task.done()
        task.cancel()
        one.close()

    with caplog.at_level(logging.WARNING):
        asyncio.run(story())
    assert len([record for record in caplog.records if "heartbeats are left out" in record.getMessage()]) == 1
