"""Replace the process of a worker by a new one."""

from __future__ import annotations

import multiprocessing
import os
import sys
from typing import NoReturn

__all__ = ["restart"]

_CHILD_SECONDS = 5.0


def restart() -> NoReturn:
    """Replace this process by a new one of the same command and environment, which shares no memory with it."""
    for child in multiprocessing.active_children():
        child.join(_CHILD_SECONDS)  # the new process would not reap it
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - the command of this process
