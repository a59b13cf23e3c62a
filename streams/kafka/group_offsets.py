"""What Kafka knows of the reading of a consumer group: the offsets that it has committed, and the first ones that are left."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    NotCoordinatorForGroupError,
)

from streams.kafka.connection import KafkaConnection, started
from streams.kafka.reader import describe, plain_consumer
from streams.kafka.refusal import explaining
from streams.state.progress import Place

__all__ = ["committed_offsets", "first_offsets"]

_COORDINATOR_SECONDS, _PAUSE_SECONDS = 15.0, 0.1


async def committed_offsets(kafka: KafkaConnection, group: str, topics: Sequence[str]) -> dict[Place, int]:
    """Return the offset that a group has committed of each partition of these topics, without those of which it has none.

    Raises BrokerError.
    """
    places = list((await describe(kafka, topics, all_exist=False)).places)
    if not places:
        return {}
    async with started(AIOKafkaAdminClient(**kafka.client("offsets")), kafka) as admin:
        with explaining(kafka, f"cannot be asked for the offsets of the group {group}"):
            found = await _asked(admin, group, places)
    return {(place.topic, place.partition): known.offset for place, known in found.items() if known.offset >= 0}


async def first_offsets(kafka: KafkaConnection, places: Collection[Place]) -> dict[Place, int]:
    """Return the first offset that is left of each of these partitions, which exist. Raises BrokerError."""
    async with plain_consumer(kafka) as consumer:
        found = await consumer.beginning_offsets([TopicPartition(*place) for place in places])
    return {(place.topic, place.partition): offset for place, offset in found.items()}


async def _asked(admin: AIOKafkaAdminClient, group: str, places: list[TopicPartition]) -> Mapping[Any, Any]:
    """Return the answer of the group's coordinator, for which a Kafka that has just started or lost a broker takes seconds."""
    deadline = time.monotonic() + _COORDINATOR_SECONDS
    while True:
        try:
            found: Mapping[Any, Any] = await admin.list_consumer_group_offsets(group, partitions=places)
            return found
        except (GroupCoordinatorNotAvailableError, GroupLoadInProgressError, NotCoordinatorForGroupError):
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(_PAUSE_SECONDS)
