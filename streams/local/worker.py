"""Run a worker as a supervised child process, for commands that bring their own services."""

from __future__ import annotations

import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from pydantic import SecretStr

from streams.errors import EmbeddedError
from streams.local.broker import free_port
from streams.local.process import Child
from streams.ops.http import Access
from streams.settings import PREFIX, Settings

__all__ = ["WorkerProcess", "environment_of"]

_READY_SECONDS = 90.0
_GRACE_SECONDS = 15.0
_PAUSE_SECONDS = 0.05


class WorkerProcess:
    """A process `streams worker` with given settings. Use as `with`; the end of the block stops it gracefully."""

    def __init__(self, settings: Settings, log: Path) -> None:
        """Prepare the process; `settings.http_port` 0 means any free port, `log` is the file for the worker's output."""
        self.restarts = 0
        self._any_port = not settings.http_port
        self._log = log
        self._take_port(settings)

    def _take_port(self, settings: Settings) -> None:
        port = free_port(settings.http_host) if self._any_port else settings.http_port
        self.settings = settings.model_copy(update={"http_port": port})
        self.url = f"http://{settings.http_host}:{port}"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        command = [sys.executable, "-m", "streams", "worker"]
        self.child = Child(
            "the worker",
            command,
            self._log,
            grace=_GRACE_SECONDS,
            environment=inherited | environment_of(self.settings),
        )

    def __enter__(self) -> WorkerProcess:
        self.child.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.child.stop()

    def wait_ready(self) -> None:
        """Wait until the worker is ready, so has its partitions. Raises EmbeddedError when it ends first or takes too long."""
        deadline = time.monotonic() + _READY_SECONDS
        while not self.ready():
            if self._lost_port():
                self._take_port(self.settings)
                self.child.start()
            self.child.check()
            if time.monotonic() > deadline:
                raise EmbeddedError(f"the worker is not ready after {_READY_SECONDS:.0f} s{self.child.tail()}")
            self.child.pause(_PAUSE_SECONDS)

    def _lost_port(self) -> bool:
        """Tell whether the worker ended because another process has taken its port since `free_port` chose it."""
        return self._any_port and self.child.poll() is not None and PREFIX + "HTTP_PORT" in self.child.tail()

    def ready(self) -> bool:
        """Tell whether the worker answers `/readyz` with 200."""
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:  # noqa: S310 - on loopback
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def read(self, path: str) -> bytes:
        """Return the body that the worker serves at a path of its HTTP port. Raises EmbeddedError."""
        try:
            with urllib.request.urlopen(self._request(path), timeout=10) as answer:  # noqa: S310 - on loopback
                body: bytes = answer.read()
                return body
        except (urllib.error.URLError, OSError) as error:
            raise EmbeddedError(f"the worker does not answer {path}: {error}") from error

    def _request(self, path: str) -> urllib.request.Request:
        token = Access.of(self.settings).token
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return urllib.request.Request(self.url + path, headers=headers)  # noqa: S310 - on loopback

    def keep_alive(self, limit: int) -> None:
        """Start the worker again when it has ended, at most `limit` times. Raises EmbeddedError beyond."""
        if self.child.poll() is None:
            return
        if self.restarts >= limit:
            self.child.check()
        self.restarts += 1
        self.child.start()


def environment_of(settings: Settings) -> dict[str, str]:
    """Return the environment variables that say the settings to a child process."""
    return {PREFIX + name.upper(): _plain(value) for name, value in settings.model_dump().items()}


def _plain(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)
