"""A generation built beside the live one on real Redis, by the code that `streams rebuild` runs; Kafka is a list here."""
# ruff: noqa: S311 - a seed makes a test repeatable

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import msgspec
import orjson
import pytest

import streams.engine.engine
from streams import events
from streams.engine.deliver import discard
from streams.engine.engine import Engine
from streams.engine.messages import Incoming
from streams.engine.prepare import CORRECTIONS
from streams.events import Outgoing
from streams.matching.ruleset import DEFAULT, Rules
from streams.rebuild.backfill import Backfill
from streams.rebuild.transfer_ids import IdTransfer
from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.group_store import Commit
from streams.state.layout import Layout
from tests.engine.interleaving import Crash, Stepped
from tests.engine.worlds import CONTENTS, check, correction, drain, event_ids, handle, message, stored_partition

RECORDS = [f"s{number % 3}:{number}" for number in range(9)]
SEPARATE = DEFAULT.with_policy("separate")
STRICT = msgspec.structs.replace(DEFAULT, ruleset="strict", duplicate=0.9999)

New = Callable[[], Connection]


class Live:
    """The live generation: what it was sent, what it published, and what it had not acknowledged."""

    def __init__(self, given: Settings, connection: Connection) -> None:
        self.settings = given
        self.connection = Stepped(connection)
        self.engine = Engine(given, self.connection)
        self.log: list[Incoming] = []
        self.published: list[Outgoing] = []
        self.unsafe: list[Incoming] = []
        self._corrections = 0

    def some(self, choices: Random, number: int) -> list[Incoming]:
        """Messages about a few records: new, changed, deleted, late, and corrections."""
        made: list[Incoming] = []
        for _ in range(number):
            kind = choices.random()
            taken = 1000 + 10 * len(self.log) - (35 if kind > 0.9 else 0)
            if kind < 0.1:
                a, b = choices.sample(RECORDS, 2)
                made.append(
                    correction(
                        f"k{self._corrections}", choices.choice(["same", "different"]), a, b, offset=self._corrections
                    )
                )
                self._corrections += 1
            else:
                content = None if kind < 0.22 else choices.choice(CONTENTS)
                made.append(message(choices.choice(RECORDS), content, taken, len(self.log)))
            self.log.append(made[-1])
        return made

    def handle(self, messages: Sequence[Incoming], choices: Random) -> None:
        for batch in batches(messages, choices):
            handle(self.engine, batch, self.published.extend)

    def die_in(self, batch: Sequence[Incoming], trip: int) -> None:
        """Handle a batch and be killed at a round trip, or before anything is published.

        Corrections of one that was killed before come again first: their topic has one partition.
        """
        again = [item for item in self.unsafe if item.source == CORRECTIONS]
        trips = Counter[str]()

        def before() -> None:
            trips["done"] += 1
            if trips["done"] == trip:
                raise Crash

        def publish(_: Sequence[Outgoing]) -> None:
            raise Crash

        self.connection.before = before
        try:
            handle(self.engine, [*again, *batch], publish)
        except Crash:
            self.unsafe += batch
        self.connection.before = lambda: None


def batches(messages: Sequence[Incoming], choices: Random) -> list[Sequence[Incoming]]:
    found: list[Sequence[Incoming]] = []
    rest = list(messages)
    while rest:
        size = choices.randint(1, 7)
        found.append(rest[:size])
        rest = rest[size:]
    return found


class Build:
    """A rebuild of it, to be killed and run again."""

    def __init__(
        self, live: Live, new: New, rules: Rules = DEFAULT, lost: Sequence[Incoming] = (), **fields: object
    ) -> None:
        name = f"{live.settings.generation}-{fields.pop('name', 'next')}"
        preprints = rules.preprints
        self.settings = live.settings.model_copy(update={"generation": name, "preprints": preprints, **fields})
        self.layout = Layout(live.settings.namespace, live.settings.generation, live.settings.buckets)
        self.live, self.rules = live, rules
        self.connection = Stepped(new())
        self.engine = Engine(self.settings, self.connection)
        gone = [*live.unsafe, *lost]
        self.topics = [item for item in live.log if item not in gone and item.source != CORRECTIONS]
        self.done = 0
        self.counts: Counter[str] = Counter()

    def run(self, choices: Random | None = None) -> None:
        order = list(self.topics)
        if choices is not None:
            choices.shuffle(order)
        while self.done < len(order):
            discard(self.engine.process(order[self.done : self.done + 5]), self.engine.outbox)
            self.done += 5
        self.counts = Backfill(self.layout, self.engine).run()
        self.counts += IdTransfer(self.layout, self.engine).run()

    def crashing(self, trip: int, *, after: bool) -> bool:
        """Run and be killed at a round trip; False where it ended before."""
        trips = 0

        def before() -> None:
            nonlocal trips
            trips += 1
            if trips == trip and not after:
                raise Crash

        def done() -> None:
            if trips == trip and after:
                raise Crash

        self.connection.before, self.connection.after = before, done
        try:
            self.run()
        except Crash:
            return True
        finally:
            self.connection.before = self.connection.after = lambda: None
        return False

    def die_transferring(self, lot: int) -> None:
        """Run and be killed before the groups, or the pointers to them, of a lot are written."""
        groups = self.engine.groups
        commit, lots = groups.commit, 0

        def dying(commits: Sequence[Commit]) -> list[bool]:
            nonlocal lots
            if sys._getframe(1).f_code is IdTransfer._write.__code__:
                lots += 1
                if lots == lot:
                    raise Crash
            return commit(commits)

        groups.commit = dying  # type: ignore[method-assign]
        try:
            self.run()
        except Crash:
            pass
        finally:
            groups.commit = commit  # type: ignore[method-assign]

    def go_on(self) -> list[Outgoing]:
        """What the first worker does there; returns all that was ever published."""
        published = list(self.live.published)
        drain(self.engine, published.extend)
        handle(self.engine, sorted(self.live.unsafe, key=self.live.log.index), published.extend)
        check(self.engine, published, self.live.log, self.rules)
        return published


@pytest.fixture
def live(generation: Settings, new_connection: New) -> Live:
    return Live(generation, new_connection())


@pytest.fixture
def with_rules(monkeypatch: pytest.MonkeyPatch) -> Callable[[Rules], None]:
    """From now on engines decide by these rules, as after an update of Streams."""
    return lambda rules: monkeypatch.setattr(streams.engine.engine, "DEFAULT", rules)


def told(published: Sequence[Outgoing]) -> list[dict[str, Any]]:
    return [orjson.loads(out.value or b"") for out in published if out.topic == events.EVENTS]


@pytest.mark.parametrize("seed", range(6))
def test_under_the_same_rules_nothing_changes(live: Live, new_connection: New, seed: int) -> None:
    choices = Random(seed)
    live.handle(live.some(choices, 40), choices)
    check(live.engine, live.published, live.log)
    build = Build(live, new_connection, buckets=choices.choice([16, 64]))
    build.run(choices)
    assert event_ids(build.go_on()) == event_ids(live.published)
    assert stored_partition(build.engine) == stored_partition(live.engine)
    assert build.counts["carried"] == 0
    assert set(build.counts) <= {"records", "deleted", "carried", "groups"}
    later = live.some(choices, 10)
    published = list(live.published)
    handle(build.engine, later, published.extend)
    check(build.engine, published, live.log)


@pytest.mark.parametrize("rules", [SEPARATE, STRICT], ids=["another policy", "another threshold"])
@pytest.mark.parametrize("seed", range(8))
def test_under_other_rules_it_ends_as_they_say(
    live: Live, new_connection: New, with_rules: Callable[[Rules], None], rules: Rules, seed: int, validate: Any
) -> None:
    choices = Random(seed)
    live.handle(live.some(choices, 40), choices)
    with_rules(rules)
    build = Build(live, new_connection, rules)
    build.run(choices)
    published = build.go_on()
    new = told(published)[len(told(live.published)) :]
    assert Counter(event["type"] for event in new) == Counter(
        {k: n for k, n in build.counts.items() if k not in ("records", "deleted", "carried", "groups")}
    )
    for event in new:
        validate("event", event)
        assert event["causes"] == [f"rebuild:{build.settings.generation}"]
    later = live.some(choices, 10)
    handle(build.engine, later, published.extend)
    check(build.engine, published, live.log, rules)


def test_other_rules_do_change_something(live: Live, new_connection: New, with_rules: Callable[[Rules], None]) -> None:
    """So that the test above cannot pass by chance; and back again: what was split is one once more, under the id it had."""
    for number, content in enumerate((0, 3, 6, 7)):
        live.log.append(message(RECORDS[number], CONTENTS[content], 1000 + number, number))
    live.handle(live.log, Random(1))
    before = stored_partition(live.engine)
    assert sorted(map(len, before.values())) == [2, 2]
    with_rules(STRICT)
    build = Build(live, new_connection, STRICT)
    build.run()
    published = build.go_on()
    assert (build.counts["split"], build.counts["created"]) == (2, 2)
    live.settings, live.engine, live.published = build.settings, build.engine, published
    with_rules(DEFAULT)
    back = Build(live, new_connection)
    back.run()
    assert back.counts["merged"] == 4
    merged = [event for event in told(back.go_on()) if event["type"] == "merged" and event["after"]]
    assert stored_partition(back.engine) == before
    assert all([e["decision"] for e in event["evidence"]] == ["duplicate"] for event in merged)
    assert all(event["causes"] == [f"rebuild:{back.settings.generation}"] for event in merged)


@pytest.mark.parametrize("seed", range(8))
def test_what_the_topics_no_longer_hold_is_carried_over(live: Live, new_connection: New, seed: int) -> None:
    choices = Random(seed)
    live.handle(live.some(choices, 40), choices)
    lost = [item for item in live.log if choices.random() < 0.5]
    build = Build(live, new_connection, lost=lost)
    build.run(choices)
    assert build.counts["carried"] > 0
    assert event_ids(build.go_on()) == event_ids(live.published)


@pytest.mark.parametrize("seed", range(10))
def test_what_a_killed_worker_left_is_finished_in_the_new_generation(
    live: Live, new_connection: New, with_rules: Callable[[Rules], None], seed: int
) -> None:
    """Groups frozen on their way into others, events committed and not published, records without a group."""
    choices = Random(seed)
    rules = choices.choice([DEFAULT, STRICT])
    live.handle(live.some(choices, 25), choices)
    for _ in range(3):
        live.die_in(live.some(choices, 6), choices.randint(4, 16))
    with_rules(rules)
    build = Build(live, new_connection, rules)
    build.run(choices)
    build.go_on()


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_any_step_and_run_again_it_ends_the_same(
    live: Live, new_connection: New, with_rules: Callable[[Rules], None], after: bool
) -> None:
    choices = Random(5)
    live.handle(live.some(choices, 30), choices)
    live.die_in(live.some(choices, 6), 12)
    lost = [item for item in live.log if choices.random() < 0.2]
    with_rules(STRICT)
    whole = Build(live, new_connection, STRICT, lost, name="whole")
    whole.run()
    expected = sorted(event_ids(whole.go_on()))
    trip, killed = 0, True
    while killed:
        trip += 3
        build = Build(live, new_connection, STRICT, lost, name=str(trip))
        killed = build.crashing(trip, after=after)
        build.crashing(trip // 2, after=after)
        build.run()
        assert sorted(event_ids(build.go_on())) == expected
    assert trip > 60


@pytest.mark.parametrize("seed", range(8))
def test_work_goes_on_between_attempts(
    live: Live, new_connection: New, with_rules: Callable[[Rules], None], seed: int
) -> None:
    """The rebuild dies anywhere, or when all was done but the switch; workers go on, and it is run again."""
    choices = Random(seed)
    live.handle(live.some(choices, 30), choices)
    with_rules(STRICT)
    build = Build(live, new_connection, STRICT)
    for trip in (choices.randint(20, 120), choices.randint(5, 60), 10_000):
        if choices.random() < 0.5:
            build.die_transferring(choices.randint(1, 3))
        else:
            build.crashing(trip, after=choices.random() < 0.5)
        live.handle(live.some(choices, 15), choices)
        build.topics = [item for item in live.log if item.source != CORRECTIONS]
    build.run()
    build.go_on()
