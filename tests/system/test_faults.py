"""Whatever fails while a feed runs: the end is the truth, nothing is lost, and events, states and Redis say the same.

Each test is a row of docs/reliability.md. `make soak` runs those that take long, on which `make test` does not wait, and
`make endurance` runs more kills and faults of them, on both brokers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from tests.brokers import AnyBroker
from tests.system.faults import MOST_PAUSE_SECONDS, Servers, kill_redis, mixed
from tests.system.feeds import Feed, make_feed
from tests.system.processes import wait_for
from tests.system.scenario_report import Report

pytestmark = pytest.mark.system

_KILLS_A_ROUND, _FAULTS_A_ROUND = 30, 15
_BOTH_AT_ONCE = 0.15
_LEAST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.3, 6.5


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Spread the kills and faults of the soak over rounds, each with a feed and topics of its own."""
    for name, most in (("kills", _KILLS_A_ROUND), ("faults", _FAULTS_A_ROUND)):
        if name in metafunc.fixturenames:
            total = metafunc.config.getoption(f"--{name}")
            rounds = [(start, min(most, total - start)) for start in range(0, total, most)]
            metafunc.parametrize(("seed", name), [(start // most, number) for start, number in rounds])


@pytest.fixture
def given(tmp_path: Path, new_broker: Callable[..., AnyBroker], session_seconds: float) -> Iterator[Servers]:
    made = Servers(tmp_path, new_broker, session_seconds)
    yield made
    made.close()


@pytest.mark.parametrize(
    "workers", [*(pytest.param(n, marks=[pytest.mark.any_broker, pytest.mark.long]) for n in (1, 2)), 4]
)
def test_any_number_of_workers(workers: int, given: Servers, tell: Callable[[str, Report], None]) -> None:
    with given.scenario(workers, batch_records=32) as scenario:
        scenario.begin(make_feed(workers, 150))
        tell(f"{workers} workers, no faults", scenario.finish())


def test_workers_join_leave_and_are_killed(given: Servers, tell: Callable[[str, Report], None]) -> None:
    with given.scenario(2, batch_records=16) as scenario:
        scenario.begin(make_feed(11, 400))
        scenario.reach(0.1)
        scenario.join()
        scenario.kill(0)
        scenario.reach(0.3)
        scenario.kill(1)
        scenario.reach(0.5)
        scenario.leave(2)
        scenario.kill(0)
        report = scenario.finish()
    tell("2 to 3 workers, rebalance, kill -9", report)
    assert report.faults["worker killed"] == report.restarts == 3


@pytest.mark.any_broker
@pytest.mark.long
def test_redis_is_killed_and_comes_back(given: Servers, tell: Callable[[str, Report], None]) -> None:
    with given.scenario(2, batch_records=16) as scenario:
        scenario.begin(make_feed(12, 300))
        scenario.reach(0.2)
        kill_redis(given, scenario)
        report = scenario.finish()
    tell("Redis killed with -9, restarted on its append-only file", report)
    assert report.restarts == 0, "a worker waits for Redis, it does not die of it"


@pytest.mark.long
def test_topics_are_delivered_again_from_their_beginning(given: Servers, tell: Callable[[str, Report], None]) -> None:
    with given.scenario(2, batch_records=32) as scenario:
        scenario.begin(make_feed(13, 200))
        scenario.reach(0.7)
        scenario.redeliver()
        report = scenario.finish()
    tell("all topics delivered again", report)


@pytest.mark.parametrize(
    ("server", "feed", "slow", "far"),
    [
        pytest.param("Redis", (14, 250), 0.01, 0.3, marks=[pytest.mark.any_broker, pytest.mark.long]),
        ("the broker", (15, 300), 0.02, 0.4),
    ],
)
def test_the_network_fails(
    server: str, feed: tuple[int, int], slow: float, far: float, given: Servers, tell: Callable[[str, Report], None]
) -> None:
    proxy = {"Redis": given.to_redis, "the broker": given.to_broker}[server]
    with given.scenario(2, batch_records=16) as scenario:
        scenario.begin(make_feed(*feed))
        scenario.reach(0.1)
        proxy.cut()
        scenario.fault(f"network to {server} cut")
        wait_for(lambda: scenario.ready() == [False, False], "the workers say that they are not ready")
        proxy.restore()
        wait_for(lambda: scenario.ready() == [True, True], "they are ready again by themselves")
        proxy.delay(slow)
        scenario.fault(f"network to {server} slow")
        scenario.reach(far)
        proxy.stall()
        scenario.fault(f"network to {server} stalled")
        wait_for(lambda: scenario.ready() == [False, False], "the workers say that they are not ready")
        proxy.restore()
        report = scenario.finish()
    tell(f"network to {server} cut, slow, stalled", report)
    assert report.restarts == 0, f"a worker waits for {server}, it does not die of it"


def test_the_broker_is_killed_and_comes_back(
    given: Servers, broker_kind: str, tell: Callable[[str, Report], None]
) -> None:
    if broker_kind == "tansu":
        pytest.skip("the embedded broker forgets its topics when it stops")
    with given.scenario(2, batch_records=16) as scenario:
        scenario.begin(make_feed(16, 300))
        scenario.reach(0.2)
        given.broker.kill()
        scenario.fault("broker killed")
        wait_for(lambda: scenario.ready() == [False, False], "the workers say that they are not ready")
        given.broker.start()
        report = scenario.finish()
    tell("broker killed with -9, restarted", report)
    assert report.restarts == 0, "a worker waits for the broker, it does not die of it"


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_workers_are_killed_at_random(
    seed: int, kills: int, given: Servers, tell: Callable[[str, Report], None]
) -> None:
    random = Random(seed)  # noqa: S311 - a seed makes a test repeatable
    with given.scenario(2, batch_records=random.choice([4, 16, 64])) as scenario:
        feed = make_feed(100 + seed, 700)
        scenario.begin(
            feed,
            rate=_rate(feed, kills, (_LEAST_PAUSE_SECONDS + _LONGEST_PAUSE_SECONDS) / 2),
            share=lambda: (
                (scenario.count("worker killed") + 0.5) / kills
            ),  # so that each kill finds something left to do
        )
        while (left := kills - scenario.count("worker killed")) > 0:
            # At any moment: in the midst of a batch, of a rebalance, of a start.
            time.sleep(random.uniform(_LEAST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS))
            both = left > 1 and random.random() < _BOTH_AT_ONCE
            scenario.kill(*((0, 1) if both else (random.randrange(2),)))
        report = scenario.finish()
        assert report.faults["worker killed"] == report.restarts == kills, "a worker ended by itself"
    tell("kill -9 at random moments", report)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_everything_fails_at_random(
    seed: int, faults: int, given: Servers, tell: Callable[[str, Report], None]
) -> None:
    random = Random(seed)  # noqa: S311 - a seed makes a test repeatable
    with given.scenario(2, batch_records=16) as scenario:
        feed = make_feed(200 + seed, 700)
        scenario.begin(feed, rate=_rate(feed, faults, 2 * MOST_PAUSE_SECONDS))
        for fault in mixed(given, random, faults):
            time.sleep(random.random() * MOST_PAUSE_SECONDS)
            fault(given, scenario, random)
        report = scenario.finish()
        ended = report.faults["worker killed"] + report.faults["worker restarted"]
        assert report.restarts == ended, "a worker ended by itself"
    tell("all of these at random moments", report)


def _rate(feed: Feed, times: int, seconds: float) -> float:
    """Messages a second, so that the feed takes as long as what is to happen meanwhile."""
    return len(feed.messages) / (times * seconds)
