"""Process one micro-batch, from messages to stored positions, whatever fails on the way."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple, TypeVar

from streams.engine.deliver import deliver
from streams.engine.engine import Engine
from streams.engine.messages import Batch, Incoming
from streams.errors import PayloadError
from streams.events import Outgoing
from streams.kafka.producer import Publisher
from streams.ops.health import Health
from streams.ops.metrics import Metrics
from streams.state.progress import Histories, Place, Step
from streams.worker import batch_metrics
from streams.worker.engine_thread import EngineThread
from streams.worker.failover import FailoverGuard
from streams.worker.poison import Items, PoisonFilter
from streams.worker.prepare_pool import Preparer
from streams.worker.reconciler import Reconciler
from streams.worker.recovery import Recovery
from streams.worker.registration import Registration

__all__ = ["BatchProcessor", "PreparedBatch"]

T = TypeVar("T")


class PreparedBatch(NamedTuple):
    """A micro-batch with the items that its messages hold, and the offset range of each partition that it covers."""

    messages: Sequence[Incoming]
    prepared: Items
    steps: Sequence[Step]

    def without(self, places: Collection[Place]) -> PreparedBatch:
        """Return the batch without the messages of some partitions."""
        if not places:
            return self
        kept = [n for n, message in enumerate(self.messages) if (message.topic, message.partition) not in places]
        return PreparedBatch(
            [self.messages[n] for n in kept],
            [self.prepared[n] for n in kept],
            [step for step in self.steps if (step.topic, step.partition) not in places],
        )


class BatchProcessor:
    """Processes micro-batches, one after the other, in six steps of which the order is what makes it safe.

    0. The payloads are read, in a process of their own and while the batch before is processed (`prepare`).
    1. Redis is asked whether it still has everything before the batch: messages behind a gap are not processed.
    2. The engine stores records, decides pairs and commits clusters together with their pending events.
    3. All messages are published and acknowledged by the broker, unless Redis failed over since step 1.
    4. The events are acknowledged in Redis; the clusters that another worker changed meanwhile are published again.
    5. The positions are stored in Redis, unless it failed over since step 1.
    6. The caller acknowledges the messages, so that their offsets may be committed, and rewinds the partitions returned.

    A server that is away is waited for, with growing pauses (`EngineThread`). A message that fails every time becomes a dead
    letter (`PoisonFilter`). A failover is reconciled in step 1 (`FailoverGuard`). What no message asks for is done between
    batches (`recovery`).

    More than ten methods, for each step has one.
    """

    def __init__(
        self,
        engine: Engine,
        thread: EngineThread,
        preparer: Preparer,
        publisher: Publisher,
        metrics: Metrics,
        health: Health,
        lease: Registration,
    ) -> None:
        """Take `lease`, which says whether work under way may still be published."""
        self._engine = engine
        self._thread = thread
        self._in_thread = thread.run
        self._preparer = preparer
        self._publisher = publisher
        self._metrics = metrics
        self._health = health
        self._lease = lease
        self._round_trips = 0
        self._taken = 0
        """Messages that were given to `prepare` and are not finished."""
        self._poison = PoisonFilter(self._apply, self._refuse)
        self.guard = FailoverGuard(engine, Reconciler(engine, publisher.publish, thread.run), thread)
        guarded = Reconciler(engine, self._send, thread.run)
        self.recovery = Recovery(engine, thread, self.guard, guarded, self._publish)

    async def prepare(self, messages: Sequence[Incoming], steps: Sequence[Step]) -> PreparedBatch:
        """Return the messages with the items they hold, read in a process of its own.

        May run while an earlier batch is processed. `steps` are the offset ranges that the messages cover.
        """
        self._taken += len(messages)
        self._health.waiting(self._taken)
        with self._stage("prepare"):
            prepared = await self._preparer.prepare([message.raw for message in messages])
        return PreparedBatch(messages, prepared, steps)

    async def process(self, batch: PreparedBatch) -> Mapping[Place, int]:
        """Process a batch; return the partitions to rewind, each with the position to read from.

        On return all effects of the messages are stored and published, except for messages of the partitions returned: Redis has
        lost effects of earlier messages there. When the worker stops, this does not return: the next worker reads again the
        messages that were not acknowledged.
        """
        messages = batch.messages
        if not messages:
            return {}
        if self._thread.closing:
            await asyncio.Event().wait()  # until this task is cancelled
        started = time.perf_counter()
        async with self._thread.admitted():
            back, known = await self._thread.with_backoff(lambda: self._attempt(batch))
            if self._thread.interrupted:
                # An attempt that failed may have committed before; the next one then found nothing to change or to publish.
                await self._thread.with_backoff(self.recovery.drain_in_turn)
                self._thread.interrupted = False
            steps = batch.without(back).steps
            back |= await self._thread.with_backoff(lambda: self._store_positions(steps, known))
        self._taken -= len(messages)
        self._health.processed(len(messages))
        self._observe(messages, time.perf_counter() - started)
        return back

    async def _attempt(self, batch: PreparedBatch) -> tuple[dict[Place, int], Histories]:
        """Process the messages of the partitions that have lost nothing in Redis.

        Return the other partitions, each with the position to read from, and the replication ids known before the batch.
        """
        back = await self.guard.check(batch.steps)
        known, rest = self.guard.histories, batch.without(back)
        if rest.messages and await self._poison.process(rest.messages, rest.prepared):
            self._thread.interrupted = True
        return back, known

    async def _apply(self, messages: Sequence[Incoming], prepared: Items) -> None:
        batch = await self._in_thread(lambda: self._engine.apply(messages, prepared))
        self._poison.succeeded()
        decided = time.time()
        self._metrics.latency.observe(decided - message.taken / 1000 for message in messages)
        await self._publish(batch)
        published = time.time()
        self._metrics.publish_latency.observe(published - message.taken / 1000 for message in messages)

    async def _refuse(self, message: Incoming, failure: PayloadError) -> None:
        self._metrics.rejected.add(1, message.source, failure.code)
        await self._publisher.publish([message.letter(failure)])

    async def _publish(self, batch: Batch) -> None:
        """Publish and acknowledge, until no other worker was faster."""
        batch_metrics.count(self._metrics, batch.statistics)
        await deliver(batch, self._engine.outbox, self._send, self._acknowledge)

    async def _acknowledge(self, work: Callable[[], T]) -> T:
        with self._stage("acknowledge"):
            return await self._in_thread(work)

    async def _send(self, messages: Sequence[Outgoing]) -> None:
        self._lease.check()
        with self._stage("publish"):
            await self.guard.ensure_unchanged()
            await self._publisher.publish(messages)
        for topic, count in Counter(message.topic for message in messages).items():
            self._metrics.published.add(count, topic)

    async def _store_positions(self, steps: Sequence[Step], known: Histories) -> dict[Place, int]:
        with self._stage("positions"):
            return (await self._in_thread(lambda: self._engine.progress.mark(steps, known)))[0]

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        """Observe the time of the block as that of a stage, also where it fails."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self._metrics.stages.observe((time.perf_counter() - began,), name)

    def _observe(self, messages: Sequence[Incoming], seconds: float) -> None:
        self._metrics.batch(len(messages), seconds, time.time())
        for source, count in Counter(message.source for message in messages).items():
            self._metrics.received.add(count, source)
        trips = self._engine.connection.round_trips
        self._metrics.round_trips.add(trips - self._round_trips)
        self._round_trips = trips
