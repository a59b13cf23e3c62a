"""One harvester a feed: claims in the topic of checkpoints, of which the last one in the log has the feed.

Two at once would ask the source faster than it allows, and of a source whose files are applied in order the slower one would
publish older rows after newer ones. So a harvester claims its feed before it asks for anything, follows the topic, and stops
publishing when it reads the claim of another one. It takes over a feed whose holder

- has released it, at its end,
- is a process of this machine that runs no more, or
- has not renewed its claim for `LEASE_SECONDS`, counted by the clock of the process that waits.

Of two that claim a free feed at the same moment the later message in the log wins, and both read it. A holder that was paused
longer than its claim is valid notices that before it publishes, for it looks at its own last renewal. The key is in
`streams/harvest/checkpoints.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
import sys
import time
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Self

import msgspec

from streams.errors import BrokerError, FeedError
from streams.event_log import EventLog
from streams.events import Outgoing
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.reader import reported_extents
from streams.kafka.topic_follower import Batch, Position, TopicFollower
from streams.kafka.topics import CHECKPOINTS
from streams.ops.processes import is_running
from streams.settings import Settings

__all__ = ["LEASE_SECONDS", "ClaimedError", "FeedClaim", "Holder"]

log = EventLog(__name__)

LEASE_SECONDS = 30.0
_RENEWALS = 6
"""Renewals within a lease."""
_VALID = 0.8
"""Part of the lease for which the holder itself relies on a renewal, so that it stops before others take over."""
_LOOK_SECONDS = 0.02
_READ_SECONDS = 30.0
_SUFFIX = "#holder"


def _clock() -> float:
    """Return seconds that pass while the machine sleeps, too: those of `time.monotonic` stop then, and others take over."""
    return time.clock_gettime(time.CLOCK_BOOTTIME if sys.platform == "linux" else time.CLOCK_MONOTONIC)


class ClaimedError(FeedError):
    """Another harvester has the feed."""


class Holder(msgspec.Struct, frozen=True, omit_defaults=True):
    """A claim: the process that has a feed, by a random name, its machine and number there; `released` when it ended."""

    process: str
    host: str = ""
    machine: str = ""
    pid: int = 0
    released: bool = False


class FeedClaim:
    """The claim of this process to one feed. Use as `async with`; it is released at the end.

    More than ten methods, for a claim is asked for, waited for, kept, lost and released, each in a step of its own.
    """

    def __init__(
        self,
        settings: Settings,
        feed: str,
        publisher: Publisher,
        lease: float = LEASE_SECONDS,
        clock: Callable[[], float] = _clock,
    ) -> None:
        """Prepare a claim by the publisher of the harvester; `lease` is in seconds."""
        self._kafka = KafkaConnection.of(settings)
        self._topic = settings.topic_prefix + CHECKPOINTS
        self._key = (feed + _SUFFIX).encode()
        self._feed = feed
        self._publisher = publisher
        self._lease = lease
        self._clock = clock
        self._own = Holder(secrets.token_hex(8), socket.gethostname(), _machine(), os.getpid())
        self._last: Holder | None = None
        self._seen = 0.0  # when the last claim was read
        self._read = 0  # how many were
        self._renewed = -lease  # when the last renewal that Kafka has was sent
        self._tasks: list[asyncio.Task[None]] = []
        self._failure: BrokerError | None = None  # of the last reading
        self._read_to_end = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._follow())]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.is_held:
            with contextlib.suppress(BrokerError, TimeoutError):
                async with asyncio.timeout(_READ_SECONDS):
                    await self._write(msgspec.structs.replace(self._own, released=True))

    @property
    def is_held(self) -> bool:
        """Whether the last claim that was read is that of this process, and was renewed recently enough."""
        return (
            self._last is not None
            and self._last.process == self._own.process
            and self._clock() - self._renewed < self._lease * _VALID
        )

    def check(self) -> None:
        """Raise ClaimedError where this process does not have the feed any more: nothing may be published then."""
        if not self.is_held:
            raise ClaimedError(f"another harvester has {self._feed}, or this one was paused: nothing is published")

    async def take(self, *, waits: bool) -> None:
        """Return when this process has the feed; where another one has it, wait until it is free, or raise ClaimedError.

        Raises BrokerError where the topic cannot be read or written.
        """
        await self._wait(self._read_to_end.is_set, _READ_SECONDS)
        said = False
        while not self.is_held:
            if (other := self._other()) is None:
                await self._claim()
                continue
            if not said:
                said = True
                log.info(
                    "feed_claimed", "{feed} is harvested by {holder}: waiting", feed=self._feed, holder=_shown(other)
                )
            await self._wait_for_a_claim(self._lease)
            if not waits and (alive := self._other()) is not None:
                raise ClaimedError(f"{self._feed} is harvested by {_shown(alive)}: one harvester a feed")

    def _other(self) -> Holder | None:
        """Return another process that has the feed; None where it is free."""
        last = self._last
        if last is None or last.released or last.process == self._own.process:
            return None
        if last.machine == self._own.machine and not is_running(last.pid):
            return None
        return last if self._clock() - self._seen < self._lease else None

    async def _claim(self) -> None:
        """Claim the feed, and read the claim in the log, or another one after it."""
        read = self._read
        await self._renew()
        if self._read == read:
            await self._wait_for_a_claim(_READ_SECONDS)
        if len(self._tasks) == 1:
            self._tasks.append(asyncio.create_task(self._keep()))

    async def _renew(self) -> None:
        sent = self._clock()
        await self._write(self._own)
        self._renewed = sent

    async def _keep(self) -> None:
        """Renew the claim while this process has it."""
        while True:
            await asyncio.sleep(self._lease / _RENEWALS)
            if self.is_held:
                try:
                    await self._renew()
                except BrokerError as error:
                    log.warning(
                        "claim_not_renewed",
                        "the claim to {feed} was not renewed: {reason}",
                        feed=self._feed,
                        reason=str(error),
                    )

    async def _write(self, holder: Holder) -> None:
        await self._publisher.publish([Outgoing(CHECKPOINTS, self._key, msgspec.json.encode(holder))])

    async def _follow(self) -> None:
        """Read the claims to the feed from the first one on, as they come; after an error again from where it was."""
        topic = TopicFollower(
            self._kafka, [self._topic], lambda new: dict.fromkeys(new, Position(0)), end_markers=False
        )
        try:
            while True:
                try:
                    # Each message was sent alone, so the embedded broker reports the end rightly.
                    ends = {} if self._read_to_end.is_set() else await reported_extents(self._kafka, [self._topic])
                    while True:
                        self._note(await topic.read())
                        self._failure = None
                        if await topic.has_reached({place: extent.end for place, extent in ends.items()}):
                            self._read_to_end.set()
                except BrokerError as error:
                    self._failure = error
                    await asyncio.sleep(_LOOK_SECONDS)
        finally:
            await topic.close()

    def _note(self, batch: Batch) -> None:
        if any(each.reason == "unknown_position" for each in batch.missing):
            self._last = None  # of a topic that was there before
        for message in chain.from_iterable(batch.messages.values()):
            if message.key == self._key and message.value:
                with contextlib.suppress(msgspec.MsgspecError):
                    self._last = msgspec.json.decode(message.value, type=Holder)
                    self._seen = self._clock()
                    self._read += 1

    async def _wait_for_a_claim(self, seconds: float) -> None:
        """Wait until another claim is read, or the feed is free, or the seconds are over. Raises BrokerError."""
        read, was_free = self._read, self._other() is None
        await self._wait(lambda: self._read != read or (self._other() is None) != was_free, seconds)

    async def _wait(self, until: Callable[[], bool], seconds: float) -> None:
        """Wait until a condition is met, or the seconds are over. Raises BrokerError where the topic cannot be read by then."""
        deadline = time.monotonic() + seconds
        while not until() and time.monotonic() < deadline:
            await asyncio.sleep(_LOOK_SECONDS)
        if self._failure is not None and not until():
            raise self._failure


def _machine() -> str:
    """Return a name of this machine, and of the processes that one can see here: containers have their own numbers."""
    parts = [socket.gethostname()]
    with contextlib.suppress(OSError):
        parts.append(Path("/etc/machine-id").read_text().strip())
    with contextlib.suppress(OSError):
        parts.append(str(Path("/proc/self/ns/pid").readlink()))
    return " ".join(parts)


def _shown(holder: Holder) -> str:
    return f"process {holder.pid} of {holder.host}"
