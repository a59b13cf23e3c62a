from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from streams.local.broker import SESSION_SECONDS
from streams.local.valkey import Valkey
from tests.brokers import KAFKA_SESSION_SECONDS, AnyBroker
from tests.system.probed_worker import ProbedWorker
from tests.system.processes import Streams


@pytest.fixture
def streams(tmp_path: Path, broker_settings: Callable[[], dict[str, Any]]) -> Callable[..., Streams]:
    """Make a `Streams` with settings of the test's own, on the broker under test."""

    def make(**settings: object) -> Streams:
        return Streams(tmp_path, **(broker_settings() | settings))

    return make


@pytest.fixture(scope="session")
def session_seconds(broker_kind: str) -> float:
    """The shortest session of a worker that the broker under test grants."""
    return {"tansu": SESSION_SECONDS, "kafka": KAFKA_SESSION_SECONDS}[broker_kind]


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[Valkey]:
    made = Valkey(tmp_path / "redis", unix_socket=False)
    made.start()
    yield made
    made.close()


@pytest.fixture
def own_broker(new_broker: Callable[..., AnyBroker]) -> AnyBroker:
    return new_broker()


@pytest.fixture
def probed(streams: Callable[..., Streams], own_redis: Valkey, own_broker: AnyBroker) -> ProbedWorker:
    """A worker, not started yet, on servers of the test's own."""
    return ProbedWorker(streams, own_redis.url, own_broker.url)
