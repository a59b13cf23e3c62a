"""The frames of one subscriber: first from a consumer of its own, where it is far behind, then from the ring of the hub."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import NamedTuple, Protocol

from streams.events.positions import MAX_PARTITIONS, encode, encode_time, parse_position
from streams.subscriptions.catch_up import Message, Step
from streams.subscriptions.filters import Filter
from streams.subscriptions.frames import KEEP_ALIVE, RETRY, Gap, gap_frame, position_frame
from streams.subscriptions.ring import Entry, Ring, merged, read_event

__all__ = ["CLOCK_SLACK_MS", "Feed", "FrameStream", "Timing", "Wanted"]

_CHUNK = 256
CLOCK_SLACK_MS = 60_000
"""How much earlier than a message read before it a message of the same partition may be stamped: workers stamp messages, and send
them again for 30 s."""


class Timing(NamedTuple):
    """After how many seconds a subscriber receives a comment where nothing came, and a position where all was filtered out."""

    keep_alive: float = 15.0
    position: float = 30.0


class Wanted(NamedTuple):
    """What a subscriber asks for.

    `offsets` is the position to begin at, `gaps` what is missing before it; messages with a timestamp before `since` (Unix ms) are
    left out.
    """

    filter: Filter
    offsets: Sequence[int]
    since: int = 0
    with_document: bool = False
    gaps: Sequence[Gap] = ()


class Feed(Protocol):
    """What subscribers share: the ring, and the ways to wait for more and to read what it does not have any more."""

    @property
    def ring(self) -> Ring:
        """The last events."""

    @property
    def is_closing(self) -> bool:
        """Whether the hub stops."""

    async def changed(self) -> None:
        """Return when there are new entries, and now and then without."""

    def catch_up(
        self, offsets: Sequence[int], lagging: Callable[[Sequence[int]], Sequence[int]]
    ) -> AsyncGenerator[Step, None]:
        """Yield what came from a position until `lagging` names no partition (`streams/subscriptions/catch_up.py`)."""

    def caught_up(self) -> None:
        """Note that the subscriber reads the ring from now on."""

    def fell_behind(self) -> None:
        """Note that the subscriber was too slow: its next entry has left the ring."""


class FrameStream:
    """Makes the frames of one subscriber.

    The id of each frame is a position at or before which the subscriber has received everything it wants, so that it loses nothing
    when it comes back with it, at whatever byte the connection broke.

    More than ten methods, for a subscriber catches up, follows, is ahead or begins again.
    """

    def __init__(self, feed: Feed, wanted: Wanted, timing: Timing) -> None:
        self._feed = feed
        self._ring = feed.ring
        self._wanted = wanted
        self._timing = timing
        self._by_time = len(wanted.offsets) > MAX_PARTITIONS
        self._offsets = list(wanted.offsets)
        self._is_ahead = True
        self._restarts = len(self._ring.restarts)
        self._times = [wanted.since] * len(self._offsets)
        self._latest, self._sent = self._first_identity(), b""
        self._sent_at = self._moved_at = 0.0
        self._cursor: int | None = None

    @property
    def behind(self) -> int:
        """How many events, or other messages of the topic, came that the subscriber has not taken yet."""
        if self._cursor is not None:
            return max(self._ring.end - self._cursor, 0)
        return sum(max(end - at, 0) for end, at in zip(self._ring.next, self._offsets, strict=True))

    def _first_identity(self) -> bytes:
        if not self._by_time:
            return encode(self._offsets)
        return self._ring.identity if self._offsets == self._ring.next else encode_time(self._wanted.since)

    async def frames(self) -> AsyncGenerator[bytes, None]:
        """Yield frames, one or several at a time, until the hub stops or the subscriber has fallen behind. Raises BrokerError."""
        gaps = gap_frame(self._latest, self._wanted.gaps) if self._wanted.gaps else b""
        yield self._sending(RETRY + gaps + position_frame(self._latest))
        if self._ring.lagging(self._offsets):
            async with aclosing(self._caught_up()) as frames:
                async for chunk in frames:
                    yield chunk
        self._feed.caught_up()
        async with aclosing(self._followed()) as frames:
            async for chunk in frames:
                yield chunk

    async def _caught_up(self) -> AsyncGenerator[bytes, None]:
        steps = self._feed.catch_up(self._offsets, self._ring.lagging)
        async with aclosing(steps) as each_step:
            async for step in each_step:
                if self._feed.is_closing:
                    return
                if len(self._ring.restarts) > self._restarts:
                    return  # what was read may be of the topic before or after; `_followed` says so
                if step.gaps:
                    for gap in step.gaps:
                        self._offsets[gap.partition] = gap.end
                    self._latest = self._identity()
                    yield self._sending(gap_frame(self._latest, step.gaps))
                for start in range(0, len(step.messages), _CHUNK):
                    frames = [self._frame_of(message) for message in step.messages[start : start + _CHUNK]]
                    if chunk := b"".join(frames) or self._quiet():
                        yield self._sending(chunk)
                self._offsets = list(step.offsets)
                if not step.messages and (chunk := self._quiet()):
                    yield self._sending(chunk)

    def _frame_of(self, message: Message) -> bytes:
        partition, offset, stamp, value = message
        self._offsets[partition] = offset + 1
        self._times[partition] = max(self._times[partition], stamp)
        self._latest = self._identity()
        if value is None or stamp < self._wanted.since:
            return b""
        entry = read_event((partition, offset), stamp, self._latest, value)
        return self._frame(entry) if entry is not None and self._wanted.filter.passes(entry.facts) else b""

    def _identity(self) -> bytes:
        """Return the id of the position while catching up."""
        if not self._by_time:
            return encode(self._offsets)
        behind = [self._times[partition] for partition in self._ring.lagging(self._offsets)]
        return encode_time(max(self._wanted.since, min(behind, default=self._ring.clock) - CLOCK_SLACK_MS))

    async def _followed(self) -> AsyncGenerator[bytes, None]:
        ring = self._ring
        cursor = ring.end if self._offsets == ring.next else ring.first
        self._is_ahead = cursor != ring.end
        while not self._feed.is_closing:
            self._cursor = cursor
            if len(ring.restarts) > self._restarts:
                yield self._restarted()
                return
            if cursor < ring.first:
                self._feed.fell_behind()
                return
            end = min(ring.end, cursor + _CHUNK)
            chunk = self._take(cursor, end) if cursor < end else b""
            if chunk := chunk or self._quiet():
                yield self._sending(chunk)
            elif cursor == end:
                await self._feed.changed()
            else:
                await asyncio.sleep(0)
            cursor = end

    def _restarted(self) -> bytes:
        """Return the last frame of a subscription whose topic was made anew: from its id on the client reads the new one."""
        if self._by_time:
            return self._sending(gap_frame(self._latest, ()))
        position = list(self._parsed(self._latest))
        made_anew = sorted(set(self._ring.restarts[self._restarts :]))
        gaps = [Gap(partition, position[partition], 0, "unknown_position") for partition in made_anew]
        for partition in made_anew:
            position[partition] = 0
        self._latest = encode(position)
        return self._sending(gap_frame(self._latest, gaps))

    def _take(self, cursor: int, end: int) -> bytes:
        """Return the frames of the entries from a cursor until `end` that the subscriber wants and does not have."""
        wanted = self._wanted
        entries = self._ring.read(cursor, end - cursor)
        if not self._is_ahead:
            self._latest = entries[-1].identity
            if wanted.filter.is_everything:
                return self._ring.joined(cursor, end, with_document=wanted.with_document)
            passes = wanted.filter.passes
            return b"".join([self._frame(entry) for entry in entries if passes(entry.facts)])
        found = [self._frame_ahead(entry) for entry in entries]
        if not self._by_time:
            position = self._parsed(entries[-1].identity)
            self._is_ahead = any(at < offset for at, offset in zip(position, self._offsets, strict=True))
        elif end == self._ring.end:
            self._is_ahead = False
        return b"".join(found)

    def _frame_ahead(self, entry: Entry) -> bytes:
        """Return the frame of an entry while the subscriber has some of what comes after it in other partitions."""
        partition, offset = entry.place
        if offset < self._offsets[partition]:
            return b""
        identity = entry.identity if self._by_time else merged(self._parsed(entry.identity), self._offsets)
        self._latest = identity
        if entry.time < self._wanted.since or not self._wanted.filter.passes(entry.facts):
            return b""
        return self._frame(entry).replace(entry.identity, identity, 1)

    def _parsed(self, identity: bytes) -> Sequence[int]:
        position = parse_position(identity.decode(), len(self._offsets))
        return self._offsets if isinstance(position, int) else position

    def _frame(self, entry: Entry) -> bytes:
        return entry.frame(with_document=self._wanted.with_document)

    def _sending(self, chunk: bytes) -> bytes:
        """Return what is sent now; a frame with an id is the newest position that the client has."""
        self._sent_at = time.monotonic()
        if chunk is not KEEP_ALIVE:
            self._moved_at, self._sent = self._sent_at, self._latest
        return chunk

    def _quiet(self) -> bytes:
        """Return the frame that is due where nothing else is sent, empty where none is."""
        now = time.monotonic()
        if self._latest != self._sent and now - self._moved_at >= self._timing.position:
            return position_frame(self._latest)
        return KEEP_ALIVE if now - self._sent_at >= self._timing.keep_alive else b""
