"""Build the Faust application of a worker: one agent that reads the topics of all sources and that of corrections.

The conveniences of Faust that lose or stall messages are not used (each was measured, see docs/architecture.md):
values stay raw bytes, which the engine decodes; this module acknowledges batches, in order, when they
are safe; a process has one agent; no exception leaves the agent; there are no tables.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Protocol, cast

import faust
from faust.auth import Credentials, OAuthCredentials, SASLCredentials, SSLCredentials
from faust.types import EventT
from mode.supervisors import CrashingSupervisor
from yarl import URL

from streams.engine.messages import Incoming
from streams.event_log import EventLog
from streams.kafka.connection import METADATA_MS, KafkaConnection
from streams.kafka.incoming import incoming
from streams.kafka.topics import input_topics, source_of
from streams.ops.health import Health
from streams.settings import Settings
from streams.state.progress import Place, Step
from streams.worker.batch_processor import PreparedBatch
from streams.worker.consumer import RewindingConsumer, RewindingTransport, TablelessApp
from streams.worker.micro_batches import micro_batches
from streams.worker.record_batch import RecordBatch
from streams.worker.stored_positions import StoredPositions

__all__ = ["make_app"]

log = EventLog(__name__)

_COMMIT_SECONDS = 1.0
_RECORD_BATCHES = 4
"""Least record batches (`streams/worker/record_batch.py`) of one partition that fill a micro-batch."""
_MAX_FETCH_BYTES = 16 * 1024 * 1024


class WorkerHooks(Protocol):
    """What the application calls, from its start to its end (`streams/worker/process.py`)."""

    async def prepare(self, messages: Sequence[Incoming], steps: Sequence[Step]) -> PreparedBatch: ...
    async def process(self, batch: PreparedBatch) -> Mapping[Place, int]: ...
    async def assigned(self) -> None: ...
    async def quiesce(self) -> None: ...
    async def close(self) -> None: ...


class _App(TablelessApp):
    """Faust's application, which closes the worker's connections after the last message."""

    hooks: WorkerHooks

    async def on_stop(self) -> None:
        await self.hooks.quiesce()
        await super().on_stop()

    async def on_shutdown(self) -> None:
        await super().on_shutdown()
        await self.hooks.close()


def make_app(settings: Settings, hooks: WorkerHooks, source: StoredPositions, health: Health) -> faust.App:
    """Build the application."""
    batch_records = max(1, settings.batch_records // _RECORD_BATCHES)
    kafka = KafkaConnection.of(settings)
    app = _App(
        settings.app_id,
        broker=[URL(f"aiokafka://{server}") for server in kafka.servers],
        store="memory://",
        datadir=tempfile.gettempdir(),
        topic_disable_leader=True,
        topic_allow_declare=False,
        broker_client_id=f"{kafka.client_id}-worker",
        broker_credentials=_credentials(kafka),
        consumer_metadata_max_age_ms=METADATA_MS,
        producer_metadata_max_age_ms=METADATA_MS,
        broker_session_timeout=settings.session_timeout,
        broker_heartbeat_interval=settings.session_timeout / 3,
        broker_commit_interval=_COMMIT_SECONDS,
        consumer_max_fetch_size=_MAX_FETCH_BYTES,
        consumer_auto_offset_reset="earliest",
        stream_buffer_maxsize=_RECORD_BATCHES,
        stream_wait_empty=False,
        agent_supervisor=CrashingSupervisor,
        web_enabled=False,  # the worker serves its own pages (streams/ops/http.py)
        web_cors_options=None,
        cache="memory://",
        loghandlers=[],
    )
    app.transport = RewindingTransport(
        app.conf.broker_consumer, app, source=source, batch_records=batch_records, rack=kafka.rack
    )
    app.hooks = hooks
    records = app.topic(*input_topics(settings), value_serializer="raw", key_serializer="raw", allow_empty=True)

    under_way: asyncio.Task[None] | None = None  # the micro-batch being processed, while the next is read and prepared

    def is_busy() -> bool:
        return under_way is not None and not under_way.done()

    @app.agent(records, name="records", concurrency=1)
    async def handle_records(stream: Any) -> AsyncIterator[None]:
        nonlocal under_way
        taking = micro_batches(stream, settings.batch_records, settings.batch_seconds, is_busy)
        async with aclosing(taking) as arrived:
            async for taken in arrived:
                consumer = cast("RewindingConsumer", app.consumer)
                events = _current(consumer, taken)
                batches = [cast("RecordBatch", event.message) for event in events]
                messages = _incoming(settings, batches)
                prepared = asyncio.create_task(hooks.prepare(messages, [batch.step for batch in batches]))
                if under_way is not None:
                    await under_way
                under_way = asyncio.create_task(_process(hooks, consumer, prepared, events))
                yield

    async def assigned(_app: Any, partitions: Any, **_: Any) -> None:
        log.info(
            "partitions_assigned",
            "{partitions} partitions assigned: {shares}",
            partitions=len(partitions),
            shares=_shares(partitions),
        )
        source.partitions_assigned([(tp.topic, tp.partition) for tp in partitions])
        health.assigned(len(partitions))
        await hooks.assigned()

    async def revoked(_app: Any, _partitions: Any, **_: Any) -> None:
        source.partitions_revoked()
        health.unassigned()

    # Faust types its handlers as taking a signal by name, which it does not pass.
    app.on_partitions_assigned.connect(assigned, weak=False)  # type: ignore[arg-type]
    app.on_partitions_revoked.connect(revoked, weak=False)  # type: ignore[arg-type]
    return app


def _shares(partitions: Iterable[Any]) -> str:
    """Return the partitions of each topic, as in `records.arxiv:0,1 records.core:2`."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for tp in partitions:
        numbers[tp.topic].append(tp.partition)
    return " ".join(f"{topic}:{','.join(map(str, sorted(numbers[topic])))}" for topic in sorted(numbers))


def _credentials(kafka: KafkaConnection) -> Credentials | None:
    """Return in Faust's form how a client proves who it is; None where Kafka asks for nothing."""
    if kafka.token is not None:
        return OAuthCredentials(oauth_cb=kafka.token, ssl_context=kafka.tls)
    if kafka.mechanism:
        return SASLCredentials(
            username=kafka.user,
            password=kafka.password.get_secret_value(),
            ssl_context=kafka.tls,
            mechanism=kafka.mechanism,
        )
    return SSLCredentials(kafka.tls) if kafka.tls is not None else None


async def _process(
    hooks: WorkerHooks,
    consumer: RewindingConsumer,
    prepared: asyncio.Task[PreparedBatch],
    events: Sequence[EventT[Any]],
) -> None:
    """Process one micro-batch, then acknowledge it; one is processed after the other, so acknowledgements are in order.

    The partitions of which Redis lost positions are rewound, and the acknowledgements of their messages have no effect.
    """
    back = await hooks.process(await prepared)
    for event in events:
        batch = cast("RecordBatch", event.message)
        if (position := back.get((batch.topic, batch.partition))) is not None:
            consumer.request_rewind(batch, position)
        event.ack()  # the consumer knows which ones are stale


def _current(consumer: RewindingConsumer, taken: Sequence[EventT[Any]]) -> list[EventT[Any]]:
    """Return the events whose partition was not rewound since they were read; the records of the others come again."""
    current = []
    for event in taken:
        if consumer.is_stale(cast("RecordBatch", event.message)):
            event.ack()
        else:
            current.append(event)
    return current


def _incoming(settings: Settings, batches: Sequence[RecordBatch]) -> list[Incoming]:
    return [
        incoming(source, record)
        for batch in batches
        for source in (source_of(settings, batch.topic),)  # a record batch is of one topic
        for record in batch.records
    ]
