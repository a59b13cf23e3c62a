"""Processes by their numbers."""

from __future__ import annotations

import os
import subprocess
import sys

from streams.ops.processes import is_running


def test_a_process_runs_until_it_has_ended() -> None:
    assert is_running(os.getpid())
    assert is_running(1), "of another user, where this one is not root"
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait(30)
    assert not is_running(process.pid)


def test_numbers_that_no_process_has() -> None:
    """0 and less would be groups of processes for the kernel."""
    assert not any(map(is_running, (0, -1)))
