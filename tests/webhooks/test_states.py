"""States in a real Redis, and the lease: one process writes at a time, and one that takes over reads first."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec
import pytest

from streams.settings import Settings
from streams.state.connection import Command, Connection
from streams.state.layout import webhooks_key
from streams.webhooks.parking import Parked
from streams.webhooks.schedule import Retry
from streams.webhooks.states import Asked, EndpointState, Lease, StateStore, read_states

HELD, TAKEN, OTHERS = Lease(True, True), Lease(True), Lease(False)
STATE = EndpointState(
    "a", "https://a.example.org", positions={0: 7, 2: 9}, retries={2: Retry(9, "c:1", 1.5, 3, 2, 9.5)}
)
VALUE = {"a": msgspec.json.encode(STATE)}
PARKED = Parked(2, 9, "c:1", 1.5, 7.5, 3, "it answered 500")


@pytest.fixture
def own(generation: Settings) -> Settings:
    """A namespace that no other test has."""
    return generation.model_copy(update={"namespace": f"n{generation.generation}"})


@pytest.fixture
def store(own: Settings, new_connection: Callable[[], Connection]) -> StateStore:
    return StateStore(own.namespace, new_connection())


@pytest.fixture
def short(own: Settings, new_connection: Callable[[], Connection]) -> StateStore:
    """A store whose leases last a fifth of a second."""
    return StateStore(own.namespace, new_connection(), 0.2)


def test_a_state_is_read_as_it_was_written(store: StateStore, own: Settings, connection: Connection) -> None:
    assert store.read() == {}
    assert store.write("one", VALUE) == TAKEN
    assert store.read() == {}, "the states may be another process's: it has to read them first"
    assert store.write("one", VALUE) == HELD
    assert store.read() == {"a": STATE}
    assert read_states(own.namespace, connection) == (STATE,)


def test_one_process_has_the_lease_until_it_gives_it_back(store: StateStore) -> None:
    assert [store.write("one", {}), store.write("two", VALUE), store.write("one", {})] == [TAKEN, OTHERS, HELD]
    assert store.write("two", VALUE, release=True) == OTHERS
    assert store.write("one", VALUE, release=True) == HELD
    assert store.read() == {"a": STATE}
    assert store.write("two", {}) == TAKEN
    assert store.write("one", {}, release=True) == OTHERS


def test_a_lease_that_is_not_renewed_is_taken_by_another_process(short: StateStore, store: StateStore) -> None:
    assert short.write("one", {}) == TAKEN
    time.sleep(0.3)
    assert store.write("two", {}) == TAKEN
    assert store.write("one", VALUE) == OTHERS


def test_a_lease_that_no_other_process_has_taken_is_still_its_own(short: StateStore) -> None:
    assert short.write("one", {}) == TAKEN
    time.sleep(0.3)
    assert short.write("one", VALUE) == HELD
    assert short.read() == {"a": STATE}


def test_a_process_that_slept_through_the_lease_of_another_does_not_write_what_it_had(short: StateStore) -> None:
    assert [short.write("one", {}), short.write("one", VALUE)] == [TAKEN, HELD]
    time.sleep(0.3)
    newer = {"a": msgspec.json.encode(EndpointState("a", taken=5))}
    assert [short.write("two", {}), short.write("two", newer)] == [TAKEN, HELD]
    time.sleep(0.3)
    assert short.write("one", VALUE) == TAKEN
    assert short.read()["a"].taken == 5


def test_a_person_enables_and_the_states_stay(store: StateStore) -> None:
    store.write("one", {})
    store.write("one", VALUE)
    assert store.asked(["a"]) == {"a": Asked()}
    store.enable("a", 17.25)
    store.redeliver("a", 18.5)
    assert store.asked(["b", "a"]) == {"a": Asked(17.25, 18.5, 0.0), "b": Asked()}
    assert store.asked([]) == {}
    assert store.read() == {"a": STATE}


def test_what_is_kept_of_an_endpoint_can_be_removed(store: StateStore) -> None:
    store.write("one", {})
    store.write("one", VALUE)
    store.write("one", {}, {"a": msgspec.json.encode([PARKED])})
    assert store.parked("a") == [PARKED]
    store.enable("a")
    store.discard("a")
    assert store.remove("a")
    assert not store.remove("a")
    assert (store.read(), store.asked(["a"]), store.parked("a")) == ({}, {"a": Asked()}, [])


def test_a_state_of_another_version_is_left_out(store: StateStore, own: Settings, connection: Connection) -> None:
    key = webhooks_key(own.namespace)
    connection.execute([Command(key, ("HSET", key, "state:b", b'{"title": 3}'))])
    store.write("one", {})
    store.write("one", VALUE)
    assert list(store.read()) == ["a"]
