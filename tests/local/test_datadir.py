"""Who may use a data directory, on real servers."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from streams.errors import EmbeddedError
from streams.local.services import Services
from streams.settings import Settings
from tests.local.instances import instance

Until = Callable[[Callable[[], bool], str], None]


Runs = Callable[[int], bool]


def test_a_directory_in_use_is_refused_by_name(settings: Settings, tmp_path: Path) -> None:
    with (
        Services(settings, tmp_path),
        pytest.raises(EmbeddedError, match=f"{tmp_path} is in use by process {os.getpid()}"),
        Services(settings, tmp_path),
    ):
        pass
    with Services(settings, tmp_path):
        pass


def test_a_directory_that_cannot_be_made_is_an_error(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EmbeddedError, match="cannot be used"), Services(settings, tmp_path / "file"):
        pass


def test_a_long_path_gets_its_socket_elsewhere(settings: Settings, tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    with Services(settings, deep) as services:
        path = Path(services.settings.redis_url.removeprefix("unix://"))
        assert len(str(path)) < 100
        assert redis.Redis.from_url(services.settings.redis_url).ping()
    assert not path.parent.exists()
    assert deep.exists()


def test_redis_of_a_killed_instance_keeps_the_directory_locked_while_it_runs(
    settings: Settings, tmp_path: Path, until: Until, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.local.datadir._LEFTOVERS_STOP", 0.2)
    with instance(str(tmp_path)) as (process, said):
        assert isinstance(said["pids"], list)
        server = said["pids"][1]
        os.kill(server, signal.SIGSTOP)  # a Redis that is slow to stop
        process.kill()
        process.wait(10)
        try:
            with pytest.raises(EmbeddedError, match="in use"), Services(settings, tmp_path):
                pass
        finally:
            os.kill(server, signal.SIGCONT)
        until(lambda: not runs(server), "the end of Redis")
        with Services(settings, tmp_path):
            pass
