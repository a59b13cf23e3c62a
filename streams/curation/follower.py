"""Follows `dedup.review`, `dedup.corrections` and `dedup.dead-letter`, and folds them into the file, until cancelled.

The positions are in the file, with the mark of the message before each, so a topic that began again while no process read it is
noticed. A partition taken for another one by mistake is read again, which changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial

from aiokafka import TopicPartition

from streams.curation import folding
from streams.curation.database import Database, Place, positions
from streams.errors import BrokerError, StreamsError
from streams.event_log import EventLog
from streams.kafka.cancellation import stop_task
from streams.kafka.connection import KafkaConnection
from streams.kafka.reader import Extent
from streams.kafka.topic_follower import Batch, Position, TopicFollower
from streams.settings import Settings

__all__ = ["Follower"]

log = EventLog(__name__)

_SESSION_SECONDS = 30.0
"""How often it looks for what retention has deleted, and for topics that are new."""
_MOST_MESSAGES = 2_000
_PAUSE_SECONDS = 0.5


class Follower:
    """Reads the topics of one installation into its file.

    `is_current` is set once everything was read that was there, and unset while Kafka cannot be read.
    """

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings, self._database = settings, database
        self._prefix = settings.topic_prefix
        self._problem = ""
        self.is_current = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to follow the topics, on the loop that runs."""
        self._task = asyncio.create_task(self.run())

    async def stop(self) -> None:
        """Stop following."""
        await stop_task(self._task)

    async def run(self) -> None:
        """Follow the topics until cancelled. After an error it pauses and reads on; one that repeats is logged once."""
        while True:
            try:
                await self._follow(await self._database.run(positions))
            except StreamsError as error:  # of the file, which has the positions to continue at
                self._wait(error)
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _follow(self, known: Mapping[Place, Position]) -> None:
        def begin(extents: Mapping[TopicPartition, Extent]) -> Mapping[TopicPartition, Position]:
            return {place: known.get(self._short(place), Position(0)) for place in extents}

        topics = TopicFollower(
            KafkaConnection.of(self._settings),
            [self._prefix + topic for topic in folding.TOPICS],
            begin,
            most=_MOST_MESSAGES,
            session_seconds=_SESSION_SECONDS,
            all_exist=False,
            end_markers=False,  # workers read dedup.corrections
        )
        try:
            while True:
                try:
                    batch = await topics.read()
                    await self._take(topics, batch)
                except BrokerError as error:
                    self._wait(error)
        finally:
            await topics.close()

    async def _take(self, topics: TopicFollower, batch: Batch) -> None:
        if batch.is_start:
            await self._begin(topics, batch)
            return
        self._problem = ""
        if messages := [message for part in batch.messages.values() for message in part]:
            await self._database.run(partial(folding.fold, prefix=self._prefix, messages=messages))
        if self.is_current.is_set():
            return
        ends = {place: extent.end for place, extent in topics.extents.items()}
        if not messages or (ends and await topics.has_reached(ends)):
            self.is_current.set()

    async def _begin(self, topics: TopicFollower, batch: Batch) -> None:
        """Restart partitions that were made anew, and remove what retention has deleted."""
        if anew := [self._short(each.place) for each in batch.missing if each.reason == "unknown_position"]:
            self.is_current.clear()
            await self._database.run(partial(folding.restart, places=anew))
        if gone := {self._short(place): extent.first for place, extent in topics.extents.items()}:
            await self._database.run(partial(folding.prune, first=gone))

    def _wait(self, error: StreamsError) -> None:
        self.is_current.clear()
        if str(error) != self._problem:
            log.warning("curation_waits", "the review queue is not current: {reason}", reason=str(error))
        self._problem = str(error)

    def _short(self, place: TopicPartition) -> Place:
        return place.topic.removeprefix(self._prefix), place.partition
