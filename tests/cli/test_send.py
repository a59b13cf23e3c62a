"""`streams send` of dumps: its progress, and kills at random moments."""

from __future__ import annotations

import asyncio
import gzip
import io
import os
import random
import signal
import subprocess
import sys
import tarfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from streams.cli.send import SendProgress
from streams.feed_files.chunks import MOST_PAYLOADS, Chunk
from streams.feed_files.payloads import Payload
from streams.kafka.connection import KafkaConnection
from streams.kafka.reader import read_to_now
from streams.kafka.topics import record_topic
from streams.local.services import Services
from streams.settings import Settings
from tests.system.processes import wait_for

WORKS = 40_000


def test_progress_says_how_much_is_sent_and_how_long_the_rest_takes() -> None:
    now = 0.0
    progress = SendProgress(10_000_000_000, lambda: now)
    payloads = [Payload("crossref", b"k", b"v")] * 1000
    lines = []
    for read in (1_000_000_000, 2_000_000_000):
        now += 10
        lines.append(progress.add(Chunk(payloads, [], "dump.tar: 0.json", read)))
    assert lines == [
        "1,000 payloads, 100/s, 10.0% of 10 GB; dump.tar: 0.json",
        "2,000 payloads, 100/s, 20.0% of 10 GB, 2 min 40 s left; dump.tar: 0.json",
    ]
    assert SendProgress(0, lambda: now).add(Chunk([], [], "-", 0)) == "0 payloads, 0/s; -"


@pytest.fixture
def settings(broker_settings: Callable[[], dict[str, Any]]) -> Iterator[Settings]:
    with Services(Settings(**broker_settings(), partitions=2)) as running:
        yield running.settings


def started(settings: Settings, *arguments: str) -> subprocess.Popen[bytes]:
    given = {
        f"STREAMS_{name.upper()}": str(getattr(settings, name)) for name in ("kafka_url", "topic_prefix", "partitions")
    }
    environment = {**os.environ, **given, "STREAMS_REDIS_URL": settings.redis_url or "redis://127.0.0.1:1/0"}
    command = [sys.executable, "-m", "streams", "send", *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def finished(process: subprocess.Popen[bytes]) -> str:
    output, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors.decode()
    return output.decode().strip()


def crossref_tar(path: Path) -> None:
    """The public data file: a tar of files of works, every other one as JSON lines."""
    size = WORKS // 8
    with tarfile.open(path, "w") as archive:
        for number in range(8):
            works = [{"DOI": f"10.5555/{n}", "title": [f"Work {n}"]} for n in range(number * size, (number + 1) * size)]
            lines = b"\n".join(map(orjson.dumps, works))
            content = gzip.compress(lines if number % 2 else orjson.dumps({"items": works}), 1)
            info = tarfile.TarInfo(f"public/{number}.json{'l' if number % 2 else ''}.gz")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def arxiv_zip(path: Path) -> None:
    """The snapshot at Kaggle: a zip of one file of JSON lines."""
    rows = ({"id": f"2001.{n + 1:05}", "title": f"Paper {n}"} for n in range(WORKS))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("arxiv-metadata-oai-snapshot.json", b"\n".join(map(orjson.dumps, rows)))


@pytest.mark.long
@pytest.mark.system
@pytest.mark.parametrize(("source", "write"), [("crossref", crossref_tar), ("arxiv", arxiv_zip)])
def test_it_is_killed_at_random_and_resumed(
    settings: Settings, tmp_path: Path, source: str, write: Callable[[Path], None]
) -> None:
    """Nothing is missing, and of each run that was killed at most the chunk on its way comes twice."""
    dump, journal = tmp_path / "dump", tmp_path / "journal"
    write(dump)
    arguments = ("--source", source, "--resume", str(journal), str(dump))
    chance = random.Random(source)  # noqa: S311 - a schedule
    kills = 0
    for _ in range(3):
        process = started(settings, *arguments)
        size = journal.stat().st_size if journal.exists() else 0
        enough = size + chance.randrange(200, 1500)
        wait_for(lambda: _grown(journal, enough, process), "acknowledged chunks", 120)  # noqa: B023 - called at once
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        kills += process.returncode == -signal.SIGKILL
    assert kills >= 2
    finished(started(settings, *arguments))
    assert finished(started(settings, *arguments)).startswith("0 payloads sent")
    found = Counter(keys(settings, source))
    assert len(found) == WORKS
    assert sum(found.values()) - WORKS <= kills * MOST_PAYLOADS


def _grown(journal: Path, size: int, process: subprocess.Popen[bytes]) -> bool:
    return process.poll() is not None or (journal.exists() and journal.stat().st_size >= size)


def keys(settings: Settings, source: str) -> list[str]:
    async def read() -> list[str]:
        messages = read_to_now(KafkaConnection.of(settings), [record_topic(settings, source)])
        return [message.key.decode() async for message in messages]

    return asyncio.run(read())
