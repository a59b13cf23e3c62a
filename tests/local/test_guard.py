"""The guard between a server and the process that started it, on real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from streams.local.process import Child

Until = Callable[[Callable[[], bool], str], None]


Runs = Callable[[int], bool]


PARENT = """
import sys
from pathlib import Path
from streams.local.process import Child
child = Child("sleeper", ["sleep", "600"], Path(sys.argv[1]) / "log")
child.start()
print(child.pid, child._guard.pid, flush=True)
sys.stdin.read()
"""


def sleeper(folder: Path) -> Child:
    return Child("sleeper", ["sleep", "600"], folder / "log")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_however_the_parent_ends_the_child_ends(
    number: signal.Signals, tmp_path: Path, until: Until, runs: Runs
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert all(map(runs, pids))
        parent.send_signal(number)
        parent.wait(10)
        until(lambda: not any(map(runs, pids)), "the end of server and guard")


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux'; elsewhere the parent ends the group")
def test_when_the_guard_is_killed_the_server_ends_too(tmp_path: Path, until: Until, runs: Runs) -> None:
    child = sleeper(tmp_path)
    child.start()
    guard = int(Path(f"/proc/{child.pid}/stat").read_text().split()[3])  # its parent, whatever group it is in
    os.kill(guard, signal.SIGKILL)
    until(lambda: not runs(child.pid), "the end of the server")
    until(lambda: child.poll() == "signal 9", "the guard's end being noticed")
    child.stop()
