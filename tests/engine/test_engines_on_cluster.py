"""Several engines at once on a real Redis Cluster, interleaved and crashing, while slots that hold their state move."""
# ruff: noqa: S311 - a seed makes a test repeatable

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

import pytest

from streams.engine.messages import Incoming
from streams.errors import RedisError
from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.layout import Layout
from tests.engine.crew import LANES, RECORDS, Workers
from tests.engine.interleaving import Crash
from tests.engine.worlds import CONTENTS, check, event_ids
from tests.redis_cluster import RedisCluster


class PatientWorkers(Workers):
    """An engine that is refused by Redis is one whose batch comes again, as after a crash."""

    refused = 0

    def _work(
        self, lane: int, batch: Sequence[Incoming], choices: Random, crash: tuple[int, bool] | None
    ) -> Callable[[Callable[[], None]], None]:
        inner = super()._work(lane, batch, choices, crash)

        def work(step: Callable[[], None]) -> None:
            try:
                inner(step)
            except RedisError as error:
                self.refused += 1
                raise Crash from error

        return work

    def some(self, choices: Random, number: int) -> list[list[Incoming]]:
        """Messages for each lane, and corrections for the first."""
        lanes: list[list[Incoming]] = [[] for _ in range(LANES)]
        for _ in range(number):
            if choices.random() < 0.15:
                self.correct(choices.choice(["same", "different"]), *choices.sample(RECORDS, 2))
            else:
                content = None if choices.random() < 0.15 else choices.randrange(len(CONTENTS))
                lanes[choices.randrange(LANES)].append(self.send(choices.choice(RECORDS), content))
        return lanes


@pytest.mark.parametrize("seed", [0, 1, pytest.param(2, marks=pytest.mark.soak)])
def test_engines_at_once_while_slots_move(
    seed: int,
    redis_cluster: RedisCluster,
    cluster_generation: Settings,
    new_cluster_connection: Callable[[], Connection],
) -> None:
    choices = Random(seed)
    workers = PatientWorkers(cluster_generation, new_cluster_connection())
    layout = Layout(cluster_generation.namespace, cluster_generation.generation, cluster_generation.buckets)
    slots = sorted({redis_cluster.slot(key) for key in layout.all_keys()})
    for _ in range(3):
        workers.run(workers.some(choices, 9), choices, {choices.randrange(LANES): (choices.randint(1, 20), True)})
        source, target = choices.sample(redis_cluster.primaries, 2)
        moving = [slot for slot in slots if redis_cluster.owner_of(slot) is source]
        lots = workers.some(choices, 9)
        redis_cluster.migrate(moving, source, target, lambda lots=lots: workers.run(lots, choices, {}))  # type: ignore[misc]
        workers.recover()
        redis_cluster.migrate(moving, target, source)
    assert workers.refused, "keys of one script were on two nodes"
    check(workers.recover(), workers.published, workers.log)
    known = event_ids(workers.published)
    workers.unsafe = list(workers.log)
    check(workers.recover(), workers.published, workers.log)
    assert event_ids(workers.published) == known, "a replay of everything published something new"
