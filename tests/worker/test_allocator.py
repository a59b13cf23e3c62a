from __future__ import annotations

import platform
import subprocess
import sys

import pytest

_THREADS = """
import threading
from streams.worker.allocator import share_one_arena
assert {call}
holders = []
def hold():
    holders.append([bytes(2000) for _ in range(3000)])
    waiting.wait(); done.wait()
waiting, done = threading.Barrier(9), threading.Event()
threads = [threading.Thread(target=hold) for _ in range(8)]
for thread in threads: thread.start()
waiting.wait()
arenas = [line for line in open("/proc/self/maps") if "rw-p 00000000 00:00 0" in line and line.split("-")[0].endswith("000000")]
done.set()
print(len(arenas))
"""


def arenas(call: str) -> int:
    run = subprocess.run(
        [sys.executable, "-c", _THREADS.format(call=call)], capture_output=True, text=True, check=True, timeout=60
    )
    return int(run.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have no arenas")
def test_threads_share_one_arena() -> None:
    assert arenas("share_one_arena()") < arenas("True")
