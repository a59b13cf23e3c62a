"""Workers on a real Redis Cluster whose slots move and whose primaries die: rows of docs/reliability.md, as in test_faults.py."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from streams.state.layout import Layout
from tests.brokers import AnyBroker
from tests.redis_cluster import Node, RedisCluster
from tests.system.fault_scenario import FaultScenario
from tests.system.feeds import make_feed
from tests.system.processes import wait_for
from tests.system.scenario_report import Report

pytestmark = pytest.mark.system

_MOST_PAUSE_SECONDS = 3.0


@pytest.fixture
def new_trial(
    tmp_path: Path, new_broker: Callable[..., AnyBroker], session_seconds: float
) -> Callable[..., FaultScenario]:
    def make(cluster: RedisCluster, **settings: Any) -> FaultScenario:
        given = {"workers": 2, "batch_records": 16, "redis_cluster": True, "session_timeout": session_seconds}
        return FaultScenario(tmp_path, new_broker(), cluster, **(given | settings))

    return make


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[RedisCluster]:
    with RedisCluster(tmp_path / "redis") as made:
        yield made


@pytest.fixture
def replicated(tmp_path: Path) -> Iterator[RedisCluster]:
    with RedisCluster(tmp_path / "redis", replicas=True) as made:
        yield made


@pytest.mark.long
@pytest.mark.any_broker
def test_slots_move_while_a_feed_runs(
    cluster: RedisCluster, new_trial: Callable[..., FaultScenario], tell: Callable[[str, Report], None]
) -> None:
    with new_trial(cluster) as scenario:
        scenario.begin(make_feed(17, 300))
        source, target, _ = cluster.primaries
        slots = _slots(scenario, cluster, source)
        for share, there, back in ((0.15, source, target), (0.45, target, source)):
            scenario.reach(share)
            cluster.migrate(slots, there, back, lambda: _waits(scenario))
        report = scenario.finish()
    tell("a third of the slots moved to another node and back", report)
    assert report.restarts == 0, "a worker waits for a slot, it does not die of it"


def _slots(scenario: FaultScenario, cluster: RedisCluster, node: Node) -> list[int]:
    """The slots of a node that the scenario's keys are in."""
    layout = Layout(scenario.settings.namespace, scenario.settings.generation, scenario.settings.buckets)
    return sorted({cluster.slot(key) for key in layout.all_keys() if cluster.owner(key) is node})


def _waits(scenario: FaultScenario) -> None:
    """Half of the keys are moved: scripts on two keys that are apart are refused until the rest is there."""
    scenario.fault("slots moving")
    wait_for(lambda: not all(scenario.ready()), "a worker says that it is not ready")


@pytest.mark.any_broker
def test_a_primary_is_killed_and_its_replica_takes_over(
    replicated: RedisCluster, new_trial: Callable[..., FaultScenario], tell: Callable[[str, Report], None]
) -> None:
    with new_trial(replicated, redis_replicas=1) as scenario:
        scenario.begin(make_feed(18, 300))
        scenario.reach(0.2)
        dead = replicated.primaries[1]
        dead.kill()
        scenario.fault("primary killed")
        wait_for(lambda: scenario.ready() == [False, False], "the workers say that they are not ready")
        replicated.wait_failover()
        dead.start()
        replicated.wait_whole()
        assert not dead.is_primary
        wait_for(lambda: scenario.ready() == [True, True], "they are ready again by themselves")
        report = scenario.finish()
    tell("a primary killed with -9, its replica took over, it came back as a replica", report)
    assert report.restarts == 0, "a worker waits for a replica, it does not die of it"


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(3))
def test_everything_fails_at_random_on_a_cluster(
    seed: int, replicated: RedisCluster, new_trial: Callable[..., FaultScenario], tell: Callable[[str, Report], None]
) -> None:
    random = Random(seed)  # noqa: S311 - a seed makes a test repeatable
    with new_trial(replicated, redis_replicas=1) as scenario:
        scenario.begin(make_feed(300 + seed, 500), rate=25)
        for _ in range(10):
            time.sleep(random.random() * _MOST_PAUSE_SECONDS)
            replicated.wait_whole()
            random.choice([_kill_primary, _freeze_primary, _move_slots, _kill_worker])(scenario, replicated, random)
        report = scenario.finish()
    tell("all of these at random moments, on a cluster", report)


def _kill_primary(scenario: FaultScenario, cluster: RedisCluster, random: Random) -> None:
    dead = random.choice([node for node in cluster.nodes if node.is_primary])
    dead.kill()
    scenario.fault("primary killed")
    cluster.wait_failover()
    dead.start()


def _freeze_primary(scenario: FaultScenario, cluster: RedisCluster, random: Random) -> None:
    """It wakes and takes itself for the primary that it was; its clients may not be told otherwise at once."""
    asleep = random.choice([node for node in cluster.nodes if node.is_primary])
    asleep.freeze()
    scenario.fault("primary stood still")
    time.sleep(random.random() * _MOST_PAUSE_SECONDS)
    asleep.thaw()


def _move_slots(scenario: FaultScenario, cluster: RedisCluster, random: Random) -> None:
    source, target = random.sample([node for node in cluster.nodes if node.is_primary], 2)
    slots = _slots(scenario, cluster, source)
    scenario.fault("slots moving")
    cluster.migrate(random.sample(slots, len(slots) // 3), source, target, lambda: time.sleep(random.random()))


def _kill_worker(scenario: FaultScenario, _: RedisCluster, random: Random) -> None:
    scenario.kill(random.randrange(2))
