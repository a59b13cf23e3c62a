"""Run one embedded server as a supervised child process.

A guard process (guard.py) is the server's parent, so that the server ends when Streams does, even by `kill -9`. Guard and server
form a session of their own: a Ctrl-C in the terminal reaches Streams alone, which stops its worker first and the servers last.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from streams.errors import EmbeddedError

__all__ = ["Child", "wait_until"]

_GUARD = Path(__file__).with_name("guard.py")
_GUARD_ANSWERS = 30.0  # seconds for a Python interpreter to start, on a machine that is very busy
_KILL_MARGIN = 5.0  # seconds the guard gets beyond the server's own grace
_POLL = 0.02  # seconds between two checks of a server that is starting


class Child:
    """A server process with its log file, which may be started, polled, stopped and started again.

    `grace` is the time in seconds between SIGTERM and SIGKILL; `keep_open` are file descriptors that the server holds until it
    ends; `remove` is a directory that is deleted should Streams die without stopping the server; `environment` replaces the
    environment variables that the server would inherit. Not safe for use from several threads at once.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        *,
        grace: float = 10.0,
        keep_open: Sequence[int] = (),
        remove: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.command = list(command)
        self.log = log
        self.pid = 0
        self._grace = grace
        self._keep_open = tuple(keep_open)
        self._remove = remove
        self._environment = None if environment is None else dict(environment)
        self._guard: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process, without waiting until it answers. The log of the run before stays as `*.previous`.

        Raises EmbeddedError when it cannot be executed or runs already.
        """
        if self._guard is not None and self.poll() is None:
            raise EmbeddedError(f"{self.name} runs already, as process {self.pid}")
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists():
            self.log.replace(self.log.with_name(self.log.name + ".previous"))
        fds = ",".join(map(str, self._keep_open))
        guard = [sys.executable, "-I", "-S", str(_GUARD), str(self._grace), str(self._remove or ""), fds]
        with self.log.open("wb") as log:
            self._guard = subprocess.Popen(  # noqa: S603 - the command is Streams' own
                [*guard, *self.command],
                env=self._environment,
                cwd=self.log.parent,  # Tansu would read a .env of the user's directory
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                pass_fds=self._keep_open,
                start_new_session=True,
            )
        self.pid = self._server_pid(self._guard)

    def _server_pid(self, guard: subprocess.Popen[bytes]) -> int:
        if guard.stdout is None:  # never, with stdout=PIPE
            raise EmbeddedError(f"{self.name} has no guard")
        ready, _, _ = select.select([guard.stdout], [], [], _GUARD_ANSWERS)
        word, _, rest = (
            guard.stdout.readline().decode(errors="replace").strip().partition(" ") if ready else ("", "", "")
        )
        if word == "pid":
            return int(rest)
        self.stop()
        raise EmbeddedError(f"{self.name} cannot be started: {rest or 'its guard process gave no answer'}{self.tail()}")

    def poll(self) -> str | None:
        """Return how the process ended (`exit code 1`, `signal 9`, `not started`); None while it runs."""
        if self._guard is None:
            return "not started"
        code = self._guard.poll()
        if code is None:
            return None
        number = code - 128 if code > 128 else -code
        return f"signal {number}" if number > 0 else f"exit code {code}"

    def check(self) -> None:
        """Raise EmbeddedError, with the last lines of the log, when the process does not run."""
        ended = self.poll()
        if ended is not None:
            raise EmbeddedError(f"{self.name} does not run any more ({ended}){self.tail()}")

    def pause(self, seconds: float) -> None:
        """Wait `seconds`, or until the process ends."""
        if self._guard is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._guard.wait(seconds)

    def stop(self) -> None:
        """Stop the process with SIGTERM, after the grace with SIGKILL, and wait for its end. Does nothing when it has ended."""
        guard = self._guard
        if guard is None:
            return
        if guard.stdin is not None and not guard.stdin.closed:
            with contextlib.suppress(BrokenPipeError):
                os.write(guard.stdin.fileno(), b"s")
        try:
            guard.wait(self._grace + _KILL_MARGIN)
        except subprocess.TimeoutExpired:
            guard.kill()
        finally:
            self._reap(guard)

    def kill(self) -> None:
        """End the process with SIGKILL, as a crash would, and wait for its end."""
        if self._guard is not None:
            if self.pid and self._guard.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.pid, signal.SIGKILL)
                self.pause(_KILL_MARGIN)
            self.stop()

    def _reap(self, guard: subprocess.Popen[bytes]) -> None:
        # A guard that was itself killed may leave its server behind where PR_SET_PDEATHSIG does not exist.
        if guard.poll() is None or guard.returncode < 0:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(guard.pid, signal.SIGKILL)
        guard.wait()
        for pipe in (guard.stdin, guard.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()

    def tail(self, lines: int = 15) -> str:
        """Return the last lines of the log as the end of a message; empty when the process wrote nothing."""
        try:
            text = self.log.read_text(errors="replace").strip()
        except OSError:
            return ""
        last = "\n  ".join(text.splitlines()[-lines:])
        return f"; it last said:\n  {last}" if last else ""


def wait_until(child: Child, answers: Callable[[], bool | None], seconds: float) -> None:
    """Wait until `answers()` is true; None means that the server is loading its data, and restarts the time limit.

    Raises EmbeddedError when the process ends first or does not answer within `seconds`; the process is stopped then.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            child.check()
            state = answers()
            if state:
                child.check()  # had it ended, the answer came from another server on the same address
                return
        except EmbeddedError:
            child.stop()
            raise
        now = time.monotonic()
        if state is None:
            deadline = now + seconds
        elif now > deadline:
            child.stop()
            raise EmbeddedError(f"{child.name} does not answer after {seconds:g} seconds{child.tail()}")
        child.pause(_POLL)
