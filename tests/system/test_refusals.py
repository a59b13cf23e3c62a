"""A worker that cannot begin says why in a line, and ends; else it would sit there without partitions."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from processes import Streams

from streams.local.broker import free_port
from streams.local.valkey import Valkey

pytestmark = pytest.mark.system


@pytest.fixture
def start_worker(streams: Callable[..., Streams], valkey: Valkey) -> Callable[..., subprocess.CompletedProcess[str]]:
    def start(**settings: Any) -> subprocess.CompletedProcess[str]:
        return streams(redis_url=valkey.url, http_port=free_port(), **settings)("worker", seconds=40)

    return start


def test_kafka_is_not_there(start_worker: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    address = f"127.0.0.1:{free_port()}"
    done = start_worker(kafka_url=address)
    assert done.returncode == 1
    assert f"streams: Kafka at {address} cannot be reached" in done.stderr


@pytest.mark.parametrize(
    ("settings", "code", "said"),
    [
        ({"session_timeout": 2}, 2, "streams: STREAMS_SESSION_TIMEOUT: 2 seconds; expected 6 to 1800 seconds"),
        ({"replication": 3}, 1, "cannot be created: Kafka error 38"),
    ],
)
def test_kafka_refuses_what_the_settings_ask_for(
    start_worker: Callable[..., subprocess.CompletedProcess[str]],
    broker_kind: str,
    settings: dict[str, Any],
    code: int,
    said: str,
) -> None:
    if broker_kind == "tansu":
        pytest.skip("the embedded broker grants everything")
    done = start_worker(**settings)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
