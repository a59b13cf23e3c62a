"""A generation built beside the live one on a real Redis Cluster, as in test_rebuild_state.py."""
# ruff: noqa: S311 - a seed makes a test repeatable

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from streams.matching.ruleset import Rules
from streams.rebuild import generations
from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.layout import meta_key
from tests.rebuild.test_rebuild_state import STRICT, Build, Live, with_rules

__all__ = ["with_rules"]


@pytest.mark.parametrize("seed", range(2))
def test_killed_and_run_again_under_other_rules_it_ends_as_they_say(
    seed: int,
    cluster_generation: Settings,
    new_cluster_connection: Callable[[], Connection],
    with_rules: Callable[[Rules], None],
) -> None:
    choices = Random(seed)
    live = Live(cluster_generation, new_cluster_connection())
    live.handle(live.some(choices, 40), choices)
    live.die_in(live.some(choices, 6), 12)
    lost = [item for item in live.log if choices.random() < 0.3]
    with_rules(STRICT)
    build = Build(live, new_cluster_connection, STRICT, lost, buckets=64)
    generations.refuse_without_room(live.settings, live.connection)
    build.crashing(choices.randint(20, 80), after=bool(seed))
    build.run()
    build.go_on()


def test_a_generation_that_was_replaced_goes_from_every_node(
    cluster_generation: Settings, new_cluster_connection: Callable[[], Connection]
) -> None:
    choices, connection = Random(3), new_cluster_connection()
    live = Live(cluster_generation, connection)
    live.handle(live.some(choices, 30), choices)
    meta = meta_key(cluster_generation.namespace, cluster_generation.generation)

    def nodes() -> list[list[bytes]]:
        return connection.everywhere("KEYS", f"{live.engine.settings.namespace}:{cluster_generation.generation}:*")

    assert all(nodes())
    connection.call("HSET", meta, "successor", "next")
    generations.drop(cluster_generation, cluster_generation.generation)
    assert [key for keys in nodes() for key in keys] == [meta]
