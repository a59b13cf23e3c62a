"""The decisions on pairs as they fall, sampled, for people who watch: at most 20 rows a second, however many there are.

`dedup.decisions` is read only while a person watches and a minute longer, by one consumer for all; of messages that are not shown
not even the JSON is decoded. Nothing is stored, and nothing is exact: this is a window on what happens.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from aiokafka import TopicPartition

from streams import events
from streams.errors import StreamsError
from streams.kafka.cancellation import stop_task
from streams.kafka.connection import KafkaConnection
from streams.kafka.reader import END_HEADER, Extent
from streams.kafka.topic_follower import Position, TopicFollower
from streams.settings import Settings

__all__ = ["DecisionTail", "Fallen", "Pick", "picked"]

ROWS_PER_SECOND = 20
_STEPS_PER_SECOND = 2
_KEPT = 60
"""Rows in memory: what a page shows when it is opened."""
_LINGER_SECONDS = 60.0

Titles = Callable[[Sequence[str]], Awaitable[Mapping[str, str]]]


class _Decision(msgspec.Struct):
    a: str
    b: str
    decision: str
    score: float
    reasons: list[str] = []
    relation: str = ""


class Fallen(NamedTuple):
    """A decision that is shown: its number among those shown, its time (Unix seconds), the pair, and what was decided.

    `title` is that of one of the two records, empty where it is not known.
    """

    number: int
    time: float
    a: str
    b: str
    decision: str
    score: float
    reasons: tuple[str, ...]
    relation: str
    title: str


class Pick(NamedTuple):
    """Messages chosen to be shown, and how many were left out."""

    messages: Sequence[Any]
    left_out: int


def picked(messages: Sequence[Any], most: int) -> Pick:
    """Choose at most `most` messages, evenly spread over those that came at once, the last one among them."""
    if len(messages) <= most:
        return Pick(messages, 0)
    step = len(messages) / most
    return Pick([messages[round((number + 1) * step) - 1] for number in range(most)], len(messages) - most)


class DecisionTail:
    """Use `watch()` while rows are shown. `rows` are the last ones, `left_out` counts those not shown since the first watcher."""

    def __init__(self, settings: Settings, titles: Titles) -> None:
        """Take the settings, and how to find the titles of records. Asks no server for anything."""
        self._kafka = KafkaConnection.of(settings)
        self._topic = settings.topic_prefix + events.DECISIONS
        self._titles = titles
        self._task: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._is_current = False
        """Whether everything was shown that was there before the first watcher."""
        self.rows: deque[Fallen] = deque(maxlen=_KEPT)
        self.shown = self.left_out = self.watchers = 0
        self.problem = ""

    @contextlib.contextmanager
    def watch(self) -> Iterator[None]:
        """Read decisions within the block, and for a minute after the last watcher has left."""
        self.watchers += 1
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())
        try:
            yield
        finally:
            self.watchers -= 1

    async def close(self) -> None:
        """Stop reading."""
        await stop_task(self._task)

    async def changed(self, seconds: float) -> None:
        """Return when there are new rows, or after some seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()

    def after(self, number: int) -> list[Fallen]:
        """Return the rows with a higher number, the oldest first."""
        return [row for row in self.rows if row.number > number]

    async def _run(self) -> None:
        """Read until there was no watcher for a minute."""
        follower = TopicFollower(self._kafka, [self._topic], _last_rows)
        self._is_current = self.shown > 0
        watched = time.monotonic()
        try:
            while time.monotonic() - watched < _LINGER_SECONDS:
                began = time.monotonic()
                try:
                    await self._step(follower)
                    self.problem = ""
                except StreamsError as error:
                    self.problem = str(error)
                watched = time.monotonic() if self.watchers else watched
                await asyncio.sleep(max(began + 1 / _STEPS_PER_SECOND - time.monotonic(), 0))
        finally:
            await follower.close()

    async def _step(self, follower: TopicFollower) -> None:
        """Take what has come; of what was there before the first watcher the newest is shown, and nothing counts as left out."""
        found = (await follower.read()).messages
        messages = [m for some in found.values() for m in some if m.value and END_HEADER not in dict(m.headers)]
        messages.sort(key=lambda message: message.timestamp)
        if not self._is_current:
            await self._show(messages[-_KEPT:])
            ends = {place: extent.end for place, extent in follower.extents.items()}
            self._is_current = await follower.has_reached(ends)
            return
        pick = picked(messages, ROWS_PER_SECOND // _STEPS_PER_SECOND)
        self.left_out += pick.left_out
        await self._show(pick.messages)

    async def _show(self, messages: Sequence[Any]) -> None:
        decided: list[tuple[float, _Decision]] = []
        for message in messages:
            with contextlib.suppress(msgspec.MsgspecError):
                decided.append((message.timestamp / 1000, msgspec.json.decode(message.value, type=_Decision)))
        if not decided:
            return
        titles: Mapping[str, str] = {}
        with contextlib.suppress(StreamsError):  # Redis is away: the rows say which records they are about
            titles = await self._titles([decision.a for _, decision in decided])
        for at, d in decided:
            self.shown += 1
            title = titles.get(d.a, "")
            self.rows.append(Fallen(self.shown, at, d.a, d.b, d.decision, d.score, tuple(d.reasons), d.relation, title))
        woken, self._changed = self._changed, asyncio.Event()
        woken.set()


def _last_rows(extents: Mapping[TopicPartition, Extent]) -> Mapping[TopicPartition, Position]:
    """Return where to begin so that what was there fills the rows."""
    return {place: Position(max(first, end - _KEPT)) for place, (first, end) in extents.items()}
