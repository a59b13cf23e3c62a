"""What `streams serve` does beside its requests: it keeps the totals, and reads them, and the states of workers and harvesters.

Pages and charts show what was read, so they are made without a question to Redis or Kafka, and say since when these are away.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import NamedTuple, Self

from streams.errors import StreamsError
from streams.harvest.follower import HarvestFollower
from streams.kafka.cancellation import stop_task
from streams.serve.curation import Ask
from streams.settings import Settings
from streams.state.heartbeats import Heartbeat
from streams.totals.history import POINT_SECONDS, History, Point
from streams.totals.keeper import CountReview, Keeper
from streams.totals.rates import HeartbeatRing
from streams.totals.read import Totals, read_totals, read_workers

__all__ = ["Background", "Reading"]

_HEARTBEAT_SECONDS = 1.0
_TOTALS_SECONDS = 2.0
_OLD_TOTALS_SECONDS = 30.0
"""Totals that were written longer ago say nothing of now."""


class Reading(NamedTuple):
    """Whether a server is read: when it was last, Unix time in seconds, 0 for never; and why it is not now, empty where it is."""

    time: float = 0.0
    problem: str = ""


class Background:
    """Use as `async with`. `heartbeats` has those of the last 15 minutes, `history` the rates of the last hour.

    `harvests` has the states of the harvesters, where the settings name Kafka. `reading` is about Redis.
    """

    def __init__(self, settings: Settings, ask: Ask, count_review: CountReview | None = None) -> None:
        """Take the settings, how to ask an index reader, and how to count the review queue."""
        self._ask = ask
        self._keeper = Keeper(settings, count_review=count_review)
        self._tasks: list[asyncio.Task[None]] = []
        self._follows_kafka = bool(settings.kafka_url)
        self.harvests = HarvestFollower(settings)
        self.heartbeats = HeartbeatRing()
        self.history = History()
        self.totals: Totals | None = None
        """The totals as they were last read, None until there are any."""
        self.reading = Reading()

    async def __aenter__(self) -> Self:
        work = [self._keeper.run(), self._read_heartbeats(), self._read_totals(), self._keep_history()]
        if self._follows_kafka:
            work.append(self.harvests.run())
        self._tasks = [asyncio.create_task(each) for each in work]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            await stop_task(task)

    async def _read_heartbeats(self) -> None:
        """Read heartbeats until cancelled; while Redis is away the last ones grow old."""
        while True:
            try:
                found: list[Heartbeat] = await self._ask(lambda index: read_workers(index.settings, index.connection))
                self.reading = Reading(time.time())
                self.heartbeats.add(found, self.reading.time)
            except StreamsError as error:
                self.reading = self.reading._replace(problem=str(error))
            await asyncio.sleep(_HEARTBEAT_SECONDS)

    async def _read_totals(self) -> None:
        """Read the totals until cancelled; while Redis is away the last ones grow old."""
        while True:
            with contextlib.suppress(StreamsError):
                self.totals = await self._ask(lambda index: read_totals(index.settings, index.connection))
            await asyncio.sleep(_TOTALS_SECONDS)

    async def _keep_history(self) -> None:
        """Add a point to the history every ten seconds, an unknown one while Redis is away."""
        while True:
            await asyncio.sleep(POINT_SECONDS)
            now = time.time()
            is_known = now - self.reading.time < POINT_SECONDS
            self.history.add(self.point(now, POINT_SECONDS) if is_known else Point.unknown(now))

    def point(self, now: float, seconds: float) -> Point:
        """Return the rates of the last `seconds` as a point of the charts, at the Unix time `now`."""
        totals = self.totals
        is_counted = totals is not None and now - totals.time.timestamp() < _OLD_TOTALS_SECONDS
        review = totals.review if totals is not None and is_counted else None
        return Point.of(self.heartbeats.rates(seconds), now, None if review is None else float(review.open))
