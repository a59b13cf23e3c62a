"""Keeps the memory of a process that has several threads together."""

from __future__ import annotations

import ctypes
import sys

__all__ = ["share_one_arena"]

_M_ARENA_MAX = -8


def share_one_arena() -> bool:
    """Let all threads allocate in one arena, and return whether that is possible here: with glibc, before they begin.

    By default glibc gives each thread an arena of its own. What the threads of a worker free in one, another cannot use: a tenth
    of its memory. With the interpreter's lock they hardly wait for each other.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(_M_ARENA_MAX, 1))
