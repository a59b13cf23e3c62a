"""The totals in Redis and their lease, on a real server."""

from __future__ import annotations

import uuid

import msgspec
import pytest

from streams.errors import StateError
from streams.state.connection import Connection
from streams.state.layout import totals_key
from streams.totals.fold import Counters
from streams.totals.snapshot import Lease, Snapshot, TotalsStore


@pytest.fixture
def namespace() -> str:
    return f"t{uuid.uuid4().hex[:8]}"


@pytest.fixture
def store(namespace: str, connection: Connection) -> TotalsStore:
    return TotalsStore(namespace, connection)


def snapshot(clusters: int) -> Snapshot:
    counters = Counters({"created": 3}, {"s": 3}, clusters, {"s": 2}, {1: 1}, {"s": {"t": 1}}, ["s", "t"])
    return Snapshot(counters, "dedup.events", {0: clusters, 3: 7}, 5, dead_letters={"s": {"not_json": 1}})


def test_the_value_comes_back_as_it_was_written(store: TotalsStore) -> None:
    assert store.read() is None
    assert store.take("a") == Lease(True, None)
    assert store.write("a", snapshot(1))
    assert store.read() == snapshot(1)
    assert store.take("a") == Lease(True, snapshot(1))


def test_a_second_process_gets_the_lease_when_it_is_over_and_the_first_writes_no_more(
    store: TotalsStore, namespace: str, connection: Connection
) -> None:
    store.take("a")
    assert store.write("a", snapshot(1))
    assert not store.take("b").held
    assert not store.write("b", snapshot(9))
    connection.call("HSET", totals_key(namespace), "until", 1)
    assert store.write("a", snapshot(2)), "expired, but not taken since: the value is its own"
    connection.call("HSET", totals_key(namespace), "until", 1)
    assert store.take("b") == Lease(True, snapshot(2))
    assert not store.write("a", snapshot(3))
    assert store.read() == snapshot(2)


def test_a_lease_that_is_given_back_can_be_taken_at_once(store: TotalsStore) -> None:
    store.take("a")
    assert store.write("a", snapshot(4), release=True)
    assert store.take("b") == Lease(True, snapshot(4))


def test_totals_that_were_counted_take_the_lease_away(store: TotalsStore) -> None:
    store.take("a")
    store.replace(snapshot(8))
    assert not store.write("a", snapshot(1))
    assert store.take("a") == Lease(True, snapshot(8))


@pytest.mark.parametrize("value", [b"\xff", msgspec.msgpack.encode(msgspec.structs.replace(snapshot(1), format=99))])
def test_totals_of_another_version_are_refused(
    store: TotalsStore, namespace: str, connection: Connection, value: bytes
) -> None:
    connection.call("HSET", totals_key(namespace), "value", value)
    with pytest.raises(StateError, match="totals in Redis"):
        store.read()
