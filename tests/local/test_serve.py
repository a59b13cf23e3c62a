"""The API as a child process: it is started again when it has ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from streams.errors import EmbeddedError
from streams.local.serve import ServeProcess, can_serve
from streams.settings import Settings
from tests.system.processes import wait_for

pytestmark = pytest.mark.system


def test_it_is_started_again(generation: Settings, tmp_path: Path) -> None:
    assert can_serve()
    settings = generation.model_copy(update={"kafka_url": "127.0.0.1:1", "serve_port": 0})
    with ServeProcess(settings, tmp_path / "serve.log") as api:
        api.wait_ready()
        api.child.kill()
        assert not api.ready()
        api.keep_alive()
        wait_for(api.ready, "it answers again")


def test_one_that_cannot_start_says_why(generation: Settings, tmp_path: Path) -> None:
    settings = generation.model_copy(update={"redis_url": "", "kafka_url": "127.0.0.1:1"})
    with ServeProcess(settings, tmp_path / "serve.log") as api, pytest.raises(EmbeddedError, match="STREAMS_REDIS_URL"):
        api.wait_ready()
