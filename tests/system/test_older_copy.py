"""A copy of Redis that is older than the topics of the feeds reach back is not taken up, and both ways out lead to the truth."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest

from streams.kafka.connection import KafkaConnection
from streams.kafka.group_offsets import committed_offsets
from streams.kafka.topics import input_topics, record_topic
from streams.local.services import Services
from streams.local.valkey import Valkey
from streams.local.worker import WorkerProcess
from streams.settings import Settings
from streams.state.connection import connect
from streams.state.layout import Layout
from streams.state.progress import Progress
from streams.worker.identity import accept_empty
from tests.system.fault_scenario import FaultScenario
from tests.system.feeds import make_feed
from tests.system.probed_worker import why_unready
from tests.system.processes import wait_for
from tests.system.test_lost_state import broker, make_again, published, redis, scenario, start, stop, stored
from tests.system.test_skipped import delete_all, handled, send

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


def test_a_new_beginning_beside_topics_that_have_lost_messages_is_none(
    tmp_path: Path, broker_settings: Callable[[], dict[str, Any]]
) -> None:
    given = broker_settings()
    if not given:
        pytest.skip("the embedded broker deletes no messages")
    with Services(Settings(partitions=1, **given)) as services:
        settings, place = services.settings, (record_topic(services.settings, "document"), 0)
        with WorkerProcess(settings, tmp_path / "first.log") as worker:
            worker.wait_ready()
            asyncio.run(send(settings, range(5)))
            wait_for(lambda: committed(settings).get(place) == 5, "the group has committed them")
        with closing(connect(settings)) as connection:
            connection.everywhere("FLUSHALL")
            asyncio.run(send(settings, range(5, 9)))
            asyncio.run(delete_all(settings))
            asyncio.run(accept_empty(settings, connection))
            assert Progress(Layout.of(settings), connection).positions() == {place: 9}
        with WorkerProcess(settings, tmp_path / "second.log") as worker:
            worker.wait_ready()
            asyncio.run(send(settings, range(9, 12)))
            wait_for(lambda: handled(worker) == 3, "it begins with what is there")


def committed(settings: Settings) -> dict[tuple[str, int], int]:
    return asyncio.run(committed_offsets(KafkaConnection.of(settings), settings.app_id, input_topics(settings)))


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
