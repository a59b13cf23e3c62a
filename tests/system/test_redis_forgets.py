"""A Redis that forgets what it acknowledged: the workers notice, go back in mid-run, and the end is the truth.

Two tests for `make test`; `make soak` has more seeds of both ways to forget.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from streams.state.layout import Layout
from tests.brokers import AnyBroker
from tests.system.fault_scenario import FaultScenario
from tests.system.feeds import make_feed
from tests.system.forgetting_redis import Lone, Pair, address
from tests.system.processes import metric, wait_for
from tests.system.proxy import Proxy
from tests.system.scenario_report import Report

pytestmark = pytest.mark.system


class Setting:
    """Makes scenarios on a broker of the test's own."""

    def __init__(self, directory: Path, broker: AnyBroker, session: float, tell: Callable[[str, Report], None]) -> None:
        self._directory, self._broker, self._session, self._tell = directory, broker, session, tell

    def run(self, kind: type[Pair | Lone], seed: int, times: int = 1) -> None:
        """Two workers; at some moment a hundred messages or so are handled and then forgotten.

        The next times they are in the midst of making good for that.
        """
        random = Random(seed)  # noqa: S311 - a seed makes a test repeatable
        with (
            closing(kind(self._directory)) as redis,
            FaultScenario(
                self._directory, self._broker, redis, workers=2, batch_records=16, session_timeout=self._session
            ) as scenario,
        ):
            scenario.begin(make_feed(seed, 250))
            scenario.reach(random.uniform(0.1, 0.5))
            redis.fall_behind()
            enough = scenario.handled + random.randrange(60, 120)
            wait_for(lambda: scenario.handled > enough, "more is handled and acknowledged")
            scenario.fault("Redis failed over, writes forgotten")
            had, has = redis.fail_over(scenario.layout)
            assert sum(had.values()) - sum(has.values()) > 20, "acknowledged writes are forgotten"
            for _ in range(times - 1):
                redis.fall_behind()
                time.sleep(random.uniform(0.1, 1.5))  # workers find out, tell subscribers and go back
                scenario.fault("Redis failed over, writes forgotten")
                redis.fail_over(scenario.layout)
            wait_for(lambda: _rewinds(scenario) > 0, "partitions are set back in mid-run")
            report = scenario.finish()
        self._tell(kind.name, report)
        assert report.restarts == 0, "a worker goes back, it does not die of it"

    def rebuild(self, kind: type[Pair | Lone], seed: int) -> None:
        """As `run`, but what is forgotten is of a generation that is rebuilt meanwhile."""
        with (
            closing(kind(self._directory)) as redis,
            Proxy(address(redis.url)) as way,
            FaultScenario(self._directory, self._broker, redis, workers=2, session_timeout=self._session) as scenario,
        ):
            scenario.begin(make_feed(seed, 250))
            scenario.reach(0.7)
            way.delay(0.01)
            command = scenario.command(redis_url=f"redis://{way.url}", batch_records=16)
            new = Layout(scenario.settings.namespace, scenario.settings.generation + "-1", scenario.settings.buckets)
            with command.start("rebuild", "--to", scenario.settings.generation + "-1") as process:
                wait_for(lambda: redis.handled(new) > 50, "it is in the midst of its replay")
                redis.fall_behind()
                enough = redis.handled(new) + 50
                wait_for(lambda: redis.handled(new) > enough, "more is replayed and acknowledged")
                scenario.fault("Redis failed over, writes forgotten")
                had, has = redis.fail_over(new)
                assert sum(had.values()) - sum(has.values()) > 40, "acknowledged writes are forgotten"
                assert process.wait(60) == 1
            assert "Run `streams rebuild` again: it resumes" in command.output()
            way.restore()
            command.ok("rebuild", seconds=120)
            scenario.follow()
            assert scenario.layout.meta == new.meta, "the new generation is in force"
            report = scenario.finish()
        self._tell(f"{kind.name}, in the midst of a rebuild", report)
        assert report.restarts == 0


@pytest.fixture
def setting(
    tmp_path: Path,
    new_broker: Callable[..., AnyBroker],
    session_seconds: float,
    tell: Callable[[str, Report], None],
) -> Setting:
    return Setting(tmp_path, new_broker(), session_seconds, tell)


@pytest.mark.any_broker
@pytest.mark.long
def test_a_failover_that_forgets_acknowledged_writes(setting: Setting) -> None:
    setting.run(Pair, 17)


@pytest.mark.long
@pytest.mark.any_broker
def test_a_failover_that_forgets_a_part_of_a_rebuild(setting: Setting) -> None:
    setting.rebuild(Pair, 18)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("kind", [Pair, Lone])
def test_whatever_the_moment(kind: type[Pair | Lone], seed: int, setting: Setting) -> None:
    setting.run(kind, seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(5))
def test_again_while_workers_make_good_for_it(seed: int, setting: Setting) -> None:
    setting.run(Lone, seed, times=3)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", [Pair, Lone])
def test_whatever_the_moment_of_a_rebuild(kind: type[Pair | Lone], seed: int, setting: Setting) -> None:
    setting.rebuild(kind, seed)


def _rewinds(scenario: FaultScenario) -> float:
    """How many partitions the workers have set back."""
    return sum(metric(worker.read("/metrics"), "streams_rewinds_total") for worker in scenario.workers)
