"""Two kinds of Redis that forget what they acknowledged, each behind one address for clients."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

from streams.local.valkey import Valkey
from streams.settings import Settings
from streams.state.connection import Connection, connect
from streams.state.layout import Layout
from streams.state.progress import Progress
from tests.system.processes import wait_for
from tests.system.proxy import Proxy
from tests.system.scenario_report import Place

__all__ = ["Lone", "Pair", "address"]

Positions = Mapping[Place, int]


class Pair:
    """A primary and its replica behind one address that leads to whichever is the primary."""

    name = "Redis fails over to a replica that is behind"

    def __init__(self, directory: Path) -> None:
        self._primary, self._replica = (Valkey(directory / name, unix_socket=False) for name in ("primary", "replica"))
        self._primary.start()
        self._replica.start()
        self._to_primary = Proxy(address(self._primary.url))  # for the replica alone
        self._to_clients = Proxy(address(self._primary.url))
        with closing(_connected(self._primary)) as primary, closing(_connected(self._replica)) as replica:
            primary.call("CONFIG", "SET", "repl-diskless-sync-delay", 0)
            replica.call("REPLICAOF", "127.0.0.1", self._to_primary.port)
            wait_for(lambda: _follows(replica), "the replica follows the primary")

    @property
    def url(self) -> str:
        return f"redis://{self._to_clients.url}"

    def fall_behind(self) -> None:
        """From now on the replica hears nothing of what the primary acknowledges."""
        self._to_primary.stall()

    def fail_over(self, layout: Layout) -> tuple[Positions, Positions]:
        """The primary dies, the replica takes its place with what it has; returns what either remembers."""
        had = _positions(self._primary, layout)
        self._primary.kill()
        self._to_primary.cut()
        self._to_clients.cut()
        with closing(_connected(self._replica)) as replica:
            replica.call("REPLICAOF", "NO", "ONE")
        has = _positions(self._replica, layout)
        self._to_clients.target = address(self._replica.url)
        self._to_clients.restore()
        return had, has

    def handled(self, layout: Layout) -> int:
        """How many messages it remembers as handled."""
        return sum(_positions(self._primary, layout).values())

    def close(self) -> None:
        for each in (self._to_clients, self._to_primary, self._primary, self._replica):
            each.close()


class Lone:
    """One server with an append-only file, of which the machine's crash takes the end."""

    name = "Redis loses the end of its append-only file"

    def __init__(self, directory: Path) -> None:
        self._directory = directory / "lone"
        self._server = Valkey(self._directory, unix_socket=False)
        self._server.start()
        self._to_clients = Proxy(address(self._server.url))
        self._size = 0

    @property
    def url(self) -> str:
        return f"redis://{self._to_clients.url}"

    @property
    def _file(self) -> Path:
        (file,) = self._directory.glob("appendonlydir/*.incr.aof")
        return file

    def fall_behind(self) -> None:
        """What is written from now on will not reach the disk."""
        self._size = self._file.stat().st_size

    def fail_over(self, layout: Layout) -> tuple[Positions, Positions]:
        """As `Pair`: the server dies and comes back with what reached the disk."""
        had = _positions(self._server, layout)
        self._to_clients.cut()
        self._server.kill()
        with self._file.open("r+b") as file:
            file.truncate(self._size)
        self._server.start()
        has = _positions(self._server, layout)
        self._to_clients.restore()
        return had, has

    def handled(self, layout: Layout) -> int:
        """As `Pair`."""
        return sum(_positions(self._server, layout).values())

    def close(self) -> None:
        self._to_clients.close()
        self._server.close()


def address(url: str) -> tuple[str, int]:
    """Host and port of a URL."""
    parts = urlsplit(url)
    return str(parts.hostname), int(parts.port or 0)


def _connected(server: Valkey) -> Connection:
    return connect(Settings(redis_url=server.url))


def _follows(replica: Connection) -> bool:
    said = replica.call("INFO", "replication")
    return b"master_link_status:up" in said


def _positions(server: Valkey, layout: Layout) -> Positions:
    with closing(_connected(server)) as connection:
        return Progress(layout, connection).positions()
