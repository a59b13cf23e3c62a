"""Compile the pure modules with mypyc where `STREAMS_COMPILE=1` asks for it; all else of the build is in pyproject.toml.

It takes a C compiler and the packages of deploy/compile.lock: docs/releasing.md. Without the variable nothing is compiled.
"""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from setuptools import Extension

ROOT = Path(__file__).parent
MYPY_OPTIONS = ("--config-file=", "--cache-dir=/dev/null", "--ignore-missing-imports")
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
    """Return the extension modules that mypyc makes for a wheel; none where nothing is to be compiled."""
    # A front end asks for the metadata first, which are the same.
    if os.environ.get("STREAMS_COMPILE") != "1" or "bdist_wheel" not in sys.argv:
        return []
    try:
        from mypyc.build import mypycify  # noqa: PLC0415 - only there where wheels are compiled
    except ImportError:
        raise SystemExit(
            "STREAMS_COMPILE=1 needs the packages of deploy/compile.lock in the environment that builds, and --no-build-isolation"
        ) from None
    return mypycify([*compiled_modules(), *MYPY_OPTIONS], group_name="streams_compiled", debug_level="0")


if __name__ == "__main__":
    from setuptools import setup

    setup(ext_modules=extensions())
