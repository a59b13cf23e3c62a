"""The harvester as a real process, which is killed at a request."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from streams.settings import Settings
from tests.harvest.feed_server import FeedServer

__all__ = ["killed_at", "started"]

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


def started(
    settings: Settings, server: FeedServer, *arguments: str, stderr: int = subprocess.PIPE
) -> subprocess.Popen[bytes]:
    """Start `streams harvest`; the caller ends it."""
    given = {f"STREAMS_{name.upper()}": str(getattr(settings, name)) for name in _GIVEN}
    environment = {**os.environ, **given, "STREAMS_HARVEST_URL": server.url, "STREAMS_SEMANTIC_SCHOLAR_KEY": "k"}
    command = [sys.executable, "-m", "streams", "harvest", *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=stderr)


def killed_at(settings: Settings, server: FeedServer, number: int, *arguments: str) -> bool:
    """Run `streams harvest`, and kill it by SIGKILL at its request of a number from 0; return whether it ended before."""
    first = len(server.asked)
    process = started(settings, server, *arguments)

    def before(at: int) -> None:
        if at - first == number:
            process.send_signal(signal.SIGKILL)
            process.wait(30)

    server.before = before
    try:
        _, errors = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode in (0, -signal.SIGKILL), errors.decode()
    return process.returncode == 0
