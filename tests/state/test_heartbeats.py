"""Heartbeats on a real server: those of workers with a lease, for some seconds."""

from __future__ import annotations

import msgspec
import pytest

from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.fence import Fence
from streams.state.heartbeats import EXPIRE_SECONDS, Heartbeat, HeartbeatStore, PartitionLag
from streams.state.layout import heartbeat_key

ONE = Heartbeat(
    worker="one",
    address="host:6066",
    version="1.0",
    ruleset="2026.1",
    generation="1",
    time=100.5,
    started=50.25,
    ready=False,
    reasons=["redis: no answer"],
    messages=7,
    decided=5,
    duplicates=3,
    latency_bounds=[0.1, 1.0],
    latency_counts=[4, 2, 1],
    partitions=[PartitionLag("records.arxiv", 0, None, 0, 0.0), PartitionLag("records.arxiv", 1, 9, 3, 1.5)],
)


@pytest.fixture
def store(generation: Settings, connection: Connection) -> HeartbeatStore:
    return HeartbeatStore(generation.namespace, generation.generation, connection)


@pytest.fixture
def fence(generation: Settings, connection: Connection) -> Fence:
    return Fence(generation.namespace, generation.generation, connection)


def test_the_last_heartbeat_of_each_worker_with_a_lease_is_read(store: HeartbeatStore, fence: Fence) -> None:
    assert store.read() == []
    for name in ("two", "one", "silent"):
        fence.enter(name)
    two = msgspec.structs.replace(ONE, worker="two", messages=0)
    for heartbeat in (
        ONE,
        two,
        msgspec.structs.replace(two, messages=9),
        msgspec.structs.replace(ONE, worker="foreign"),
    ):
        store.write(heartbeat)
    assert store.read() == [ONE, msgspec.structs.replace(two, messages=9)]
    fence.leave("two")
    assert store.read() == [ONE]


def test_redis_removes_it_by_itself(store: HeartbeatStore, generation: Settings, connection: Connection) -> None:
    store.write(ONE)
    left = connection.call("TTL", heartbeat_key(generation.namespace, generation.generation, "one"))
    assert EXPIRE_SECONDS - 3 < left <= EXPIRE_SECONDS


def test_one_of_another_version_is_left_out(
    store: HeartbeatStore, fence: Fence, generation: Settings, connection: Connection
) -> None:
    for name in ("one", "other"):
        fence.enter(name)
    store.write(ONE)
    connection.call("SET", heartbeat_key(generation.namespace, generation.generation, "other"), b'{"worker":"other"}')
    assert store.read() == [ONE]
