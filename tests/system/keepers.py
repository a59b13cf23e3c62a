"""A process that keeps the totals, to be killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from pydantic import SecretStr

from streams.settings import PREFIX, Settings

__all__ = ["LEASE_SECONDS", "KeeperProcess"]

LEASE_SECONDS = 1.5
_WRITE_SECONDS = 0.2
_PROGRAM = f"""
import asyncio
from streams.settings import load_settings
from streams.totals.keeper import Keeper
print("it runs", flush=True)
asyncio.run(Keeper(load_settings(), {_WRITE_SECONDS}, {LEASE_SECONDS}).run())
"""


class KeeperProcess:
    """Runs `Keeper` as `streams serve` does, with a short lease. Use as `with`."""

    def __init__(self, settings: Settings, log: Path) -> None:
        plain = {
            name: value.get_secret_value() if isinstance(value, SecretStr) else str(value)
            for name, value in settings.model_dump().items()
        }
        clean = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        self._environment = clean | {PREFIX + name.upper(): value for name, value in plain.items()}
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> KeeperProcess:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM], env=self._environment, stdout=output, stderr=output
            )

    def kill(self) -> None:
        """SIGKILL: nothing is written or given back."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def runs(self) -> bool:
        """Whether the last one that was started got so far as to ask for the lease."""
        return b"it runs" in self._log.read_bytes()
