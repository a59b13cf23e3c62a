"""What the routes for curators share: the file of the review queue, what follows the topics into it, and a look at old rows."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Protocol, TypeVar
from weakref import WeakValueDictionary

from streams.curation import backlog, review_queue
from streams.curation.database import Database
from streams.curation.follower import Follower
from streams.curation.review_queue import Asked, Looked
from streams.errors import StreamsError
from streams.event_log import EventLog
from streams.query.doubts import OpenDoubt, look_again
from streams.query.index_reader import IndexReader
from streams.settings import Settings
from streams.totals.snapshot import ReviewQueue

__all__ = ["Ask", "Curation", "now_ms"]

log = EventLog(__name__)
T = TypeVar("T")

_LOOK_SECONDS = 0.1
_LOOKED_AT = 10
"""Pairs looked at every `_LOOK_SECONDS`, beside those that people see: few at once, for requests wait meanwhile."""
_NOTHING_DUE_SECONDS = 1.0
_COUNT_SECONDS, _COUNT_PAUSES = 5.0, 50.0
"""How long what was counted is used: so many seconds, and so many times as long as counting took."""
_OLD_SECONDS = (60, 6 * 3600)
"""How old the last look at a pair may be, for its place in the order `effect`, for one that was settled, and for the count.

The more pairs, the older: a tenth of the looks that may be are at pairs that were looked at before.
"""
_FEW = 10_000
"""Pairs that are counted in milliseconds, so whenever their number is asked for."""


class Ask(Protocol):
    """Asks a question of the index on a thread of its own (`Resources.ask`)."""

    def __call__(self, question: Callable[[IndexReader], T]) -> Awaitable[T]:
        """Return what the question answers."""


def now_ms() -> int:
    """Return the time, Unix time in ms."""
    return time.time_ns() // 1_000_000


class Curation:
    """Opened and closed with the application. Without an address of Kafka, as in tests, nothing is followed."""

    def __init__(self, settings: Settings, ask: Ask) -> None:
        self._settings, self._ask = settings, ask
        self.database = Database(settings.serve_data, f"{settings.namespace} {settings.topic_prefix}")
        self._follower = Follower(settings, self.database)
        self._sending: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._tasks: list[asyncio.Task[None]] = []
        self.backlog = backlog.NOTHING
        """What waits for people, as it was at most some minutes ago."""

    @property
    def is_current(self) -> bool:
        """Whether all that the topics had was read; false also while Kafka cannot be read."""
        return self._follower.is_current.is_set()

    async def open(self) -> None:
        """Open the file and follow the topics. Raises SettingsError where the file cannot be used."""
        await self.database.open()
        if self._settings.kafka_url:
            self._follower.start()
            self._tasks = [asyncio.create_task(self._look_at_old()), asyncio.create_task(self._count_often())]

    async def close(self) -> None:
        """Stop following, and close the file."""
        await self._follower.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.database.close()

    def sending(self, identifier: str) -> asyncio.Lock:
        """Return the lock of a correction id, so that of two requests with it one sends it and the other finds it sent."""
        return self._sending.setdefault(identifier, asyncio.Lock())

    async def look(self, pairs: Sequence[Asked]) -> list[OpenDoubt | None]:
        """Decide on pairs again, and note what was found; None for each that is settled."""
        found = await self._ask(lambda index: look_again(index, [(pair.a, pair.b) for pair in pairs]))
        looked = [
            Looked(pair.id, doubt is None, doubt.effect if doubt else 0)
            for pair, doubt in zip(pairs, found, strict=True)
        ]
        await self.database.run(partial(review_queue.note, looked=looked, now=now_ms()))
        return found

    async def look_at_due(self) -> int:
        """Look at the pairs whose last look is too long ago, up to a number of them; return how many."""
        least, most = _OLD_SECONDS
        old = min(max(least, 10 * self.backlog.queue.pairs * _LOOK_SECONDS / _LOOKED_AT), most)
        before = now_ms() - round(old * 1000)
        pairs = await self.database.run(partial(review_queue.due, before=before, most=_LOOKED_AT))
        if pairs:
            await self.look(pairs)
        return len(pairs)

    async def count(self) -> None:
        """Count what waits for people."""
        self.backlog = await self.database.run(backlog.count)

    async def count_review(self) -> ReviewQueue | None:
        """Return how many pairs are open, counted now where they are few; None while not all of the queue was read."""
        if not self.is_current:
            return None
        queue = self.backlog.queue
        if queue.pairs < _FEW:
            try:
                queue = await self.database.run(review_queue.count)
            except StreamsError:  # of the file: requests say so
                return None
        return ReviewQueue(queue.open, queue.unlooked, queue.looked_since)

    async def _count_often(self) -> None:
        while True:
            began = time.monotonic()
            with contextlib.suppress(StreamsError):  # the file cannot be used: requests say so
                await self.count()
            # A queue of millions takes seconds to count, in which no other request has the file.
            await asyncio.sleep(max(_COUNT_SECONDS, _COUNT_PAUSES * (time.monotonic() - began)))

    async def _look_at_old(self) -> None:
        looked = 0
        while True:
            await asyncio.sleep(_LOOK_SECONDS if looked else _NOTHING_DUE_SECONDS)
            looked = 0
            with contextlib.suppress(StreamsError):  # Redis is away: requests and /readyz say so
                looked = await self.look_at_due()
