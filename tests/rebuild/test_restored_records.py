"""Records that no topic has any more, after all of Redis was lost."""
# ruff: noqa: S311 - a seed makes a test repeatable

from __future__ import annotations

from random import Random

import pytest

from streams.engine.prepare import CORRECTIONS
from tests.engine.worlds import stored_partition
from tests.rebuild.lost_state import World, of_clusters


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
