"""What Kafka knows of the reading of a consumer group: the offsets that it has committed, and the first ones that are left."""

from __future__ import annotations

from collections.abc import Collection

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from streams.kafka.connection import KafkaConnection, started
from streams.kafka.reader import describe, plain_consumer
from streams.kafka.refusal import explaining
from streams.state.progress import Place

__all__ = ["committed_offsets", "first_offsets"]


async def committed_offsets(kafka: KafkaConnection, group: str, places: Collection[Place]) -> dict[Place, int]:
    """Return the offset that a group has committed of each of these partitions, without those of which it has none.

    Raises BrokerError.
    """
    wanted = [TopicPartition(*place) for place in places]
    async with started(AIOKafkaAdminClient(**kafka.client("offsets")), kafka) as admin:
        with explaining(kafka, f"cannot be asked for the offsets of the group {group}"):
            found = await admin.list_consumer_group_offsets(group, partitions=wanted)
    return {(place.topic, place.partition): known.offset for place, known in found.items() if known.offset >= 0}


async def first_offsets(kafka: KafkaConnection, places: Collection[Place]) -> dict[Place, int]:
    """Return the first offset that is left of each of these partitions that exist. Raises BrokerError."""
    topics = sorted({topic for topic, _ in places})
    known = set((await describe(kafka, topics, all_exist=False)).places)
    wanted = [place for place in (TopicPartition(*each) for each in places) if place in known]
    async with plain_consumer(kafka) as consumer:
        found = await consumer.beginning_offsets(wanted)
    return {(place.topic, place.partition): offset for place, offset in found.items()}
