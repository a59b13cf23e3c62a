"""The totals while Redis loses what it acknowledged, and while everything is killed: at the end they are what is there."""

# ruff: noqa: S311 - a seed makes a test repeatable
from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from random import Random

import pytest

from streams.local.valkey import Valkey
from tests.brokers import AnyBroker
from tests.system import test_faults
from tests.system.fault_scenario import FaultScenario
from tests.system.faults import Servers
from tests.system.feeds import make_feed
from tests.system.forgetting_redis import Lone, Pair
from tests.system.keepers import KeeperProcess, checked_totals
from tests.system.processes import wait_for

pytestmark = pytest.mark.system

given = test_faults.given


@contextmanager
def keepers(scenario: FaultScenario, through: dict[str, str]) -> Iterator[list[KeeperProcess]]:
    settings = scenario.settings.model_copy(update=through)
    with ExitStack() as stack:
        yield [
            stack.enter_context(KeeperProcess(settings, scenario.directory / f"keeper-{name}.log"))
            for name in ("one", "two")
        ]


def kill(processes: list[KeeperProcess], random: Random) -> None:
    victim = random.choice(processes)
    victim.kill()
    victim.start()


@pytest.mark.any_broker
@pytest.mark.soak
def test_a_redis_that_loses_writes(
    tmp_path: Path, new_broker: Callable[..., AnyBroker], session_seconds: float
) -> None:
    lose_writes(Lone, 2, tmp_path, new_broker(), session_seconds)


@pytest.mark.long
def test_everything_is_killed_at_random_moments(given: Servers, broker_kind: str) -> None:
    kill_everything(given, 4, broker_kind)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("kind", [Pair, Lone])
def test_whatever_redis_loses(
    kind: type[Pair | Lone], seed: int, tmp_path: Path, new_broker: Callable[..., AnyBroker], session_seconds: float
) -> None:
    lose_writes(kind, seed, tmp_path, new_broker(), session_seconds)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(5))
def test_whatever_is_killed(given: Servers, seed: int, broker_kind: str) -> None:
    kill_everything(given, seed, broker_kind)


def lose_writes(kind: type[Pair | Lone], seed: int, directory: Path, broker: AnyBroker, session_seconds: float) -> None:
    random = Random(seed)
    with (
        closing(kind(directory)) as redis,
        FaultScenario(
            directory, broker, redis, workers=2, batch_records=16, session_timeout=session_seconds
        ) as scenario,
        keepers(scenario, {}) as processes,
    ):
        scenario.begin(make_feed(seed, 250))
        for share in (0.2, 0.6) if kind is Lone else (0.4,):
            scenario.reach(share)
            kill(processes, random)
            redis.fall_behind()
            enough = scenario.handled + random.randrange(60, 120)
            wait_for(lambda: scenario.handled > enough, "more is handled and acknowledged")  # noqa: B023 - called at once
            scenario.fault("Redis failed over, writes forgotten")
            redis.fail_over(scenario.layout)
            time.sleep(random.uniform(0.1, 1.0))
        scenario.kill(random.randrange(2))
        kill(processes, random)
        scenario.finish()
        checked_totals(scenario.settings, scenario.verify())


def kill_everything(given: Servers, seed: int, broker_kind: str) -> None:
    random = Random(seed)
    through = {"kafka_url": given.to_broker.url, "redis_url": f"redis://{given.to_redis.url}"}
    with given.scenario(2, batch_records=16) as scenario, keepers(scenario, through) as processes:
        scenario.begin(make_feed(seed, 300))
        faults: list[Callable[[], None]] = [
            lambda: scenario.kill(random.randrange(2)),
            lambda: kill(processes, random),
            lambda: restart(given.redis),
            *([lambda: restart(given.broker)] if broker_kind == "kafka" else []),  # the other one would lose its topics
        ]
        for number in range(10):
            scenario.reach(number / 12)
            time.sleep(random.random())
            faults[number % len(faults)]()
        scenario.finish()
        checked_totals(scenario.settings, scenario.verify())


def restart(server: AnyBroker | Valkey) -> None:
    server.kill()
    server.start()
