"""The drills of docs/how-to/backup.md: copies restored, Kafka lost, a state of an earlier release."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from streams.kafka.control import named_state
from streams.local.valkey import Valkey
from streams.state.connection import connect
from streams.state.identity import IdentityStore
from tests.system.fault_scenario import FaultScenario
from tests.system.faults import delete_topics
from tests.system.feeds import make_feed
from tests.system.probed_worker import why_unready
from tests.system.processes import wait_for
from tests.system.scenario_report import Report
from tests.system.test_lost_state import broker, redis, scenario, start, stop

__all__ = ["broker", "redis", "scenario"]  # fixtures

pytestmark = pytest.mark.system
Tell = Callable[[str, Report], None]


@pytest.mark.parametrize(
    "running",
    [
        pytest.param(True, id="workers run"),
        pytest.param(False, id="workers stopped", marks=[pytest.mark.any_broker, pytest.mark.long]),
    ],
)
def test_a_copy_made_online_is_restored(
    scenario: FaultScenario, redis: Valkey, tmp_path: Path, running: bool, tell: Tell
) -> None:
    scenario.begin(make_feed(41, 150))
    scenario.reach(0.4)
    files, copy = tmp_path / "redis" / "appendonlydir", tmp_path / "copy"
    shutil.copytree(files, copy)
    scenario.reach(1.0)
    if not running:
        stop(scenario)
    redis.kill()
    shutil.rmtree(files)
    shutil.copytree(copy, files)
    redis.start()
    scenario.samples.append((time.time(), {}))  # positions read of the Redis before the restore do not count
    if not running:
        start(scenario)
    tell(f"an older copy of Redis restored, {'workers run' if running else 'workers stopped'}", scenario.finish())


@pytest.mark.long
def test_kafka_is_lost_and_redis_is_there(scenario: FaultScenario) -> None:
    scenario.begin(make_feed(42, 150))
    scenario.reach(1.0)
    wait_for(scenario._is_done, "all is handled")
    counts = scenario.verify()
    stop(scenario)
    asyncio.run(delete_topics(scenario.settings))
    start(scenario)
    for worker in scenario.workers:
        wait_for(lambda: "rebuild --topics" in why_unready(worker), "it says why")  # noqa: B023
    scenario.command().ok("rebuild", "--topics")
    for worker in scenario.workers:
        wait_for(worker.ready, "workers begin by themselves")
    found = scenario.verify()
    assert found["differences"] == []
    assert [found[name] for name in ("records", "clusters", "redirects")] == [
        counts[name] for name in ("records", "clusters", "redirects")
    ]


@pytest.mark.long
def test_a_state_of_an_earlier_release_is_taken_over_and_back(scenario: FaultScenario, tell: Tell) -> None:
    scenario.begin(make_feed(43, 150))
    scenario.reach(0.5)
    stop(scenario)
    # What 0.2.0 has: neither the fields nor the topic.
    settings = scenario.settings
    asyncio.run(delete_topics(settings, "dedup.control"))
    with closing(connect(settings)) as connection:
        store = IdentityStore(settings, connection)
        former = store.read().state
        connection.call("HDEL", scenario.layout.meta, "state", "state_named")
        connection.call("HDEL", scenario.layout.progress, f"@state:{former}")
        start(scenario)
        for worker in scenario.workers:
            wait_for(worker.ready, "workers work")
        now = store.read()
        assert now.is_whole
        assert now.state not in ("", former)
        assert asyncio.run(named_state(settings)) == now.state
    tell("a state without an id is given one", scenario.finish())
