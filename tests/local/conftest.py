from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from streams.settings import Settings


@pytest.fixture
def until() -> Callable[[Callable[[], bool], str], None]:
    """Wait for a condition, 20 seconds at most."""

    def wait(condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < deadline, f"did not happen: {what}"
            time.sleep(0.01)

    return wait


@pytest.fixture
def runs() -> Callable[[int], bool]:
    """Whether a process exists and is not a zombie."""

    def look(pid: int) -> bool:
        try:
            os.kill(pid, 0)
            return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
        except (ProcessLookupError, FileNotFoundError):
            return False

    return look


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name in [name for name in os.environ if name.startswith("STREAMS_")]:
        monkeypatch.delenv(name)
    return Settings()
