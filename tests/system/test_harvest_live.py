"""Harvesters as processes: from a fake source through a broker and a worker to clusters, unattended, and in flat memory."""

from __future__ import annotations

import asyncio
import gzip
import random
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from streams.events import EVENTS
from streams.harvest.checkpoints import read_states
from streams.kafka.connection import KafkaConnection
from streams.kafka.reader import read_to_now
from streams.kafka.topics import record_topic
from streams.local.services import Services
from streams.local.worker import WorkerProcess
from streams.settings import Settings
from tests.brokers import AnyBroker
from tests.harvest.arxiv_server import ArxivServer, papers
from tests.harvest.datasets_server import DatasetsServer, packed
from tests.harvest.feed_server import at_random
from tests.harvest.killing import started
from tests.system.folded_events import folded
from tests.system.processes import metric, wait_for

pytestmark = pytest.mark.system

SIZES = [pytest.param(2_000, marks=pytest.mark.long), pytest.param(100_000, marks=pytest.mark.soak)]


@pytest.fixture
def settings(broker_settings: Callable[[], dict[str, Any]]) -> Iterator[Settings]:
    own = {
        "harvest_contact": "x",
        "harvest_pace": 0.0001,
        "harvest_wait_floor": 0.01,
        "harvest_port": 0,
        "http_port": 0,
    }
    with Services(Settings(**{**broker_settings(), **own})) as services:
        yield services.settings


def read(settings: Settings, topic: str) -> list[Any]:
    async def all_of_them() -> list[Any]:
        return [message async for message in read_to_now(KafkaConnection.of(settings), [topic])]

    return asyncio.run(all_of_them())


def paper(number: int) -> dict[str, Any]:
    """A row; below ten million each two are one paper under two corpus ids."""
    work = number // 2 if number < 10_000_000 else number
    chance = random.Random(work)  # noqa: S311 - the same each time
    words = [chance.choice(WORDS) for _ in range(6)]
    return {
        "corpusid": number,
        "title": f"{' '.join(words)} {work}",
        "externalids": {"CorpusId": str(number), "DOI": f"10.5555/{work}"},
        "authors": [{"authorId": "1", "name": f"{chance.choice(WORDS).title()} {chance.choice(WORDS).title()}"}],
        "year": 2026,
    }


WORDS = [
    f"{a}{b}{c}"
    for a in ("coral", "kelp", "sponge", "urchin", "plankton", "mussel", "squid", "lichen", "fern", "moss")
    for b in ("ar", "el", "im", "on", "ur", "ash", "eth", "ind", "ost", "unk")
    for c in ("growth", "decline", "drift", "bloom", "stress", "shift", "range", "mass", "yield", "loss")
]
"""A thousand: with few words nearly all titles would share blocking keys, as in no real feed."""


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("count", SIZES)
def test_a_release_and_its_difference_become_clusters(settings: Settings, tmp_path: Path, count: int) -> None:
    """A tenth of the rows are pairs of duplicates; the difference deletes fifty rows. About one request of seven fails.

    With `-s` it prints its figures.
    """
    twins, singles = count // 10, count - count // 10
    rows = [paper(number) for number in range(2, twins + 2)] + [paper(10_000_000 + number) for number in range(singles)]
    gone = [10_000_000 + number for number in range(50)]
    with DatasetsServer() as server, WorkerProcess(settings, tmp_path / "worker.log") as worker:
        worker.wait_ready()
        server.releases = ["2026-11-03", "2026-11-10"]
        parts = [rows[start::10] for start in range(10)]
        server.bases["2026-11-10"] = {}
        server.bases["2026-11-03"] = {f"part{n}.gz": packed(part) for n, part in enumerate(parts)}
        server.releases.pop()
        server.fault = at_random(8, 0.15)
        began = time.monotonic()
        harvest(settings, server, "semantic-scholar")
        server.releases.append("2026-11-10")
        server.diffs["2026-11-03", "2026-11-10"] = ({}, {"d.gz": packed([{"corpusid": number} for number in gone])})
        harvest(settings, server, "semantic-scholar")
        harvested = time.monotonic() - began
        assert server.failed > 2

        expected = {frozenset({f"semantic_scholar:{n}", f"semantic_scholar:{n + 1}"}) for n in range(2, twins + 2, 2)}
        expected |= {frozenset({f"semantic_scholar:{10_000_000 + n}"}) for n in range(50, singles)}

        def clusters() -> set[frozenset[str]]:
            return folded(message.value for message in read(settings, settings.topic_prefix + EVENTS))

        def handled() -> bool:
            return metric(worker.read("/metrics"), "streams_batch_records_total") >= len(rows) + len(gone)

        wait_for(handled, "all messages are handled", 60 + count / 100)
        wait_for(lambda: clusters() == expected, "all records are in their clusters", 120)
        duplicates = metric(worker.read("/metrics"), 'streams_decisions_total{decision="duplicate"}')
        print(
            f"\n{len(rows):,} rows and {len(gone)} deletes, {server.failed} of {len(server.asked)} requests failed: "
            f"{harvested:.0f} s until harvested, "
            f"{time.monotonic() - began:.0f} s until all are in {len(expected):,} clusters; {duplicates:,.0f} duplicates"
        )


def harvest(settings: Settings, server: Any, *arguments: str) -> None:
    process = started(settings, server, *arguments)
    _, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors.decode()[-2000:]


@pytest.mark.parametrize("days", [pytest.param(10, marks=pytest.mark.long), pytest.param(31, marks=pytest.mark.soak)])
def test_arxiv_is_followed_unattended_while_one_request_of_a_hundred_fails(settings: Settings, days: int) -> None:
    """What is new while it follows arrives as well."""
    today = datetime.now(UTC).date()
    since = today - timedelta(days - 1)
    with ArxivServer(papers(100 * days, since, days), page_size=20) as server:
        server.fault = at_random(days, 0.01)
        own = settings.model_copy(update={"harvest_interval": 0.5})
        process = started(own, server, "arxiv", "--from", f"{since}", "--follow", stderr=subprocess.DEVNULL)
        try:

            def passed() -> float:
                states = asyncio.run(read_states(settings))
                return states[0].success if states else 0.0

            first = wait_for(passed, "the first pass", 300)
            late = [each._replace(number=f"2612.{n:05}", day=today) for n, each in enumerate(papers(30, today, 1), 1)]
            server.papers = [*server.papers, *late]
            wait_for(lambda: passed() > first + 2, "passes with what is new", 120)
            wanted = {each.number for each in server.papers}
            found = {message.key.decode() for message in read(settings, record_topic(settings, "arxiv"))}
            assert found == wanted
            assert server.failed > 0
            assert server.most_at_once == 1
            print(
                f"\n{days} days: {len(server.asked):,} requests, {server.failed} failed; "
                f"all {len(found):,} papers are there"
            )
        finally:
            process.terminate()
            assert process.wait(60) == 0


class LargeServer(DatasetsServer):
    """Has one base of one file: a member of gzip, again and again, until it is as large as asked for."""

    def __init__(self, member: bytes, times: int) -> None:
        super().__init__()
        self.releases = ["2026-11-03"]
        self.bases["2026-11-03"] = {"large.gz": b""}
        self.pid = 0
        self.peaks: list[int] = []
        self._member, self._times = member, times

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if not request.path.startswith("/files/"):
            return await super()._handle(request)
        response = web.StreamResponse()
        response.content_length = len(self._member) * self._times
        await response.prepare(request)
        for _ in range(self._times):
            await response.write(self._member)
            self.peaks.append(_resident(self.pid))
        return response


def _resident(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))


@pytest.fixture
def small_topic(settings: Settings, new_broker: Callable[..., AnyBroker], broker_kind: str) -> Settings:
    """Settings whose topic of Semantic Scholar, on Apache Kafka, is kept for a moment, so that gigabytes take no disk."""
    if broker_kind != "kafka":
        return settings
    broker = new_broker(log_retention_check_interval_ms=10_000, log_segment_delete_delay_ms=1_000)
    own = settings.model_copy(update={"kafka_url": broker.url})

    async def create() -> None:
        configs = {"retention.bytes": f"{64 << 20}", "segment.bytes": f"{32 << 20}", "max.message.bytes": f"{16 << 20}"}
        admin = AIOKafkaAdminClient(bootstrap_servers=own.kafka_url)
        await admin.start()
        name = record_topic(own, "semantic_scholar")
        await admin.create_topics([NewTopic(name, own.partitions, 1, topic_configs=configs)])
        await admin.close()

    asyncio.run(create())
    return own


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("mib", "arguments"),
    [
        pytest.param(40, (), marks=pytest.mark.long),
        pytest.param(2048, ("--dry-run",), marks=pytest.mark.soak, id="dry run"),
        pytest.param(2048, (), marks=pytest.mark.soak, id="published"),
    ],
)
def test_memory_stays_flat_over_a_large_file(
    small_topic: Settings, broker_kind: str, mib: int, arguments: tuple[str, ...]
) -> None:
    """All of it is published, but in a dry run. The embedded broker keeps it in memory, so it gets an eighth of the 2 GiB."""
    if broker_kind != "kafka" and not arguments:
        mib = min(mib, 256)
    noise = random.Random(mib)  # noqa: S311 - rows of a real release take half a kilobyte, too
    rows = [paper(number) | {"noise": noise.randbytes(500).hex()} for number in range(2_000)]
    lines = b"".join(orjson.dumps(row) + b"\n" for row in rows)
    member = gzip.compress(lines, 1)
    times = max(mib * 1024 * 1024 // len(member), 4)
    with LargeServer(member, times) as server:
        began = time.monotonic()
        process = started(small_topic, server, "semantic-scholar", *arguments, stdout=subprocess.PIPE)
        server.pid = process.pid
        output, errors = process.communicate(timeout=1700)
        assert process.returncode == 0, errors.decode()[-2000:]
        what = "found; nothing was published" if arguments else "published"
        said = f"semantic-scholar: {len(rows) * times:,} records and 0 deletes {what}"
        assert output.decode().splitlines()[-1] == said
        quarter = len(server.peaks) // 4
        assert len(server.peaks) > 10
        first, later = max(server.peaks[:quarter]) >> 20, max(server.peaks[quarter:]) >> 20
        seconds = time.monotonic() - began
        print(
            f"\na file of {mib:,} MiB, {said}: at most {first} MiB resident in its first quarter, {later} later; "
            f"{seconds:.0f} s, {len(rows) * times / seconds:,.0f} records/s"
        )
        assert later - first < 16
