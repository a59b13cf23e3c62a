"""Run a command of Streams that answers HTTP as a supervised child process: `local/worker.py` and `local/serve.py` say which."""

from __future__ import annotations

import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import ClassVar, Self

from pydantic import SecretStr

from streams.errors import EmbeddedError
from streams.local.broker import free_port
from streams.local.process import Child
from streams.settings import PREFIX, Settings

__all__ = ["HttpProcess", "environment_of"]

_PAUSE_SECONDS = 0.05


class HttpProcess:
    """A process with given settings. Use as `with`; the end of the block stops it gracefully.

    `command` is what `streams` is called with, `name` what people call it, `listens` the first part of the settings of its host and
    port; the other three are in seconds.
    """

    command: ClassVar[str]
    name: ClassVar[str]
    listens: ClassVar[str]
    ready_seconds: ClassVar[float]
    answer_seconds: ClassVar[float]
    grace_seconds: ClassVar[float]

    def __init__(self, settings: Settings, log: Path) -> None:
        """Prepare the process; port 0 means any free port, `log` is the file for its output."""
        self._host: str = getattr(settings, f"{self.listens}_host")
        self._any_port = not getattr(settings, f"{self.listens}_port")
        self._log = log
        self._take_port(settings)

    def _take_port(self, settings: Settings) -> None:
        field = f"{self.listens}_port"
        port = free_port(self._host) if self._any_port else getattr(settings, field)
        self.settings = settings.model_copy(update={field: port})
        self.url = f"http://{self._host}:{port}"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        self.child = Child(
            self.name,
            [sys.executable, "-m", "streams", self.command],
            self._log,
            grace=self.grace_seconds,
            environment=inherited | environment_of(self.settings),
        )

    def __enter__(self) -> Self:
        self.child.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.child.stop()

    def wait_ready(self) -> None:
        """Wait until it is ready. Raises EmbeddedError when it ends first or takes too long."""
        deadline = time.monotonic() + self.ready_seconds
        while not self.ready():
            if self._lost_port():
                self._take_port(self.settings)
                self.child.start()
            self.child.check()
            if time.monotonic() > deadline:
                raise EmbeddedError(f"{self.name} is not ready after {self.ready_seconds:.0f} s{self.child.tail()}")
            self.child.pause(_PAUSE_SECONDS)

    def _lost_port(self) -> bool:
        """Tell whether it ended because another process has taken its port since `free_port` chose it."""
        setting = f"{PREFIX}{self.listens.upper()}_PORT"
        return self._any_port and self.child.poll() is not None and setting in self.child.tail()

    def ready(self) -> bool:
        """Tell whether it answers `/readyz` with 200."""
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=self.answer_seconds) as answer:  # noqa: S310 - on loopback
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def environment_of(settings: Settings) -> dict[str, str]:
    """Return the environment variables that say the settings to a child process."""
    return {PREFIX + name.upper(): _plain(value) for name, value in settings.model_dump().items()}


def _plain(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)
