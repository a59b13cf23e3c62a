"""Subscribers that are killed at random beside a worker, as `streams serve` is: what each keeps ends equal to `dedup.clusters`."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest

from streams.kafka.topics import create_topics
from streams.local.serve import ServeProcess
from streams.local.services import Services
from streams.local.worker import WorkerProcess
from streams.settings import Settings
from streams.synthetic import generate
from tests.client.topics import clusters_now
from tests.system.processes import Streams, wait_for

pytestmark = [pytest.mark.system, pytest.mark.long]

KINDS = ("rows", "file", "snapshot", "plain", "http")
SHARED = ("kafka_url", "redis_url", "topic_prefix", "app_id")
ROOT = Path(__file__).parents[2]


class Subscriber:
    """A process of tests/system/subscriber.py, which may be killed and started again."""

    def __init__(self, address: str, prefix: str, directory: Path, kind: str) -> None:
        self.database = directory / f"{kind}.db"
        self._command = [
            sys.executable, "-m", "tests.system.subscriber", address, prefix, str(self.database), kind
        ]  # fmt: skip
        self._log = directory / f"{kind}.log"
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(self._command, cwd=ROOT, stdout=log, stderr=log)

    def kill(self) -> None:
        assert self.process.poll() is None, self._log.read_text()
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        """Kill it, whether it runs or not."""
        self.process.kill()
        self.process.wait()

    def restart(self) -> None:
        self.process = self._start()

    def clusters(self) -> dict[str, Any]:
        """The records of each cluster that it keeps, with its revision."""
        assert self.process.poll() is None, self._log.read_text()
        try:
            with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as database:
                rows = database.execute("select id, revision, records from cluster where records != '[]'").fetchall()
        except sqlite3.OperationalError:
            return {}
        return {name: (revision, json.loads(records)) for name, revision, records in rows}


def test_what_each_keeps_ends_equal_to_the_states(
    streams: Callable[..., Streams], tmp_path: Path, broker_settings: Callable[[], dict[str, Any]]
) -> None:
    random = Random(15)  # noqa: S311
    documents = [m.payload or m.document | {"deleted": True} for m in islice(generate(15, 500), 1200)]
    with Services(Settings(http_port=0, batch_records=32, **broker_settings())) as services:
        own = services.settings
        asyncio.run(create_topics(own))
        with (
            WorkerProcess(own, tmp_path / "worker.log") as worker,
            ServeProcess(own.model_copy(update={"serve_port": 0}), tmp_path / "serve.log") as api,
        ):
            worker.wait_ready()
            api.wait_ready()
            command = streams(**{name: getattr(own, name) for name in SHARED})
            subscribers = {
                kind: Subscriber(api.url if kind == "http" else own.kafka_url, own.topic_prefix, tmp_path, kind)
                for kind in KINDS
            }
            try:
                for start in range(0, len(documents), 200):
                    file = tmp_path / f"{start}.jsonl"
                    file.write_bytes(b"".join(orjson.dumps(each) + b"\n" for each in documents[start : start + 200]))
                    command.ok("send", "--source", "document", file)
                    if start % 400:
                        api.child.kill()
                        api.keep_alive()
                    for kind in random.sample(KINDS, 3):
                        subscribers[kind].kill()
                        time.sleep(random.random() / 2)
                        subscribers[kind].restart()
                command.ok("verify", "--wait", "120", seconds=150)
                expected = {
                    name: (state["revision"], state["records"])
                    for name, state in asyncio.run(clusters_now(own)).items()
                }
                assert len(expected) > 100
                for kind, subscriber in subscribers.items():
                    wait_for(lambda s=subscriber: s.clusters() == expected, f"{kind} has the clusters", 120)  # type: ignore[misc]
            finally:
                for subscriber in subscribers.values():
                    subscriber.end()
