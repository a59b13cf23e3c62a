"""The harvester as a real process, which is killed at a request."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from datetime import date, timedelta

from streams.harvest.checkpoints import CheckpointStore
from streams.harvest.days import OVERLAP_DAYS
from streams.settings import Settings
from tests.harvest.feed_server import FeedServer
from tests.harvest.works_server import WorksServer

__all__ = ["assert_killed_at_any_request", "killed_at", "started"]

_GIVEN = (
    "kafka_url",
    "topic_prefix",
    "partitions",
    "harvest_contact",
    "harvest_pace",
    "harvest_wait_floor",
    "harvest_port",
    "harvest_interval",
)


_KEYS = {"STREAMS_SEMANTIC_SCHOLAR_KEY": "k", "STREAMS_OPENALEX_KEY": "k"}


def started(
    settings: Settings,
    server: FeedServer,
    *arguments: str,
    stdout: int = subprocess.DEVNULL,
    stderr: int = subprocess.PIPE,
    keys: Mapping[str, str] = _KEYS,
) -> subprocess.Popen[bytes]:
    """Start `streams harvest` with API `keys` in its environment; the caller ends it."""
    given = {f"STREAMS_{name.upper()}": str(getattr(settings, name)) for name in _GIVEN}
    environment = {**os.environ, **given, **keys, "STREAMS_HARVEST_URL": server.url}
    command = [sys.executable, "-m", "streams", "harvest", *arguments]
    return subprocess.Popen(command, env=environment, stdout=stdout, stderr=stderr)


def killed_at(settings: Settings, server: FeedServer, number: int, *arguments: str, after: float = 0.0) -> bool:
    """Run `streams harvest`, and kill it by SIGKILL at its request of a number from 0; return whether it ended before.

    `after` so many seconds it is killed, while the request is answered.
    """
    first = len(server.asked)
    process = started(settings, server, *arguments)

    def before(at: int) -> None:
        if at - first != number:
            return
        if after:
            threading.Timer(after, process.kill).start()
        else:
            process.kill()
            process.wait(30)

    server.before = before
    try:
        _, errors = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode in (0, -signal.SIGKILL), errors.decode()
    return process.returncode == 0


def assert_killed_at_any_request(
    settings: Settings, server: WorksServer, source: str, since: date, until: date, stride: int
) -> None:
    """Kill a harvester of days at its first request, and each next one `stride` requests later, until one ends by itself.

    What was done before a kill is not asked for again, but for the overlap.
    """
    done, kills = "", 0
    for number in range(1, 60, stride):
        begun = len(server.days_asked())
        ended = killed_at(settings, server, number, source, "--from", f"{since}", "--until", f"{until}")
        oldest = max(date.fromisoformat(done) - timedelta(OVERLAP_DAYS), since) if done else since
        asked = server.days_asked()[begun:]
        assert all(day >= f"{oldest}" for day in asked), (done, asked)
        checkpoint = asyncio.run(CheckpointStore(settings, source, None).read()).checkpoint
        assert checkpoint is not None
        assert checkpoint.done >= done
        done = checkpoint.done
        if ended:
            break
        kills += 1
    assert kills > 1
    assert done == f"{until}"
