from __future__ import annotations

import pytest

from streams.ops.health import Check, Health, HealthReport


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def health(clock: Clock) -> Health:
    return Health(stall_seconds=60, answer_seconds=30, clock=clock)


def check(report: HealthReport, name: str) -> Check:
    (found,) = (check for check in report.checks if check.name == name)
    return found


def test_a_new_worker_lives_but_is_not_ready(health: Health) -> None:
    assert health.live().ok
    assert not health.ready().ok
    assert check(health.ready(), "kafka").reason == "no partitions assigned yet"
    assert check(health.ready(), "redis").reason == "has not answered yet"


def test_ready_needs_partitions_and_redis(health: Health) -> None:
    health.assigned(4)
    assert not health.ready().ok
    health.redis_away("")
    assert health.ready().ok
    health.unassigned()
    assert not check(health.ready(), "kafka").ok


def test_a_stand_by_worker_is_ready(health: Health) -> None:
    health.assigned(0)
    health.redis_away("")
    assert health.ready().ok
    assert "standing by" in check(health.ready(), "kafka").reason


def test_an_idle_worker_lives_for_ever(health: Health, clock: Clock) -> None:
    clock.now += 1e6
    assert health.live().ok


def test_waiting_messages_without_progress_are_a_stall(health: Health, clock: Clock) -> None:
    health.waiting(3)
    clock.now += 60
    assert health.live().ok
    clock.now += 1
    assert not health.live().ok
    assert check(health.live(), "progress").reason == "3 messages wait and none was finished for 61 s"
    health.processed(1)
    assert health.live().ok


def test_the_clock_of_a_stall_starts_when_messages_begin_to_wait(health: Health, clock: Clock) -> None:
    clock.now += 1000
    health.waiting(1)
    assert health.live().ok
    clock.now += 30
    health.waiting(2)  # more arrive: that is no progress
    clock.now += 31
    assert not health.live().ok


def test_a_slow_worker_is_not_a_stuck_one(health: Health, clock: Clock) -> None:
    health.waiting(1000)
    for _ in range(20):
        clock.now += 50
        health.processed(1)
    assert health.live().ok


def test_a_drained_queue_ends_the_stall(health: Health, clock: Clock) -> None:
    health.waiting(5)
    clock.now += 100
    health.waiting(0)
    assert health.live().ok


def test_endless_rebalancing_is_a_stall(health: Health, clock: Clock) -> None:
    health.waiting(5)
    for _ in range(10):
        clock.now += 10
        health.unassigned()
        health.assigned(4)
    assert not health.live().ok


def test_redis_has_to_answer_again_and_again(health: Health, clock: Clock) -> None:
    health.assigned(1)
    health.redis_away("")
    clock.now += 31
    assert check(health.ready(), "redis") == Check("redis", False, "has not answered for 31 s")
    health.redis_away("")
    assert health.ready().ok
    health.redis_away("connection refused")
    assert check(health.ready(), "redis").reason == "connection refused"
    health.redis_away("")
    assert health.ready().ok


def test_what_redis_refuses_the_work_is_not_undone_by_what_it_answers_others(health: Health) -> None:
    health.assigned(1)
    health.redis_away("slot 5 is served by nobody")
    for whom in ("lease", "probe"):
        health.redis_away("", whom)
        assert check(health.ready(), "redis").reason == health.away == "slot 5 is served by nobody"
    health.redis_away("no answer", "probe")
    health.redis_away("")
    assert health.away == "no answer"
    health.redis_away("", "probe")
    assert health.ready().ok


def test_a_server_that_is_away_is_no_reason_to_restart_the_worker(health: Health, clock: Clock) -> None:
    health.waiting(5)
    health.redis_away("down")
    clock.now += 61
    assert health.live().ok
    assert health.away == "down"
    health.redis_away("")
    assert not health.live().ok, "all are there, and still nothing is finished"
    health.broker_away("unplugged")
    assert health.live().ok
    assert "unplugged" in check(health.live(), "progress").reason
    health.broker_away("")
    assert health.away == ""
    assert not health.live().ok


def test_without_the_broker_a_worker_is_not_ready(health: Health) -> None:
    health.assigned(1)
    health.redis_away("")
    health.broker_away("unplugged")
    assert check(health.ready(), "kafka") == Check("kafka", False, "unplugged")
    health.broker_away("")
    assert health.ready().ok


def test_a_broker_that_no_probe_hears_of_any_more_is_away(health: Health, clock: Clock) -> None:
    health.assigned(1)
    health.broker_away("")
    clock.now += 31
    health.redis_away("")
    assert check(health.ready(), "kafka") == Check("kafka", False, "has not answered for 31 s")
    health.broker_away("")
    assert health.ready().ok


def test_a_failed_worker_is_neither_live_nor_ready_and_stays_so(health: Health) -> None:
    health.assigned(1)
    health.redis_away("")
    health.failed("agent crashed")
    health.processed(1)
    assert check(health.live(), "worker").reason == "agent crashed"
    assert not health.live().ok
    assert not health.ready().ok


def test_a_stopping_worker_lives_but_takes_no_more(health: Health) -> None:
    health.assigned(1)
    health.redis_away("")
    health.stopping()
    assert health.live().ok
    assert check(health.ready(), "worker").reason == "stopping"
    assert not health.ready().ok


def test_a_report_is_json(health: Health) -> None:
    assert health.live().as_json() == {
        "live": True,
        "checks": [
            {"name": "worker", "ok": True, "reason": "running"},
            {"name": "progress", "ok": True, "reason": "0 messages finished, 0 wait"},
        ],
    }
