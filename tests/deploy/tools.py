"""Programs and packages of the dependency group `deploy`: `make check-deploy` installs and requires them, other runs skip."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

__all__ = ["package", "program", "run"]

_ENVIRONMENT = Path(sys.executable).parent


def program(name: str, config: pytest.Config) -> str:
    """Return the path of a program, of this environment or of the machine."""
    found = shutil.which(name, path=str(_ENVIRONMENT)) or shutil.which(name)
    return found or _missing(name, config)


def package(name: str, config: pytest.Config) -> Any:
    """Import a package."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return _missing(name, config)


def run(*command: object) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, with both of its outputs as one text."""
    words = [str(word) for word in command]
    return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False)


def _missing(name: str, config: pytest.Config) -> Any:
    if config.getoption("--require-tools", default=False):
        pytest.fail(f"{name} is not here")
    pytest.skip(f"{name} is not here: `make check-deploy` has it")
