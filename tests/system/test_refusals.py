"""A worker that cannot begin says why in a line, and ends; else it would sit there without partitions."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from streams.local.broker import free_port
from streams.local.services import Services
from streams.local.valkey import Valkey
from streams.local.worker import WorkerProcess
from streams.settings import Settings
from tests.system.processes import Streams

pytestmark = pytest.mark.system


@pytest.fixture
def start_worker(streams: Callable[..., Streams], valkey: Valkey) -> Callable[..., subprocess.CompletedProcess[str]]:
    def start(**settings: Any) -> subprocess.CompletedProcess[str]:
        given = {"redis_url": valkey.url, "http_port": free_port()} | settings
        return streams(**given)("worker", seconds=40)

    return start


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.any_broker
def test_another_program_has_the_http_port(
    start_worker: Callable[..., subprocess.CompletedProcess[str]], taken_port: int
) -> None:
    done = start_worker(http_port=taken_port, kafka_url=f"127.0.0.1:{free_port()}")
    assert done.returncode == 2
    said = f"STREAMS_HTTP_PORT: 127.0.0.1:{taken_port} is not to be had: Address already in use; expected a free port"
    assert said in done.stderr


@pytest.mark.any_broker
def test_a_port_that_was_free_a_moment_ago_is_given_up_for_another(tmp_path: Path) -> None:
    with Services(Settings(http_port=0)) as services:
        worker = WorkerProcess(services.settings.model_copy(update={"http_port": 0}), tmp_path / "worker.log")
        chosen = worker.settings.http_port
        with socket.create_server(("127.0.0.1", chosen)), worker:
            worker.wait_ready()
            assert worker.settings.http_port != chosen


@pytest.mark.parametrize(
    ("settings", "code", "said"),
    [
        ({"session_timeout": 2}, 2, "streams: STREAMS_SESSION_TIMEOUT: 2 seconds; expected 6 to 1800 seconds"),
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
