"""Shadow replay: run the topics of the feeds through an engine of the new generation, publishing nothing.

Records take the same path as in a worker, in the order of their partition. The position of each partition is stored in the new
generation after each micro-batch, so a replay that was killed resumes there. Redis refuses to store a position where it has lost
an earlier one in a failover; the replay then ends. Corrections are not replayed: their outcomes are copied (`transfer_ids`).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing

from aiokafka import TopicPartition

from streams.engine.deliver import discard
from streams.engine.engine import Engine
from streams.engine.messages import Incoming
from streams.engine.prepare import CORRECTIONS, Items
from streams.errors import ForgottenError
from streams.kafka.connection import KafkaConnection
from streams.kafka.incoming import incoming
from streams.kafka.reader import Extent, plain_consumer, read_between, read_from, reported_extents
from streams.kafka.topics import input_topics, source_of
from streams.settings import Settings
from streams.state.progress import Place, Step
from streams.worker.prepare_pool import Preparer

__all__ = ["ShadowReplay", "end_offsets"]

Targets = Mapping[Place, int]

_FETCH_MS = 200
_QUIET_SECONDS = 5.0
"""How long no message comes before the replay asks the broker whether the rest of a partition is gone."""


class ShadowReplay:
    """Replay the topics of the feeds into a generation. Use as `async with`."""

    def __init__(self, engine: Engine, on_progress: Callable[[int], None]) -> None:
        """Prepare a replay into the generation of `engine`, which trusts the Redis servers that answer now.

        Calls `on_progress` with the number of messages of each micro-batch.
        """
        self._engine = engine
        self._known = engine.progress.look().histories
        engine.trust(self._known)
        self._at: dict[Place, int] = {}  # the next offset to handle, by topic partition
        self._settings: Settings = engine.settings
        self._on_progress = on_progress
        self._preparer = Preparer(engine.settings, engine.form)
        self.refused: Counter[str] = Counter()
        """Items that could not be read, by reason code."""
        self.lost = 0
        """Messages that the live generation has handled and the topics no longer have."""

    async def __aenter__(self) -> ShadowReplay:
        await self._preparer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._preparer.close()

    def refuse_failover(self) -> None:
        """Raise ForgottenError where Redis has failed over since this replay was prepared (`state/progress.py`)."""
        if self._engine.progress.look().histories != self._known:
            raise ForgottenError

    async def replay(self, targets: Targets) -> int:
        """Replay every partition up to its target, the first offset not to handle; returns the number of messages.

        Raises BrokerError where Kafka cannot be read, ForgottenError where Redis has failed over meanwhile.
        """
        count = 0
        self._at = self._starts(targets)
        feeds = self._feeds(targets)
        # `_mark` never lowers a position, so those of partitions that restart at 0 are reset.
        self._engine.progress.put({place: 0 for place in feeds if not self._at[place]})
        under_way: asyncio.Task[None] | None = None
        async with aclosing(self._batches(feeds)) as batches:
            async for messages in batches:
                ready = asyncio.create_task(self._preparer.prepare([message.raw for message in messages]))
                if under_way is not None:
                    await under_way
                under_way = asyncio.create_task(self._handle(messages, ready))
                count += len(messages)
        if under_way is not None:
            await under_way
        await self._count_lost(feeds)
        self._mark(feeds)
        return count

    def behind(self, targets: Targets) -> int:
        """Return how many messages are left up to the targets, at most."""
        starts = self._starts(targets)
        return sum(target - starts[place] for place, target in self._feeds(targets).items())

    def _starts(self, targets: Targets) -> dict[Place, int]:
        """Return the offset to resume at in each partition.

        It is 0 where the target is below the stored position: the topic was deleted and created again.
        """
        positions = self._engine.progress.positions()
        return {
            place: position if (position := positions.get(place, 0)) <= target else 0
            for place, target in targets.items()
        }

    def _mark(self, done: Targets) -> None:
        """Store the positions of partitions. Raises ForgottenError where Redis has lost an earlier one in a failover."""
        steps = [Step(*place, self._at[place], at) for place, at in done.items()]
        back, _ = self._engine.progress.mark(steps, self._known)
        if back:
            raise ForgottenError
        self._at.update(done)

    def _feeds(self, targets: Targets) -> Targets:
        feeds = {t for t in input_topics(self._settings) if source_of(self._settings, t) != CORRECTIONS}
        return {place: target for place, target in targets.items() if place[0] in feeds}

    async def _handle(self, messages: Sequence[Incoming], ready: asyncio.Task[list[Items]]) -> None:
        prepared = await ready
        await asyncio.to_thread(self._apply, messages, prepared)
        self._on_progress(len(messages))

    def _apply(self, messages: Sequence[Incoming], prepared: Sequence[Items]) -> None:
        batch = self._engine.apply(messages, prepared)
        for (_, reason), number in batch.statistics.rejected.items():
            self.refused[reason] += number
        discard(batch, self._engine.outbox)
        self._mark({(m.topic, m.partition): m.offset + 1 for m in messages})

    async def _batches(self, targets: Targets) -> AsyncGenerator[list[Incoming], None]:
        """Yield micro-batches up to the targets, or up to the end of a topic that no longer has the messages before its target."""
        wanted = {TopicPartition(*place): Extent(self._at[place], target) for place, target in targets.items()}
        kafka, messages = KafkaConnection.of(self._settings), []
        async with aclosing(read_between(kafka, wanted, quiet_seconds=_QUIET_SECONDS)) as records:
            async for record in records:
                messages.append(incoming(source_of(self._settings, record.topic), record))
                if len(messages) == self._settings.batch_records:
                    yield messages
                    messages = []
        if messages:
            yield messages

    async def _count_lost(self, targets: Targets) -> None:
        """Count the messages that no topic has up to the targets."""
        short = {place: target for place, target in targets.items() if self._at[place] < target}
        ends = await end_offsets(self._settings, sorted({topic for topic, _ in short})) if short else {}
        self.lost += sum(max(0, target - max(self._at[place], ends.get(place, 0))) for place, target in short.items())


async def end_offsets(settings: Settings, topics: Sequence[str]) -> dict[Place, int]:
    """Return where the partitions of topics end now, as targets of a replay. Raises BrokerError.

    The embedded broker reports a part of the last batch, so it is read to its end.
    """
    kafka = KafkaConnection.of(settings)
    known = await reported_extents(kafka, topics)
    if not known:
        return {}
    async with plain_consumer(kafka) as consumer:
        read_from(consumer, {place: extent.end for place, extent in known.items()})
        while await consumer.getmany(timeout_ms=_FETCH_MS):
            pass  # what comes while it is read is handled here as well
        return {(place.topic, place.partition): await consumer.position(place) for place in known}
