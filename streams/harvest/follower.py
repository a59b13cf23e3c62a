"""Follow `harvest.checkpoints`, so that the states of all harvesters are in memory when a page shows them. Writes nothing."""

from __future__ import annotations

import time

from streams.errors import BrokerError, NoTopicError
from streams.harvest.checkpoints import State, states_of
from streams.kafka.connection import KafkaConnection
from streams.kafka.topic_follower import Batch, Position, TopicFollower
from streams.kafka.topics import CHECKPOINTS
from streams.settings import Settings

__all__ = ["HarvestFollower"]

_SESSION_SECONDS = 300.0
"""How often it is looked for a topic that was made anew."""


class HarvestFollower:
    """Knows the states of the harvesters while `run` runs.

    `problem` says why they are not read at the moment, empty where they are.
    """

    def __init__(self, settings: Settings) -> None:
        """Take the settings. Asks no server for anything."""
        self._topic = TopicFollower(
            KafkaConnection.of(settings),
            [settings.topic_prefix + CHECKPOINTS],
            lambda extents: dict.fromkeys(extents, Position(0)),
            session_seconds=_SESSION_SECONDS,
            all_exist=False,
            end_markers=False,  # harvesters alone write it
        )
        self._values: dict[bytes, bytes] = {}
        self._no_topic_at = 0.0
        self.problem = "they were not read yet"

    @property
    def answered(self) -> float:
        """When the broker last answered, Unix time in seconds, 0 for never."""
        return max(self._topic.answered, self._no_topic_at)

    def states(self) -> list[State]:
        """Return the last state of every feed that was ever harvested, each with its checkpoint, by name."""
        return states_of(self._values)

    async def run(self) -> None:
        """Read until cancelled; while Kafka is away the states grow old, and `problem` says so."""
        try:
            while True:
                try:
                    self._take(await self._topic.read())
                except NoTopicError:  # nothing was ever harvested
                    self._values.clear()
                    self._no_topic_at = time.time()
                    self.problem = ""
                except BrokerError as error:
                    self.problem = str(error)
        finally:
            await self._topic.close()

    def _take(self, batch: Batch) -> None:
        if any(each.reason == "unknown_position" for each in batch.missing):
            self._values.clear()  # of a topic that was there before
        for messages in batch.messages.values():
            for message in messages:
                if message.key and message.value:
                    self._values[message.key] = message.value
                elif message.key:
                    self._values.pop(message.key, None)
        if not batch.is_start:
            self.problem = ""
