"""Two engines at the same few records at once: every interleaving of their round trips with two switches."""
# ruff: noqa: S311 - a seed makes a test repeatable

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import product
from random import Random
from types import SimpleNamespace
from typing import NamedTuple, cast

import pytest

from streams.engine.engine import Engine
from streams.engine.messages import Incoming
from streams.settings import Settings
from streams.state.connection import Connection
from tests.engine.crew import Workers
from tests.engine.worlds import check, drain, handle

Step = tuple[str, int | None] | int
"""A record with its new content, or the number of a correction."""


class Race(NamedTuple):
    """What was before, what a worker that died had begun, and what engines then handle at once; `corrections` is their topic."""

    before: Sequence[Step]
    dying: Sequence[Step]
    at_once: Sequence[Sequence[Step]]
    corrections: Sequence[tuple[str, ...]] = ()


ONE, ARXIV_1, ARXIV_2, DOI, OTHER = 0, 1, 2, 3, 6
RACES = {
    "two copies": Race([], [], [[("s:a", ONE)], [("t:b", ONE)]]),
    "a linked record becomes another": Race([("s:a", ONE)], [], [[("s:a", OTHER)], [("t:b", ONE)]]),
    "a linked record is deleted": Race([("s:a", ONE)], [], [[("s:a", None)], [("t:b", ONE)]]),
    "one stored by a worker that died is deleted": Race([], [("s:a", ONE)], [[("s:a", None)], [("t:b", ONE)]]),
    "one stored by a worker that died changes": Race([], [("s:a", ONE)], [[("s:a", OTHER)], [("t:b", ONE)]]),
    "a worker goes on with what is not its own": Race([], [], [[("s:a", ONE)], [("s:a", ONE), ("s:a", None)]]),
    "one record changes twice, at two workers": Race([("s:a", ARXIV_1)], [], [[("s:a", OTHER)], [("s:a", ARXIV_2)]]),
    "a bridge and a contradiction": Race([("s:a", ARXIV_1), ("s:b", DOI)], [], [[("s:b", ARXIV_2)], [("t:c", ONE)]]),
    "two groups become one and one changes": Race(
        [("s:a", OTHER), ("s:b", ONE)], [], [[("s:a", ONE)], [("s:b", OTHER), ("t:c", ONE)]]
    ),
    "a record comes that was told from another": Race(
        [("s:a", ONE)], [], [[0], [("t:b", ONE)]], [("different", "s:a", "t:b")]
    ),
    "two come that were said to be the same": Race(
        [], [], [[0], [("s:a", ONE), ("t:b", OTHER)]], [("same", "s:a", "t:b")]
    ),
    "one goes that was said to be the same": Race(
        [("s:a", ONE), ("t:b", OTHER)], [], [[0], [("t:b", None)]], [("same", "s:a", "t:b")]
    ),
    "a bridge comes between two that are told apart": Race(
        [("s:a", ARXIV_1), ("s:b", DOI)], [], [[0], [("t:c", ONE)]], [("different", "s:a", "s:b")]
    ),
    "two workers on two corrections that contradict each other": Race(
        [("s:a", ONE), ("t:b", OTHER)], [], [[0, 1], [0, 1]], [("same", "s:a", "t:b"), ("different", "s:a", "t:b")]
    ),
    "corrections on three, the middle one goes": Race(
        [("s:a", ONE), ("s:b", OTHER), ("t:c", DOI)],
        [],
        [[0, 1], [("s:b", None)]],
        [("same", "s:a", "s:b"), ("different", "s:b", "t:c")],
    ),
}
STALE = {
    "different and its undo": Race(
        [("s:a", ONE), ("t:b", ONE)], [], [[0], [0, 1]], [("different", "s:a", "t:b"), ("undo", "k0")]
    ),
    "same, of what is the same already, and its undo": Race(
        [("s:a", ONE), ("t:b", ONE)], [], [[0], [0, 1]], [("same", "s:a", "t:b"), ("undo", "k0")]
    ),
    "same of what is not there, and its undo": Race([], [], [[0], [0, 1]], [("same", "s:a", "t:b"), ("undo", "k0")]),
    "one that turns into its opposite": Race(
        [("s:a", ONE), ("t:b", OTHER)],
        [],
        [[0], [0, 1, 2]],
        [("same", "s:a", "t:b"), ("undo", "k0"), ("different", "t:b", "s:a")],
    ),
}


class Schedules:
    """The same race again and again, each time from the beginning."""

    def __init__(self, race: Race, generation: Settings, connection: Connection) -> None:
        self.race, self._generation, self._connection = race, generation, connection
        self._pool: dict[int, Engine] = {}

    def begin(self) -> tuple[Workers, list[list[Incoming]]]:
        """Workers to whom all has happened that was before, and what they are to handle at once."""
        if keys := self._connection.call("KEYS", f"{self._generation.namespace}:{self._generation.generation}:*"):
            self._connection.call("DEL", *keys)
        workers = Workers(self._generation, self._connection, self._pool)
        for told in self.race.corrections:
            workers.correct(*told)
        workers.position = len(workers.corrections)  # who handles which of them is given

        def message(step: Step) -> Incoming:
            return workers.corrections[step] if isinstance(step, int) else workers.send(*step)

        for step in self.race.before:
            handle(workers.engine(), [message(step)], workers.published.extend)
        dying = [message(step) for step in self.race.dying]
        if dying:
            workers.run([dying], Random(0), {0: (4, False)})
            workers.unsafe = []  # its partition is handled again by the first engine below
        batches = [[message(step) for step in steps] for steps in self.race.at_once]
        return workers, [[*dying, *batches[0]], *batches[1:]]


def _planned(plan: list[int]) -> tuple[Random, Counter[int]]:
    """Who takes the next turn: as planned, then whoever still lives; and how many turns each has taken."""
    taken: Counter[int] = Counter()

    def pick(living: list[int]) -> int:
        wanted = plan.pop(0) if plan else living[0]
        chosen = wanted if wanted in living else living[0]
        taken[chosen] += 1
        return chosen

    return cast("Random", SimpleNamespace(choice=pick, randrange=Random(0).randrange)), taken


@pytest.mark.parametrize("stride", [2, pytest.param(1, marks=pytest.mark.soak)])
@pytest.mark.parametrize("race", RACES | STALE)
def test_every_interleaving_of_two_engines_with_two_switches(
    race: str, stride: int, generation: Settings, connection: Connection
) -> None:
    """The first runs `k` round trips, then the second `j`, then the first to its end, then the second.

    Every schedule; or every second one, as the black fields of a chessboard.
    """
    given = Schedules((RACES | STALE)[race], generation, connection)
    k, j, schedules = 0, 0, 0
    while True:
        workers, batches = given.begin()
        choices, taken = _planned([0] * k + [1] * j)
        workers.run(batches, choices, {})
        check(workers.engine(), workers.published, workers.log)
        schedules += 1
        j += stride
        if j > taken[1]:
            k, j = k + 1, (k + 1) % stride
            if k > taken[0]:
                break
    assert schedules > 50 / stride


@pytest.mark.parametrize("race", STALE)
def test_a_worker_that_is_behind_the_times_and_dies_brings_nothing_back(
    race: str, generation: Settings, connection: Connection
) -> None:
    """The first runs `k` round trips, then the second to its end, then the first until it dies. Nobody repeats its work."""
    given = Schedules(STALE[race], generation, connection)
    k, schedules, ended = 0, 0, 0
    while not ended or k < ended:
        for trip, done in product(range(k + 1, 40), (False, True)):
            workers, batches = given.begin()
            choices, taken = _planned([0] * k + [1] * 200)
            workers.run(batches, choices, {0: (trip, done)})
            engine = workers.engine()
            drain(engine, workers.published.extend)
            check(engine, workers.published, workers.log)
            schedules += 1
            if taken[0] < trip:
                ended = taken[0]
                break
        k += 1
    assert schedules > 30


@pytest.mark.parametrize(
    ("race", "dies"),
    [
        pytest.param(name, dies, marks=[pytest.mark.soak] if dies == 0 or race.corrections else [])
        for (name, race), dies in product(RACES.items(), (0, 1))
    ],
)
def test_the_work_of_one_that_died_is_done_whatever_another_did_meanwhile(
    race: str, dies: int, generation: Settings, connection: Connection
) -> None:
    """It runs `k` round trips, then the other to its end, then it goes on until it dies; its messages come again."""
    given = Schedules(RACES[race], generation, connection)
    k, schedules, ended = 0, 0, 0
    while not ended or k < ended:
        for trip in range(k + 1, 60):
            workers, batches = given.begin()
            choices, taken = _planned([dies] * k + [1 - dies] * 200)
            workers.run(batches, choices, {dies: (trip, True)})
            if dies == 0:
                workers.position = 0
            check(workers.recover(), workers.published, workers.log)
            schedules += 1
            if taken[dies] < trip:
                ended = taken[dies]
                break
        k += 1
    assert schedules > 20
