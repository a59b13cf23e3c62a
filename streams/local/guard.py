"""Guard an embedded server: a small process between Streams and the server that stops the server when Streams ends.

Streams runs this file by its path, with the standard library alone, and never imports it:

    python -I -S guard.py GRACE REMOVE FDS COMMAND…

Standard input is a pipe whose other end only Streams holds. A byte on it means "stop the server". Its end without a byte means that
Streams died (`kill -9` included); the guard then stops the server and deletes the directory REMOVE (empty: none). The server gets
SIGTERM, and SIGKILL after GRACE seconds. The guard writes one line to standard output: `pid N` or `error TEXT`. The exit code is
the server's, 128 + n when signal n ended it. FDS (`3,4`) stay open in the server: a lock that it has to hold.

PR_SET_PDEATHSIG alone would not do: it exists on Linux only and fires when the *thread* that started the child ends. It is used
in addition, for the death of the guard itself.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1


def die_with_guard() -> Callable[[], None] | None:
    """Return the function that ties the server to this process, to run between fork and exec; None off Linux."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    guard = os.getpid()

    def tie() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != guard:  # the guard died before the line above
            os._exit(1)

    return tie


def start(command: list[str], keep_open: list[int]) -> subprocess.Popen[bytes]:
    """Start the server, with its output to the standard error of the guard."""
    return subprocess.Popen(  # noqa: S603 - the command is Streams' own
        command,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        stderr=sys.stderr,
        pass_fds=keep_open,
        preexec_fn=die_with_guard(),  # noqa: PLW1509 - the guard has one thread
    )


def wait_for_end(server: subprocess.Popen[bytes], woken: int) -> bool | None:
    """Wait until the server ended (returns None), the parent sent a stop (False) or the parent died (True)."""
    while True:
        ready, _, _ = select.select([0, woken], [], [])
        if woken in ready:
            signals = os.read(woken, 64)
            if signal.SIGTERM in signals:
                return False
            if server.poll() is not None:
                return None
        if 0 in ready:
            return os.read(0, 1) == b""


def stop(server: subprocess.Popen[bytes], grace: float) -> None:
    """Send SIGTERM to the server, and SIGKILL if it has not ended after `grace` seconds; return when it has ended."""
    server.terminate()
    try:
        server.wait(grace)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def main() -> int:
    """Guard one server until it or the parent ends; see the module's text for the arguments."""
    grace, remove, fds, *command = sys.argv[1:]
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, lambda _number, _frame: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    try:
        server = start(command, [int(fd) for fd in fds.split(",") if fd])
    except OSError as error:
        os.write(1, f"error {error}\n".encode())
        return 127
    with contextlib.suppress(BrokenPipeError):  # the parent died meanwhile; standard input says so next
        os.write(1, f"pid {server.pid}\n".encode())
    orphaned = wait_for_end(server, woken)
    if orphaned is not None:
        stop(server, float(grace))
    if orphaned and remove:
        shutil.rmtree(remove, ignore_errors=True)
    code = server.returncode
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
