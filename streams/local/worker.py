"""Run a worker as a supervised child process, for commands that bring their own services."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path

from streams.errors import EmbeddedError
from streams.local.http_process import HttpProcess
from streams.ops.http import Access
from streams.settings import Settings

__all__ = ["WorkerProcess"]


class WorkerProcess(HttpProcess):
    """A process `streams worker`; it is ready once it has its partitions."""

    command, name, listens = "worker", "the worker", "http"
    ready_seconds, answer_seconds, grace_seconds = 90.0, 2.0, 15.0

    def __init__(self, settings: Settings, log: Path) -> None:
        """Prepare the process; `settings.http_port` 0 means any free port, `log` is the file for the worker's output."""
        self.restarts = 0
        super().__init__(settings, log)

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
