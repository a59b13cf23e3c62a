"""A broker and a Redis that a process of its own has started, as `streams up` does."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator

__all__ = ["instance"]

PARENT = """
import json, sys
from pathlib import Path
from streams.local.services import Services
from streams.settings import Settings
data = Path(sys.argv[1]) if sys.argv[1:] else None
try:
    with Services(Settings(), data) as services:
        pids = [services.broker.child.pid, services.redis.child.pid]
        said = {"pids": pids, "redis": services.settings.redis_url, "data": str(services.data_dir)}
        print(json.dumps(said), flush=True)
        sys.stdin.read()
except KeyboardInterrupt:
    sys.exit(130)
"""


@contextlib.contextmanager
def instance(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, object]]]:
    """Start them, in the data directory that `arguments` may name; gives the process and what it printed."""
    command = [sys.executable, "-c", PARENT, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()
