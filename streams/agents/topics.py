"""The topics of Streams, with their keys and cleanup, and how they come to be.

| topic                | key                     | cleanup | written by      |
|----------------------|-------------------------|---------|-----------------|
| `records.<source>`   | the source's own id     | delete  | harvesters      |
| `dedup.decisions`    | `a|b`                   | delete  | workers         |
| `dedup.review`       | `a|b`                   | delete  | workers         |
| `dedup.events`       | cluster id              | delete  | workers         |
| `dedup.clusters`     | cluster id              | compact | workers         |
| `dedup.corrections`  | `a|b`                   | delete  | people, tools   |
| `dedup.dead-letter`  | `topic:partition:offset`| delete  | workers         |

The messages are described in `streams/events.py` and `docs/events.md`. `STREAMS_TOPIC_PREFIX` stands before every name.
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError

from streams import events
from streams.errors import BrokerError
from streams.settings import Settings
from streams.sources import SOURCES

__all__ = ["RECORDS", "TopicSpec", "create_topics", "record_topic", "source_of", "topics"]

RECORDS = "records."
_OUTPUTS = (
    (events.DECISIONS, False),
    (events.REVIEWS, False),
    (events.EVENTS, False),
    (events.CLUSTERS, True),
    (events.CORRECTIONS, False),
    (events.DEAD_LETTER, False),
)
_CREATED, _EXISTS = 0, 36
_CREATE_SECONDS = 30
_MAX_MESSAGE_BYTES = 16 * 1024 * 1024


class TopicSpec(NamedTuple):
    """A topic as it should be: its full name, partitions, and whether it is compacted."""

    name: str
    partitions: int
    compacted: bool


def record_topic(settings: Settings, source: str) -> str:
    """The full name of the topic of a source."""
    return f"{settings.topic_prefix}{RECORDS}{source}"


def source_of(settings: Settings, topic: str) -> str:
    """The source whose topic this is."""
    return topic[len(settings.topic_prefix) + len(RECORDS) :]


def topics(settings: Settings) -> list[TopicSpec]:
    """All topics of this installation."""
    records = [TopicSpec(record_topic(settings, source), settings.partitions, False) for source in SOURCES]
    outputs = [TopicSpec(settings.topic_prefix + name, settings.partitions, compacted) for name, compacted in _OUTPUTS]
    return records + outputs


async def create_topics(settings: Settings) -> list[str]:
    """Create the topics that do not exist; returns the names created.

    Raises BrokerError when Kafka cannot be reached or refuses one.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka_url.split(","), client_id="streams-topics")
    try:
        await admin.start()
    except KafkaError as error:
        await admin.close()
        raise BrokerError(f"Kafka at {settings.kafka_url} cannot be reached: {error}") from error
    try:
        wanted = [_new_topic(spec, settings.replication) for spec in topics(settings)]
        async with asyncio.timeout(_CREATE_SECONDS):
            response = await admin.create_topics(wanted)
    except (KafkaError, TimeoutError) as error:
        raise BrokerError(f"topics cannot be created: {error or type(error).__name__}") from error
    finally:
        await admin.close()
    return _created(response.topic_errors)


def _new_topic(spec: TopicSpec, replication: int) -> NewTopic:
    configs = {
        "cleanup.policy": "compact" if spec.compacted else "delete",
        "max.message.bytes": str(_MAX_MESSAGE_BYTES),
    }
    return NewTopic(spec.name, spec.partitions, replication, topic_configs=configs)


def _created(answers: list[tuple[object, ...]]) -> list[str]:
    created = []
    for name, code, *rest in answers:
        if code not in (_CREATED, _EXISTS):
            raise BrokerError(f"topic {name} cannot be created: Kafka error {code} {rest[0] if rest else ''}".rstrip())
        if code == _CREATED:
            created.append(str(name))
    return created
