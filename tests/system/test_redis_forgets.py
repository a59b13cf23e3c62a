"""A Redis that forgets what it acknowledged: the workers notice, go back in mid-run, and the end is the truth.

One test for `make test`; `make soak` has more seeds of both ways to forget.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

import pytest
from brokers import AnyBroker
from feeds import make_feed
from processes import metric, wait_for
from proxy import Proxy
from reports import Place, Report
from trial import Trial

from streams.index.connection import Connection, connect
from streams.index.layout import Layout
from streams.index.progress import Progress
from streams.local.valkey import Valkey
from streams.settings import Settings

pytestmark = pytest.mark.system

Positions = Mapping[Place, int]


class Pair:
    """A primary and its replica behind one address that leads to whichever is the primary."""

    name = "Redis fails over to a replica that is behind"

    def __init__(self, directory: Path) -> None:
        self._primary, self._replica = (Valkey(directory / name, unix_socket=False) for name in ("primary", "replica"))
        self._primary.start()
        self._replica.start()
        self._to_primary = Proxy(_address(self._primary))  # for the replica alone
        self._to_clients = Proxy(_address(self._primary))
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
        self._to_clients.target = _address(self._replica)
        self._to_clients.restore()
        return had, has

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
        self._to_clients = Proxy(_address(self._server))
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

    def close(self) -> None:
        self._to_clients.close()
        self._server.close()


class Setting:
    """Makes trials on a broker of the test's own."""

    def __init__(self, directory: Path, broker: AnyBroker, session: float, tell: Callable[[str, Report], None]) -> None:
        self._directory, self._broker, self._session, self._tell = directory, broker, session, tell

    def run(self, kind: type[Pair | Lone], seed: int) -> None:
        """Two workers; at some moment a hundred messages or so are handled and then forgotten."""
        random = Random(seed)  # noqa: S311 - a seed makes a test repeatable
        with (
            closing(kind(self._directory)) as redis,
            Trial(
                self._directory, self._broker, redis, workers=2, batch_records=16, session_timeout=self._session
            ) as trial,
        ):
            trial.begin(make_feed(seed, 250))
            trial.reach(random.uniform(0.1, 0.5))
            redis.fall_behind()
            enough = trial.handled + random.randrange(60, 120)
            wait_for(lambda: trial.handled > enough, "more is handled and acknowledged")
            trial.fault("Redis failed over, writes forgotten")
            had, has = redis.fail_over(trial.layout)
            assert sum(had.values()) - sum(has.values()) > 20, "acknowledged writes are forgotten"
            wait_for(lambda: _rewinds(trial) > 0, "partitions are set back in mid-run")
            report = trial.finish()
        self._tell(kind.name, report)
        assert report.restarts == 0, "a worker goes back, it does not die of it"


@pytest.fixture
def setting(
    tmp_path: Path,
    new_broker: Callable[..., AnyBroker],
    session_seconds: float,
    tell: Callable[[str, Report], None],
) -> Setting:
    return Setting(tmp_path, new_broker(), session_seconds, tell)


def test_a_failover_that_forgets_acknowledged_writes(setting: Setting) -> None:
    setting.run(Pair, 17)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("kind", [Pair, Lone])
def test_whatever_the_moment(kind: type[Pair | Lone], seed: int, setting: Setting) -> None:
    setting.run(kind, seed)


def _address(server: Valkey) -> tuple[str, int]:
    address = urlsplit(server.url)
    return str(address.hostname), int(address.port or 0)


def _connected(server: Valkey) -> Connection:
    return connect(Settings(redis_url=server.url))


def _follows(replica: Connection) -> bool:
    said = replica.call("INFO", "replication")
    return b"master_link_status:up" in said


def _positions(server: Valkey, layout: Layout) -> Positions:
    with closing(_connected(server)) as connection:
        return Progress(layout, connection).positions()


def _rewinds(trial: Trial) -> float:
    """How many partitions the workers have set back."""
    return sum(metric(worker.read("/metrics"), "streams_rewinds_total") for worker in trial.workers)
