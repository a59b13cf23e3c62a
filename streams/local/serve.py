"""Run `streams serve` as a supervised child process, for `streams up`."""

from __future__ import annotations

import os
import sys
import time
import urllib.error
import urllib.request
from importlib.util import find_spec
from pathlib import Path

from streams.errors import EmbeddedError
from streams.local.broker import free_port
from streams.local.process import Child
from streams.local.worker import environment_of
from streams.settings import PREFIX, Settings

__all__ = ["ServeProcess", "can_serve"]

_READY_SECONDS = 60.0
_GRACE_SECONDS = 8.0
_PAUSE_SECONDS = 0.05


def can_serve() -> bool:
    """Tell whether the extra `serve` is installed."""
    return all(find_spec(name) is not None for name in ("litestar", "uvicorn"))


class ServeProcess:
    """A process `streams serve` with given settings. Use as `with`; the end of the block stops it gracefully."""

    def __init__(self, settings: Settings, log: Path) -> None:
        """Prepare the process; `settings.serve_port` 0 means any free port, `log` is the file for its output."""
        port = settings.serve_port or free_port(settings.serve_host)
        self.settings = settings.model_copy(update={"serve_port": port})
        self.url = f"http://{settings.serve_host}:{port}"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        command = [sys.executable, "-m", "streams", "serve"]
        self.child = Child(
            "the API", command, log, grace=_GRACE_SECONDS, environment=inherited | environment_of(self.settings)
        )

    def __enter__(self) -> ServeProcess:
        self.child.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.child.stop()

    def wait_ready(self) -> None:
        """Wait until it answers. Raises EmbeddedError when it ends first or takes too long."""
        deadline = time.monotonic() + _READY_SECONDS
        while not self.ready():
            self.child.check()
            if time.monotonic() > deadline:
                raise EmbeddedError(f"the API is not ready after {_READY_SECONDS:.0f} s{self.child.tail()}")
            self.child.pause(_PAUSE_SECONDS)

    def ready(self) -> bool:
        """Tell whether it answers `/readyz` with 200."""
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:  # noqa: S310 - on loopback
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def keep_alive(self) -> None:
        """Start it again when it has ended."""
        if self.child.poll() is not None:
            self.child.start()
