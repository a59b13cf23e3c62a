"""Whatever fails while a feed runs: the end is the truth, nothing is lost, and events, states and Redis say the same.

Each test is a row of docs/reliability.md. `make soak` runs those that take long, on which `make test` does not wait.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

import pytest

from streams.local.valkey import Valkey
from tests.brokers import AnyBroker
from tests.system.fault_scenario import FaultScenario
from tests.system.feeds import make_feed
from tests.system.processes import wait_for
from tests.system.proxy import Proxy
from tests.system.scenario_report import Report

pytestmark = pytest.mark.system

NewScenario = Callable[..., contextlib.AbstractContextManager[FaultScenario]]
_MOST_PAUSE_SECONDS = 4.0


class Setting:
    """A broker, a Redis and proxies before both, of the test's own."""

    def __init__(self, directory: Path, new_broker: Callable[..., AnyBroker], session_seconds: float) -> None:
        self.directory = directory
        self.to_broker = Proxy(("127.0.0.1", 1))
        self.broker = new_broker(advertised=self.to_broker.url)
        host, _, port = self.broker.url.partition(":")
        self.to_broker.target = host, int(port)
        self.redis = Valkey(directory / "redis", unix_socket=False)
        self.redis.start()
        address = urlsplit(self.redis.url)
        self.to_redis = Proxy((str(address.hostname), int(address.port or 0)))
        self._session_seconds = session_seconds

    def scenario(self, workers: int, **settings: object) -> FaultScenario:
        """A scenario whose workers reach both servers through the proxies."""
        through = {"kafka_url": self.to_broker.url, "redis_url": f"redis://{self.to_redis.url}"}
        given = {"session_timeout": self._session_seconds} | settings
        return FaultScenario(self.directory, self.broker, self.redis, workers=workers, through=through, **given)

    def close(self) -> None:
        self.to_broker.close()
        self.to_redis.close()
        self.redis.close()


@pytest.fixture
def given(tmp_path: Path, new_broker: Callable[..., AnyBroker], session_seconds: float) -> Iterator[Setting]:
    made = Setting(tmp_path, new_broker, session_seconds)
    yield made
    made.close()


@pytest.mark.parametrize("workers", [*(pytest.param(n, marks=pytest.mark.any_broker) for n in (1, 2)), 4])
def test_any_number_of_workers(workers: int, given: Setting, tell: Callable[[str, Report], None]) -> None:
    with given.scenario(workers, batch_records=32) as scenario:
        scenario.begin(make_feed(workers, 150))
        tell(f"{workers} workers, no faults", scenario.finish())


def test_workers_join_leave_and_are_killed(given: Setting, tell: Callable[[str, Report], None]) -> None:
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
def test_redis_is_killed_and_comes_back(given: Setting, tell: Callable[[str, Report], None]) -> None:
    with given.scenario(2, batch_records=16) as scenario:
        scenario.begin(make_feed(12, 300))
        scenario.reach(0.2)
        _kill_redis(given, scenario)
        report = scenario.finish()
    tell("Redis killed with -9, restarted on its append-only file", report)
    assert report.restarts == 0, "a worker waits for Redis, it does not die of it"


def test_topics_are_delivered_again_from_their_beginning(given: Setting, tell: Callable[[str, Report], None]) -> None:
    with given.scenario(2, batch_records=32) as scenario:
        scenario.begin(make_feed(13, 200))
        scenario.reach(0.7)
        scenario.redeliver()
        report = scenario.finish()
    tell("all topics delivered again", report)


@pytest.mark.parametrize(
    ("server", "feed", "slow", "far"),
    [
        pytest.param("Redis", (14, 250), 0.01, 0.3, marks=pytest.mark.any_broker),
        ("the broker", (15, 300), 0.02, 0.4),
    ],
)
def test_the_network_fails(
    server: str, feed: tuple[int, int], slow: float, far: float, given: Setting, tell: Callable[[str, Report], None]
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
    given: Setting, broker_kind: str, tell: Callable[[str, Report], None]
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
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seed", range(10))
def test_workers_are_killed_at_random(seed: int, given: Setting, tell: Callable[[str, Report], None]) -> None:
    random = Random(seed)  # noqa: S311 - a seed makes a test repeatable
    workers = random.choice([1, 2, 3, 4])
    with given.scenario(workers, batch_records=random.choice([4, 16, 64])) as scenario:
        feed = make_feed(100 + seed, 500)
        scenario.begin(feed, rate=50)
        for _ in range(6):
            # At any moment: in the midst of a batch, of a rebalance, of a start.
            time.sleep(random.random() * _MOST_PAUSE_SECONDS)
            scenario.kill(random.randrange(workers))
            assert scenario.handled < len(feed.messages), "there is something left to do"
        report = scenario.finish()
    tell("kill -9 at random moments", report)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(4))
def test_everything_fails_at_random(
    seed: int, given: Setting, broker_kind: str, tell: Callable[[str, Report], None]
) -> None:
    random = Random(seed)  # noqa: S311 - a seed makes a test repeatable
    with given.scenario(2, batch_records=16) as scenario:
        scenario.begin(make_feed(200 + seed, 700), rate=40)
        for _ in range(15):
            time.sleep(random.random() * _MOST_PAUSE_SECONDS)
            fault = random.choice(_FAULTS)
            if fault is _kill_redis and random.random() < 0.3 and broker_kind == "kafka":
                fault = _kill_broker
            fault(given, scenario, random)
        given.to_broker.restore()
        given.to_redis.restore()
        report = scenario.finish()
    tell("all of these at random moments", report)


def _kill_worker(_: Setting, scenario: FaultScenario, random: Random) -> None:
    scenario.kill(random.randrange(2))


def _kill_redis(given: Setting, scenario: FaultScenario, random: Random | None = None) -> None:
    given.redis.kill()
    scenario.fault("Redis killed")
    if random is None:
        wait_for(lambda: not any(scenario.ready()), "the workers say that they are not ready")
    given.redis.start()


def _kill_broker(given: Setting, scenario: FaultScenario, _: Random) -> None:
    given.broker.kill()
    scenario.fault("broker killed")
    given.broker.start()


def _cut(given: Setting, scenario: FaultScenario, random: Random) -> None:
    _between(given, scenario, random, "cut", Proxy.cut)


def _stall(given: Setting, scenario: FaultScenario, random: Random) -> None:
    _between(given, scenario, random, "stalled", Proxy.stall)


def _slow(given: Setting, scenario: FaultScenario, random: Random) -> None:
    _between(given, scenario, random, "slow", lambda proxy: proxy.delay(0.05))


def _between(given: Setting, scenario: FaultScenario, random: Random, word: str, fail: Callable[[Proxy], None]) -> None:
    proxy, name = random.choice([(given.to_redis, "Redis"), (given.to_broker, "the broker")])
    fail(proxy)
    scenario.fault(f"network to {name} {word}")
    time.sleep(random.random() * _MOST_PAUSE_SECONDS)
    proxy.restore()


def _join_and_leave(_: Setting, scenario: FaultScenario, random: Random) -> None:
    scenario.join()
    time.sleep(random.random() * _MOST_PAUSE_SECONDS)
    scenario.leave(len(scenario.workers) - 1)


_FAULTS: tuple[Callable[[Setting, FaultScenario, Random], None], ...] = (
    _kill_worker, _kill_redis, _cut, _stall, _slow, _join_and_leave,
)  # fmt: skip
