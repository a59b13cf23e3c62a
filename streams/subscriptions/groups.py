"""Consumer groups that read what Streams publishes, and how far behind each is, as far as the broker says it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import NamedTuple

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from streams.errors import BrokerError
from streams.kafka.connection import KafkaConnection, started
from streams.kafka.reader import plain_consumer
from streams.kafka.refusal import explained

__all__ = ["GroupLag", "group_lags"]

_MOST_GROUPS = 200
_SECONDS = 5.0


class GroupLag(NamedTuple):
    """A consumer group on a topic: how many partitions it has committed an offset of, and how many messages come after them."""

    group: str
    topic: str
    partitions: int
    behind: int


async def group_lags(kafka: KafkaConnection, topics: Collection[str]) -> list[GroupLag]:
    """Return the groups that have committed offsets of these topics, by name. At most 200 groups are looked at.

    Raises BrokerError, also where the broker does not answer within five seconds.
    """
    try:
        async with asyncio.timeout(_SECONDS), started(AIOKafkaAdminClient(**kafka.client("groups")), kafka) as admin:
            names = sorted(name for name, *_ in await admin.list_consumer_groups())[:_MOST_GROUPS]
            committed = {name: await admin.list_consumer_group_offsets(name) for name in names}
            places = {place for offsets in committed.values() for place in offsets if place.topic in topics}
            async with plain_consumer(kafka) as consumer:
                ends = await consumer.end_offsets(list(places)) if places else {}
    except TimeoutError:
        raise BrokerError(f"{kafka.shown} did not list consumer groups within {_SECONDS:g} s") from None
    except KafkaError as error:
        raise explained(kafka, "does not list consumer groups", error) from error
    found: dict[tuple[str, str], list[int]] = {}
    for name, offsets in committed.items():
        for place, at in offsets.items():
            if place in ends and at.offset >= 0:
                lags = found.setdefault((name, place.topic), [])
                lags.append(max(ends[TopicPartition(place.topic, place.partition)] - at.offset, 0))
    return [GroupLag(name, topic, len(lags), sum(lags)) for (name, topic), lags in sorted(found.items())]
