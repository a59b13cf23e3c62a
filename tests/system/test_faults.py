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
from tests.system.feeds import make_feed
from tests.system.processes import wait_for
from tests.system.proxy import Proxy
from tests.system.reports import Report
from tests.system.trial import Trial

pytestmark = pytest.mark.system

NewTrial = Callable[..., contextlib.AbstractContextManager[Trial]]
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

    def trial(self, workers: int, **settings: object) -> Trial:
        """A trial whose workers reach both servers through the proxies."""
        through = {"kafka_url": self.to_broker.url, "redis_url": f"redis://{self.to_redis.url}"}
        given = {"session_timeout": self._session_seconds} | settings
        return Trial(self.directory, self.broker, self.redis, workers=workers, through=through, **given)

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
    with given.trial(workers, batch_records=32) as trial:
        trial.begin(make_feed(workers, 150))
        tell(f"{workers} workers, no faults", trial.finish())


def test_workers_join_leave_and_are_killed(given: Setting, tell: Callable[[str, Report], None]) -> None:
    with given.trial(2, batch_records=16) as trial:
        trial.begin(make_feed(11, 400))
        trial.reach(0.1)
        trial.join()
        trial.kill(0)
        trial.reach(0.3)
        trial.kill(1)
        trial.reach(0.5)
        trial.leave(2)
        trial.kill(0)
        report = trial.finish()
    tell("2 to 3 workers, rebalance, kill -9", report)
    assert report.faults["worker killed"] == report.restarts == 3


@pytest.mark.any_broker
def test_redis_is_killed_and_comes_back(given: Setting, tell: Callable[[str, Report], None]) -> None:
    with given.trial(2, batch_records=16) as trial:
        trial.begin(make_feed(12, 300))
        trial.reach(0.2)
        _kill_redis(given, trial)
        report = trial.finish()
    tell("Redis killed with -9, restarted on its append-only file", report)
    assert report.restarts == 0, "a worker waits for Redis, it does not die of it"


def test_topics_are_delivered_again_from_their_beginning(given: Setting, tell: Callable[[str, Report], None]) -> None:
    with given.trial(2, batch_records=32) as trial:
        trial.begin(make_feed(13, 200))
        trial.reach(0.7)
        trial.redeliver()
        report = trial.finish()
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
    with given.trial(2, batch_records=16) as trial:
        trial.begin(make_feed(*feed))
        trial.reach(0.1)
        proxy.cut()
        trial.fault(f"network to {server} cut")
        wait_for(lambda: trial.ready() == [False, False], "the workers say that they are not ready")
        proxy.restore()
        wait_for(lambda: trial.ready() == [True, True], "they are ready again by themselves")
        proxy.delay(slow)
        trial.fault(f"network to {server} slow")
        trial.reach(far)
        proxy.stall()
        trial.fault(f"network to {server} stalled")
        wait_for(lambda: trial.ready() == [False, False], "the workers say that they are not ready")
        proxy.restore()
        report = trial.finish()
    tell(f"network to {server} cut, slow, stalled", report)
    assert report.restarts == 0, f"a worker waits for {server}, it does not die of it"


def test_the_broker_is_killed_and_comes_back(
    given: Setting, broker_kind: str, tell: Callable[[str, Report], None]
) -> None:
    if broker_kind == "tansu":
        pytest.skip("the embedded broker forgets its topics when it stops")
    with given.trial(2, batch_records=16) as trial:
        trial.begin(make_feed(16, 300))
        trial.reach(0.2)
        given.broker.kill()
        trial.fault("broker killed")
        wait_for(lambda: trial.ready() == [False, False], "the workers say that they are not ready")
        given.broker.start()
        report = trial.finish()
    tell("broker killed with -9, restarted", report)
    assert report.restarts == 0, "a worker waits for the broker, it does not die of it"


@pytest.mark.soak
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seed", range(10))
def test_workers_are_killed_at_random(seed: int, given: Setting, tell: Callable[[str, Report], None]) -> None:
    random = Random(seed)  # noqa: S311 - a seed makes a test repeatable
    workers = random.choice([1, 2, 3, 4])
    with given.trial(workers, batch_records=random.choice([4, 16, 64])) as trial:
        feed = make_feed(100 + seed, 500)
        trial.begin(feed, rate=50)
        for _ in range(6):
            # At any moment: in the midst of a batch, of a rebalance, of a start.
            time.sleep(random.random() * _MOST_PAUSE_SECONDS)
            trial.kill(random.randrange(workers))
            assert trial.handled < len(feed.messages), "there is something left to do"
        report = trial.finish()
    tell("kill -9 at random moments", report)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(4))
def test_everything_fails_at_random(
    seed: int, given: Setting, broker_kind: str, tell: Callable[[str, Report], None]
) -> None:
    random = Random(seed)  # noqa: S311 - a seed makes a test repeatable
    with given.trial(2, batch_records=16) as trial:
        trial.begin(make_feed(200 + seed, 700), rate=40)
        for _ in range(15):
            time.sleep(random.random() * _MOST_PAUSE_SECONDS)
            fault = random.choice(_FAULTS)
            if fault is _kill_redis and random.random() < 0.3 and broker_kind == "kafka":
                fault = _kill_broker
            fault(given, trial, random)
        given.to_broker.restore()
        given.to_redis.restore()
        report = trial.finish()
    tell("all of these at random moments", report)


def _kill_worker(_: Setting, trial: Trial, random: Random) -> None:
    trial.kill(random.randrange(2))


def _kill_redis(given: Setting, trial: Trial, random: Random | None = None) -> None:
    given.redis.kill()
    trial.fault("Redis killed")
    if random is None:
        wait_for(lambda: not any(trial.ready()), "the workers say that they are not ready")
    given.redis.start()


def _kill_broker(given: Setting, trial: Trial, _: Random) -> None:
    given.broker.kill()
    trial.fault("broker killed")
    given.broker.start()


def _cut(given: Setting, trial: Trial, random: Random) -> None:
    _between(given, trial, random, "cut", Proxy.cut)


def _stall(given: Setting, trial: Trial, random: Random) -> None:
    _between(given, trial, random, "stalled", Proxy.stall)


def _slow(given: Setting, trial: Trial, random: Random) -> None:
    _between(given, trial, random, "slow", lambda proxy: proxy.delay(0.05))


def _between(given: Setting, trial: Trial, random: Random, word: str, fail: Callable[[Proxy], None]) -> None:
    proxy, name = random.choice([(given.to_redis, "Redis"), (given.to_broker, "the broker")])
    fail(proxy)
    trial.fault(f"network to {name} {word}")
    time.sleep(random.random() * _MOST_PAUSE_SECONDS)
    proxy.restore()


def _join_and_leave(_: Setting, trial: Trial, random: Random) -> None:
    trial.join()
    time.sleep(random.random() * _MOST_PAUSE_SECONDS)
    trial.leave(len(trial.workers) - 1)


_FAULTS: tuple[Callable[[Setting, Trial, Random], None], ...] = (
    _kill_worker, _kill_redis, _cut, _stall, _slow, _join_and_leave,
)  # fmt: skip
