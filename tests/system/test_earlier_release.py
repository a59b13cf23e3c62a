"""Upgrade and roll back: the code of earlier releases itself, out of the history, works on one state by turns with this code.

What it needs is the history: of a shallow clone the tests are skipped, with a message.
"""

from __future__ import annotations

import asyncio
import io
import subprocess
import sys
import tarfile
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import orjson
import pytest

from streams import events
from streams.cli.context import open_state
from streams.events import Outgoing
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.reader import read_to_now
from streams.local.broker import free_port
from streams.local.valkey import Valkey
from streams.settings import Settings
from streams.verification.verifier import Verifier
from tests.brokers import AnyBroker
from tests.system.agreement import check_agreement
from tests.system.processes import Streams, metric, wait_for

pytestmark = [pytest.mark.system, pytest.mark.any_broker, pytest.mark.long, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]
COMMITS = {
    "0.1.0": "5eb4712f3e0f8ad055de2da241655fa625104ec6",
    "0.2.0": "38af6f0ece9782e28ec9cc4c89293eee1e55afb0",
}
_OF_OTHER_RULES = {"key_missing", "key_outdated"}
"""Keys that a release with other rules wrote, or did not; `streams rebuild` makes those of one."""
_EACH = 10


@pytest.fixture(params=COMMITS)
def earlier(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder with the package as a release had it."""
    command = ["git", "-C", str(ROOT), "archive", COMMITS[request.param], "streams"]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"{request.param} is not in the history of this clone: {done.stderr.decode().strip()}")
    folder = tmp_path / "earlier"
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


class Installation:
    """Servers, and workers of one code or another on them, one after the other."""

    def __init__(self, directory: Path, broker: AnyBroker, redis: Valkey) -> None:
        self._directory = directory
        self.settings = Settings(kafka_url=broker.url, redis_url=redis.url)
        self.records: set[str] = set()
        self._number = 0

    def command(self, code: Path) -> Streams:
        """The command line, of the code in a folder."""
        self._number += 1
        directory = self._directory / f"process-{self._number}"
        directory.mkdir()
        given = {"kafka_url": self.settings.kafka_url, "redis_url": self.settings.redis_url}
        made = Streams(directory, **given, http_port=free_port())
        made.environment.pop("STREAMS_SERVE_PORT")  # an earlier release knows no such setting
        made.environment["PYTHONPATH"] = str(code)
        return made

    def work(self, code: Path) -> None:
        """Start a worker, send it papers that come twice each, and stop it when they are handled."""
        streams = self.command(code)
        at = f"http://127.0.0.1:{streams.environment['STREAMS_HTTP_PORT']}"

        def read(path: str) -> bytes:
            with suppress(OSError), urllib.request.urlopen(at + path, timeout=5) as answer:  # noqa: S310 - on loopback
                body: bytes = answer.read()
                return body
            return b""

        which = [sys.executable, "-c", "import streams; print(streams.__file__)"]
        found = subprocess.run(which, env=streams.environment, cwd=streams.directory, capture_output=True, check=True)
        assert found.stdout.decode().startswith(str(code)), "another code would run"
        with streams.start("worker") as process:
            wait_for(lambda: read("/readyz"), "it is ready", 90)
            asyncio.run(self._send())
            wait_for(lambda: metric(read("/metrics"), "streams_batch_records_total") == 2 * _EACH, "all is handled")
            wait_for(lambda: set(self.homes()) == self.records, "a subscriber has all")
            process.terminate()
            assert process.wait(30) == 0

    async def _send(self) -> None:
        begin = len(self.records) // 2
        ids = [f"{number}{copy}" for number in range(begin, begin + _EACH) for copy in "ab"]
        paper = {"source": "m", "authors": ["Ada Reef"], "year": 2021}
        papers = [orjson.dumps({**paper, "id": each, "title": f"Coral growth in warm sea {each[:-1]}"}) for each in ids]
        self.records |= {f"m:{each}" for each in ids}
        async with Publisher(KafkaConnection.of(self.settings), shared=True) as publisher:
            sent = [Outgoing("records.document", f"m:{each}".encode(), p) for each, p in zip(ids, papers, strict=True)]
            await publisher.publish(sent)

    def homes(self) -> dict[str, str]:
        """The cluster of each record, by a fold of `dedup.events`."""
        return asyncio.run(self._homes())

    async def _homes(self) -> dict[str, str]:
        clusters: dict[str, tuple[int, list[str]]] = {}
        async for message in read_to_now(KafkaConnection.of(self.settings), [events.EVENTS]):
            if message.value:
                event = orjson.loads(message.value)
                now = event["revision"], event["after"]
                clusters[event["cluster_id"]] = max(now, clusters.get(event["cluster_id"], now))
        return {record: cluster for cluster, (_, records) in clusters.items() for record in records}

    def differences(self) -> set[str]:
        """The codes of the differences that `verify` finds."""
        with open_state(self.settings) as (current, connection):
            report = asyncio.run(Verifier(current, connection).verify(10.0))
        return {difference.code for difference in report.differences}


def test_an_upgrade_and_a_way_back(
    earlier: Path, tmp_path: Path, new_broker: Callable[..., AnyBroker], own_redis: Valkey
) -> None:
    installation = Installation(tmp_path, new_broker(), own_redis)
    installation.work(earlier)
    before = installation.homes()
    assert len(set(before.values())) == _EACH
    for code in (ROOT, earlier, ROOT):  # the upgrade, back, and the upgrade again
        installation.work(code)
        assert installation.differences() <= _OF_OTHER_RULES
    installation.command(ROOT).ok("rebuild", seconds=120)
    installation.work(ROOT)
    check_agreement(installation.settings, installation.records)
    now = installation.homes()
    assert len(set(now.values())) == 5 * _EACH
    assert now.items() >= before.items(), "clusters keep their ids and records"
