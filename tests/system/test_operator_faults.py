"""What operators do to a running installation, and what befalls its servers, while a feed runs: the end is the truth.

Each is a row of the table of faults in docs/reliability.md, of those that no other file has.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from streams.state.connection import Connection, connect
from tests.brokers import AnyBroker
from tests.system.fault_scenario import FaultScenario
from tests.system.faults import Servers, paused
from tests.system.feeds import make_feed
from tests.system.probed_worker import why_unready
from tests.system.processes import metric, wait_for
from tests.system.scenario_report import Report

pytestmark = [pytest.mark.system, pytest.mark.any_broker]
Tell = Callable[[str, Report], None]

_ASLEEP_SECONDS = 15.0
_OUTAGE_SECONDS = 300.0
_CLOCKS = (-3 * 3600, 30 * 3600)
_SHIFTED = """\
import time
_time, _ns = time.time, time.time_ns
time.time = lambda: _time() + ({seconds})
time.time_ns = lambda: _ns() + ({seconds}) * 10**9
"""


@pytest.fixture
def servers(tmp_path: Path, new_broker: Callable[..., AnyBroker], session_seconds: float) -> Iterator[Servers]:
    with closing(Servers(tmp_path, new_broker, session_seconds)) as made:
        yield made


@pytest.fixture
def scenario(servers: Servers) -> Iterator[FaultScenario]:
    with servers.scenario(2, batch_records=16) as made:
        yield made


@pytest.mark.long
def test_a_rolling_restart_twice(scenario: FaultScenario, tell: Tell) -> None:
    feed = make_feed(51, 200)
    scenario.begin(feed, rate=10)
    scenario.reach(0.1)
    for number in (0, 1, 0, 1):
        scenario.restart(number)
        wait_for(scenario.workers[number].ready, "it is ready again")
    assert scenario.handled < len(feed.messages), "the feed still runs"
    report = scenario.finish()
    tell("rolling restart of two workers, twice", report)
    assert report.restarts == 4, "no worker ended by itself"


@pytest.mark.long
def test_a_worker_stands_still_for_longer_than_its_session(scenario: FaultScenario, tell: Tell) -> None:
    scenario.begin(make_feed(52, 200), rate=30)
    scenario.reach(0.2)
    asleep, awake = scenario.workers
    with paused(asleep.child.pid):
        scenario.fault("worker paused")
        handled = scenario.handled
        time.sleep(_ASLEEP_SECONDS)
        assert awake.ready(), "the other one has all partitions"
        assert scenario.handled > handled
    wait_for(asleep.ready, "it is ready again by itself")
    report = scenario.finish()
    tell(f"kill -STOP of a worker for {_ASLEEP_SECONDS:.0f} s, then -CONT", report)
    assert report.restarts == 0


@pytest.mark.parametrize(
    "word", [pytest.param("OOM", marks=pytest.mark.long), pytest.param("MISCONF", marks=pytest.mark.soak)]
)
def test_redis_refuses_every_write(word: str, servers: Servers, scenario: FaultScenario, tell: Tell) -> None:
    scenario.begin(make_feed(53, 200), rate=30)
    scenario.reach(0.2)
    with closing(connect(scenario.settings)) as connection:
        if word == "OOM":
            connection.call("CONFIG", "SET", "maxmemory", 1)
        else:
            _lose_the_disk(servers, connection)
        scenario.fault(f"Redis refuses writes: {word}")
        for worker in scenario.workers:
            wait_for(lambda: word in why_unready(worker) or "maxmemory" in why_unready(worker), "it says why")  # noqa: B023
        doctor = scenario.command()("doctor")
        assert doctor.returncode == 1, doctor.stdout
        connection.call("CONFIG", "SET", "maxmemory", 0)
        connection.call("CONFIG", "SET", "stop-writes-on-bgsave-error", "no")
    for worker in scenario.workers:
        wait_for(worker.ready, "it is ready again by itself")
    report = scenario.finish()
    tell(f"Redis refuses writes: {word}", report)
    assert report.restarts == 0


def _lose_the_disk(servers: Servers, connection: Connection) -> None:
    """Redis can write no snapshot any more, as when its disk is full."""
    connection.call("CONFIG", "SET", "appendonly", "no")
    connection.call("CONFIG", "SET", "save", "3600 1")
    shutil.rmtree(servers.directory / "redis")

    def refuses() -> bool:
        said = connection.call("INFO", "persistence")
        if b"rdb_bgsave_in_progress:0" in said and b"rdb_last_bgsave_status:ok" in said:
            connection.call("BGSAVE")
        return b"rdb_last_bgsave_status:err" in said

    wait_for(refuses, "the snapshot fails")


@pytest.mark.soak
def test_the_clocks_of_workers_are_wrong(
    servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tell: Tell
) -> None:
    path = os.environ.get("PYTHONPATH", "")
    with servers.scenario(0, batch_records=16) as scenario:
        for seconds in _CLOCKS:
            clock = tmp_path / f"clock{seconds}"
            clock.mkdir()
            (clock / "sitecustomize.py").write_text(_SHIFTED.format(seconds=seconds))
            monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(clock), path])))
            scenario.join()
        for worker in scenario.workers:
            worker.wait_ready()
        scenario.begin(make_feed(54, 200))
        scenario.wait_sent()
        for worker, seconds in zip(scenario.workers, _CLOCKS, strict=True):
            wait_for(lambda: metric(worker.read("/metrics"), "streams_batch_records_total"), "it works")  # noqa: B023
            last = metric(worker.read("/metrics"), "streams_last_batch_timestamp_seconds")
            assert abs(last - time.time() - seconds) < 600, "its clock is wrong"
        tell("clocks of workers 3 h behind and 30 h ahead", scenario.finish())


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_a_rollout_over_an_outage_of_redis_needs_nobody(servers: Servers, scenario: FaultScenario, tell: Tell) -> None:
    feed = make_feed(55, 400)
    scenario.begin(feed, rate=len(feed.messages) / (1.3 * _OUTAGE_SECONDS))
    scenario.reach(0.05)
    servers.redis.stop()
    scenario.fault("Redis stopped for five minutes")
    ends = time.monotonic() + _OUTAGE_SECONDS
    changes: tuple[Callable[[], None], ...] = (
        partial(scenario.restart, 0), partial(scenario.restart, 1), scenario.join,
        partial(scenario.kill, 0), partial(scenario.leave, 2),
    )  # fmt: skip
    for change in changes:
        for number in scenario.kept:
            worker = scenario.workers[number]
            wait_for(lambda: "redis: " in why_unready(worker), "it says that it waits for Redis")  # noqa: B023
            assert b'"live":true' in worker.read("/healthz"), "a restart would not help"
        change()
        time.sleep(_OUTAGE_SECONDS / 8)
    time.sleep(max(0.0, ends - time.monotonic()))
    assert not any(scenario.workers[number].ready() for number in scenario.kept)
    servers.redis.start()
    back = time.monotonic()
    for number in scenario.kept:
        wait_for(scenario.workers[number].ready, "it begins by itself", 120)
    print(f"\nready {time.monotonic() - back:.1f} s after Redis")
    report = scenario.finish()
    tell("a rollout over five minutes without Redis", report)
    assert report.restarts == report.faults["worker restarted"] + report.faults["worker killed"] == 3, (
        "no worker ended by itself"
    )
