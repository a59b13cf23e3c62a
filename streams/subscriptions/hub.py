"""The hub between `dedup.events` and subscribers over Server-Sent Events: one consumer for all of them.

It writes nothing: what a subscriber has received is in the id that it sends back. A hub that starts reads the last events again,
so that subscribers of the hub before it resume from memory.
"""

from __future__ import annotations

import asyncio
import time
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import Any, Literal

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from streams import events
from streams.errors import BrokerError, BusyError, UsageError
from streams.event_log import EventLog
from streams.kafka.connection import KafkaConnection
from streams.kafka.reader import existing_places, plain_consumer
from streams.kafka.refusal import explained
from streams.kafka.topics import is_embedded_broker
from streams.settings import Settings
from streams.subscriptions.catch_up import Step, catch_up, offsets_at
from streams.subscriptions.filters import EVERYTHING, Filter
from streams.subscriptions.frame_stream import CLOCK_SLACK_MS, FrameStream, Timing, Wanted
from streams.subscriptions.frames import Gap
from streams.subscriptions.positions import MAX_PARTITIONS, decode
from streams.subscriptions.ring import Ring

__all__ = ["MAX_CATCHING_UP", "Hub", "Subscription"]

log = EventLog(__name__)

MAX_CATCHING_UP = 20
"""Subscribers at once that read from Kafka by a consumer of their own."""
_RING = 10_000
_CHUNK = 256
_SLICE = 32
"""Events read at once: about a millisecond."""
_PAUSE_SECONDS = 0.05
"""Between fetches: subscribers are woken at most 20 times a second, however the events come."""
_MOST_WOKEN = 2_000
"""Subscribers woken in a second: each takes some 100 µs to send what is there, and with many of them more is sent at once."""
_GROUPS = 32
"""Parts in which subscribers are woken one after the other: requests share the event loop, and are answered between two parts."""
_TICK_SECONDS = 1.0
_START_SECONDS = 10.0
_UNKNOWN_SECONDS = 2.0
_BACKOFF_SECONDS = (0.5, 1.0, 2.0, 5.0)
_RETRY_SECONDS = 5


class Subscription(AsyncIterator[bytes]):
    """The frames of one subscriber, several in one item. Close it with `aclose`; one that is dropped closes itself."""

    def __init__(self, frames: AsyncGenerator[bytes, None], leave: Callable[[], None]) -> None:
        self._frames = frames
        self._leave = weakref.finalize(self, leave)
        self._leave.atexit = False

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> bytes:
        try:
            return await anext(self._frames)
        except BaseException:
            self._leave()
            raise

    async def aclose(self) -> None:
        """End the subscription."""
        self._leave()
        await self._frames.aclose()


class Hub:
    """Reads `dedup.events` once for all subscribers. Use as `async with`, from the event loop only.

    - `subscribers`: subscriptions that are open; `catching_up`: those of them that read with a consumer of their own.
    - `fallen_behind`: subscriptions that were ended as the next event had left the ring, since the start.
    - `problem`: why events are not read at the moment, empty where they are.
    """

    def __init__(self, settings: Settings, *, ring: int = _RING, timing: Timing = Timing()) -> None:  # noqa: B008 - a constant
        """Prepare a hub; it connects when it is entered, and keeps trying while Kafka is away.

        `ring` is how many events are kept in memory.
        """
        self._settings = settings
        self._kafka = KafkaConnection.of(settings)
        self._topic = settings.topic_prefix + events.EVENTS
        self._most = ring
        self._timing = timing
        self._ring: Ring | None = None
        self._changed = [asyncio.Event() for _ in range(_GROUPS)]
        self._numbers = count()
        self._ready = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._has_true_ends = True
        self._last_times: dict[TopicPartition, int] = {}
        self.is_closing = False
        self.subscribers = self.catching_up = self.fallen_behind = 0
        self.problem = "it has not read dedup.events yet"

    async def __aenter__(self) -> Hub:
        self._tasks = [asyncio.create_task(self._run()), asyncio.create_task(self._tick())]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop reading; every subscription ends."""
        self.is_closing = True
        for group in range(_GROUPS):
            self._wake_group(group)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def subscribe(
        self,
        wanted: Filter = EVERYTHING,
        *,
        last_event_id: str | None = None,
        since: datetime | None = None,
        start: Literal["now", "beginning"] = "now",
        with_document: bool = False,
    ) -> Subscription:
        """Return the frames of the events that a subscriber wants: from `last_event_id`, else from a time on, else from `start`.

        Raises UsageError where the id is none of this stream or the time has no zone, BusyError while events cannot be read or
        where too many subscribers are far behind, BrokerError.
        """
        ring = await self._until_ready()
        offsets, earliest, gaps = await self._position(ring, last_event_id, since, start)
        is_behind = bool(ring.lagging(offsets))
        if is_behind and self.catching_up >= MAX_CATCHING_UP:
            raise BusyError(
                f"{MAX_CATCHING_UP} subscribers read older events already; try again, or read dedup.events from Kafka",
                _RETRY_SECONDS,
            )
        seat = _Seat(self, is_behind)
        stream = FrameStream(seat, Wanted(wanted, offsets, earliest, with_document, gaps), self._timing)
        return Subscription(stream.frames(), seat.leave)

    @property
    def ring(self) -> Ring:
        """The last events. Raises BusyError where none were read yet."""
        if self._ring is None:
            raise BusyError(f"events cannot be read: {self.problem}", _RETRY_SECONDS)
        return self._ring

    async def changed(self, group: int = 0) -> None:
        """Return when there are new entries, when a second has passed, or when the hub stops."""
        await self._changed[group].wait()

    def catch_up(
        self, offsets: Sequence[int], lagging: Callable[[Sequence[int]], Sequence[int]]
    ) -> AsyncGenerator[Step, None]:
        """Yield what came from a position on, by a consumer of its own, until `lagging` names no partition."""
        return catch_up(self._kafka, self._topic, offsets, lagging)

    async def _until_ready(self) -> Ring:
        try:
            async with asyncio.timeout(_START_SECONDS):
                await self._ready.wait()
        except TimeoutError:
            raise BusyError(f"events cannot be read: {self.problem}", _RETRY_SECONDS) from None
        return self.ring

    async def _position(
        self, ring: Ring, last_event_id: str | None, since: datetime | None, start: str
    ) -> tuple[list[int], int, Sequence[Gap]]:
        """Return the position to begin at, the time before which messages are left out, and what is missing."""
        partitions = len(ring.next)
        position = decode(last_event_id, partitions) if last_event_id and last_event_id.strip() else None
        if position is None and since is None:
            return (list(ring.next) if start == "now" else [0] * partitions), 0, ()
        if isinstance(position, list):
            offsets, gaps = await self._known(ring, position)
            return offsets, 0, gaps
        moment = position if position is not None else _milliseconds(since) if since else 0
        offsets = await offsets_at(self._kafka, self._topic, partitions, moment, has_true_ends=self._has_true_ends)
        return offsets, moment, ()

    async def _known(self, ring: Ring, offsets: list[int]) -> tuple[list[int], Sequence[Gap]]:
        """Return offsets that exist: a partition that ends before the given one was made anew, and is read from its beginning."""
        deadline = time.monotonic() + _UNKNOWN_SECONDS  # another process of the service may have read farther
        while any(offset > end for offset, end in zip(offsets, ring.next, strict=True)):
            if time.monotonic() >= deadline:
                break
            await self.changed()
        unknown = [p for p, offset in enumerate(offsets) if offset > ring.next[p]]
        gaps = [Gap(partition, offsets[partition], 0, "unknown_position") for partition in unknown]
        return [0 if p in unknown else offset for p, offset in enumerate(offsets)], gaps

    async def _run(self) -> None:
        """Read events until cancelled; after an error from where it was, with backoff."""
        failures = 0
        while True:
            try:
                await self._read()
            except (BrokerError, KafkaError) as error:
                was_ready = not self.problem
                self.problem = str(error if isinstance(error, BrokerError) else explained(self._kafka, "fails", error))
                failures = 0 if was_ready else failures + 1
                log.warning("events_unread", "subscribers wait: {problem}", problem=self.problem)
                await asyncio.sleep(_BACKOFF_SECONDS[min(failures, len(_BACKOFF_SECONDS) - 1)])

    async def _read(self) -> None:
        places = await existing_places(self._kafka, [self._topic])
        if not places:
            raise BrokerError(f"Kafka has no topic {self._topic}; a worker creates it")
        self._has_true_ends = not await is_embedded_broker(self._settings)
        async with plain_consumer(self._kafka) as consumer:
            consumer.assign(places)
            end = await consumer.end_offsets(places)
            if self._ring is None:
                self._ring = Ring(await self._start(consumer, places, end), self._most)
            for place in places:
                consumer.seek(place, self._ring.next[place.partition])
            while True:
                await self._add(consumer, await consumer.getmany(timeout_ms=500))
                if self.problem and await self._has_read(consumer, end):
                    self.problem = ""
                    self._ready.set()
                await asyncio.sleep(max(_PAUSE_SECONDS, self.subscribers / _MOST_WOKEN))

    async def _has_read(self, consumer: AIOKafkaConsumer, end: Mapping[TopicPartition, int]) -> bool:
        for place, offset in end.items():
            if await consumer.position(place) < offset:
                return False
        return True

    async def _start(
        self, consumer: AIOKafkaConsumer, places: Sequence[TopicPartition], end: Mapping[TopicPartition, int]
    ) -> list[int]:
        """Return where to begin so that the ring is filled: at an equal part of it before the end of each partition."""
        first, part = await consumer.beginning_offsets(places), self._most // len(places)
        return [max(first[place], end[place] - part) for place in places]

    async def _add(self, consumer: AIOKafkaConsumer, found: Mapping[TopicPartition, Sequence[Any]]) -> None:
        ring = self.ring
        if len(ring.next) > MAX_PARTITIONS:
            ring.clock = await self._clock(consumer, found)
        added = 0
        for place, messages in found.items():
            for message in messages:
                ring.append(place.partition, message.offset, message.timestamp, message.value)
                added += 1
                if added % _CHUNK == 0:  # subscribers take a chunk before the next one comes
                    self._wake()
                if added % _SLICE == 0:  # requests share the event loop
                    await asyncio.sleep(0)
        if added:
            self._wake()

    async def _clock(self, consumer: AIOKafkaConsumer, found: Mapping[TopicPartition, Sequence[Any]]) -> int:
        """Return a time before that of every message which the ring does not have: see `Ring.clock`."""
        times = [round(time.time() * 1000)]
        times += [min(message.timestamp for message in messages) for messages in found.values()]
        for place in consumer.assignment():
            end = consumer.highwater(place)
            if end is None or end > await consumer.position(place):
                times.append(self._last_times.get(place, 0))
        self._last_times |= {place: messages[-1].timestamp for place, messages in found.items()}
        return min(times) - CLOCK_SLACK_MS

    async def _tick(self) -> None:
        """Wake all subscribers now and then: something may be due where nothing came."""
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            self._wake()

    def next_group(self) -> int:
        """Return the group of one more subscriber; all groups are of one size."""
        return next(self._numbers) % _GROUPS

    def _wake(self, group: int = 0) -> None:
        """Wake the subscribers of a group now, and those of the groups after it each in a turn of the event loop of its own."""
        self._wake_group(group)
        if group + 1 < _GROUPS:
            asyncio.get_running_loop().call_soon(self._wake, group + 1)

    def _wake_group(self, group: int) -> None:
        woken, self._changed[group] = self._changed[group], asyncio.Event()
        woken.set()


def _milliseconds(moment: datetime) -> int:
    if moment.tzinfo is None:
        raise UsageError(f"{moment.isoformat()} has no time zone; write it as in {moment.isoformat()}Z")
    return round(moment.timestamp() * 1000)


class _Seat:
    """What one subscriber shares with the others: it counts it once, in whichever state it is."""

    def __init__(self, hub: Hub, is_behind: bool) -> None:
        self._hub = hub
        self._is_behind = is_behind
        hub.subscribers += 1
        hub.catching_up += is_behind
        self._group = hub.next_group()

    @property
    def ring(self) -> Ring:
        return self._hub.ring

    @property
    def is_closing(self) -> bool:
        return self._hub.is_closing

    async def changed(self) -> None:
        await self._hub.changed(self._group)

    def catch_up(
        self, offsets: Sequence[int], lagging: Callable[[Sequence[int]], Sequence[int]]
    ) -> AsyncGenerator[Step, None]:
        return self._hub.catch_up(offsets, lagging)

    def caught_up(self) -> None:
        self._hub.catching_up -= self._is_behind
        self._is_behind = False

    def fell_behind(self) -> None:
        self._hub.fallen_behind += 1

    def leave(self) -> None:
        self.caught_up()
        self._hub.subscribers -= 1
