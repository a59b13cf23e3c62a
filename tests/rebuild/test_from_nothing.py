"""The state made again from the topics: what a life has published on a real broker, whole or cut off where a worker died."""
# ruff: noqa: S311 - a seed makes a test repeatable

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random

import pytest

from streams.errors import RefusedError, StateError
from streams.events import EVENTS
from streams.kafka.topics import fixed_topics
from streams.state.connection import Connection
from streams.state.fixed_partitions import fix_partitions, fixed_partitions
from streams.state.layout import meta_key
from streams.worker.identity import establish_identity
from tests.engine.worlds import stored_partition
from tests.rebuild.lost_state import World, of_clusters

New = Callable[[], Connection]


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
