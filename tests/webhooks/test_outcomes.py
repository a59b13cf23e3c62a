"""What answers make of the state of an endpoint, without a server."""

from __future__ import annotations

from random import Random

import pytest
from prometheus_client import CollectorRegistry

from streams.webhooks.configuration import Endpoint
from streams.webhooks.metrics import WebhookMetrics
from streams.webhooks.outcomes import OffError, Outcomes
from streams.webhooks.parking import Parked, Parking
from streams.webhooks.schedule import Answer, Retry, Schedule, Verdict
from streams.webhooks.states import EndpointState

DOWN, FINE = Answer(503), Answer(204)


class World:
    """An endpoint with its state, and how its answers are counted."""

    def __init__(self, park_after: float = 1.0) -> None:
        endpoint = Endpoint("a", "https://a.example.org/hooks", (), park_after=park_after)
        self.registry = CollectorRegistry()
        self.state, self.parking = EndpointState("a"), Parking()
        schedule = Schedule((0.1,), 3600, Random(1))  # noqa: S311 - not for secrets
        self.outcomes = Outcomes(endpoint, self.state, self.parking, WebhookMetrics(self.registry), schedule)

    def fail(self, partition: int, offset: int = 0, *, since: float = 1.0, passed: bool = False) -> bool:
        said = self.outcomes.count(DOWN)
        return self.outcomes.failed(partition, Retry(offset, f"c{partition}:1", since, passed=passed), DOWN, said)

    def counted(self, outcome: str) -> float | None:
        return self.registry.get_sample_value("streams_webhook_deliveries_total", {"name": "a", "outcome": outcome})


@pytest.fixture
def world() -> World:
    return World()


def test_an_event_that_fails_waits_until_another_is_taken() -> None:
    world = World(120.0)
    assert world.fail(0, since=1e12)
    state = world.outcomes.finish(5.0, "")
    assert (state.status, state.reason, state.time, state.failed) == ("retrying", "it answered 503", 5.0, 1)
    assert state.failing_since > 0
    world.outcomes.taken(1)
    assert (state.failing_since, state.taken, state.retries[0].passed) == (0.0, 1, True)
    world.outcomes.taken(0)
    assert (world.outcomes.finish(6.0, "").status, state.retries, state.reason) == ("sending", {}, "")
    assert world.outcomes.finish(7.0, "Kafka is away").status == "waiting"


def test_an_event_is_parked_with_all_that_is_known_of_it(world: World) -> None:
    assert not world.fail(2, 7, passed=True)
    (parked,) = world.parking.all()
    assert (parked.partition, parked.offset, parked.event_id, parked.since) == (2, 7, "c2:1", 1.0)
    assert (parked.attempts, parked.reason, parked.passed_over) == (1, "it answered 503", True)
    assert (world.counted("parked"), world.counted("failed"), world.state.retries) == (1, 1, {})
    assert world.outcomes.finish(5.0, "").parked == 1


def test_the_blameless_are_due_when_the_endpoint_is_back_and_once(world: World) -> None:
    world.fail(0)
    world.fail(1, passed=True)
    assert world.parking.next_due() is None
    world.outcomes.taken(2)
    due = world.parking.next_due()
    assert due is not None
    assert due.partition == 0
    world.outcomes.resent(due, DOWN, Verdict.FAILED)
    world.parking.settle(due)
    assert world.parking.next_due() is None
    assert [each.passed_over for each in world.parking.all()] == [True, True]
    world.fail(3, passed=True)
    world.outcomes.taken(2)
    assert world.parking.next_due() is None


def test_a_parked_event_that_is_taken_or_given_up_is_parked_no_more(world: World) -> None:
    for partition in (0, 1):
        world.fail(partition)
    first, second = world.parking.all()
    world.outcomes.resent(first, FINE, Verdict.TAKEN)
    assert (world.parking.all(), world.state.taken) == ([second], 1)
    world.outcomes.give_up([second], "was discarded")
    assert (len(world.parking), world.state.given_up, world.counted("given_up")) == (0, 1, 1)


def test_gone_turns_the_endpoint_off_whatever_was_sent(world: World) -> None:
    parked = Parked(0, 1, "c:1", 1.0, 2.0)
    world.parking.put(parked)
    gone = Answer(410)
    for fail in (
        lambda: world.outcomes.failed(1, Retry(0, "c1:1", 1.0), gone, Verdict.GONE),
        lambda: world.outcomes.resent(parked, gone, Verdict.GONE),
    ):
        with pytest.raises(OffError):
            fail()
        assert (world.outcomes.finish(5.0, "").status, world.state.reason) == ("off", "it answered 410 Gone")
        world.outcomes.enable(7.0)
        assert (world.state.off_since, world.state.enabled_at) == (0.0, 7.0)
