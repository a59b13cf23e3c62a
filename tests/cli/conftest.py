"""Servers and the command line, for several files of tests here."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from streams.cli import main
from streams.local.services import Services
from streams.settings import Settings


@pytest.fixture(scope="module")
def services(broker_settings: Callable[[], dict[str, Any]]) -> Iterator[Services]:
    with Services(Settings(**broker_settings())) as running:
        yield running


@pytest.fixture
def say(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., tuple[int, str, str]]:
    """Run the command line in this process: (exit code, output, errors)."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: object, **settings: object) -> tuple[int, str, str]:
        for name, value in settings.items():
            monkeypatch.setenv(f"STREAMS_{name.upper()}", str(value))
        monkeypatch.setattr(sys, "argv", ["streams", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        code = ended.value.code
        return (code if isinstance(code, int) else 0), captured.out, captured.err

    return run
