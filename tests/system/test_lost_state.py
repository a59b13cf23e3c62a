"""A Redis that is empty, was emptied or is another one: no worker takes it for a new installation, and nothing is lost.

Each story begins with a feed that two workers handle, loses the state in one of the ways that once left subscribers wrong,
sees that a worker is un-ready with the reason and publishes nothing, and ends with the truth (`FaultScenario.finish`).
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from aiokafka.admin import AIOKafkaAdminClient

from streams import events
from streams.kafka.connection import KafkaConnection
from streams.kafka.control import name_state, named_state
from streams.kafka.reader import read_to_now
from streams.kafka.topics import RECORDS, create_topics
from streams.local.valkey import Valkey
from streams.local.worker import WorkerProcess
from streams.settings import Settings
from streams.state.connection import connect
from tests.brokers import AnyBroker
from tests.system.fault_scenario import Address, FaultScenario
from tests.system.feeds import make_feed
from tests.system.probed_worker import why_unready
from tests.system.processes import wait_for
from tests.system.scenario_report import Report

pytestmark = pytest.mark.system


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Valkey]:
    with closing(Valkey(tmp_path / "redis", unix_socket=False)) as server:
        server.start()
        yield server


@pytest.fixture
def broker(new_broker: Callable[..., AnyBroker], broker_settings: Callable[[], dict[str, Any]]) -> Address:
    """A broker that nothing happens to but to the topics of the scenario: the Kafka of all tests, or an embedded one."""
    shared = broker_settings().get("kafka_url")
    return SimpleNamespace(url=shared) if shared else new_broker()


@pytest.fixture
def scenario(tmp_path: Path, broker: Address, session_seconds: float, redis: Valkey) -> Iterator[FaultScenario]:
    with FaultScenario(
        tmp_path, broker, redis, workers=2, batch_records=16, session_timeout=session_seconds
    ) as scenario:
        yield scenario


def flush(settings: Settings) -> None:
    with closing(connect(settings)) as connection:
        connection.everywhere("FLUSHALL")


def published(settings: Settings) -> int:
    """How many events there are."""

    async def count() -> int:
        topic = settings.topic_prefix + events.EVENTS
        return len([message async for message in read_to_now(KafkaConnection.of(settings), [topic])])

    return asyncio.run(count())


def stop(scenario: FaultScenario) -> None:
    for number in range(len(scenario.workers)):
        scenario.leave(number)


def start(scenario: FaultScenario) -> None:
    for number, worker in enumerate(scenario.workers):
        worker.child.start()
        scenario._kept.add(number)


def sees_the_loss(scenario: FaultScenario) -> None:
    """Every worker and doctor say why; nothing is published meanwhile."""
    for worker in scenario.workers:
        wait_for(lambda: "the state" in why_unready(worker) and "--from-nothing" in why_unready(worker), "it says why")  # noqa: B023
    before = published(scenario.settings)
    done = scenario.command()("doctor", "--json")
    (finding,) = (found for found in orjson.loads(done.stdout)["findings"] if found["check"] == "state")
    assert (done.returncode, finding["status"]) == (1, "fail")
    assert "is lost" in finding["found"]
    time.sleep(2)
    assert published(scenario.settings) == before
    assert not any(scenario.ready())
    repair = scenario.command()("verify", "--repair")
    assert repair.returncode != 0
    assert "is lost" in repair.stderr


def make_again(scenario: FaultScenario) -> dict[str, object]:
    report: dict[str, object] = orjson.loads(scenario.command().ok("rebuild", "--from-nothing", "--json", seconds=120))
    for worker in scenario.workers:
        wait_for(worker.ready, "workers begin by themselves")
    return report


@pytest.mark.long
def test_an_empty_redis_at_a_start(scenario: FaultScenario, tell: Callable[[str, Report], None]) -> None:
    scenario.begin(make_feed(31, 150))
    scenario.reach(1.0)
    stop(scenario)
    flush(scenario.settings)
    start(scenario)
    sees_the_loss(scenario)
    report = make_again(scenario)
    assert report["restored"] == 0
    tell("Redis empty, workers restarted", scenario.finish())


@pytest.mark.parametrize(
    ("share", "how"),
    [
        pytest.param(1.0, "FLUSHALL", marks=pytest.mark.long, id="emptied, idle"),
        pytest.param(0.4, "FLUSHALL", id="emptied in mid-feed"),
        pytest.param(0.4, "restarted empty", marks=pytest.mark.soak, id="restarted empty in mid-feed"),
    ],
)
def test_an_empty_redis_under_workers(
    scenario: FaultScenario, redis: Valkey, tmp_path: Path, share: float, how: str, tell: Callable[[str, Report], None]
) -> None:
    scenario.begin(make_feed(32, 150), rate=0.0 if share == 1.0 else 60.0)
    scenario.reach(share)
    if how == "FLUSHALL":
        flush(scenario.settings)
    else:
        redis.kill()
        shutil.rmtree(tmp_path / "redis" / "appendonlydir")
        redis.start()
    sees_the_loss(scenario)
    scenario.wait_sent()  # garbage too, which no worker has read before the state is made again
    make_again(scenario)
    tell(f"Redis empty under workers ({how}), {share:.0%} handled", scenario.finish())


@pytest.mark.long
def test_an_empty_redis_where_the_topics_have_lost_what_was_read(
    scenario: FaultScenario, tell: Callable[[str, Report], None]
) -> None:
    scenario.begin(make_feed(33, 150))
    scenario.reach(1.0)
    wait_for(scenario._is_done, "all is handled")
    before = stored(scenario)
    stop(scenario)
    flush(scenario.settings)
    asyncio.run(forget(scenario.settings))
    start(scenario)
    sees_the_loss(scenario)
    report = make_again(scenario)
    assert report["restored"] == sum(map(len, before.values()))
    assert stored(scenario) == before, "the same clusters under the same ids, of the same records"
    assert scenario.verify()["differences"] == []


def test_a_worker_on_another_redis_is_refused(
    scenario: FaultScenario, tmp_path: Path, tell: Callable[[str, Report], None]
) -> None:
    with closing(Valkey(tmp_path / "other", unix_socket=False)) as other:
        other.start()
        scenario.begin(make_feed(34, 150))
        scenario.reach(0.2)
        settings = scenario.settings.model_copy(update={"redis_url": other.url})
        with WorkerProcess(settings, tmp_path / "wrong.log") as wrong:
            wait_for(lambda: "is lost" in why_unready(wrong), "it says why")
            assert all(scenario.ready()), "the others work on, with all partitions"
            scenario.reach(1.0)
            assert why_unready(wrong)
            wrong.child.stop()  # a worker that waits ends when it is told to
            assert wrong.child.poll() is not None
        tell("a worker on another Redis", scenario.finish())


@pytest.mark.long
def test_another_state_is_named_under_workers(scenario: FaultScenario) -> None:
    """As if a person had begun anew beside workers that were forgotten on another machine."""
    scenario.begin(make_feed(35, 60))
    scenario.reach(1.0)
    current = asyncio.run(named_state(scenario.settings))
    asyncio.run(name_state(scenario.settings, "another", current))
    for worker in scenario.workers:
        wait_for(lambda: "the topics belong to another" in why_unready(worker), "it says why")  # noqa: B023
    assert not any(scenario.ready())
    asyncio.run(name_state(scenario.settings, current, "another"))
    for worker in scenario.workers:
        wait_for(worker.ready, "workers begin by themselves")
    assert scenario.verify()["differences"] == []


def stored(scenario: FaultScenario) -> dict[str, list[str]]:
    """Cluster id -> records, by `dedup.clusters`."""

    async def read() -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        topic = scenario.settings.topic_prefix + events.CLUSTERS
        async for message in read_to_now(KafkaConnection.of(scenario.settings), [topic]):
            found.pop(message.key.decode(), None)
            if message.value:
                found[message.key.decode()] = orjson.loads(message.value)["records"]
        return found

    return asyncio.run(read())


async def forget(settings: Settings) -> None:
    """Delete and make again the topics of the feeds, as after a retention that has passed."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka_url)
    await admin.start()
    try:
        names = [name for name in await admin.list_topics() if name.startswith(settings.topic_prefix + RECORDS)]
        await admin.delete_topics(names)
        while set(names) & set(await admin.list_topics()):
            await asyncio.sleep(0.1)
    finally:
        await admin.close()
    await create_topics(settings)
