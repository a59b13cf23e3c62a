"""`streams serve` as a process: it binds, says where, answers, and ends at once although clients are connected."""

from __future__ import annotations

import http.client
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from streams.errors import SettingsError
from streams.local.http_process import environment_of
from streams.local.serve import ServeProcess
from streams.serve.connections import Connections
from streams.serve.process import bind, server
from streams.settings import Settings
from tests.query.conftest import Library

pytestmark = pytest.mark.system


def test_it_answers_and_ends_on_a_signal_while_a_client_is_connected(library: Library, tmp_path: Path) -> None:
    settings = library.settings.model_copy(update={"kafka_url": "127.0.0.1:1", "serve_port": 0})
    with ServeProcess(settings, tmp_path / "serve.log") as api:
        api.wait_ready()
        connection = http.client.HTTPConnection(api.settings.serve_host, api.settings.serve_port, timeout=10)
        connection.request("GET", "/api/v1/records/mine:1")
        answer = connection.getresponse()
        assert answer.status == 200
        assert answer.getheader("Server") is None
        assert b'"mine:1"' in answer.read()
        began = time.monotonic()
        api.child.stop()
        assert time.monotonic() - began < 5
    log = (tmp_path / "serve.log").read_text()
    assert "event=serving" in log
    assert "Traceback" not in log


def test_a_port_that_is_taken_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(SettingsError, match=r"STREAMS_SERVE_PORT: 127\.0\.0\.1:\d+ is not to be had"):
            bind(Settings(serve_port=taken.getsockname()[1]))


def test_a_free_port_is_printed(library: Library) -> None:
    settings = library.settings.model_copy(update={"kafka_url": "127.0.0.1:1", "serve_port": 0})
    process = subprocess.Popen(
        [sys.executable, "-m", "streams", "serve"], stderr=subprocess.PIPE, text=True, env=environment_of(settings)
    )
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert line.startswith("page on http://127.0.0.1:")
        assert not line.rstrip().endswith(":0/")
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


@pytest.mark.parametrize(("security", "loop"), [("plaintext", "uvloop"), ("ssl", "asyncio"), ("sasl_ssl", "asyncio")])
def test_the_event_loop_is_one_on_which_answers_of_kafka_arrive(security: str, loop: str) -> None:
    settings = Settings.model_validate({"redis_url": "redis://127.0.0.1:1", "kafka_security": security})
    assert server(settings, Connections()).config.loop == loop
