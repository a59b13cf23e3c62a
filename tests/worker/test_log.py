"""The level of the log that a setting asks for, in a process of its own: logging is configured once a process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from streams.local.services import Services
from streams.local.worker import WorkerProcess
from streams.settings import Settings

_PROGRAM = """
import logging, sys
from streams.worker.log import configure_logging
configure_logging(sys.argv[1])
for name in ("streams.worker.app", "aiokafka", "faust.worker"):
    for level in ("debug", "info", "warning", "error"):
        getattr(logging.getLogger(name), level)(f"{name} {level}")
"""


@pytest.mark.parametrize(
    ("level", "ours", "libraries", "framework"),
    [("debug", 4, 4, 4), ("info", 3, 2, 0), ("warning", 2, 2, 0), ("error", 1, 1, 0)],
)
def test_the_least_severe_line_is_of_the_level_set(level: str, ours: int, libraries: int, framework: int) -> None:
    done = subprocess.run([sys.executable, "-c", _PROGRAM, level], capture_output=True, text=True, check=True)
    lines = done.stderr.splitlines()
    assert [
        sum(f" {name} " in line for line in lines) for name in ("streams.worker.app", "aiokafka", "faust.worker")
    ] == [
        ours,
        libraries,
        framework,
    ]


@pytest.mark.system
@pytest.mark.parametrize(("level", "said"), [("info", True), ("warning", False)])
def test_a_worker_writes_lines_from_the_level_set(
    tmp_path: Path, broker_settings: Callable[[], dict[str, Any]], level: str, said: bool
) -> None:
    log = tmp_path / "worker.log"
    given = Settings(http_port=0, log_level=level, **broker_settings())
    with Services(given) as services, WorkerProcess(services.settings, log) as worker:
        worker.wait_ready()
    assert ("partitions assigned" in log.read_text()) == said, log.read_text()
