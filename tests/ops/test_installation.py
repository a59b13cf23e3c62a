"""What is said of compiled modules and of the interpreter's build."""

from __future__ import annotations

import importlib
import sys
import sysconfig
from importlib.machinery import EXTENSION_SUFFIXES

from streams.ops.installation import compiled_modules, interpreter, optimizations


def test_the_modules_that_are_named_as_compiled_are_those_that_load_as_machine_code() -> None:
    names = ["streams.matching.decide", "streams.normalize.text", "streams.sources", "streams.errors"]
    files = {name: str(importlib.import_module(name).__file__) for name in names}
    compiled = set(compiled_modules())
    assert {name.removesuffix(".__init__") for name in compiled} & set(names) == {
        name for name, file in files.items() if file.endswith(tuple(EXTENSION_SUFFIXES))
    }


def test_the_optimizations_of_a_build_are_read_from_its_variables() -> None:
    assert optimizations({"CONFIG_ARGS": "'--enable-shared'", "PGO_PROF_USE_FLAG": "-fprofile-use"}) == []
    assert optimizations({"CONFIG_ARGS": "'--enable-optimizations' '--with-lto'"}) == ["profile-guided", "link-time"]
    assert optimizations({"PY_CFLAGS_NODIST": "-std=c11 -fprofile-use -fprofile-correction"}) == ["profile-guided"]
    of_debian = "'--with-wheel-pkg-dir=/usr/share/python-wheels/' '--with-system-ffi'"
    assert optimizations({"CONFIG_ARGS": of_debian}) == ["profile-guided", "link-time"]
    assert optimizations({}) == []


def test_the_interpreter_is_named_with_its_build() -> None:
    said = interpreter()
    assert said.startswith(f"CPython {sys.version.split()[0]}, built with")
    assert ("without" in said) != bool(optimizations(sysconfig.get_config_vars()))
