"""A bounded run: send files through topics and a worker, until every record is decided.

The run has a generation, topics and a consumer group of its own, so that on shared servers it changes no other state. It is over
when the positions in Redis say that as many messages were handled as were sent.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from streams import events
from streams.errors import EmbeddedError
from streams.feed_files.payloads import Payload
from streams.kafka.connection import KafkaConnection
from streams.kafka.feed import send
from streams.kafka.producer import Publisher
from streams.kafka.reader import read_to_now
from streams.kafka.topics import create_topics, delete_topics
from streams.local.services import Services
from streams.local.worker import WorkerProcess
from streams.settings import Settings
from streams.sources.fields import unread
from streams.state.connection import Command, Connection, connect
from streams.state.generation import remove
from streams.state.layout import Layout
from streams.state.progress import Progress
from streams.state.record_codec import RecordCodec

__all__ = ["RunProgress", "own_generation", "play", "read_cluster_states", "run", "unread_fields", "write_results"]

_POLL_SECONDS = 0.1
_MAX_RESTARTS = 20
_KEEP_HOURS = 24
_BUCKETS = 64
_RETENTION = [name for name in Settings.model_fields if name.endswith("_retention_hours")]


class RunProgress(NamedTuple):
    """The progress of a run: messages sent and handled, and seconds since the first was sent."""

    sent: int
    handled: int
    seconds: float


def own_generation(settings: Settings) -> Settings:
    """Return settings with a generation, a topic prefix and a consumer group of their own, all of the same random name."""
    name = f"run-{uuid.uuid4().hex[:10]}"
    return settings.model_copy(
        update={
            "generation": name,
            "topic_prefix": f"{settings.topic_prefix}{name}.",
            "app_id": f"{settings.app_id}-{name}",
            "http_port": 0,
            # Its topics are read once, then deleted: after a kill they are at least emptied by retention.
            **dict.fromkeys(_RETENTION, _KEEP_HOURS),
        }
    )


def run(
    settings: Settings,
    payloads: Iterable[Payload],
    out: Path,
    on_progress: Callable[[RunProgress], None] = lambda _: None,
) -> dict[str, Any]:
    """Run payloads to the end and write the results into `out`; returns the summary.

    Calls `on_progress` several times a second. Raises a StreamsError when a server or the worker fails permanently.
    """
    out.mkdir(parents=True, exist_ok=True)
    with Services(settings) as services:
        own = own_generation(services.settings)
        asyncio.run(create_topics(own))
        try:
            connection = connect(own)
            try:
                with WorkerProcess(own, out / "worker.log") as worker:
                    worker.wait_ready()
                    status = asyncio.run(play(own, payloads, worker, services, connection, on_progress))
                    summary = asyncio.run(write_results(own, out))
                    summary["unread_fields"] = unread_fields(own, connection)
                    latency = latency_quantiles(worker.read("/metrics").decode())
            finally:  # after the worker has ended, which renews its lease every second
                remove_state(own, connection, services)
                connection.close()
        finally:
            if services.broker is None:
                asyncio.run(delete_topics(own))
    summary |= {
        "messages": status.sent,
        "seconds": round(status.seconds, 3),
        "records_per_second": round(status.sent / status.seconds, 1) if status.seconds else 0.0,
        "latency_ms": latency,
        "worker_restarts": worker.restarts,
    }
    (out / "summary.json").write_bytes(orjson.dumps(summary, option=orjson.OPT_INDENT_2) + b"\n")
    if worker.child.log.exists() and not worker.child.log.stat().st_size:
        worker.child.log.unlink()
    return summary


async def play(
    settings: Settings,
    payloads: Iterable[Payload],
    worker: WorkerProcess,
    services: Services,
    connection: Connection,
    on_progress: Callable[[RunProgress], None],
) -> RunProgress:
    """Send payloads and wait until all are handled, restarting the worker when it ends meanwhile."""
    progress = Progress(Layout.of(settings), connection)
    before = sum(progress.positions().values())
    began = time.monotonic()
    sent = 0

    def check() -> RunProgress:
        services.check()
        worker.keep_alive(_MAX_RESTARTS)
        status = RunProgress(sent, sum(progress.positions().values()) - before, time.monotonic() - began)
        on_progress(status)
        return status

    async with Publisher(KafkaConnection.of(settings), settings.topic_prefix) as publisher:
        async for acknowledged in send(publisher, payloads):
            sent = acknowledged
            check()
    while (status := check()).handled < sent:
        await asyncio.sleep(_POLL_SECONDS)
    if status.handled > sent:
        raise EmbeddedError(
            f"{status.handled} messages were handled but only {sent} sent: another program sends to these topics; stop it, "
            "or run with another STREAMS_TOPIC_PREFIX"
        )
    return status


async def write_results(settings: Settings, out: Path) -> dict[str, Any]:
    """Write the published messages as files of JSON lines into `out`; returns their counts, as in summary.json."""
    prefix = settings.topic_prefix
    names = (events.DECISIONS, events.EVENTS, events.DEAD_LETTER)
    decisions: dict[bytes, bytes] = {}
    seen_events: set[str] = set()
    letters: set[bytes] = set()
    counts = {"duplicate": 0, "review": 0, "related": 0}
    with (out / "events.jsonl").open("wb") as event_file, (out / "dead-letter.jsonl").open("wb") as letter_file:
        async for message in read_to_now(KafkaConnection.of(settings), [prefix + name for name in names]):
            topic = message.topic.removeprefix(prefix)
            if topic == events.DECISIONS:
                decisions[message.key] = message.value
            elif topic == events.EVENTS:
                identifier = orjson.loads(message.value)["event_id"]
                if identifier not in seen_events:
                    seen_events.add(identifier)
                    event_file.write(message.value + b"\n")
            elif message.value is not None and message.key not in letters:
                letters.add(message.key)
                letter_file.write(orjson.dumps(events.dead_letter_fields(message.value, message.headers)) + b"\n")
    with (out / "decisions.jsonl").open("wb") as file:
        for value in decisions.values():
            counts[orjson.loads(value)["decision"]] += 1
            file.write(value + b"\n")
    states = await read_cluster_states(settings)
    records = 0
    with (out / "clusters.jsonl").open("wb") as file:
        for _, members, state in states:
            records += len(members)
            file.write(state + b"\n")
    return {
        "records": records,
        "clusters": len(states),
        "duplicates": records - len(states),
        "review": counts["review"],
        "related": counts["related"],
        "dead_letters": len(letters),
        "decisions": sum(counts.values()),
        "events": len(seen_events),
    }


async def read_cluster_states(settings: Settings) -> list[tuple[str, list[str], bytes]]:
    """Fold `dedup.clusters` into (cluster id, record ids, state as JSON) of every current cluster, sorted by records."""
    latest: dict[bytes, tuple[int, list[str], bytes] | None] = {}
    async for message in read_to_now(KafkaConnection.of(settings), [settings.topic_prefix + events.CLUSTERS]):
        if message.value is None:
            latest[message.key] = None
            continue
        state = orjson.loads(message.value)
        latest[message.key] = (state["revision"], state["records"], message.value)
    current = [(key.decode(), entry[1], entry[2]) for key, entry in latest.items() if entry]
    return sorted(current, key=lambda entry: entry[1])


def unread_fields(settings: Settings, connection: Connection) -> dict[str, dict[str, int]]:
    """Count by source and field the stored records whose payload had a field that could not be read.

    The counts come from the stored documents, not from metrics: a worker that was killed loses its metrics, and they count a record
    that is replayed twice.
    """
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    codec = RecordCodec()
    keys = Layout.of(settings).bucket_keys("documents")
    for start in range(0, len(keys), _BUCKETS):
        commands = [Command(key, ("HVALS", key)) for key in keys[start : start + _BUCKETS]]
        for documents in connection.execute(commands):
            for record in map(codec.record, documents):
                counts[record.source].update(unread(record.warnings))
    return {source: dict(sorted(fields.items())) for source, fields in sorted(counts.items()) if fields}


def latency_quantiles(exposition: str) -> dict[str, float]:
    """Return p50 and p99 in ms from the worker's latency histogram, interpolated inside its buckets."""
    buckets: list[tuple[float, float]] = []
    for line in exposition.splitlines():
        if line.startswith("streams_decision_latency_seconds_bucket"):
            bound = line.split('le="')[1].split('"')[0]
            buckets.append((float(bound), float(line.rsplit(" ", 1)[1])))
    return {f"p{round(q * 100)}": round(1000 * _quantile(buckets, q), 1) for q in (0.5, 0.99)}


def _quantile(buckets: list[tuple[float, float]], q: float) -> float:
    if not buckets or not buckets[-1][1]:
        return 0.0
    rank, low, below = q * buckets[-1][1], 0.0, 0.0
    for bound, count in buckets:
        if count >= rank:
            if bound == float("inf"):
                return low
            return low + (bound - low) * ((rank - below) / max(count - below, 1e-9))
        low, below = bound, count
    return low


def remove_state(settings: Settings, connection: Connection, services: Services) -> None:
    """Remove the run's own state from a Redis that is not embedded, as that one outlives the run."""
    if services.redis is not None:
        return
    layout = Layout.of(settings)
    remove(layout, connection)
    connection.call("UNLINK", layout.meta)
