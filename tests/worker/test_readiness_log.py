"""The lines about readiness: one a change, and how loud each is."""

from __future__ import annotations

import asyncio
import logging

import pytest

from streams.ops.health import Health
from streams.worker import readiness_log
from streams.worker.readiness_log import ReadinessLog


def levels(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    found = [(vars(line)["event"], line.levelname) for line in caplog.records]
    caplog.clear()
    return found


def test_each_change_is_a_line_with_its_reason(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    health, ready = Health(), []
    watch = ReadinessLog(health, lambda: ready.append(1))
    watch.look()
    watch.look()
    assert levels(caplog) == [("worker_unready", "INFO")], "a start is no cause for a warning"
    health.assigned(3)
    health.redis_away("")
    watch.look()
    assert "3 partitions assigned" in caplog.text
    assert levels(caplog) == [("worker_ready", "INFO")]
    assert ready == [1]
    health.trouble("publishing", "topic dedup.events is missing")
    watch.look()
    assert "not ready: publishing: topic dedup.events is missing" in caplog.text
    assert levels(caplog) == [("worker_unready", "WARNING")]
    health.redis_away("gone")
    watch.look()
    assert levels(caplog) == [("worker_unready", "WARNING")], "another check fails as well"
    health.redis_away("")
    health.trouble("publishing", "")
    watch.look()
    assert levels(caplog) == [("worker_ready", "INFO")]
    health.unassigned()
    watch.look()
    assert levels(caplog) == [("worker_unready", "INFO")], "nor is a rebalance"


def test_it_looks_by_itself(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(readiness_log, "_LOOK_SECONDS", 0.005)
    health = Health()

    async def story() -> None:
        task = asyncio.create_task(ReadinessLog(health).keep())
        await asyncio.sleep(0.02)
        health.assigned(1)
        health.redis_away("")
        await asyncio.sleep(0.05)
        task.cancel()

    asyncio.run(story())
    assert levels(caplog) == [("worker_unready", "INFO"), ("worker_ready", "INFO")]
