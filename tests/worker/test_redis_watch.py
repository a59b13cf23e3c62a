"""Memory, size and errors of a real Redis as metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import redis
from redis.exceptions import AuthenticationError, OutOfMemoryError, ReadOnlyError

from streams.engine.engine import Engine
from streams.errors import RedisError
from streams.ops.metrics import REDIS_ERRORS, Metrics
from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.index_size import IndexMeter
from streams.state.layout import Layout
from streams.worker.redis_watch import error_kind, memory_of, watch_redis
from tests.engine.worlds import CONTENTS, message
from tests.system.processes import metric


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (redis.TimeoutError("Timeout reading from socket"), "timeout"),
        (redis.ConnectionError("refused"), "connection"),
        (OutOfMemoryError("command not allowed when used memory > 'maxmemory'."), "full"),
        (redis.ResponseError("OOM command not allowed when used memory > 'maxmemory'."), "full"),
        (redis.ResponseError("MISCONF Redis is configured to save RDB snapshots"), "disk"),
        (ReadOnlyError("You can't write against a read only replica."), "read_only"),
        (redis.ResponseError("1 of 2 replicas have acknowledged within 3 s"), "replicas"),
        (redis.ResponseError("FORGOTTEN another server"), "failover"),
        (AuthenticationError("invalid username-password pair"), "login"),
        (redis.ResponseError("ERR whatever"), "other"),
    ],
)
def test_errors_have_kinds(error: redis.RedisError, kind: str) -> None:
    assert error_kind(error) == kind
    assert kind in REDIS_ERRORS


def test_a_refused_command_is_counted_and_an_answered_one_is_timed(connection: Connection) -> None:
    kinds: list[str] = []
    seconds: list[float] = []
    connection.on_error = lambda error: kinds.append(error_kind(error))
    connection.on_answer = seconds.append
    connection.call("PING")
    assert len(seconds) == 1
    with pytest.raises(RedisError):
        connection.call("NOSUCHCOMMAND")
    assert kinds == ["other"]


def test_memory_is_that_of_every_node(redis_cluster: Any, new_cluster_connection: Callable[[], Connection]) -> None:
    used, most = memory_of(new_cluster_connection())
    assert set(used) == set(most) == {"0", "1", "2"}
    assert all(value > 100_000 for value in used.values())


def test_what_is_in_redis_is_exposed(generation: Settings, new_connection: Callable[[], Connection]) -> None:
    connection, metrics = new_connection(), Metrics()
    engine = Engine(generation, connection)
    engine.process([message(f"s:{number}", CONTENTS[number % 2 * 6], 1000 + number) for number in range(6)])
    meter = IndexMeter(Layout(generation.namespace, generation.generation, generation.buckets), connection)

    async def go() -> bytes:
        async def at_once(work: Callable[[], Any]) -> Any:
            return work()

        task = asyncio.create_task(watch_redis(connection, meter, metrics, at_once))
        await asyncio.sleep(0.05)
        task.cancel()
        return metrics.exposition()[0]

    seen = asyncio.run(go())
    assert metric(seen, "streams_redis_used_bytes") > 100_000
    assert metric(seen, "streams_redis_max_bytes") == 0
    assert metric(seen, "streams_index_records") == 6
    assert metric(seen, "streams_index_clusters") == 2
    assert metric(seen, "streams_pending_events") > 0, "nothing was published"
