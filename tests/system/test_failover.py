"""A Redis that fails over and forgets what it acknowledged: the workers notice, go back in mid-run, and the end is the truth."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

import pytest
from brokers import AnyBroker
from feeds import make_feed
from processes import wait_for
from proxy import Proxy
from reports import Place, Report
from trial import Trial

from streams.index.connection import Connection, connect
from streams.index.layout import Layout
from streams.index.progress import Progress
from streams.local.valkey import Valkey
from streams.settings import Settings

pytestmark = pytest.mark.system

_SEEDS = [int(seed) for seed in os.environ.get("FAILOVER_SEEDS", "17").split(",")]


class Pair:
    """A primary with an append-only file and its replica, behind one address that leads to whichever is the primary."""

    def __init__(self, directory: Path) -> None:
        self.primary, self.replica = (Valkey(directory / name, unix_socket=False) for name in ("primary", "replica"))
        self.primary.start()
        self.replica.start()
        self._to_primary = Proxy(_address(self.primary))  # for the replica alone
        self._to_clients = Proxy(_address(self.primary))
        with closing(_connected(self.primary)) as primary, closing(_connected(self.replica)) as replica:
            primary.call("CONFIG", "SET", "repl-diskless-sync-delay", 0)
            replica.call("REPLICAOF", "127.0.0.1", self._to_primary.port)
            wait_for(lambda: b"master_link_status:up" in _said(replica), "the replica follows the primary")

    @property
    def url(self) -> str:
        return f"redis://{self._to_clients.url}"

    def fall_behind(self) -> None:
        """From now on the replica hears nothing of what the primary acknowledges."""
        self._to_primary.stall()

    def fail_over(self) -> None:
        """The primary dies, the replica takes its place with what it has."""
        self.primary.kill()
        self._to_primary.cut()
        with closing(_connected(self.replica)) as replica:
            replica.call("REPLICAOF", "NO", "ONE")
        self._to_clients.target = _address(self.replica)
        self._to_clients.cut()
        self._to_clients.restore()

    def positions(self, layout: Layout) -> tuple[dict[Place, int], dict[Place, int]]:
        """What the primary and the replica remember."""
        with closing(_connected(self.primary)) as primary, closing(_connected(self.replica)) as replica:
            return Progress(layout, primary).positions(), Progress(layout, replica).positions()

    def close(self) -> None:
        for each in (self._to_clients, self._to_primary, self.primary, self.replica):
            each.close()


def _address(server: Valkey) -> tuple[str, int]:
    address = urlsplit(server.url)
    return str(address.hostname), int(address.port or 0)


def _connected(server: Valkey) -> Connection:
    return connect(Settings(redis_url=server.url))


def _said(connection: Connection) -> bytes:
    (reply,) = [connection.client.execute_command("INFO", "replication")]
    return "\n".join(f"{name}:{value}" for name, value in reply.items()).encode()


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with closing(Pair(tmp_path)) as made:
        yield made


@pytest.mark.parametrize("seed", _SEEDS)
def test_a_failover_that_forgets_acknowledged_writes(
    seed: int,
    pair: Pair,
    tmp_path: Path,
    new_broker: Callable[..., AnyBroker],
    session_seconds: float,
    tell: Callable[[str, Report], None],
) -> None:
    random = Random(seed)  # noqa: S311 - a seed makes a test repeatable
    at = random.uniform(0.1, 0.5)
    with Trial(tmp_path, new_broker(), pair, workers=2, batch_records=16, session_timeout=session_seconds) as trial:
        trial.begin(make_feed(seed, 250))
        trial.reach(at)
        pair.fall_behind()
        before = trial.handled
        wait_for(lambda: trial.handled > before + random.randrange(60, 120), "more is handled and acknowledged")
        had, has = pair.positions(trial.layout)
        fallen = {place: (had[place], has.get(place, 0)) for place in had if has.get(place, 0) < had[place]}
        assert fallen, "acknowledged writes are forgotten"
        pair.fail_over()
        trial.fault("Redis failed over, writes forgotten")
        wait_for(lambda: _rewinds(trial) > 0, "partitions are set back in mid-run")
        report = trial.finish()
    tell("Redis fails over to a replica that is behind", report)
    assert report.restarts == 0, "a worker goes back, it does not die of it"


def _rewinds(trial: Trial) -> float:
    """How many partitions the workers have set back."""
    found = 0.0
    for worker in trial.workers:
        lines = worker.read("/metrics").decode().splitlines()
        found += sum(float(line.split(" ")[1]) for line in lines if line.startswith("streams_rewinds_total "))
    return found
