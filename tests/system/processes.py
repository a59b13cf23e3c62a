"""Our own command as real processes, and what is left of them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

__all__ = ["Streams", "json_lines", "metric", "wait_for"]

_MARK = "TEST_OF_STREAMS"


def wait_for(condition: Callable[[], Any], what: str, seconds: float = 40.0) -> Any:
    """Wait until `condition` gives something true, and return it."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"did not happen within {seconds:.0f} s: {what}"
        time.sleep(0.02)
    return found


def json_lines(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def metric(exposition: bytes, name: str) -> float:
    """A metric in what a worker tells at /metrics, over all its labels."""
    lines = exposition.decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith((name + " ", name + "{")))


class Streams:
    """Runs `streams` with an environment of its own; knows all processes that come of it by a mark in theirs."""

    def __init__(self, directory: Path, **settings: object) -> None:
        self.directory = directory
        self.temporary = directory / "tmp"
        self.temporary.mkdir()
        self._mark = uuid.uuid4().hex
        clean = {name: value for name, value in os.environ.items() if not name.startswith("STREAMS_")}
        own = {"TMPDIR": str(self.temporary), "HOME": str(directory), _MARK: self._mark, "COLUMNS": "500"}
        settings = {"serve_port": 0} | settings  # `streams up` starts the API, too, and tests run beside one another
        self.environment = clean | own | {f"STREAMS_{name.upper()}": str(value) for name, value in settings.items()}

    def __call__(
        self, *arguments: object, seconds: float = 60, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "streams", *map(str, arguments)],
            env={**self.environment, **(environment or {})},
            cwd=self.directory,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def ok(self, *arguments: object, seconds: float = 60) -> str:
        """Run a command that must succeed; returns what it printed."""
        done = self(*arguments, seconds=seconds)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextlib.contextmanager
    def start(self, *arguments: object) -> Iterator[subprocess.Popen[bytes]]:
        """A command in a process group of its own, as a shell starts it. It and all that came of it end with the block."""
        with (self.directory / "output.txt").open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "streams", *map(str, arguments)],
                env=self.environment,
                cwd=self.directory,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            yield process
        finally:
            if process.poll() is None:
                self.interrupt(process)
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
            for pid in self.processes():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    @staticmethod
    def interrupt(process: subprocess.Popen[bytes]) -> None:
        """Ctrl-C: SIGINT to the whole group, as a terminal does."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)

    def output(self) -> str:
        return (self.directory / "output.txt").read_text(errors="replace")

    def processes(self, *words: str) -> list[int]:
        """Pids of all living processes that came of this, with `words` in their command line."""
        mark = f"{_MARK}={self._mark}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            with contextlib.suppress(OSError):
                if mark not in (entry / "environ").read_bytes().split(b"\0"):
                    continue
                command = (entry / "cmdline").read_bytes().split(b"\0")
                zombie = "\nState:\tZ" in (entry / "status").read_text()
                if not zombie and all(word.encode() in command for word in words):
                    found.append(int(entry.name))
        return found

    def worker(self) -> int:
        """Pid of the worker, 0 where none runs. Its guard names the same command, so the guard is left out."""
        guards = set(self.processes("-I", "-S"))
        return next((pid for pid in self.processes("worker") if pid not in guards), 0)

    def worker_metric(self, name: str) -> float:
        """A metric of the worker that runs now; 0 where none answers."""
        with contextlib.suppress(OSError, StopIteration):
            settings = Path(f"/proc/{self.worker()}/environ").read_bytes().split(b"\0")
            port = next(value for value in settings if value.startswith(b"STREAMS_HTTP_PORT=")).split(b"=")[1].decode()
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=2) as answer:
                return metric(answer.read(), name)
        return 0.0

    def check_nothing_is_left(self) -> None:
        """No process, no temporary directory."""
        wait_for(lambda: not self.processes(), "all processes ended", 15)
        assert list(self.temporary.iterdir()) == []
