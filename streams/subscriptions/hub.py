"""The hub between `dedup.events` and subscribers over Server-Sent Events: one consumer for all of them.

It writes nothing: what a subscriber has received is in the id that it sends back. A hub that starts reads the last events again,
so that subscribers of the hub before it resume from memory.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from aiokafka import TopicPartition

from streams import events
from streams.errors import BusyError, StreamsError, UsageError
from streams.event_log import EventLog
from streams.events.positions import MAX_PARTITIONS, parse_position
from streams.kafka.cancellation import stop_task
from streams.kafka.connection import KafkaConnection
from streams.kafka.reader import Extent
from streams.kafka.topic_follower import Batch, Position, TopicFollower
from streams.settings import Settings
from streams.subscriptions.catch_up import Step, catch_up, offsets_at
from streams.subscriptions.filters import EVERYTHING, Filter
from streams.subscriptions.frame_stream import CLOCK_SLACK_MS, FrameStream, Timing, Wanted
from streams.subscriptions.frames import Gap
from streams.subscriptions.ring import Ring
from streams.subscriptions.subscription import Listener, Subscription
from streams.subscriptions.wakers import Wakers

__all__ = ["MAX_CATCHING_UP", "Hub"]

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
_TICK_SECONDS = 1.0
_START_SECONDS = 10.0
_UNKNOWN_SECONDS = 2.0
_RETRY_SECONDS = 5


class Hub:
    """Reads `dedup.events` once for all subscribers. Use as `async with`, from the event loop only.

    - `subscribers`: subscriptions that are open; `catching_up`: those of them that read with a consumer of their own.
    - `fallen_behind`: subscriptions that were ended as the client was too slow, since the start: its next event had left the
      ring, or the server that runs the hub has cut it off, and counts it here.
    - `problem`: why events are not read at the moment, empty where they are; `answered`: when Kafka last answered (Unix seconds).

    More than ten methods, for it reads for all, and begins, counts and ends each.
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
        self.wakers = Wakers()
        self._ready = asyncio.Event()
        self._follower = TopicFollower(self._kafka, [self._topic], self._begin)
        self._tasks: list[asyncio.Task[None]] = []
        self._last_times: dict[TopicPartition, int] = {}
        self.seats: set[_Seat] = set()
        self.is_closing = False
        self.subscribers = self.catching_up = self.fallen_behind = 0
        self.problem = "it has not read dedup.events yet"

    async def __aenter__(self) -> Hub:
        self._tasks = [asyncio.create_task(self._run()), asyncio.create_task(self._tick())]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop reading; every subscription ends."""
        self.is_closing = True
        self.wakers.wake_now()
        self._ready.set()
        for task in self._tasks:
            await stop_task(task)
        await self._follower.close()

    async def subscribe(
        self,
        wanted: Filter = EVERYTHING,
        *,
        last_event_id: str | None = None,
        since: datetime | None = None,
        start: Literal["now", "beginning"] = "now",
        with_document: bool = False,
        name: str = "",
    ) -> Subscription:
        """Return the frames of the events that a subscriber wants: from `last_event_id`, else from a time on, else from `start`.

        `name` says who listens. Raises UsageError where the id is none of this stream or the time has no zone, BusyError while
        events cannot be read or where too many subscribers are far behind, BrokerError.
        """
        ring = await self._until_ready()
        offsets, earliest, gaps = await self._position(ring, last_event_id, since, start)
        is_behind = bool(ring.lagging(offsets))
        if is_behind and self.catching_up >= MAX_CATCHING_UP:
            raise BusyError(
                f"{MAX_CATCHING_UP} subscribers read older events already; try again, or read dedup.events from Kafka",
                _RETRY_SECONDS,
            )
        seat = _Seat(self, is_behind, name, wanted)
        seat.stream = stream = FrameStream(seat, Wanted(wanted, offsets, earliest, with_document, gaps), self._timing)
        return Subscription(stream.frames(), seat.leave)

    def listeners(self) -> list[Listener]:
        """Return who listens now, the longest first."""
        return sorted((seat.listener() for seat in self.seats), key=lambda each: each.since)

    @property
    def ring(self) -> Ring:
        """The last events. Raises BusyError where none were read yet."""
        if self._ring is None:
            raise BusyError(f"events cannot be read: {self.problem}", _RETRY_SECONDS)
        return self._ring

    @property
    def answered(self) -> float:
        """When Kafka last answered, Unix time in seconds, 0 for never."""
        return self._follower.answered

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
        self._check_open()
        return self.ring

    def _check_open(self) -> None:
        """Raise BusyError where the hub stops: no event comes, and it wakes no subscriber any more."""
        if self.is_closing:
            raise BusyError("events cannot be read: this process stops", _RETRY_SECONDS)

    async def _position(
        self, ring: Ring, last_event_id: str | None, since: datetime | None, start: str
    ) -> tuple[list[int], int, Sequence[Gap]]:
        """Return the position to begin at, the time before which messages are left out, and what is missing."""
        partitions = len(ring.next)
        position = _parsed(last_event_id, partitions) if last_event_id and last_event_id.strip() else None
        if position is None and since is None:
            return (list(ring.next) if start == "now" else [0] * partitions), 0, ()
        if isinstance(position, list):
            offsets, gaps = await self._known(ring, position)
            return offsets, 0, gaps
        moment = position if position is not None else _milliseconds(since) if since else 0
        has_true_ends = bool(self._follower.has_true_ends)
        offsets = await offsets_at(self._kafka, self._topic, partitions, moment, has_true_ends=has_true_ends)
        return offsets, moment, ()

    async def _known(self, ring: Ring, offsets: list[int]) -> tuple[list[int], Sequence[Gap]]:
        """Return offsets that exist: a partition that ends before the given one was made anew, and is read from its beginning."""
        deadline = time.monotonic() + _UNKNOWN_SECONDS  # another process of the service may have read farther
        while any(offset > end for offset, end in zip(offsets, ring.next, strict=True)):
            if time.monotonic() >= deadline:
                break
            await self.wakers.woken()
            self._check_open()
        unknown = [p for p, offset in enumerate(offsets) if offset > ring.next[p]]
        gaps = [Gap(partition, offsets[partition], 0, "unknown_position") for partition in unknown]
        return [0 if p in unknown else offset for p, offset in enumerate(offsets)], gaps

    async def _run(self) -> None:
        """Read events until cancelled; after an error from where it was."""
        while True:
            try:
                batch = await self._follower.read()
                if batch.is_start:
                    self._take_up(batch)
                await self._add(batch.messages)
                if self.problem and await self._has_read():
                    self.problem = ""
                    self._ready.set()
            except StreamsError as error:
                if str(error) != self.problem:
                    log.warning("events_unread", "subscribers wait: {problem}", problem=str(error))
                self.problem = str(error)
            await asyncio.sleep(max(_PAUSE_SECONDS, self.subscribers / _MOST_WOKEN))

    async def _has_read(self) -> bool:
        """Return whether all was read that was there when the session began."""
        ends = {place: extent.end for place, extent in self._follower.extents.items()}
        return await self._follower.has_reached(ends)

    def _begin(self, extents: Mapping[TopicPartition, Extent]) -> Mapping[TopicPartition, Position]:
        """Return where to begin so that the ring is filled: at an equal part of it before the end of each partition."""
        part = self._most // len(extents)
        return {place: Position(max(first, end - part)) for place, (first, end) in extents.items()}

    def _take_up(self, start: Batch) -> None:
        """Make the ring at the first session; at a later one begin again in it where messages are missing."""
        if self._ring is None:
            positions = self._follower.positions
            self._ring = Ring([positions[place].next for place in sorted(positions)], self._most)
            return
        for place, _, end, reason in start.missing:
            self._ring.reset(place.partition, end, is_other_topic=reason == "unknown_position")
        if start.missing:
            self.wakers.wake()

    async def _add(self, found: Mapping[TopicPartition, Sequence[Any]]) -> None:
        ring = self.ring
        if len(ring.next) > MAX_PARTITIONS:
            ring.clock = self._clock(found)
        added = 0
        for place, messages in found.items():
            for message in messages:
                ring.append(place.partition, message.offset, message.timestamp, message.value)
                added += 1
                if added % _CHUNK == 0:  # subscribers take a chunk before the next one comes
                    self.wakers.wake()
                if added % _SLICE == 0:  # requests share the event loop
                    await asyncio.sleep(0)
        if added:
            self.wakers.wake()

    def _clock(self, found: Mapping[TopicPartition, Sequence[Any]]) -> int:
        """Return a time before that of every message which the ring does not have: see `Ring.clock`."""
        times = [round(time.time() * 1000)]
        times += [min(message.timestamp for message in messages) for messages in found.values()]
        for place in self._follower.positions:
            if self._follower.behind(place) != 0:
                times.append(self._last_times.get(place, 0))
        self._last_times |= {place: messages[-1].timestamp for place, messages in found.items()}
        return min(times) - CLOCK_SLACK_MS

    async def _tick(self) -> None:
        """Wake all subscribers now and then: something may be due where nothing came."""
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            self.wakers.wake()


def _parsed(text: str, partitions: int) -> list[int] | int:
    try:
        return parse_position(text, partitions)
    except ValueError as error:
        raise UsageError(f"{error}; send an id that came with an event, or none") from None


def _milliseconds(moment: datetime) -> int:
    if moment.tzinfo is None:
        raise UsageError(f"{moment.isoformat()} has no time zone; write it as in {moment.isoformat()}Z")
    return round(moment.timestamp() * 1000)


class _Seat:
    """What one subscriber shares with the others: it counts it once, in whichever state it is."""

    def __init__(self, hub: Hub, is_behind: bool, name: str, wanted: Filter) -> None:
        self._hub = hub
        self._is_behind = is_behind
        self._name, self._since, self._wanted = name, time.time(), wanted
        self.stream: FrameStream
        hub.seats.add(self)
        hub.subscribers += 1
        hub.catching_up += is_behind
        self._group = hub.wakers.next_group()

    def listener(self) -> Listener:
        return Listener(self._name, self._since, self._wanted, self.stream.behind, self._is_behind)

    @property
    def ring(self) -> Ring:
        return self._hub.ring

    @property
    def is_closing(self) -> bool:
        return self._hub.is_closing

    async def changed(self) -> None:
        await self._hub.wakers.woken(self._group)

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
        self._hub.seats.discard(self)
        self._hub.subscribers -= 1
