"""Which generation is in force, who may work on it, and how one takes over from another, on real Redis."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from streams.errors import SettingsError, StateError
from streams.matching.ruleset import RULESET
from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.fence import HOLD_SECONDS, Fence, Gate, Hold
from streams.state.generation import current_generation, facts, follow
from streams.state.layout import Layout, meta_key
from streams.state.progress import Progress


class Gates:
    """A generation's fence, and its hash as it is."""

    def __init__(self, settings: Settings, connection: Connection) -> None:
        self.fence = Fence(settings.namespace, settings.generation, connection)
        self.key, self.connection = meta_key(settings.namespace, settings.generation), connection

    def put(self, name: str, value: object) -> None:
        self.connection.call("HSET", self.key, name, str(value))

    def names(self) -> set[str]:
        return {name.decode() for name in self.connection.call("HKEYS", self.key)}


@pytest.fixture
def gates(generation: Settings, new_connection: Callable[[], Connection]) -> Gates:
    return Gates(generation, new_connection())


def test_workers_come_and_go(gates: Gates) -> None:
    fence = gates.fence
    assert [fence.enter("a"), fence.enter("b"), fence.enter("a")] == [Gate("open")] * 3
    fence.leave("a")
    fence.leave("a")
    assert gates.names() == {"worker:b"}


def test_who_is_inside_is_seen_and_who_is_outside_stays_there(gates: Gates) -> None:
    fence = gates.fence
    fence.enter("inside")
    assert fence.hold("t", "two", take=True, closed=False) == Hold("held", "1")
    assert fence.enter("late") == Gate("open"), "a rebuild that only builds keeps nobody out"
    assert fence.hold("t", "two", take=False, closed=True) == Hold("held", "2")
    assert fence.enter("inside") == Gate("closing", "two")
    assert fence.enter("outside") == Gate("closed", "two")
    assert not fence.end("t", "switch"), "somebody is inside"
    for worker in ("inside", "late"):
        fence.leave(worker)
        assert fence.enter(worker) == Gate("closed", "two")
    assert fence.hold("t", "two", take=False, closed=True) == Hold("held", "0")
    assert fence.end("t", "switch")
    assert gates.names() == {"successor"}
    assert fence.enter("inside") == Gate("successor", "two")
    assert fence.hold("u", "three", take=True, closed=False) == Hold("successor", "two")


def test_a_worker_that_was_killed_is_not_waited_for_for_ever(gates: Gates) -> None:
    gates.put("worker:dead", 1)
    gates.fence.enter("alive")
    assert gates.names() == {"worker:alive"}, "one that comes clears away who is dead"
    gates.put("worker:dead", 1)
    assert gates.fence.hold("t", "two", take=True, closed=True) == Hold("held", "1")
    assert "worker:dead" not in gates.names()
    assert gates.fence.enter("dead") == Gate("closed", "two"), "should it wake up, it is outside"


def test_a_rebuild_that_died_keeps_nobody_out(gates: Gates) -> None:
    fence = gates.fence
    fence.hold("t", "two", take=True, closed=True)
    assert fence.enter("a") == Gate("closed", "two")
    gates.put("held_until", 1)
    assert fence.enter("a") == Gate("open")
    assert fence.hold("t", "two", take=False, closed=True) == Hold("lost", ""), "it knows that it was gone"
    assert not fence.end("t", "switch")
    assert fence.hold("u", "two", take=True, closed=False) == Hold("held", "1"), "another one goes on with it"


def test_two_rebuilds_at_once_are_refused(gates: Gates) -> None:
    fence = gates.fence
    fence.hold("t", "two", take=True, closed=False)
    state, left = fence.hold("u", "two", take=True, closed=False)
    assert state == "busy"
    assert 0 < int(left) <= 1000 * HOLD_SECONDS
    assert fence.hold("u", "three", take=True, closed=False) == Hold("other", "two")
    assert not fence.end("u", "abort")
    assert fence.end("t", "release")
    assert gates.names() == {"rebuilding"}
    assert fence.hold("u", "three", take=True, closed=False) == Hold("other", "two")
    assert fence.hold("u", "two", take=True, closed=True) == Hold("held", "0")
    assert fence.end("u", "abort")
    assert gates.names() == set()


def test_successors_are_followed_to_the_last(generation: Settings, new_connection: Callable[[], Connection]) -> None:
    connection = new_connection()
    assert current_generation(generation, connection) is generation
    names = [f"{generation.generation}-{number}" for number in range(3)]
    for before, after in zip([generation.generation, *names], names, strict=False):
        connection.call("HSET", meta_key(generation.namespace, before), "successor", after)
    connection.call("HSET", meta_key(generation.namespace, names[-1]), "buckets", "64", "preprints", "separate")
    found = follow(generation, connection)
    assert found.settings == generation.model_copy(
        update={"generation": names[-1], "buckets": 64, "preprints": "separate"}
    )
    assert found.before == (generation.generation, *names[:-1])
    connection.call("HSET", meta_key(generation.namespace, names[-1]), "successor", generation.generation)
    with pytest.raises(StateError, match="came before it"):
        follow(generation, connection)


@pytest.mark.parametrize(("field", "value"), [("buckets", 32), ("preprints", "separate")])
def test_what_decides_is_fixed_for_a_generation(
    generation: Settings, new_connection: Callable[[], Connection], field: str, value: object
) -> None:
    connection = new_connection()
    Progress(Layout(generation.namespace, generation.generation, 16), connection).claim(generation)
    assert facts(generation.namespace, generation.generation, connection)["ruleset"] == RULESET
    other = generation.model_copy(update={field: value})
    with pytest.raises(SettingsError, match="streams rebuild") as refused:
        Progress(Layout(other.namespace, other.generation, other.buckets), connection).claim(other)
    assert refused.value.setting == f"STREAMS_{field.upper()}"
