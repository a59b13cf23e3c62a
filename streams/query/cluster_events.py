"""Reads the history of one cluster from `dedup.events`, as far back as a bound allows. Nothing is written.

A cluster's events are in one partition, so only the partitions of the clusters of its history are read, each backwards from its end
by at most `MOST_READ` messages. What is older is named in `History.lost`; `streams history` reads all of the topic.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import orjson
from aiokafka import TopicPartition

from streams import events
from streams.kafka.connection import KafkaConnection
from streams.kafka.partitions import partition_of
from streams.kafka.reader import Extent, read_between
from streams.query.history import Chronicle, History
from streams.settings import Settings

__all__ = ["MOST_READ", "BoundedHistory", "read_history"]

MOST_READ = 60_000
"""Messages that are read of a partition, some two seconds."""
_ROUNDS = 5
"""How often clusters that the events name may lead to further clusters."""


class BoundedHistory(NamedTuple):
    """A history, and whether all that the topic has of it was read."""

    history: History
    is_whole: bool


async def read_history(
    settings: Settings, cluster: str, family: Iterable[str], ends: Sequence[int], most: int = MOST_READ
) -> BoundedHistory:
    """Return the history of a cluster.

    `family` are the clusters that its events may belong to, `ends` the offset after the last message of each partition.
    Raises BrokerError.
    """
    chronicle, is_whole = Chronicle(), True
    wanted = {cluster, *family}
    for _ in range(_ROUNDS):
        is_whole &= await _read(settings, chronicle, wanted, ends, most)
        chronicle.read(wanted)
        wanted = chronicle.unread(cluster)
        if not wanted:
            break
    return BoundedHistory(chronicle.history(cluster), is_whole and not wanted)


async def _read(settings: Settings, chronicle: Chronicle, wanted: set[str], ends: Sequence[int], most: int) -> bool:
    """Add the events of the wanted clusters; return whether their partitions were read from offset 0."""
    keys = {name.encode() for name in wanted}
    numbers = {partition_of(key, list(range(len(ends)))) for key in keys}
    topic = settings.topic_prefix + events.EVENTS
    extents = {TopicPartition(topic, n): Extent(max(ends[n] - most, 0), ends[n]) for n in numbers}
    async for message in read_between(KafkaConnection.of(settings), extents):
        if message.key in keys and message.value:
            chronicle.add(message.timestamp, orjson.loads(message.value))
    return all(extent.first == 0 for extent in extents.values())
