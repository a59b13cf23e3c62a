"""The Faust application of a worker: one agent over the topics of all sources and that of corrections.

Faust's own conveniences that lose or stall messages are not used (each was measured, see docs/architecture.md):
values stay raw bytes and are decoded by the engine; batches are acknowledged by us, in order, when they
are safe; one agent, not several at once, per process; no exception leaves the agent; no tables.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from typing import Any, Protocol, cast

import faust
from faust.types import EventT
from mode.supervisors import CrashingSupervisor
from yarl import URL

from streams.engine.messages import Incoming
from streams.kafka.incoming import incoming
from streams.kafka.topics import input_topics, source_of
from streams.ops.health import Health
from streams.settings import Settings
from streams.state.progress import Place, Step
from streams.worker.batch_processor import PreparedBatch
from streams.worker.consumer import Lot, Memory, RewindingConsumer, RewindingTransport

__all__ = ["make_app"]

log = logging.getLogger(__name__)

_COMMIT_SECONDS = 1.0
_LOTS = 4
"""Lots of records (see `worker/consumer.py`) that make up a micro-batch at most."""
_MAX_FETCH_BYTES = 16 * 1024 * 1024


class WorkerHooks(Protocol):
    """What the application calls as it lives: see `streams.worker.process`."""

    async def open(self) -> None: ...
    async def prepare(self, messages: Sequence[Incoming], steps: Sequence[Step]) -> PreparedBatch: ...
    async def process(self, batch: PreparedBatch) -> Mapping[Place, int]: ...
    async def assigned(self) -> None: ...
    async def quiesce(self) -> None: ...
    async def close(self) -> None: ...


class _App(faust.App):
    """Faust's application with our connections opened before the first message and closed after the last."""

    hooks: WorkerHooks

    def _create_directories(self) -> None:
        """None is needed, for there are no tables; Faust would leave one behind in the temporary directory."""

    async def on_first_start(self) -> None:
        await self.hooks.open()
        await super().on_first_start()

    async def on_stop(self) -> None:
        await self.hooks.quiesce()
        await super().on_stop()

    async def on_shutdown(self) -> None:
        await super().on_shutdown()
        await self.hooks.close()


def make_app(settings: Settings, hooks: WorkerHooks, memory: Memory, health: Health) -> faust.App:
    """Build the application."""
    lot = max(1, settings.batch_records // _LOTS)
    app = _App(
        settings.app_id,
        broker=[URL(f"aiokafka://{server}") for server in settings.kafka_url.split(",")],
        store="memory://",
        datadir=tempfile.gettempdir(),
        topic_disable_leader=True,
        topic_allow_declare=False,
        broker_session_timeout=settings.session_timeout,
        broker_heartbeat_interval=settings.session_timeout / 3,
        broker_commit_interval=_COMMIT_SECONDS,
        consumer_max_fetch_size=_MAX_FETCH_BYTES,
        consumer_auto_offset_reset="earliest",
        stream_buffer_maxsize=_LOTS * 4,
        stream_wait_empty=False,
        agent_supervisor=CrashingSupervisor,
        web_bind=settings.http_host,
        web_host=settings.http_host,
        web_port=settings.http_port,
        web_cors_options=None,
        cache="memory://",
        loghandlers=[],
    )
    app.transport = RewindingTransport(app.conf.broker_consumer, app, memory=memory, lot=lot)
    app.hooks = hooks
    records = app.topic(*input_topics(settings), value_serializer="raw", key_serializer="raw", allow_empty=True)

    under_way = _UnderWay()

    @app.agent(records, name="records", concurrency=1)
    async def handle_records(stream: Any) -> AsyncIterator[None]:
        async for taken in stream.noack_take(_LOTS, within=settings.batch_seconds):
            consumer = cast("RewindingConsumer", app.consumer)
            batch = _standing(consumer, taken)
            lots = [cast("Lot", event.message) for event in batch]
            ready = asyncio.create_task(hooks.prepare(_incoming(settings, lots), [lot.step for lot in lots]))
            await under_way.finish()
            under_way.begin(_handle(hooks, consumer, ready, batch))
            yield

    async def assigned(_app: Any, partitions: Any, **_: Any) -> None:
        log.info("%d partitions assigned", len(partitions))
        health.assigned(len(partitions))
        await hooks.assigned()

    async def revoked(_app: Any, _partitions: Any, **_: Any) -> None:
        health.unassigned()

    # Faust types its handlers as taking a signal by name, which it does not pass.
    app.on_partitions_assigned.connect(assigned, weak=False)  # type: ignore[arg-type]
    app.on_partitions_revoked.connect(revoked, weak=False)  # type: ignore[arg-type]
    return app


class _UnderWay:
    """At most one batch being handled, in a task of its own: while it is, the next one is read and prepared."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    async def finish(self) -> None:
        if self._task is not None:
            await self._task

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        self._task = asyncio.create_task(work)


async def _handle(
    hooks: WorkerHooks, consumer: RewindingConsumer, ready: asyncio.Task[PreparedBatch], batch: Sequence[EventT[Any]]
) -> None:
    """Handle one batch, then acknowledge it; batches are handled one after the other, so acknowledgements are in order.

    Of partitions of which Redis has forgotten something nothing is acknowledged: they are set back.
    """
    back = await hooks.process(await ready)
    for event in batch:
        lot = cast("Lot", event.message)
        if (position := back.get((lot.topic, lot.partition))) is not None:
            consumer.want_back(lot, position)
        event.ack()  # the consumer knows which ones count no more


def _standing(consumer: RewindingConsumer, taken: Sequence[EventT[Any]]) -> list[EventT[Any]]:
    """Those whose partition was not set back since they were read; the others come again."""
    batch = []
    for event in taken:
        if consumer.is_over(cast("Lot", event.message)):
            event.ack()
        else:
            batch.append(event)
    return batch


def _incoming(settings: Settings, lots: Sequence[Lot]) -> list[Incoming]:
    return [
        incoming(source, record)
        for lot in lots
        for source in (source_of(settings, lot.topic),)  # a lot is of one topic
        for record in lot.records
    ]
