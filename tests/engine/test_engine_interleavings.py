"""Any number of engines, interleaved at every round trip, crashing anywhere: the same state, the same folded events."""
# ruff: noqa: S311 - a seed makes a test repeatable

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from random import Random
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from streams.engine.decision_cache import DecisionCache
from streams.engine.messages import Incoming
from streams.matching.features import extract
from streams.matching.ruleset import DEFAULT
from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.layout import Layout
from streams.state.record_store import RecordStore
from tests.engine.crew import LANES, RECORDS, Workers
from tests.engine.worlds import CONTENTS, check, event_ids, message, standing


class Interleavings(RuleBasedStateMachine):
    """Messages wait in lanes; `run` lets an engine a lane handle them at once."""

    new_settings: ClassVar[Callable[[], Settings]]
    connection: ClassVar[Connection]

    def __init__(self) -> None:
        super().__init__()
        self.workers = Workers(type(self).new_settings(), self.connection)
        self.lanes: list[list[Incoming]] = [[] for _ in range(LANES)]

    @rule(
        record=st.sampled_from(RECORDS), content=st.sampled_from(range(len(CONTENTS))), lane=st.integers(0, LANES - 1)
    )
    def insert_or_update(self, record: str, content: int, lane: int) -> None:
        self.lanes[lane].append(self.workers.send(record, content))

    @rule(record=st.sampled_from(RECORDS), lane=st.integers(0, LANES - 1))
    def delete(self, record: str, lane: int) -> None:
        self.lanes[lane].append(self.workers.send(record, None))

    @rule(
        record=st.sampled_from(RECORDS), content=st.sampled_from(range(len(CONTENTS))), lane=st.integers(0, LANES - 1)
    )
    def late(self, record: str, content: int, lane: int) -> None:
        self.lanes[lane].append(self.workers.send(record, content, late=True))

    @rule(pair=st.permutations(RECORDS), action=st.sampled_from(["same", "different"]))
    def correct(self, pair: list[str], action: str) -> None:
        self.workers.correct(action, pair[0], pair[1])

    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        self.workers.correct("undo", f"k{data.draw(st.integers(0, len(self.workers.corrections)))}")

    @rule(data=st.data(), lane=st.integers(0, LANES - 1))
    def replay(self, data: st.DataObject, lane: int) -> None:
        records = [item for item in self.workers.log if item not in self.workers.corrections]
        if records:
            self.lanes[lane].append(data.draw(st.sampled_from(records)))

    @rule(data=st.data(), lane=st.integers(0, LANES - 1))
    def replay_corrections(self, data: st.DataObject, lane: int) -> None:
        """Those from some committed offset on, in order, by whoever has the partition or thinks so."""
        start = data.draw(st.integers(0, self.workers.position))
        end = data.draw(st.integers(start, len(self.workers.corrections)))
        self.lanes[lane] += self.workers.corrections[start:end]

    @rule(
        seed=st.integers(0, 2**16),
        crashes=st.dictionaries(st.integers(0, LANES - 1), st.tuples(st.integers(1, 24), st.booleans()), max_size=2),
    )
    def run(self, seed: int, crashes: dict[int, tuple[int, bool]]) -> None:
        batches, self.lanes = self.lanes, [[] for _ in range(LANES)]
        self.workers.run(batches, Random(seed), crashes)

    @rule()
    def recover(self) -> None:
        self.workers.recover()

    def teardown(self) -> None:
        self.workers.run(self.lanes, Random(1), {})
        engine = self.workers.recover()
        check(engine, self.workers.published, self.workers.log)
        known = event_ids(self.workers.published)
        self.workers.unsafe = list(self.workers.log)
        check(self.workers.recover(), self.workers.published, self.workers.log)
        assert event_ids(self.workers.published) == known, "a replay of everything published something new"


def test_the_world_links_vetoes_and_does_neither() -> None:
    layout = Layout("oracle", "1", 16)
    store = RecordStore(layout)
    decisions = DecisionCache(store, layout, DEFAULT)
    records = standing([message(f"s:{number}", content, number) for number, content in enumerate(CONTENTS)])
    pairs = [
        decisions.pair_for_partition(*(store.encode_features(extract(record)) for record in pair))
        for pair in combinations(records, 2)
    ]
    assert sum(pair.link is not None for pair in pairs) > 5
    assert sum(pair.veto for pair in pairs) > 5
    assert sum(pair.link is None and not pair.veto for pair in pairs) > 5


def test_engines_at_once_in_any_interleaving(new_generation: Callable[[], Settings], connection: Connection) -> None:
    Interleavings.new_settings = staticmethod(new_generation)
    Interleavings.connection = connection
    run_state_machine_as_test(
        Interleavings,
        settings=settings(
            derandomize=True,
            max_examples=40,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize(
    "seed", [*range(24), 100, 148, 191, 260, 301, 1258, 3059, 5484]
)  # the last ones have found something
def test_a_busy_world_ends_as_the_truth(seed: int, generation: Settings, connection: Connection) -> None:
    random = Random(seed)
    workers = Workers(generation, connection)
    for _ in range(5):
        batches = [[_any_message(workers, random) for _ in range(random.randrange(1, 6))] for _ in range(LANES)]
        if seed % 2:
            batches[1] += workers.corrections[random.randrange(workers.position + 1) :]
            _correct(workers, random)
        crashes = {random.randrange(LANES): (random.randrange(1, 14), random.random() < 0.5)}
        workers.run(batches, random, crashes)
        if random.random() < 0.6:
            workers.recover()
    check(workers.recover(), workers.published, workers.log)


def _any_message(workers: Workers, random: Random) -> Incoming:
    roll = random.random()
    records = [item for item in workers.log if item not in workers.corrections]
    if records and roll < 0.15:
        return random.choice(records)
    content = None if roll < 0.3 else random.randrange(len(CONTENTS))
    return workers.send(random.choice(RECORDS), content, late=roll > 0.92)


def _correct(workers: Workers, random: Random) -> None:
    for _ in range(random.randrange(4)):
        if random.random() < 0.3:
            workers.correct("undo", f"k{random.randrange(len(workers.corrections) + 1)}")
        else:
            workers.correct(random.choice(["same", "different"]), *random.sample(RECORDS, 2))
