"""Compile the pure modules with mypyc where `STREAMS_COMPILE=1` asks for it; all else of the build is in pyproject.toml.

It takes a C compiler and the packages of deploy/compile.lock: docs/releasing.md. Without the variable nothing is compiled.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

from setuptools import Extension, setup

ROOT = Path(__file__).parent
MYPY_OPTIONS = ("--config-file=", "--cache-dir=/dev/null", "--ignore-missing-imports", "--no-warn-unused-configs")
"""Without the project's own configuration, whose plugins need packages that no build needs: `make check` is the check of types."""


def compiled_modules() -> list[str]:
    """Return the paths of the modules to compile, by the patterns in pyproject.toml."""
    options = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["streams-dedup"]["compile"]
    found, left_out = (
        {str(path.relative_to(ROOT)) for pattern in options[name] for path in ROOT.glob(pattern) if path.stat().st_size}
        for name in ("modules", "except")
    )
    return sorted(found - left_out)


def extensions() -> list[Extension]:
    """Return the extension modules that mypyc makes; none where nothing is to be compiled."""
    if os.environ.get("STREAMS_COMPILE") != "1":
        return []
    try:
        from mypyc.build import mypycify  # noqa: PLC0415 - only who compiles has it
    except ImportError:
        raise SystemExit(
            "STREAMS_COMPILE=1 needs the packages of deploy/compile.lock in the environment that builds, and --no-build-isolation"
        ) from None
    return mypycify([*compiled_modules(), *MYPY_OPTIONS], group_name="streams_compiled", debug_level="0")


setup(ext_modules=extensions())
