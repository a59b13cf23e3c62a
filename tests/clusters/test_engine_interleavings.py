"""Any number of engines, interleaved at every round trip, crashing anywhere: the same state, the same folded events."""
# ruff: noqa: S311 - a seed makes a test repeatable

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, product
from random import Random
from types import SimpleNamespace
from typing import ClassVar, NamedTuple, cast

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from interleaving import Crash, Stepped, interleave
from worlds import CONTENTS, check, correction, drain, event_ids, handle, message, repeat, standing

from streams.clusters.judge import Judge
from streams.engine import Engine, Incoming
from streams.events import Outgoing
from streams.index.connection import Connection, connect
from streams.index.layout import Layout
from streams.index.store import RecordStore
from streams.matching.features import extract
from streams.matching.rules import DEFAULT
from streams.settings import Settings

RECORDS = [f"s{number % 3}:{number}" for number in range(7)]
LANES = 3


class Workers:
    """A log of messages and workers over it; whatever was published, in the order it was."""

    def __init__(self, given: Settings, connection: Connection, pool: dict[int, Engine] | None = None) -> None:
        """`pool` keeps engines for worlds to come, where there are many: they remember nothing but decisions."""
        self.settings = given
        self._pool = pool
        self._connection = connection
        self.log: list[Incoming] = []
        self.published: list[Outgoing] = []
        self.on_their_way: list[Outgoing] = []  # sent by a worker that died, and not yet there
        self.unsafe: list[Incoming] = []  # handled by a worker that died: its offsets were not committed
        self.corrections: list[Incoming] = []  # the topic, which has one partition
        self.position = 0  # of the worker that has it

    def send(self, record: str, content: int | None, *, late: bool = False) -> Incoming:
        taken = 1000 + 10 * len(self.log) - (35 if late else 0)
        self.log.append(message(record, None if content is None else CONTENTS[content], taken))
        return self.log[-1]

    def correct(self, action: str, a: str, b: str = "") -> Incoming:
        """Send a correction; the lane that has the partition takes it at the next `run`."""
        number = len(self.corrections)
        self.corrections.append(correction(f"k{number}", action, a, b, offset=number))
        self.log.append(self.corrections[-1])
        return self.corrections[-1]

    def engine(self, lane: int = -1) -> Engine:
        if self._pool is None:
            return Engine(self.settings, Stepped(self._connection))
        if lane not in self._pool:
            self._pool[lane] = Engine(self.settings, Stepped(self._connection))
        engine = self._pool[lane]
        assert isinstance(engine.connection, Stepped)
        engine.connection.before = engine.connection.after = lambda: None
        return engine

    def run(self, batches: Sequence[Sequence[Incoming]], choices: Random, crashes: dict[int, tuple[int, bool]]) -> None:
        """Each batch by an engine of its own, all at once. `crashes`: lane -> (round trip, after it was done).

        The first has the partition of corrections. Another that handles some has lost it without knowing;
        should it die, nobody repeats them.
        """
        end = len(self.corrections)
        batches = [[*batches[0], *self.corrections[self.position : end]], *batches[1:]]
        works = [self._work(lane, batch, choices, crashes.get(lane)) for lane, batch in enumerate(batches)]
        died = interleave(works, choices.choice)
        for batch, crashed in zip(batches, died, strict=True):
            if crashed:
                self.unsafe += (item for item in batch if item not in self.corrections)
        if not died[0]:
            self.position = end

    def _work(
        self, lane: int, batch: Sequence[Incoming], choices: Random, crash: tuple[int, bool] | None
    ) -> Callable[[Callable[[], None]], None]:
        engine = self.engine(lane)

        def work(step: Callable[[], None]) -> None:
            trips = 0

            def before() -> None:
                nonlocal trips
                step()
                trips += 1
                if crash == (trips, False):
                    raise Crash

            def after() -> None:
                if crash == (trips, True):
                    raise Crash

            def publish(messages: Sequence[Outgoing]) -> None:
                nonlocal trips
                step()
                trips += 1
                if crash and crash[0] == trips:
                    # The topics are sent to in parallel: of each some beginning has arrived, and some more will.
                    for topic in sorted({m.topic for m in messages}):
                        sent = [m for m in messages if m.topic == topic]
                        most = choices.randrange(4)
                        self.published += sent[:most]
                        self.on_their_way += sent[most : most + choices.randrange(4)]
                    raise Crash
                self.published += messages

            connection = engine.connection
            assert isinstance(connection, Stepped)
            connection.before, connection.after = before, after
            handle(engine, batch, publish)

        return work

    def recover(self) -> Engine:
        """Workers come back: what was owed is published, what was not committed is handled again, in order.

        Only then what the dead ones had sent arrives, and a quarter of an hour goes by.
        """
        engine = self.engine()
        drain(engine, self.published.extend)
        waiting = {*self.unsafe, *self.corrections[self.position :]}
        again, self.unsafe = sorted(waiting, key=self.log.index), []
        self.position = len(self.corrections)
        handle(engine, again, self.published.extend)
        self.published += self.on_their_way
        self.on_their_way = []
        repeat(engine, self.published.extend)
        return engine


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
    judge = Judge(store, layout, DEFAULT)
    records = standing([message(f"s:{number}", content, number) for number, content in enumerate(CONTENTS)])
    pairs = [
        judge.pair(*(store.encode_features(extract(record)) for record in pair)) for pair in combinations(records, 2)
    ]
    assert sum(pair.link is not None for pair in pairs) > 5
    assert sum(pair.veto for pair in pairs) > 5
    assert sum(pair.link is None and not pair.veto for pair in pairs) > 5


@pytest.fixture
def connection(generation: Settings) -> Iterator[Connection]:
    made = connect(generation)
    yield made
    made.close()


def test_engines_at_once_in_any_interleaving(new_generation: Callable[[], Settings], connection: Connection) -> None:
    Interleavings.new_settings = staticmethod(new_generation)  # type: ignore[assignment]
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
    "seed", [*range(24), 100, 148, 191, 260, 301, 1258, 3059]
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
        for key in self._connection.call("KEYS", f"{self._generation.namespace}:{self._generation.generation}:*"):
            self._connection.call("DEL", key)
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


@pytest.mark.parametrize("race", RACES | STALE)
def test_every_interleaving_of_two_engines_with_two_switches(
    race: str, generation: Settings, connection: Connection
) -> None:
    """The first runs `k` round trips, then the second `j`, then the first to its end, then the second."""
    given = Schedules((RACES | STALE)[race], generation, connection)
    k, j, schedules = 0, 0, 0
    while True:
        workers, batches = given.begin()
        choices, taken = _planned([0] * k + [1] * j)
        workers.run(batches, choices, {})
        check(workers.engine(), workers.published, workers.log)
        schedules += 1
        j += 1
        if j > taken[1]:
            k, j = k + 1, 0
            if k > taken[0]:
                break
    assert schedules > 50


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
