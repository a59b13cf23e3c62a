"""One micro-batch from messages to marked progress, whatever fails on the way.

Numbered, for the order is what makes it safe:
0. the payloads are read, in a process of their own and while the batch before is under way
1. Redis is asked whether it still knows all before: what comes behind a gap is not handled
2. the engine stores, decides and commits clusters with their events owed
3. everything is published and acknowledged by the broker, unless Redis is another one by then
4. the events are confirmed; what others changed meanwhile is published again
5. the positions are marked in Redis, unless it has forgotten something since 1
6. only now the caller acknowledges the messages, so that their offsets may be committed, or sets their partitions back

A server that is away is waited for with growing pauses. A message that always fails is found by halving
the batch and, after bounded attempts, goes to the dead letters; the rest goes on. When nothing but failures comes, the
fault is ours: the worker waits, un-ready and loud, rather than send a whole feed to the dead letters.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import NamedTuple, TypeVar

from streams.engine.engine import Engine
from streams.engine.messages import Batch, Incoming
from streams.engine.prepare import Prepared, Refused, Told
from streams.errors import ForgottenError, PayloadError, RedisError, ServiceError, StuckError
from streams.kafka.producer import Publisher
from streams.ops.health import Health
from streams.ops.metrics import Metrics
from streams.state.progress import Histories, Place, Step
from streams.worker.lease import Lease
from streams.worker.prepare_pool import Preparer
from streams.worker.reconciler import Mender

__all__ = ["Handler", "Ready"]

log = logging.getLogger(__name__)
T = TypeVar("T")

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.1, 15.0
_ATTEMPTS = 3
_BRAKE = 50
"""Messages in a row that fail before the worker takes it for its own fault and stops sending them to the dead letters."""
_QUIESCE_SECONDS = 5.0
_GRACE_SECONDS = 0.5
"""How long after a failover Kafka may take for what another worker published just before it."""


Items = Sequence[Sequence[Prepared | Refused | Told]]


class Ready(NamedTuple):
    """A micro-batch with what its messages hold."""

    messages: Sequence[Incoming]
    prepared: Items
    steps: Sequence[Step]

    def without(self, places: Collection[Place]) -> Ready:
        """The rest, without what is of some partitions."""
        if not places:
            return self
        kept = [n for n, message in enumerate(self.messages) if (message.topic, message.partition) not in places]
        return Ready(
            [self.messages[n] for n in kept],
            [self.prepared[n] for n in kept],
            [step for step in self.steps if (step.topic, step.partition) not in places],
        )


class Handler:
    """Runs the engine in a thread of its own, so that heartbeats go on while it computes."""

    def __init__(
        self,
        engine: Engine,
        preparer: Preparer,
        publisher: Publisher,
        metrics: Metrics,
        health: Health,
        lease: Lease,
    ) -> None:
        """`lease` says when work may begin and go on; `turn` is held while it does."""
        self._engine = engine
        self._preparer = preparer
        self._publisher = publisher
        self._metrics = metrics
        self._health = health
        self._lease = lease
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="engine")
        self.turn = asyncio.Lock()
        self._closing = False
        self._interrupted = False
        self._failed_in_row = 0
        self._round_trips = 0
        self._mender = Mender(engine, publisher, self._in_thread)
        self._histories: Histories = ()

    async def prepare(self, messages: Sequence[Incoming], steps: Sequence[Step]) -> Ready:
        """The pure half of handling, in a process of its own; may run while an earlier batch is handled.

        `steps` say of which partitions the messages are, and from where to where.
        """
        return Ready(messages, await self._preparer.prepare([message.raw for message in messages]), steps)

    async def handle(self, ready: Ready) -> Mapping[Place, int]:
        """Handle prepared messages to the end; returns only when everything about them is safe.

        But for the partitions that are returned, with where to go back to: of these Redis has forgotten something.
        """
        messages = ready.messages
        if not messages:
            return {}
        if self._closing:
            # The worker stops: what is left unacknowledged comes again. Wait to be cancelled.
            await asyncio.Event().wait()
        started = time.perf_counter()
        self._health.waiting(len(messages))
        async with self._admitted():
            back, known = await self._patiently(lambda: self._attempt(ready))
            if self._interrupted:
                # An attempt that failed may have committed before; the next one then found nothing to change or to tell.
                await self._patiently(self._drain)
                self._interrupted = False
            back |= await self._patiently(lambda: self._mark(ready.without(back).steps, known))
        self._health.processed(len(messages))
        self._observe(messages, time.perf_counter() - started)
        return back

    async def drain(self) -> int:
        """Publish what a dead worker committed and did not live to publish; returns how many events."""
        async with self._admitted():
            return await self._patiently(self._drain)

    async def repeat(self) -> None:
        """Tell again the states that something sent by a dead worker may have overwritten, where it is time."""
        if not self._closing:
            async with self._admitted():
                await self._patiently(self._repeat)

    async def begun(self) -> frozenset[bytes]:
        """Groups on their way into others, whoever moves them; for `finish`."""
        async with self._admitted():
            return await self._patiently(lambda: self._in_thread(self._engine.groups.begun))

    async def finish(self, begun: Collection[bytes]) -> None:
        """End the moves among these that nobody has ended meanwhile."""
        async with self._admitted():
            await self._patiently(lambda: self._finish(begun))

    @asynccontextmanager
    async def _admitted(self) -> AsyncIterator[None]:
        """Our turn, and leave to work on the generation."""
        while True:
            await self._lease.admitted()
            async with self.turn:
                if self._lease.is_open:
                    yield
                    return

    async def quiesce(self) -> None:
        """Let the batch under way end and begin no other; gives up after a while, for nothing is lost by it."""
        self._closing = True
        try:
            async with asyncio.timeout(_QUIESCE_SECONDS), self.turn:
                pass
        except TimeoutError:
            log.warning("the batch under way did not end within %.0f s; it will be handled again", _QUIESCE_SECONDS)

    def knows_not(self, histories: Histories) -> bool:
        """Whether Redis is another one than we work on; `drain` then looks after what it has forgotten."""
        return bool(self._histories) and histories != self._histories

    def close(self) -> None:
        """Give up the thread; call when no batch is under way."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _drain(self) -> int:
        await self._check(())
        count = 0
        while (batch := await self._in_thread(self._engine.outbox.drain)).outgoing:
            await self._publish(batch)
            count += sum(len(fields) for fields in batch.drained.values())
        return count

    async def _repeat(self) -> None:
        await self._check(())
        while (batch := await self._in_thread(self._engine.outbox.repeat)).outgoing:
            await self._publish(batch)

    async def _finish(self, begun: Collection[bytes]) -> None:
        await self._check(())
        await self._publish(await self._in_thread(lambda: self._engine.finish(begun)))

    async def _patiently(self, work: Callable[[], Awaitable[T]]) -> T:
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                result = await work()
                self._health.redis_answered()
                self._health.stuck("")
                return result
            except ServiceError as error:
                self._interrupted = True
                if isinstance(error, RedisError):
                    self._health.redis_failed(str(error))
                self._health.stuck(str(error) if isinstance(error, StuckError) else "")
                self._metrics.retried(type(error).__name__)
                log.warning("%s; next try in %.1f s", error, pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    async def _attempt(self, ready: Ready) -> tuple[dict[Place, int], Histories]:
        """Handle what has no gap before it; returns the partitions that have one, and who remembers the rest."""
        back = await self._check(ready.steps)
        known, rest = self._histories, ready.without(back)
        if rest.messages:
            await self._divide(rest.messages, rest.prepared)
        return back, known

    async def _divide(self, messages: Sequence[Incoming], prepared: Items) -> None:
        """Process, halving the batch where it fails, so that one bad message takes no other with it."""
        try:
            await self._publish(await self._in_thread(lambda: self._engine.apply(messages, prepared)))
        except ServiceError:
            raise
        except Exception as error:  # whatever it is, the rest must go on
            self._interrupted = True
            if len(messages) > 1:
                log.warning("a batch of %d failed, halving it: %r", len(messages), error)
                middle = len(messages) // 2
                await self._divide(messages[:middle], prepared[:middle])
                await self._divide(messages[middle:], prepared[middle:])
                return
            await self._last_resort(messages[0], prepared)

    async def _last_resort(self, message: Incoming, prepared: Items) -> None:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                await self._publish(await self._in_thread(lambda: self._engine.apply([message], prepared)))
                return
            except ServiceError:
                raise
            except Exception as error:
                if self._failed_in_row >= _BRAKE:
                    raise StuckError(f"{self._failed_in_row} messages in a row failed: {error!r}") from error
                log.exception("message %s failed, attempt %d of %d", message.origin, attempt, _ATTEMPTS)
                failure = PayloadError("internal_error", f"{type(error).__name__}: {error}")
        self._failed_in_row += 1
        self._metrics.rejected(message.source, failure.code)
        await self._publisher.publish([message.letter(failure)])

    async def _publish(self, batch: Batch) -> None:
        self._failed_in_row = 0
        self._count(batch)
        while batch.outgoing or batch.committed or batch.drained:
            self._lease.check()
            await self._be_sure()
            await self._publisher.publish(batch.outgoing)
            for topic, count in Counter(message.topic for message in batch.outgoing).items():
                self._metrics.published(topic, count)
            settled = batch
            batch = await self._in_thread(lambda: self._engine.outbox.confirm(settled))  # noqa: B023 - awaited before the next turn

    async def _mark(self, steps: Sequence[Step], known: Histories) -> dict[Place, int]:
        return (await self._in_thread(lambda: self._engine.progress.mark(steps, known)))[0]

    async def _check(self, steps: Sequence[Step]) -> dict[Place, int]:
        """Before anything is read or written: the partitions of which Redis has forgotten what comes before `steps`."""
        while True:
            known = self._histories
            if known:
                back, now = await self._in_thread(lambda: self._engine.progress.check(steps, known))  # noqa: B023
                if now == known:
                    # A meeting that failed trusts servers that have gone again: slots that moved there and back, for instance.
                    self._engine.trust(known)
                    return back
            await self._meet()

    async def _meet(self) -> None:
        """Redis is one that we do not know: tell subscribers where they stand if it has forgotten what they were told."""
        progress = self._engine.progress
        look = await self._in_thread(progress.look)
        self._engine.trust(look.histories)
        since = look.forgotten_since(self._histories)
        if since is not None:
            log.warning("Redis failed over or was started anew; what it acknowledged last may be forgotten")
            await self._in_thread(lambda: progress.claim(self._engine.settings))
            await asyncio.sleep(_GRACE_SECONDS)
            await self._mender.mend(since)
            self._interrupted = True
        self._histories = look.histories

    async def _be_sure(self) -> None:
        """Before anything is published: raise ForgottenError where the state it tells of may be forgotten already."""
        known = self._histories
        if (await self._in_thread(lambda: self._engine.progress.check((), known)))[1] != known:
            raise ForgottenError

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _count(self, batch: Batch) -> None:
        meters: dict[str, Callable[[str, int], None]] = {
            "records": self._metrics.parsed,
            "deletes": self._metrics.parsed,
            "decisions": self._metrics.decided,
            "capped": self._metrics.capped,
            "events": self._metrics.changed,
            "corrections": self._metrics.corrected,
        }
        by_source: dict[str, Callable[[str, str, int], None]] = {
            "rejected": self._metrics.rejected,
            "unread": self._metrics.unread,
        }
        for (kind, label), count in batch.counts.items():
            if kind in by_source:
                source, _, what = label.partition(" ")
                by_source[kind](source, what, count)
            elif kind in meters:
                meters[kind](label, count)

    def _observe(self, messages: Sequence[Incoming], seconds: float) -> None:
        now = time.time()
        self._metrics.batch(len(messages), seconds, now)
        self._metrics.latencies(now - message.taken / 1000 for message in messages)
        for source, count in Counter(message.source for message in messages).items():
            self._metrics.received(source, count)
        trips = self._engine.connection.round_trips
        self._metrics.redis_round_trips(trips - self._round_trips)
        self._round_trips = trips
