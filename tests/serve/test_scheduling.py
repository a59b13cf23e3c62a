"""Short turns, asked for of the kernel that runs the tests."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

ASK = """
import ctypes, os, platform, threading
from streams.serve.scheduling import _SET, _Attributes, ask_for_short_turns
def turn_of_this_thread():
    found = _Attributes()
    call = ctypes.c_long(_SET[platform.machine()] + 1)  # sched_getattr
    assert ctypes.CDLL(None).syscall(call, 0, ctypes.byref(found), ctypes.sizeof(found), 0) == 0
    return found.runtime
os.nice(3)
if {batch}:
    os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
took, found = ask_for_short_turns(300_000), []
threads = [threading.Thread(target=lambda: found.append(turn_of_this_thread())) for _ in range(2)]
for thread in threads:
    thread.start()
    thread.join()
print(took, turn_of_this_thread(), *found, os.nice(0), os.sched_getscheduler(0))
"""


def asked(*, batch: bool) -> list[str]:
    """What a process says that asks for turns of .3 ms: in a process of its own, for a process cannot take it back."""
    done = subprocess.run([sys.executable, "-c", ASK.format(batch=batch)], capture_output=True, text=True, check=True)
    return done.stdout.split()


def kernel() -> tuple[int, int]:
    major, minor = platform.release().split(".")[:2]
    return int(major), int(minor)


@pytest.mark.skipif(sys.platform != "linux", reason="a call of Linux")
def test_the_threads_of_a_process_have_the_turns_that_it_asked_for() -> None:
    took, own, first, second, nice, policy = asked(batch=False)
    assert (took, nice, policy) == ("True", "3", str(os.SCHED_OTHER))
    if kernel() >= (6, 12):
        assert own == first == second == "300000"


@pytest.mark.skipif(sys.platform != "linux", reason="a call of Linux")
def test_another_policy_is_kept() -> None:
    took, *_, policy = asked(batch=True)
    assert (took, policy) == ("False", str(os.SCHED_BATCH))
