"""How this installation was built: which modules are compiled, and with which optimizations the interpreter was.

Both are facts that a figure of speed depends on. The image has compiled modules (`STREAMS_COMPILE=1`, docs/releasing.md); an
installation from source is pure Python, and does the same.
"""

from __future__ import annotations

import platform
import sysconfig
from collections.abc import Mapping
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.resources import files
from pathlib import Path
from typing import Any

__all__ = ["compiled_modules", "interpreter", "optimizations"]

_OF_DEBIAN = "--with-wheel-pkg-dir=/usr/share/python-wheels/"
"""Debian and Ubuntu optimize in their own makefile, and note nothing of it in the variables of the build."""


def compiled_modules() -> list[str]:
    """Return the names of the modules that this interpreter loads as machine code, sorted; none of a pure installation."""
    package = Path(str(files("streams")))
    found = {path for suffix in EXTENSION_SUFFIXES for path in package.rglob(f"*{suffix}")}
    return sorted(
        ".".join((*path.relative_to(package.parent).parts[:-1], path.name.partition(".")[0])) for path in found
    )


def interpreter() -> str:
    """Return the interpreter, its version and the optimizations it was built with, for people."""
    named = f"{platform.python_implementation()} {platform.python_version()}"
    found = " and ".join(optimizations(sysconfig.get_config_vars()))
    return (
        f"{named}, built with {found} optimization" if found else f"{named}, built without profile-guided optimization"
    )


def optimizations(variables: Mapping[str, Any]) -> list[str]:
    """Return the optimizations that the variables of a build name: with profiles an interpreter is a tenth to a third faster."""
    given, compiler, linker = (
        str(variables.get(name) or "") for name in ("CONFIG_ARGS", "PY_CFLAGS_NODIST", "PY_LDFLAGS_NODIST")
    )
    of_debian = _OF_DEBIAN in given
    found = {
        "profile-guided": of_debian or "--enable-optimizations" in given or "-fprofile-" in compiler,
        "link-time": of_debian or "--with-lto" in given or "-flto" in linker,
    }
    return [name for name, is_used in found.items() if is_used]
