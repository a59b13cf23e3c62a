"""Install a wheel with compiled modules into an empty environment, and run their tests on what was installed.

    python .ci/try_compiled.py .venv/compiled/NAME.whl

The tests are copied to a folder without the package, so what they import is the installed one: each process of pytest imports every
module that pyproject.toml names as compiled, and stops where one is not machine code of this environment.
"""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = ("normalize", "sources", "matching", "clusters", "records")
"""Those of tests/ whose subject is compiled."""
FILES = ("events/test_describe.py", "state/test_layout.py", "engine/test_prepare.py")
FROM_SOURCE = ("matching/test_labelled_data.py", "sources/test_fields.py")
"""Tests that read files of the checkout, or replace methods of classes."""
PLUGIN = """
import importlib
from importlib.machinery import EXTENSION_SUFFIXES

import pytest


def pytest_sessionstart():
    for name in {modules!r}:
        file = str(importlib.import_module(name).__file__)
        if not file.startswith({environment!r}) or not file.endswith(tuple(EXTENSION_SUFFIXES)):
            raise pytest.UsageError(f"{{name}} is not compiled: {{file}}")
"""


def main(wheel: Path) -> None:
    """Try a wheel for the interpreter that runs this program."""
    modules = compiled_modules()
    with tempfile.TemporaryDirectory(prefix="streams-compiled-") as folder:
        environment, work = Path(folder) / "env", Path(folder) / "work"
        install(wheel, environment)
        for name in ("tests", "docs"):
            shutil.copytree(ROOT / name, work / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", work)  # for the options of pytest
        (work / "compiled.py").write_text(PLUGIN.format(modules=modules, environment=str(environment)))
        ignored = [f"--ignore=tests/{name}" for name in FROM_SOURCE]
        chosen = [f"tests/{name}" for name in (*FOLDERS, *FILES)]
        python = str(environment / "bin" / "python")
        run([python, "-m", "pytest", "-p", "compiled", "--numprocesses", "2", *ignored, *chosen], work)
    print(f"{wheel.name}: its {len(modules)} compiled modules pass their tests.")


def compiled_modules() -> list[str]:
    """Return the names of the modules that setup.py compiles."""
    paths = runpy.run_path(str(ROOT / "setup.py"), run_name="setup")["compiled_modules"]()
    return [path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in paths]


def install(wheel: Path, environment: Path) -> None:
    """Make an environment of a wheel, its extras and what the tests need."""
    run([sys.executable, "-m", "venv", "--without-pip", str(environment)])
    uv = [
        str(Path(sys.executable).parent / "uv"),
        "pip",
        "install",
        "--quiet",
        "--python",
        str(environment / "bin" / "python"),
    ]
    run([*uv, f"{wheel.resolve()}[embedded,serve,harvest]", "--group", f"{ROOT / 'pyproject.toml'}:test"])


def run(command: list[str], folder: Path | None = None) -> None:
    """Run a command, with nothing of this checkout on Python's path."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV", "STREAMS_"))
    }
    subprocess.run(command, cwd=folder, env=kept, check=True, stdin=subprocess.DEVNULL)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
