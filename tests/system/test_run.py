"""`streams run` on real processes: nothing lost, the same every time, and whatever befalls the worker."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from zlib import crc32

import orjson
import pytest
from aiokafka import AIOKafkaConsumer

from streams.feed_files.payloads import Payload
from streams.local.run import run
from streams.settings import Settings
from streams.state.connection import connect
from streams.synthetic import generate
from tests.brokers import AnyBroker
from tests.system.processes import Streams, json_lines, wait_for

pytestmark = pytest.mark.system

BROKEN = [b'{"source":"core","id":', b"[]", b'{"source":"core","title":"no id"}', b"not JSON at all"]


def feed(works: int, seed: int) -> tuple[list[bytes], set[str]]:
    """Lines of a generated feed, broken ones among them, and the records that stand in the end.

    Of some records all payloads have a field that cannot be read.
    """
    lines: list[bytes] = []
    standing: set[str] = set()
    versions: dict[str, int] = {}
    for item in generate(seed, works):
        if item.event == "update" and not versions[item.record_id]:
            continue  # both taken in one millisecond, nobody could tell which is newer
        versions[item.record_id] = item.document.get("version", 0)
        malformed = {} if crc32(item.record_id.encode()) % 20 or item.event == "delete" else {"relations": "none"}
        lines.append(orjson.dumps(item.document | malformed))
        if item.event == "delete":
            standing.discard(item.record_id)
        else:
            standing.add(item.record_id)
    for number, line in enumerate(BROKEN):
        lines.insert(len(lines) // 5 * (number + 1), line)
    return lines, standing


def shuffled(lines: list[bytes], seed: int) -> list[bytes]:
    """In another order, but for messages about one record."""

    def about(line: bytes) -> Any:
        try:
            document = orjson.loads(line)
            return document["source"], document["id"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return line

    order = Random(seed).sample([about(line) for line in lines], len(lines))  # noqa: S311 - a seed makes a test repeatable
    waiting = defaultdict(list)
    for line in reversed(lines):
        waiting[about(line)].append(line)
    return [waiting[record].pop() for record in order]


def write(path: Path, lines: list[bytes]) -> Path:
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


def clusters(out: Path) -> set[frozenset[str]]:
    return {frozenset(cluster["records"]) for cluster in json_lines(out / "clusters.jsonl")}


def folded(events: list[dict[str, Any]]) -> dict[str, tuple[int, list[str]]]:
    """Cluster id -> (revision, records) from events alone."""
    state: dict[str, tuple[int, list[str]]] = {}
    for event in events:
        if event["revision"] > state.get(event["cluster_id"], (0, []))[0]:
            state[event["cluster_id"]] = event["revision"], event["after"]
    return {name: entry for name, entry in state.items() if entry[1]}


def unread_fields(lines: list[bytes], standing: set[str]) -> dict[str, dict[str, int]]:
    """What a summary has to say of the fields that could not be read."""
    documents = [orjson.loads(line) for line in lines if b'"relations":"none"' in line]
    names = standing.intersection(f"{document['source']}:{document['id']}" for document in documents)
    counts = Counter(name.partition(":")[0] for name in names)
    return {source: {"relations": number} for source, number in counts.items()}


def check_results(out: Path, standing: set[str], lines: list[bytes]) -> dict[str, Any]:
    found = json_lines(out / "clusters.jsonl")
    homes = Counter(record for cluster in found for record in cluster["records"])
    assert set(homes) == standing
    assert set(homes.values()) == {1}, "a record in two clusters"
    letters = json_lines(out / "dead-letter.jsonl")
    assert sorted(letter["payload"].encode() for letter in letters) == sorted(BROKEN)
    events = json_lines(out / "events.jsonl")
    assert len({event["event_id"] for event in events}) == len(events)
    state = {cluster["cluster_id"]: (cluster["revision"], cluster["records"]) for cluster in found}
    assert folded(events) == state
    summary: dict[str, Any] = orjson.loads((out / "summary.json").read_bytes())
    assert summary["messages"] == len(lines)
    assert summary["unread_fields"] == unread_fields(lines, standing)
    assert (summary["records"], summary["clusters"]) == (len(standing), len(found))
    assert summary["dead_letters"] == len(BROKEN)
    return summary


class Given(NamedTuple):
    """A feed and one run of it."""

    lines: list[bytes]
    standing: set[str]
    file: Path
    out: Path
    printed: dict[str, Any]


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory, broker_settings: Callable[[], dict[str, Any]]) -> Given:
    directory = tmp_path_factory.mktemp("first")
    lines, standing = feed(560, seed=21)
    assert len(lines) > 1500
    file, out = write(directory / "feed.jsonl", lines), directory / "out"
    streams_ = Streams(directory, **broker_settings())
    printed = orjson.loads(streams_.ok("run", "--out", out, "--json", file))
    streams_.check_nothing_is_left()
    return Given(lines, standing, file, out, printed)


def test_every_record_is_in_one_cluster_or_is_a_dead_letter(
    first_run: Given, validate: Callable[[str, Any], None]
) -> None:
    out = first_run.out
    summary = check_results(out, first_run.standing, first_run.lines)
    assert first_run.printed == summary
    assert summary["worker_restarts"] == 0
    assert len(summary["unread_fields"]) > 1
    validate("summary", summary)
    for name, schema in (("clusters", "cluster"), ("decisions", "decision"), ("events", "event"), ("dead-letter",) * 2):
        rows = json_lines(out / f"{name}.jsonl")
        assert rows
        for row in rows:
            validate(schema, row)
    assert len(clusters(out)) < 0.7 * len(first_run.standing), "hardly a duplicate was found"


def test_the_log_of_a_worker_is_plain_text(first_run: Given) -> None:
    log = first_run.out / "worker.log"
    written = log.read_bytes() if log.exists() else b""  # one in which nothing was written is removed
    assert not set(written).intersection(b"\x1b\b\a\r")


@pytest.mark.long
@pytest.mark.parametrize("order", ["the same order", "another order"])
def test_no_order_changes_the_clusters(
    first_run: Given, streams: Callable[..., Streams], tmp_path: Path, order: str
) -> None:
    lines = first_run.lines if order == "the same order" else shuffled(first_run.lines, 5)
    out = tmp_path / "out"
    streams().ok("run", "--out", out, write(tmp_path / "feed.jsonl", lines))
    check_results(out, first_run.standing, lines)
    assert clusters(out) == clusters(first_run.out)


@pytest.mark.long
def test_a_worker_killed_in_mid_run_changes_nothing(streams: Callable[..., Streams], tmp_path: Path) -> None:
    streams_ = streams(batch_records=25)
    lines, standing = feed(260, seed=22)
    file = write(tmp_path / "feed.jsonl", lines)
    calm, killed = tmp_path / "calm", tmp_path / "killed"
    streams_.ok("run", "--out", calm, file)
    kills = 0
    with streams_.start("run", "--out", killed, file) as run:
        for share in (0.1, 0.3):
            wait_for(
                lambda share=share: (
                    run.poll() is not None  # type: ignore[misc]
                    or streams_.worker_metric("streams_batch_records_total") > share * len(lines)
                ),
                "the worker is in the midst of it",
            )
            if (worker := streams_.worker()) and run.poll() is None:
                os.kill(worker, signal.SIGKILL)
                kills += 1
                wait_for(lambda dead=worker: streams_.worker() not in (0, dead), "a new worker was started")  # type: ignore[misc]
        assert run.wait(60) == 0, streams_.output()
    summary = check_results(killed, standing, lines)
    assert kills == 2
    assert summary["worker_restarts"] == kills
    assert clusters(killed) == clusters(calm)
    streams_.check_nothing_is_left()


@pytest.mark.parametrize("redis", ["valkey", pytest.param("redis_cluster", marks=pytest.mark.any_broker)])
def test_a_run_on_given_servers_leaves_nothing_there(
    redis: str,
    request: pytest.FixtureRequest,
    new_broker: Callable[..., AnyBroker],
    session_seconds: float,
    tmp_path: Path,
) -> None:
    broker = new_broker()
    given = Settings(
        kafka_url=broker.url,
        redis_url=request.getfixturevalue(redis).url,
        redis_cluster=redis == "redis_cluster",
        namespace="runs",
        session_timeout=session_seconds,
    )
    payloads = [Payload("document", item.record_id.encode(), item.value) for item in generate(3, 10)]
    summary = run(given, payloads, tmp_path / "out")
    assert summary["messages"] == len(payloads)

    async def topics() -> set[str]:
        async with AIOKafkaConsumer(bootstrap_servers=broker.url) as consumer:
            return {topic for topic in await consumer.topics() if not topic.startswith("__")}

    assert asyncio.run(topics()) == set()
    connection = connect(given)
    assert connection.everywhere("KEYS", "runs:*") == [[]] * (3 if given.redis_cluster else 1)
    connection.close()
