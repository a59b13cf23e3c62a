"""Read the events published of late, and publish what subscribers must learn after a failover (`streams/engine/reconcile.py`)."""

from __future__ import annotations

from collections.abc import Collection

from streams.engine.deliver import InThread, deliver
from streams.engine.engine import Engine
from streams.engine.messages import Batch
from streams.engine.reconcile import Published, mend
from streams.event_log import EventLog
from streams.events import EVENTS
from streams.kafka.producer import Publisher
from streams.kafka.reader import read_to_now

__all__ = ["Reconciler"]

log = EventLog(__name__)

_MARGIN_MS = 60_000
"""How far the clocks of Redis, of the workers and of the broker may be apart."""


class Reconciler:
    """Brings Redis and subscribers to the same state of clusters."""

    def __init__(self, engine: Engine, publisher: Publisher, in_thread: InThread) -> None:
        """Take `in_thread`, which runs what asks Redis."""
        self._engine = engine
        self._publisher = publisher
        self._in_thread = in_thread

    async def reconcile(self, since: int, only: Collection[str] | None = None) -> int:
        """Reconcile the clusters that have events since a Unix time in ms; return the number of messages published.

        `only` limits it to some clusters, by their ids. May be repeated, and run while other workers work. Raises
        ServiceError.
        """
        published = await self._read(max(0, since - _MARGIN_MS), only)
        known, count = len(published.heads), 0
        for keys in published.lots():
            count += await self.publish(await self._in_thread(lambda: mend(self._engine, published, keys)))  # noqa: B023
            count += await self.publish(await self._in_thread(lambda: self._engine.outbox.restate(keys)))  # noqa: B023
        log.warning(
            "subscribers_reconciled",
            "{clusters} clusters were reconciled with subscribers, with {messages} messages",
            clusters=known,
            messages=count,
        )
        return count

    async def _read(self, since: int, only: Collection[str] | None) -> Published:
        settings, published = self._engine.settings, Published()
        keys = None if only is None else {name.encode() for name in only}
        topic = settings.topic_prefix + EVENTS
        async for message in read_to_now(settings.kafka_url, [topic], keys, since):
            if message.value is not None and (keys is None or message.key in keys):
                published.add(message.value, message.timestamp)
        return published

    async def publish(self, batch: Batch) -> int:
        """Deliver a batch of the engine; return how many messages that took."""
        return await deliver(batch, self._engine.outbox, self._publisher.publish, self._in_thread)
