"""The state made again from the topics: what a life has published on a real broker, whole or cut off where a worker died."""
# ruff: noqa: S311 - a seed makes a test repeatable

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from random import Random

import pytest

from streams.engine.engine import Engine
from streams.engine.messages import Incoming
from streams.engine.prepare import CORRECTIONS
from streams.errors import RefusedError, StateError
from streams.events import CLUSTERS, EVENTS, Outgoing
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.topics import create_topics, fixed_topics
from streams.rebuild.from_nothing import FromNothingReport, rebuild_from_nothing
from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.fixed_partitions import fix_partitions, fixed_partitions
from streams.state.layout import meta_key
from streams.verification.verifier import VerificationReport, Verifier
from streams.worker.identity import establish_identity
from tests.brokers import AnyBroker
from tests.engine.worlds import handle, stored_partition
from tests.rebuild.test_rebuild_state import Live

New = Callable[[], Connection]


class World:
    """A life in one generation, of which the topics get what is published; and another generation, which is empty."""

    def __init__(self, generation: Settings, other: Settings, url: str, connections: New) -> None:
        self.live = Live(generation, connections())
        self.settings = other.model_copy(update={"kafka_url": url, "topic_prefix": generation.generation + "."})
        self.connection = connections()
        asyncio.run(create_topics(self.settings))

    def some(self, choices: Random) -> list[Incoming]:
        """Messages in the order of their arrival, which the broker gives them again."""
        return sorted(self.live.some(choices, 40), key=lambda m: (m.source == CORRECTIONS, m.taken, m.offset))

    def play(self, messages: Sequence[Incoming]) -> None:
        for start in range(0, len(messages), 5):
            handle(self.live.engine, messages[start : start + 5], self.live.published.extend)

    def publish(self, messages: Sequence[Outgoing], *, is_feed: bool = False) -> None:
        async def go() -> None:
            async with Publisher(
                KafkaConnection.of(self.settings), self.settings.topic_prefix, shared=is_feed
            ) as publisher:
                await publisher.publish(messages)

        asyncio.run(go())

    def feed(self, messages: Sequence[Incoming]) -> None:
        self.publish([Outgoing(m.topic, m.key or b"", m.value) for m in messages], is_feed=True)

    def make_again(self) -> FromNothingReport:
        return rebuild_from_nothing(self.settings)

    @property
    def partition(self) -> dict[str, set[str]]:
        return stored_partition(Engine(self.settings, self.connection))

    def verify(self) -> VerificationReport:
        async def soon() -> None:
            await asyncio.sleep(0.01)

        return asyncio.run(Verifier(self.settings, self.connection, soon).verify(5.0))


@pytest.fixture
def world(new_generation: Callable[..., Settings], new_broker: Callable[..., AnyBroker], new_connection: New) -> World:
    return World(new_generation(), new_generation(), new_broker().url, new_connection)


def of_clusters(world: World) -> list[Outgoing]:
    return [out for out in world.live.published if out.topic in (EVENTS, CLUSTERS)]


@pytest.mark.parametrize("seed", range(3))
def test_whole_topics_bring_the_state_back_and_nothing_is_published(world: World, seed: int) -> None:
    messages = world.some(Random(seed))
    world.play(messages)
    world.publish(of_clusters(world))
    world.feed(messages)
    before = stored_partition(world.live.engine)
    report = world.make_again()
    assert world.partition == before, "the same clusters under the same ids"
    assert report.restored == 0
    found = world.verify()
    assert found.differences == []
    assert found.counts["corrections"] == report.corrections
    with pytest.raises(RefusedError, match="Redis has the state"):
        world.make_again()
    assert asyncio.run(establish_identity(world.settings, world.connection)) == report.state


@pytest.mark.parametrize("seed", range(4))
def test_records_that_no_topic_has_come_out_of_the_documents(world: World, seed: int) -> None:
    messages = world.some(Random(seed))
    world.play(messages)
    world.publish(of_clusters(world))
    world.feed([message for message in messages if message.source == CORRECTIONS])
    before = stored_partition(world.live.engine)
    report = world.make_again()
    assert world.partition == before
    assert report.restored == sum(map(len, before.values()))
    assert report.redirects == sum(len(group.merged) for _, group in world.live.engine.groups.all_groups())
    assert world.verify().differences == []


@pytest.mark.parametrize("seed", range(6))
def test_a_life_that_was_cut_off_between_two_topics_is_made_whole(world: World, seed: int) -> None:
    choices = Random(100 + seed)
    messages = world.some(choices)
    world.play(messages)
    published = of_clusters(world)
    kept = {EVENTS: choices.randint(20, len(published)), CLUSTERS: choices.randint(20, len(published))}
    world.publish([out for number, out in enumerate(published) if number < kept[out.topic]])
    world.feed(messages if seed % 2 else [m for m in messages if m.source == CORRECTIONS])
    world.make_again()
    assert world.verify().differences == []


def test_a_run_that_was_killed_begins_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    messages = world.some(Random(7))
    world.play(messages)
    world.publish(of_clusters(world))
    world.feed(messages)
    before = stored_partition(world.live.engine)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("streams.rebuild.from_nothing.replace_state", killed)
        with pytest.raises(KeyboardInterrupt):
            world.make_again()
    world.make_again()
    assert world.partition == before
    assert world.verify().differences == []


def test_topics_with_other_partitions_than_the_state_was_begun_with_are_refused(world: World) -> None:
    messages = world.some(Random(0))
    world.play(messages)
    world.publish(of_clusters(world))
    world.feed(messages)
    topic = world.settings.topic_prefix + EVENTS
    # What is left of a Redis that was emptied in part.
    begun = fix_partitions(world.settings, world.connection, {topic: world.settings.partitions + 4})
    with pytest.raises(
        StateError, match=f"{topic} has {world.settings.partitions} partitions, but this state was begun with"
    ):
        world.make_again()
    assert fixed_partitions(world.settings, world.connection).items() >= begun.items()
    assert world.partition == {}, "nothing was made"
    world.connection.call("DEL", meta_key(world.settings.namespace, world.settings.generation))
    world.make_again()
    assert world.partition == stored_partition(world.live.engine)
    fixed = dict.fromkeys(fixed_topics(world.settings), world.settings.partitions)
    assert fixed_partitions(world.settings, world.connection) == fixed, "what a worker that starts will find"
