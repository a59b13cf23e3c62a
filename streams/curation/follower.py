"""Follows `dedup.review`, `dedup.corrections` and `dedup.dead-letter`, and folds them into the file, until cancelled.

It reads in sessions of half a minute. Each begins with what may have changed under it: partitions that are new, messages that
retention has deleted, topics that began again. Apache Kafka says where its partitions end, and one that ends before the position
began again. The embedded broker says it wrongly; there the message before the position is read, and compared by its mark.
A partition taken for another one by mistake is read again, which changes nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from functools import partial

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from streams.curation import folding
from streams.curation.database import Database, Place, Position, positions
from streams.errors import StreamsError
from streams.event_log import EventLog
from streams.kafka.connection import KafkaConnection
from streams.kafka.reader import existing_places, plain_consumer, read_at
from streams.kafka.topics import is_embedded_broker
from streams.settings import Settings

__all__ = ["Follower"]

log = EventLog(__name__)

_SESSION_SECONDS = 30.0
_BEGIN_SECONDS = 20.0
"""A request that a broker received as it died is answered after 40 s or never."""
_CANCEL_SECONDS = 1.0
_POLL_MS = 500
_MOST_MESSAGES = 2_000
_BACKOFF_SECONDS = (0.5, 10.0)


class Follower:
    """Reads the topics of one installation into its file.

    `is_current` is set once everything was read that was there, and unset while Kafka cannot be read.
    """

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings, self._database = settings, database
        self._prefix = settings.topic_prefix
        self.is_current = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to follow the topics, on the loop that runs."""
        self._task = asyncio.create_task(self.run())

    async def stop(self) -> None:
        """Stop following. aiokafka swallows a cancellation now and then, so it is repeated."""
        while self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task], timeout=_CANCEL_SECONDS)

    async def run(self) -> None:
        """Follow the topics until cancelled. An error is logged, once where it comes again, and the rest read later."""
        wait, last = _BACKOFF_SECONDS[0], ""
        while True:
            reason = await self._fault()
            if not reason:
                wait, last = _BACKOFF_SECONDS[0], ""
                continue
            self.is_current.clear()
            if reason != last:
                log.warning("curation_waits", "the review queue is not current: {reason}", reason=reason)
            last = reason
            await asyncio.sleep(wait)
            wait = min(2 * wait, _BACKOFF_SECONDS[1])

    async def _fault(self) -> str:
        """Read for a session; return why it failed, `""` where it did not."""
        try:
            await self._session()
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            return "a broker closed the connection"  # aiokafka cancels what waits for an answer on it
        except (StreamsError, KafkaError, OSError) as error:
            return str(error) or type(error).__name__
        except Exception as error:  # of aiokafka, as a broker dies: the queue must not stay as it is because of one
            log.error("curation_failed", "the review queue could not be read", cause=error)
            return str(error) or type(error).__name__
        return ""

    async def _session(self) -> None:
        kafka = KafkaConnection.of(self._settings)
        async with asyncio.timeout(_BEGIN_SECONDS):
            places = await existing_places(kafka, [self._prefix + topic for topic in folding.TOPICS])
            embedded = bool(places) and await is_embedded_broker(self._settings)
            if embedded:
                await self._compare_marks(kafka, places)
        if not places:
            await asyncio.sleep(_BACKOFF_SECONDS[0])
            return
        async with plain_consumer(kafka) as consumer:
            async with asyncio.timeout(_BEGIN_SECONDS):
                ends = {} if embedded else await self._compare_ends(consumer, places)
            consumer.assign(places)
            for place, position in (await self._positions(places)).items():
                consumer.seek(place, position.next)
            await self._read(consumer, ends)

    async def _read(self, consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]) -> None:
        deadline = time.monotonic() + _SESSION_SECONDS
        while time.monotonic() < deadline:
            found = await consumer.getmany(timeout_ms=_POLL_MS, max_records=_MOST_MESSAGES)
            messages = [message for part in found.values() for message in part]
            if messages:
                await self._database.run(partial(folding.fold, prefix=self._prefix, messages=messages))
            if not messages or (ends and await self._reached(ends)):
                self.is_current.set()

    async def _reached(self, ends: Mapping[TopicPartition, int]) -> bool:
        if self.is_current.is_set():
            return True
        known = await self._positions(list(ends))
        return all(known[place].next >= end for place, end in ends.items())

    async def _compare_marks(self, kafka: KafkaConnection, places: Sequence[TopicPartition]) -> None:
        """Restart the partitions in which the message before the position is not the one that was read."""
        known = {place: at for place, at in (await self._positions(places)).items() if at.next}
        if not known:
            return
        found = await read_at(kafka, {place: at.next - 1 for place, at in known.items()})
        other = [place for place, at in known.items() if place not in found or folding.mark_of(found[place]) != at.mark]
        await self._restart(other)

    async def _compare_ends(
        self, consumer: AIOKafkaConsumer, places: Sequence[TopicPartition]
    ) -> dict[TopicPartition, int]:
        """Restart the partitions that end before the position, and remove what retention has deleted; return the ends."""
        first, ends = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
        known = await self._positions(places)
        await self._restart([place for place, at in known.items() if ends[place] < at.next])
        gone = {self._short(place): offset for place, offset in first.items()}
        await self._database.run(lambda file: folding.prune(file, gone))
        return dict(ends)

    async def _restart(self, places: Sequence[TopicPartition]) -> None:
        if places:
            self.is_current.clear()
            await self._database.run(lambda file: folding.restart(file, [self._short(place) for place in places]))

    async def _positions(self, places: Sequence[TopicPartition]) -> dict[TopicPartition, Position]:
        known = await self._database.run(positions)
        return {place: known.get(self._short(place), Position(0, "")) for place in places}

    def _short(self, place: TopicPartition) -> Place:
        return place.topic.removeprefix(self._prefix), place.partition
