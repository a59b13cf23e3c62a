"""What the watch makes of what the broker lists."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping

import pytest

from streams.errors import BrokerError, StateError
from streams.kafka.topics import input_topics, topics
from streams.ops.health import Health
from streams.settings import Settings
from streams.worker import topic_watch
from streams.worker.topic_watch import Partitions, TopicWatch

SETTINGS = Settings(topic_prefix="x.")
ALL = {spec.name: frozenset(range(spec.partitions)) for spec in topics(SETTINGS)}
READ = {name: ALL[name] for name in input_topics(SETTINGS)}


class Broker:
    def __init__(self) -> None:
        self.listed: dict[str, frozenset[int]] = dict(ALL)
        self.assigned: Partitions | None = dict(READ)
        self.created: list[str] = []
        self.numbers: dict[str, int] = {}
        self.refuses = False
        self.hides = False

    async def topics(self) -> Partitions:
        return self.listed

    async def owners(self) -> Partitions | None:
        if self.hides:
            raise BrokerError("Kafka does not describe the group g: GroupAuthorizationFailedError")
        return self.assigned

    async def create(self, _settings: Settings, names: Collection[str], fixed: Mapping[str, int]) -> list[str]:
        self.numbers.update(fixed)
        if self.refuses:
            raise BrokerError("topic x.dedup.events cannot be created: Kafka error 29")
        self.created += names
        self.listed |= {name: ALL[name] for name in names}
        return list(names)


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    made = Broker()
    monkeypatch.setattr(topic_watch, "create_topics", made.create)
    return made


def reasons(health: Health) -> dict[str, str]:
    return {check.name: check.reason for check in health.ready().checks if not check.ok and check.name in READ_CHECKS}


READ_CHECKS = ("topics", "partitions")


def look(broker: Broker, health: Health, watch: TopicWatch | None = None) -> TopicWatch:
    watch = watch or TopicWatch(SETTINGS, health, broker.topics, broker.owners, lambda error: None)
    asyncio.run(watch.look())
    return watch


def test_all_is_there(broker: Broker) -> None:
    health = Health()
    look(broker, health)
    assert reasons(health) == {}
    assert broker.created == []


def test_a_topic_that_workers_write_is_created_again_and_named_until_the_next_look(broker: Broker) -> None:
    health = Health()
    del broker.listed["x.dedup.events"]
    watch = look(broker, health)
    assert reasons(health) == {"topics": "missing: x.dedup.events; x.dedup.events created again"}
    look(broker, health, watch)
    assert reasons(health) == {}


def test_why_it_cannot_be_created_is_said(broker: Broker) -> None:
    health = Health()
    broker.refuses = True
    del broker.listed["x.dedup.events"]
    look(broker, health)
    assert reasons(health)["topics"].endswith("topic x.dedup.events cannot be created: Kafka error 29")


def test_the_topic_of_a_feed_is_a_matter_for_a_person(broker: Broker) -> None:
    health = Health()
    del broker.listed["x.records.core"]
    look(broker, health)
    assert reasons(health)["topics"].startswith("missing: x.records.core; create the topic")
    assert broker.created == []


def test_partitions_without_a_worker_are_named_at_the_second_look_unless_the_group_rebalances(broker: Broker) -> None:
    health = Health()
    broker.listed["x.records.core"] = frozenset(range(6))
    counted: list[int] = []
    watch = TopicWatch(SETTINGS, health, broker.topics, broker.owners, lambda error: None, counted.append)
    look(broker, health, watch)
    assert reasons(health) == {}
    broker.assigned = None
    look(broker, health, watch)
    assert reasons(health) == {}
    broker.assigned = dict(READ)
    look(broker, health, watch)
    assert reasons(health) == {"partitions": "no worker has x.records.core:4, x.records.core:5"}
    broker.assigned = READ | {"x.records.core": frozenset(range(6))}
    look(broker, health, watch)
    assert reasons(health) == {}
    assert counted == [2, 2, 0], "not counted in a rebalance"


def test_more_partitions_than_the_state_was_begun_with_are_refused_and_fewer_may_have_no_leader(broker: Broker) -> None:
    health = Health()
    watch = look(broker, health)
    watch.fixed = {"x.dedup.events": 4, "x.dedup.review": 4}
    broker.listed["x.dedup.review"] = frozenset({0, 2})
    look(broker, health, watch)
    broker.listed["x.dedup.events"] = frozenset(range(6))
    with pytest.raises(StateError, match=r"x\.dedup\.events has 6 partitions, but this state was begun with 4"):
        look(broker, health, watch)


def test_a_topic_is_created_again_with_the_partitions_that_the_state_was_begun_with(broker: Broker) -> None:
    health = Health()
    watch = look(broker, health)
    watch.fixed = {"x.dedup.events": 7}
    del broker.listed["x.dedup.events"]
    look(broker, health, watch)
    assert (broker.created, broker.numbers) == (["x.dedup.events"], {"x.dedup.events": 7})


def test_what_the_broker_does_not_say_is_reported_at_the_second_look(broker: Broker) -> None:
    health = Health()
    watch = look(broker, health)
    broker.hides = True
    for reported in (
        {},
        {"partitions": "not known: Kafka does not describe the group g: GroupAuthorizationFailedError"},
    ):
        with pytest.raises(BrokerError):
            look(broker, health, watch)
        assert reasons(health) == reported
    broker.hides, broker.assigned = False, None
    look(broker, health, watch)
    assert reasons(health) == {}, "also where the group rebalances"
