"""Bring subscribers to the state that Redis has: the one writer of everything published beside the batches of messages.

A worker uses it for what a dead worker left and after a failover (`streams/worker/recovery.py`, `streams/worker/failover.py`),
`streams verify --repair` for the differences it found (`streams/verification/repair.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from streams.engine.deliver import InThread, deliver
from streams.engine.engine import Engine
from streams.engine.messages import Batch
from streams.engine.reconcile import reconcile
from streams.event_log import EventLog
from streams.events import EVENTS, Outgoing
from streams.events.published_clusters import PublishedClusters
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.reader import read_to_now
from streams.records.chunks import chunks

__all__ = ["Reconciler", "open_reconciler"]

log = EventLog(__name__)

_MARGIN_MS = 60_000
"""How far the clocks of Redis, of the workers and of the broker may be apart."""
_CHUNK = 500


class Reconciler:
    """Publishes pending events, current states, and the events that lead from what was published to what Redis has.

    Everything may be repeated, and run while other workers work. Every method raises ServiceError.
    """

    def __init__(
        self, engine: Engine, publish: Callable[[Sequence[Outgoing]], Awaitable[Any]], in_thread: InThread
    ) -> None:
        """Take `publish`, which returns once the broker has acknowledged, and `in_thread`, which runs what asks Redis."""
        self._engine = engine
        self.publish = publish
        self._in_thread = in_thread

    async def publish_pending(self) -> int:
        """Publish the events that a worker committed and did not publish; return the number of messages."""
        count = 0
        while (batch := await self._in_thread(self._engine.outbox.drain)).outgoing:
            count += await self._deliver(batch)
        return count

    async def publish_due(self) -> None:
        """Publish again the states of clusters that are due (`streams/state/late.py`)."""
        while (batch := await self._in_thread(self._engine.outbox.repeat)).outgoing:
            await self._deliver(batch)

    async def publish_states(self, clusters: Iterable[bytes]) -> int:
        """Publish the current states of clusters, by their keys; return the number of messages."""
        count = 0
        for chunk in chunks(clusters, _CHUNK):
            count += await self._deliver(await self._in_thread(partial(self._engine.outbox.restate, chunk)))
        return count

    async def reconcile(self, since: int, only: Collection[str] | None = None) -> int:
        """Reconcile the clusters that have events since a Unix time in ms; return the number of messages published.

        `only` limits it to some clusters, by their ids.
        """
        published = await self._read(max(0, since - _MARGIN_MS), only)
        known, count = len(published.clusters), 0
        for keys in chunks(sorted(published.clusters), _CHUNK):
            count += await self._deliver(await self._in_thread(partial(reconcile, self._engine, published, keys)))
            count += await self.publish_states(keys)
        log.warning(
            "subscribers_reconciled",
            "{clusters} clusters were reconciled with subscribers, with {messages} messages",
            clusters=known,
            messages=count,
        )
        return count

    async def _read(self, since: int, only: Collection[str] | None) -> PublishedClusters:
        settings, published = self._engine.settings, PublishedClusters()
        keys = None if only is None else {name.encode() for name in only}
        topic = settings.topic_prefix + EVENTS
        async for message in read_to_now(KafkaConnection.of(settings), [topic], keys, since):
            if message.value is not None and (keys is None or message.key in keys):
                published.add_event(message.value, message.timestamp)
        return published

    async def _deliver(self, batch: Batch) -> int:
        return await deliver(batch, self._engine.outbox, self.publish, self._in_thread)


@asynccontextmanager
async def open_reconciler(engine: Engine) -> AsyncIterator[Reconciler]:
    """Yield a reconciler with a producer of its own, for programs that are no workers. Raises BrokerError."""
    settings = engine.settings
    kafka = KafkaConnection.of(settings)
    async with Publisher(kafka, settings.topic_prefix, namespace=settings.namespace) as publisher:
        yield Reconciler(engine, publisher.publish, asyncio.to_thread)
