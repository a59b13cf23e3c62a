"""A Redis that forgets at any round trip: what subscribers were told and is no more is told anew, under ids that are new."""
# ruff: noqa: S311 - a seed makes a test repeatable

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable
from itertools import count
from random import Random

import orjson
import pytest

from streams import events
from streams.clusters.group import Cluster, Group, Member
from streams.clusters.published import PublishedCluster, lift
from streams.engine.engine import Engine
from streams.engine.messages import Incoming
from streams.engine.reconcile import reconcile
from streams.events import Outgoing
from streams.events.published_clusters import PublishedClusters
from streams.records.chunks import chunks
from streams.settings import Settings
from streams.state.connection import Command, Connection
from tests.engine.interleaving import Crash, Stepped, interleave
from tests.engine.worlds import CONTENTS, check, correction, drain, finish, handle, message, settle

RECORDS = [f"s{number % 3}:{number}" for number in range(7)]
# In the last ones an event that was committed is forgotten when later ones of its cluster were told.
SEEDS = (*range(60), 83, 217, 311)
Snapshot = dict[bytes, bytes]


class World:
    """A worker that reads a log of messages, and a Redis of which an earlier state may come back."""

    def __init__(self, given: Settings, connection: Connection) -> None:
        self.connection = connection
        self.stepped, self.other = Stepped(connection), Stepped(connection)
        self.engine, self.engine_of_other = (Engine(given, each) for each in (self.stepped, self.other))
        self.prefix = f"{given.namespace}:{given.generation}:"
        self.log: list[Incoming] = []
        self.published: list[Outgoing] = []
        self.position = 0

    def keep(self) -> Snapshot:
        keys = self.connection.call("KEYS", self.prefix + "*")
        return dict(zip(keys, self.connection.execute([Command(key, ("DUMP", key)) for key in keys]), strict=True))

    def forget(self, kept: Snapshot) -> None:
        gone = [Command(key, ("DEL", key)) for key in self.connection.call("KEYS", self.prefix + "*")]
        back = [Command(key, ("RESTORE", key, 0, value)) for key, value in kept.items()]
        self.connection.execute([*gone, *back])

    def run(self, random: Random, first: int = 0, last: int = 0, *, alone: bool = False) -> tuple[Snapshot, int] | None:
        """Handle all there is, in batches of any size; returns what was there at round trip `first`, `last` is cut off.

        `alone`: the other worker is busy.
        """
        kept: list[tuple[Snapshot, int]] = []
        trips = count(1)

        def after() -> None:
            trip = next(trips)
            if trip == first:
                kept.append((self.keep(), self.position))
            if trip == last:
                raise Crash

        self.stepped.after = self.other.after = after
        with contextlib.suppress(Crash):
            while self.position < len(self.log):
                self.handle(random.randrange(1, 4), 0 if alone else random.randrange(3))
        self.stepped.after = self.other.after = lambda: None
        return kept[0] if kept else None

    def handle(self, size: int, slow: int = 0) -> None:
        """The next messages; the first few, if any, by another worker, which publishes only in the end."""
        begin = self.position + slow
        waiting = self.engine_of_other.process(self.log[self.position : begin])
        handle(self.engine, self.log[begin : begin + size], self.published.extend)
        settle(self.engine_of_other, waiting, self.published.extend)
        self.position = min(begin + size, len(self.log))

    def reconcile(self, engine: Engine | None = None) -> None:
        """As a worker does it that meets another server."""
        engine, told = engine or self.engine, PublishedClusters()
        for number, out in enumerate(self.published):
            if out.topic == events.EVENTS:
                told.add_event(out.value or b"", number)
        for keys in chunks(sorted(told.clusters), 500):
            settle(engine, reconcile(engine, told, keys), self.published.extend)
            settle(engine, engine.outbox.restate(keys), self.published.extend)
        drain(engine, self.published.extend)

    def mend_twice(self, random: Random) -> None:
        """Two workers meet the other server at once; the first one goes on when it is done."""

        def first(step: Callable[[], None]) -> None:
            self.stepped.before = step
            self.reconcile()
            self.run(random, alone=True)

        def second(step: Callable[[], None]) -> None:
            self.other.before = step
            self.reconcile(self.engine_of_other)

        interleave([first, second], random.choice)
        self.stepped.before = self.other.before = lambda: None


def _log(random: Random) -> list[Incoming]:
    log: list[Incoming] = []
    said = 0
    for number in range(random.randrange(4, 16)):
        roll = random.random()
        if roll < 0.15:
            log.append(
                correction(f"k{said}", random.choice(["same", "different"]), *random.sample(RECORDS, 2), offset=said)
            )
            said += 1
        else:
            content = None if roll < 0.3 else CONTENTS[random.randrange(len(CONTENTS))]
            log.append(message(random.choice(RECORDS), content, 1000 + 10 * number))
    return log


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_is_forgotten_all_agree_again(
    seed: int, generation: Settings, new_connection: Callable[[], Connection]
) -> None:
    random = Random(seed)
    world = World(generation, new_connection())
    world.log = _log(random)
    for _ in range(random.randrange(1, 4)):
        first = random.randrange(1, 40)
        if kept := world.run(random, first, first + random.randrange(0, 40)):
            world.position = kept[1]
            world.forget(kept[0])
            if random.random() < 0.5:
                world.reconcile()
            else:
                world.mend_twice(random)
    world.run(random)
    finish(world.engine, world.published.extend)
    check(world.engine, world.published, world.log)


def test_what_is_told_of_a_cluster_that_redis_forgot(
    generation: Settings, new_connection: Callable[[], Connection], validate: Callable[[str, object], None]
) -> None:
    world = World(generation, new_connection())
    world.log = [message("a:1", CONTENTS[0], 1000), message("b:2", CONTENTS[0], 1010)]
    empty = world.keep()
    world.handle(1)
    world.handle(1)
    before = len(world.published)
    world.forget(empty)
    world.reconcile()
    told = [orjson.loads(out.value or b"") for out in world.published[before:] if out.topic == events.EVENTS]
    for event in told:
        validate("event", event)
    ends = {event["cluster_id"]: (event["type"], event["before"], event["after"], event["causes"]) for event in told}
    cause = [f"forgotten:{generation.generation}"]
    assert list(ends.values()) == [("record_removed", ["a:1", "b:2"], [], cause)]
    world.position = 0
    world.handle(2)
    check(world.engine, world.published, world.log)
    again = [orjson.loads(out.value or b"") for out in world.published if out.topic == events.EVENTS]
    assert {event["cluster_id"] for event in again} == set(ends), "it goes on under the id it had"


def test_mending_what_is_whole_tells_nothing(generation: Settings, new_connection: Callable[[], Connection]) -> None:
    world = World(generation, new_connection())
    world.log = [message(record, CONTENTS[number], 1000 + number) for number, record in enumerate(RECORDS)]
    world.handle(7)
    told = Counter(out.topic for out in world.published)[events.EVENTS]
    world.reconcile()
    assert Counter(out.topic for out in world.published)[events.EVENTS] == told


def test_lift_names_the_change_that_leads_from_what_was_told_to_what_is() -> None:
    a, b = b"a" * 8, b"b" * 8
    names = {a: "s:a", b: "s:b"}

    def published(revision: int, records: tuple[str, ...], created: int) -> PublishedCluster:
        return PublishedCluster(a, records, created, revision)

    def kind(group: Group, head: PublishedCluster) -> tuple[str, int] | None:
        lifted, changes = lift([group], {a: head}, [a], lambda ids: tuple(names[i] for i in ids), lambda *_: False)
        assert [c.revision for c in lifted[0].clusters if c.key == a] in ([head.revision + 1], [head.revision], [9])
        return (changes[0].type, changes[0].revision) if changes else None

    one = Group((Member(a, b"", 0),), (Cluster(a, 2, 5),))
    ended = Group((), (Cluster(a, 2, 5),))
    assert kind(one, published(3, ("s:a", "s:b"), 7)) == ("record_removed", 4)
    assert kind(one, published(3, (), 7)) == ("created", 4)
    assert kind(one, published(3, ("s:b",), 7)) == ("record_removed", 4)
    assert kind(one, published(2, ("s:a",), 7)) == ("record_updated", 3)
    assert kind(Group((Member(a, b"", 0), Member(b, b"", 0)), (Cluster(a, 2, 5),)), published(3, ("s:a",), 7)) == (
        "record_added",
        4,
    )
    assert kind(ended, published(3, ("s:a",), 7)) == ("record_removed", 4)
    assert kind(ended, published(3, (), 7)) is None
    assert kind(Group(), published(3, ("s:a",), 7)) == ("record_removed", 4)
    assert kind(Group(), published(3, (), 7)) is None
    assert kind(Group((Member(a, b"", 0),), (Cluster(a, 9, 5),)), published(3, ("s:b",), 7)) is None, "Redis is further"
