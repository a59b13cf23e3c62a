"""A copy of Redis that is older than the topics of the feeds reach back is not taken up, and both ways out lead to the truth."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from streams.kafka.connection import KafkaConnection
from streams.kafka.reader import describe
from streams.kafka.topics import input_topics
from streams.local.valkey import Valkey
from streams.settings import Settings
from tests.system.fault_scenario import FaultScenario
from tests.system.feeds import make_feed
from tests.system.probed_worker import why_unready
from tests.system.processes import wait_for
from tests.system.test_lost_state import broker, make_again, published, redis, scenario, start, stop, stored

__all__ = ["broker", "redis", "scenario"]  # fixtures

pytestmark = pytest.mark.system


@pytest.mark.parametrize(
    "running",
    [
        pytest.param(True, id="workers run"),
        pytest.param(False, id="workers stopped", marks=pytest.mark.soak),
    ],
)
def test_a_copy_is_older_than_the_topics_reach_back(
    scenario: FaultScenario, redis: Valkey, tmp_path: Path, running: bool, broker_settings: Callable[..., object]
) -> None:
    if not broker_settings():
        pytest.skip("the embedded broker deletes no messages")
    files, older, newer = tmp_path / "redis" / "appendonlydir", tmp_path / "older", tmp_path / "newer"
    scenario.begin(make_feed(44, 150))
    scenario.reach(0.4)
    shutil.copytree(files, older)
    scenario.wait_sent()
    wait_for(scenario._is_done, "all is handled")
    wait_for(lambda: asyncio.run(scenario._is_committed()), "the group has committed it")
    before = stored(scenario)
    if not running:
        stop(scenario)
    redis.kill()
    shutil.copytree(files, newer)
    asyncio.run(delete_all(scenario.settings))
    put_back(redis, older, files)
    if not running:
        start(scenario)
    sees_that_it_is_older(scenario)
    if running:
        make_again(scenario)
    else:
        redis.kill()
        put_back(redis, newer, files)
        for worker in scenario.workers:
            wait_for(worker.ready, "workers begin by themselves")
    assert stored(scenario) == before, "the same clusters under the same ids, of the same records"
    assert scenario.verify()["differences"] == []


def put_back(redis: Valkey, copy: Path, files: Path) -> None:
    shutil.rmtree(files)
    shutil.copytree(copy, files)
    redis.start()


def sees_that_it_is_older(scenario: FaultScenario) -> None:
    """Every worker, doctor and a repair say why; nothing is published meanwhile."""
    for worker in scenario.workers:
        wait_for(lambda: "older than the topics reach back" in why_unready(worker), "it says why")  # noqa: B023
        assert "--from-nothing" in why_unready(worker)
    count = published(scenario.settings)
    done = scenario.command()("doctor", "--json")
    (finding,) = (found for found in orjson.loads(done.stdout)["findings"] if found["check"] == "state")
    assert (done.returncode, finding["status"]) == (1, "fail")
    assert "older than the topics reach back" in finding["found"]
    repair = scenario.command()("verify", "--repair")
    assert repair.returncode != 0
    assert "older than the topics reach back" in repair.stderr
    time.sleep(1)
    assert published(scenario.settings) == count
    assert not any(scenario.ready())


async def delete_all(settings: Settings) -> None:
    """Delete every message of the feeds, as retention does."""
    kafka = KafkaConnection.of(settings)
    places = (await describe(kafka, input_topics(settings))).places
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka_url)
    await admin.start()
    try:
        await admin.delete_records({place: RecordsToDelete(before_offset=-1) for place in places})
    finally:
        await admin.close()
