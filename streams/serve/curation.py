"""What the routes for curators share: the file of the review queue, what follows the topics into it, and a look at old rows."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Protocol, TypeVar
from weakref import WeakValueDictionary

from streams.curation import review_queue
from streams.curation.database import Database
from streams.curation.follower import Follower
from streams.curation.review_queue import Asked, Looked, QueueCount
from streams.errors import StreamsError
from streams.event_log import EventLog
from streams.query.doubts import OpenDoubt, look_again
from streams.query.index_reader import IndexReader
from streams.settings import Settings
from streams.totals.snapshot import ReviewQueue

__all__ = ["Ask", "Curation", "now_ms"]

log = EventLog(__name__)
T = TypeVar("T")

_LOOK_SECONDS = 1.0
_LOOKED_AT = 100
"""Pairs looked at in a second, beside those that people see: some 200 reads of Redis at once."""
_OLD_SECONDS = (60, 6 * 3600)
"""How old the last look at a pair may be, for its place in the order `effect`, for one that was settled, and for the count.

The more pairs, the older: a tenth of the looks that may be are at pairs that were looked at before.
"""
_COUNT_SECONDS = 30.0
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
        self._looking: asyncio.Task[None] | None = None
        self._counted = QueueCount(0, 0, 0, 0)
        self._counted_at = -math.inf

    @property
    def is_current(self) -> bool:
        """Whether all that the topics had was read; false also while Kafka cannot be read."""
        return self._follower.is_current.is_set()

    async def open(self) -> None:
        """Open the file and follow the topics. Raises SettingsError where the file cannot be used."""
        await self.database.open()
        if self._settings.kafka_url:
            self._follower.start()
            self._looking = asyncio.create_task(self._look_at_old())

    async def close(self) -> None:
        """Stop following, and close the file."""
        await self._follower.stop()
        if self._looking is not None:
            self._looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._looking
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
        old = min(max(least, 10 * self._counted.pairs / _LOOKED_AT), most)
        before = now_ms() - round(old * 1000)
        pairs = await self.database.run(partial(review_queue.due, before=before, most=_LOOKED_AT))
        if pairs:
            await self.look(pairs)
        return len(pairs)

    async def count(self) -> ReviewQueue | None:
        """Return how many pairs are open, counted twice a minute at most; None while not all of the queue was read."""
        if not self.is_current:
            return None
        if time.monotonic() > self._counted_at + _COUNT_SECONDS or self._counted.pairs < _FEW:
            try:
                self._counted = await self.database.run(review_queue.count)
            except StreamsError:  # of the file: requests say so
                return None
            self._counted_at = time.monotonic()
        return ReviewQueue(self._counted.open, self._counted.unlooked, self._counted.looked_since)

    async def _look_at_old(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            with contextlib.suppress(StreamsError):  # Redis is away: requests and /readyz say so
                await self.look_at_due()
