"""Follow topics from given positions for as long as it takes, without a consumer group.

A follower reads in sessions, each with a consumer of its own. A session ends by an error, when the broker answers nothing any more,
and after a time where its user asks for that. The next one begins at the positions, after growing pauses, and compares them with
what the topics have:

| what it finds before a position  | on Apache Kafka              | on the embedded broker                                     |
|----------------------------------|------------------------------|------------------------------------------------------------|
| messages deleted by retention    | the first offset is after it | never                                                      |
| another topic, made anew         | the topic ends before it     | the same, by an end marker; or the last message that was   |
|                                  |                              | read is not there: its mark differs                        |

The embedded broker begins all topics anew when it starts, so a connection to it is kept open beside the consumer: its end ends the
session, before a message of the next process is taken for one of the same topic. `Batch.missing` says where messages are missing.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, NamedTuple
from zlib import crc32

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from streams.errors import NoTopicError, StreamsError
from streams.event_log import EventLog
from streams.kafka.broker_process import BrokerProcess
from streams.kafka.cancellation import cancelled_only_by_caller
from streams.kafka.connection import KafkaConnection
from streams.kafka.reader import Extent, describe, extents_of, plain_consumer, read_at, read_from
from streams.kafka.refusal import explained, explaining

__all__ = ["Batch", "Begin", "Missing", "Position", "TopicFollower", "mark_of"]

log = EventLog(__name__)

_WAIT_MS = 500
_BEGIN_SECONDS = 30.0
"""A request that a broker received as it died is answered after 40 s or never."""
_IDLE_SECONDS = 5.0
"""How long nothing comes before the broker is asked where the partitions end, and how long it may take to answer."""
_BACKOFF_SECONDS = (0.25, 10.0)
_LASTING_SECONDS = 10.0  # a session that lasted so long was no failure, though nothing came


class Position(NamedTuple):
    """The offset to read next in a partition, and the mark of the message before it; empty where that was not read."""

    next: int
    mark: str = ""


class Missing(NamedTuple):
    """Offsets of a partition that cannot be read: from `start`, up to but without `end`, where it is read from now on.

    `reason` is `retention` where the topic deleted them, `unknown_position` where the topic was made anew and `start` is of its
    predecessor.
    """

    place: TopicPartition
    start: int
    end: int
    reason: str = "retention"


class Batch(NamedTuple):
    """Messages (aiokafka's ConsumerRecord) of each partition, after what is missing before them; all may be empty.

    `is_start`: the first of a session; `TopicFollower.extents` is of that time.
    """

    messages: Mapping[TopicPartition, Sequence[Any]]
    missing: Sequence[Missing] = ()
    is_start: bool = False


Begin = Callable[[Mapping[TopicPartition, Extent]], Mapping[TopicPartition, Position]]
"""Returns where to begin in partitions that are read for the first time, by what each of them has."""


class TopicFollower:
    """Reads topics, from one task at a time. Connects when it is read first, and whenever a session has ended.

    - `positions`: where the next read begins, by partition
    - `extents`: what the partitions had when the session began; without ends on the embedded broker where none are written
    - `has_true_ends`: whether the broker says rightly where its partitions end; None before the first session
    - `answered`: when the broker last answered, Unix time in seconds, 0 for never; while nothing comes it is asked every five
      seconds

    More than ten methods, for a session begins, ends and is compared in several ways.
    """

    def __init__(
        self,
        kafka: KafkaConnection,
        topics: Sequence[str],
        begin: Begin,
        *,
        most: int | None = None,
        session_seconds: float = math.inf,
        all_exist: bool = True,
        end_markers: bool = True,
    ) -> None:
        """Take what to read; asks no server for anything.

        `most` is how many messages are read at once, `session_seconds` how long a session may last: new partitions are found by
        the next one. Where not `all_exist`, those topics are read that do. `end_markers` may be written into the topics where the
        broker does not say where they end.
        """
        self.positions: dict[TopicPartition, Position] = {}
        self.extents: Mapping[TopicPartition, Extent] = {}
        self.has_true_ends: bool | None = None
        self.answered = 0.0
        self._kafka, self._topics, self._begin_at = kafka, topics, begin
        self._most, self._session_seconds = most, session_seconds
        self._all_exist, self._end_markers = all_exist, end_markers
        self._open = AsyncExitStack()
        self._consumer: AIOKafkaConsumer | None = None
        self._process = BrokerProcess(kafka)
        self._read: list[Batch] = []
        self._has_read = False
        self._is_same_process = self._is_compared = False
        self._failures = 0
        self._not_before = self._began = self._last = 0.0
        self._reported: Mapping[TopicPartition, int] = {}
        self._waiting: Mapping[TopicPartition, int] = {}

    async def read(self) -> Batch:
        """Wait for messages; return none after half a second without any. A call that is cancelled loses nothing.

        Raises BrokerError where Kafka cannot be read, and what the function for the beginning raises; the next call tries again,
        after a pause.
        """
        try:
            while not self._read:
                await cancelled_only_by_caller(self._step())
        except Exception as error:  # also of aiokafka, as a broker dies: no error may end what is to be read for months
            await self._fail()
            if isinstance(error, StreamsError):
                raise
            if not isinstance(error, (KafkaError, OSError, TimeoutError)):
                log.error("topics_unread", "{topics} could not be read", topics=", ".join(self._topics), cause=error)
            raise explained(self._kafka, "cannot be read", error) from error
        return self._read.pop(0)

    async def has_reached(self, ends: Mapping[TopicPartition, int]) -> bool:
        """Return whether every partition was read up to its end; one may have no message right before it."""
        if self._consumer is None:
            return False
        for place, end in ends.items():
            at = self.positions.get(place, Position(0)).next
            if at < end and (place not in self._consumer.assignment() or await self._consumer.position(place) < end):
                return False
        return True

    async def first_offsets(self, topic: str) -> dict[int, int]:
        """Return the first offset of each partition of a topic, as the broker reports it. Raises BrokerError."""
        places = [place for place in self.positions if place.topic == topic]
        if self._consumer is None or not places:
            return {}
        with explaining(self._kafka, "cannot be read"):
            first = await cancelled_only_by_caller(self._consumer.beginning_offsets(places))
        return {place.partition: offset for place, offset in first.items()}

    def behind(self, place: TopicPartition) -> int | None:
        """Return how many offsets come after the position, None where the broker has not said or says it wrongly."""
        end = self._consumer.highwater(place) if self._consumer is not None and self.has_true_ends else None
        return None if end is None else max(end - self.positions[place].next, 0)

    async def close(self) -> None:
        """Close all connections; the next read connects again and continues."""
        await self._end_session()
        self._process.close()

    async def _step(self) -> None:
        """Begin a session or read once, and add what came to `_read`."""
        consumer = self._consumer
        if consumer is None or time.monotonic() > self._began + self._session_seconds or self._process.has_ended():
            await self._begin()
            return
        if not self.has_true_ends:
            await self._learn_marks()
        try:
            found = await consumer.getmany(timeout_ms=_WAIT_MS, max_records=self._most)
        except OffsetOutOfRangeError:
            if not self._has_read:
                raise
            await self._begin()  # which finds out what is missing
            return
        if self._process.has_ended():  # what came may be of the next process of the broker, and is left
            return
        self._has_read = True
        if found:
            self._failures, self._last, self._waiting = 0, time.monotonic(), {}
            self.answered = time.time()
            self.positions |= {
                place: Position(messages[-1].offset + 1, mark_of(messages[-1])) for place, messages in found.items()
            }
        elif time.monotonic() > self._last + _IDLE_SECONDS:
            await self._check_that_it_answers(consumer)
        self._read.append(Batch(found))

    async def _begin(self) -> None:
        """Start a consumer at the positions, and note what is missing before them."""
        await self._end_session()
        await asyncio.sleep(self._not_before - time.monotonic())
        async with asyncio.timeout(_BEGIN_SECONDS):
            places = await self._look()
            if new := {place: self.extents.get(place, Extent(0, 0)) for place in places if place not in self.positions}:
                self.positions |= self._begin_at(new)
            restarted = await self._other_messages(places)
            consumer = await self._open.enter_async_context(plain_consumer(self._kafka, "none"))
        # From here on nothing is awaited, so that no cancellation loses what is missing.
        missing = [found for place in places if (found := self._missing(place, place in restarted))]
        self.positions |= {each.place: Position(each.end) for each in missing}
        read_from(consumer, {place: self.positions[place].next for place in places})
        self._consumer, self._is_compared = consumer, True
        self._began = self._last = time.monotonic()
        self.answered = time.time()
        self._has_read, self._reported, self._waiting = False, {}, {}
        self._read.append(Batch({}, missing, is_start=True))

    async def _look(self) -> list[TopicPartition]:
        """Find the partitions, and what they have. Raises BrokerError."""
        cluster = await describe(self._kafka, self._topics, all_exist=self._all_exist)
        places, self.has_true_ends = list(cluster.places), cluster.has_true_ends
        if not places:
            raise NoTopicError(f"Kafka has no topic {', '.join(self._topics)}; a worker creates it")
        if cluster.has_true_ends:
            self.extents = await extents_of(self._kafka, cluster)
            return places
        self._is_same_process = self._is_compared and self._process.runs()
        if not self._is_same_process:
            self._is_compared = False
            await self._process.connect()
        known = self.extents if self._is_same_process else {}
        if self._end_markers and (new := [place for place in places if place not in known]):
            known = {**known, **await extents_of(self._kafka, cluster._replace(places=new))}
        self.extents = known
        return places

    async def _other_messages(self, places: Collection[TopicPartition]) -> set[TopicPartition]:
        """Return the partitions in which the message before the position is not the one that was read; none on Apache Kafka."""
        if self.has_true_ends or self._is_same_process:
            return set()
        known = {
            place: at
            for place, at in self.positions.items()
            if place in places and at.next and at.mark and self._may_have(place, at.next)
        }
        if not known:
            return set()
        found = await read_at(self._kafka, {place: at.next - 1 for place, at in known.items()})
        return {place for place, at in known.items() if place not in found or mark_of(found[place]) != at.mark}

    async def _learn_marks(self) -> None:
        """Read the messages before those positions whose marks are not known: the next session may have to compare them."""
        unknown = {place: at.next - 1 for place, at in self.positions.items() if at.next and not at.mark}
        if unknown:
            for place, message in (await read_at(self._kafka, unknown)).items():
                self.positions[place] = self.positions[place]._replace(mark=mark_of(message))

    def _may_have(self, place: TopicPartition, end: int) -> bool:
        return place not in self.extents or end <= self.extents[place].end

    def _missing(self, place: TopicPartition, is_restarted: bool) -> Missing | None:
        if self._is_same_process:  # of the embedded broker, which deletes nothing
            return None
        at, first = self.positions[place].next, self.extents[place].first if place in self.extents else 0
        if is_restarted or not self._may_have(place, at):
            return Missing(place, at, first, "unknown_position")
        return Missing(place, at, first) if at < first else None

    async def _check_that_it_answers(self, consumer: AIOKafkaConsumer) -> None:
        """End the session where messages do not come that are there, or where partitions end earlier than before.

        Raises KafkaError, TimeoutError.
        """
        self._last = time.monotonic()
        places = list(consumer.assignment())
        async with asyncio.timeout(_IDLE_SECONDS):
            ends = dict(await consumer.end_offsets(places))
            at = {place: await consumer.position(place) for place in places}
        self.answered = time.time()
        if any(ends[place] < self._reported.get(place, 0) for place in places):
            self._process.close()  # the topic was made anew, so its ends are others
            await self._begin()
            return
        if any(at[place] == self._waiting.get(place) for place in places):
            log.info(
                "topics_stalled", "{topics}: messages do not come; connecting again", topics=", ".join(self._topics)
            )
            await self._begin()
            return
        self._reported = ends
        self._waiting = {place: offset for place, offset in at.items() if offset < ends[place]}

    async def _fail(self) -> None:
        """End the session, and pause before the next: longer each time that nothing came."""
        if self._consumer is not None and time.monotonic() > self._began + _LASTING_SECONDS:
            self._failures = 0
        await self._end_session()
        first, most = _BACKOFF_SECONDS
        self._not_before = time.monotonic() + min(first * 2.0**self._failures, most)
        self._failures = min(self._failures + 1, 30)

    async def _end_session(self) -> None:
        self._consumer = None
        opened, self._open = self._open, AsyncExitStack()
        with contextlib.suppress(StreamsError, KafkaError, OSError):
            await cancelled_only_by_caller(opened.aclose())


def mark_of(message: Any) -> str:
    """Return what tells a message (aiokafka's ConsumerRecord) from another one that has its offset later."""
    return f"{message.timestamp} {crc32(message.key or b''):08x}"
