"""A worker died between `dedup.events` and `dedup.clusters`, and all of Redis was lost."""
# ruff: noqa: S311 - a seed makes a test repeatable

from __future__ import annotations

from random import Random

import pytest

from streams.engine.prepare import CORRECTIONS
from streams.events import CLUSTERS, EVENTS
from tests.rebuild.lost_state import World, of_clusters


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
