"""Describe the topics of Streams, create them and delete them.

| topic                | key                 | cleanup        | kept, by `STREAMS_…`         | written by             |
|----------------------|---------------------|----------------|------------------------------|------------------------|
| `records.<source>`   | the source's own id | delete         | `RECORDS_RETENTION_HOURS`    | harvesters             |
| `dedup.decisions`    | `a|b`               | delete         | `DECISIONS_RETENTION_HOURS`  | workers                |
| `dedup.review`       | `a|b`               | delete         | `REVIEW_RETENTION_HOURS`     | workers                |
| `dedup.events`       | cluster id          | delete         | `EVENTS_RETENTION_HOURS`     | workers                |
| `dedup.clusters`     | cluster id          | compact        | the last of every key        | workers                |
| `dedup.corrections`  | `a|b`               | delete         | permanently, in one partition | people, tools          |
| `dedup.control`      | `state`             | compact        | the last                     | workers                |
| `dedup.dead-letter`  | letter id           | compact,delete | `DEAD_LETTER_RETENTION_HOURS`| workers, `dead-letter` |
| `harvest.checkpoints`| feed                | compact        | the last of every key        | `streams harvest`      |

The last one is created by `streams harvest` alone; its messages are described in `streams/harvest/checkpoints.py`.
Corrections have one order, so their topic has one partition, and so has `dedup.control`; the others have `STREAMS_PARTITIONS`.
What workers write is in order by key, so the others of `dedup.*` keep the number that they were begun with
(`state/fixed_partitions.py`).
The messages are described in `streams/events/messages.py` and `docs/events.md`, what retention means in `docs/retention.md`.
`STREAMS_TOPIC_PREFIX` comes before every name.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError

from streams import events
from streams.engine.prepare import CORRECTIONS
from streams.errors import BrokerError
from streams.kafka.connection import KafkaConnection, started
from streams.kafka.partitions import EMBEDDED_CLUSTER
from streams.settings import Settings
from streams.sources import SOURCES

__all__ = [
    "CHECKPOINTS",
    "MAX_LETTER_BYTES",
    "MAX_MESSAGE_BYTES",
    "RECORDS",
    "TopicSpec",
    "create_topics",
    "delete_topics",
    "fixed_topics",
    "harvest_topics",
    "input_topics",
    "is_embedded_broker",
    "record_topic",
    "source_of",
    "topics",
]

RECORDS = "records."
CHECKPOINTS = "harvest.checkpoints"
_DELETE, _COMPACT = "delete", "compact"
_CREATED, _EXISTS = 0, 36
_DENIED = (29, 31)  # on the topic, on the cluster
_ADMIN_SECONDS = 30
_LOOK_SECONDS = 0.05
MAX_MESSAGE_BYTES = 16 * 1024 * 1024
MAX_LETTER_BYTES = 18 * 1024 * 1024
"""A dead letter is a message as it came, which may be as large as any, with headers around it."""
_HOUR_MS = 3_600_000


class TopicSpec(NamedTuple):
    """A topic as it should be: its full name, partitions, and settings of its own.

    `cleanup` is the broker's `cleanup.policy`, `retention_ms` how long a message is kept (-1: permanently),
    `max_message_bytes` the largest one it takes, `ordered` whether more partitions than one would be wrong. `read`: workers read
    it, so the time of a message is the broker's. By default it is that of the sender, whose clock may be wrong, so that an
    older message about a record could replace a newer one.
    """

    name: str
    partitions: int
    cleanup: str
    retention_ms: int = -1
    max_message_bytes: int = MAX_MESSAGE_BYTES
    ordered: bool = False
    read: bool = False

    @property
    def configs(self) -> dict[str, str]:
        """The topic's configuration under Kafka's names.

        No topic has a limit in bytes, which would delete messages younger than the retention.
        """
        return {
            "cleanup.policy": self.cleanup,
            "max.message.bytes": str(self.max_message_bytes),
            "retention.ms": str(self.retention_ms),
            "retention.bytes": "-1",
            **({"message.timestamp.type": "LogAppendTime"} if self.read else {}),
        }


def record_topic(settings: Settings, source: str) -> str:
    """Return the full name of the topic of a source."""
    return f"{settings.topic_prefix}{RECORDS}{source}"


def input_topics(settings: Settings) -> list[str]:
    """Return the full names of the topics that workers read."""
    records = [record_topic(settings, source) for source in SOURCES]
    return [*records, settings.topic_prefix + events.CORRECTIONS]


def source_of(settings: Settings, topic: str) -> str:
    """Return the source whose topic this is, `CORRECTIONS` for the topic of corrections."""
    name = topic[len(settings.topic_prefix) :]
    return CORRECTIONS if name == events.CORRECTIONS else name[len(RECORDS) :]


def topics(settings: Settings) -> list[TopicSpec]:
    """Return all topics of this installation."""
    prefix, partitions = settings.topic_prefix, settings.partitions

    def kept(name: str, hours: int, *, read: bool = False) -> TopicSpec:
        return TopicSpec(name, partitions, _DELETE, hours * _HOUR_MS or -1, read=read)

    letters = TopicSpec(
        prefix + events.DEAD_LETTER,
        partitions,
        f"{_COMPACT},{_DELETE}",
        settings.dead_letter_retention_hours * _HOUR_MS or -1,
        MAX_LETTER_BYTES,
    )
    return [
        *(kept(record_topic(settings, source), settings.records_retention_hours, read=True) for source in SOURCES),
        kept(prefix + events.DECISIONS, settings.decisions_retention_hours),
        kept(prefix + events.REVIEWS, settings.review_retention_hours),
        kept(prefix + events.EVENTS, settings.events_retention_hours),
        TopicSpec(prefix + events.CLUSTERS, partitions, _COMPACT),
        TopicSpec(prefix + events.CORRECTIONS, 1, _DELETE, ordered=True, read=True),
        TopicSpec(prefix + events.CONTROL, 1, _COMPACT, ordered=True),
        letters,
    ]


def fixed_topics(settings: Settings) -> list[str]:
    """Return the full names of the topics whose number of partitions is fixed with the state: workers write them, by key."""
    return [spec.name for spec in topics(settings) if not (spec.read or spec.ordered)]


def harvest_topics(settings: Settings, source: str) -> list[TopicSpec]:
    """Return the topics that a harvester of a source writes: that of the source, and that of its checkpoints."""
    records = [spec for spec in topics(settings) if spec.name == record_topic(settings, source)]
    return [*records, TopicSpec(settings.topic_prefix + CHECKPOINTS, 1, _COMPACT, ordered=True)]


async def create_topics(
    settings: Settings,
    names: Collection[str] | None = None,
    fixed: Mapping[str, int] | None = None,
    specs: Sequence[TopicSpec] = (),
) -> list[str]:
    """Create the topics that do not exist, or those of `names`; return the names created.

    `specs` are topics in place of those of the installation. `fixed` has numbers of partitions by topic, in place of those of
    the settings.

    No right to create is needed where all exist. Raises BrokerError when Kafka cannot be reached or refuses one.
    """
    async with _admin(settings, "created") as admin:
        # All, not by name: some brokers create one that is asked for and does not exist.
        known = {topic["topic"] for topic in await admin.describe_topics()}
        wanted = [
            NewTopic(
                spec.name,
                (fixed or {}).get(spec.name, spec.partitions),
                settings.replication,
                topic_configs=spec.configs,
            )
            for spec in specs or topics(settings)
            if spec.name not in known and (names is None or spec.name in names)
        ]
        created = _created((await admin.create_topics(wanted)).topic_errors) if wanted else []
        await _wait_for(admin, created)
        return created


async def delete_topics(settings: Settings) -> None:
    """Delete all topics of this installation with everything in them. Raises BrokerError when Kafka cannot be reached."""
    async with _admin(settings, "deleted") as admin:
        await admin.delete_topics([spec.name for spec in topics(settings)])


async def is_embedded_broker(settings: Settings) -> bool:
    """Return whether the broker is Tansu, which reports end offsets that are too small. Raises BrokerError."""
    async with _admin(settings, "read") as admin:
        return bool((await admin.describe_cluster()).get("cluster_id") == EMBEDDED_CLUSTER)


@asynccontextmanager
async def _admin(settings: Settings, done: str) -> AsyncIterator[AIOKafkaAdminClient]:
    kafka = KafkaConnection.of(settings)
    async with started(AIOKafkaAdminClient(**kafka.client("topics")), kafka) as admin:
        try:
            async with asyncio.timeout(_ADMIN_SECONDS):
                yield admin
        except (KafkaError, TimeoutError) as error:
            raise BrokerError(f"topics cannot be {done}: {str(error) or type(error).__name__}") from error


async def _wait_for(admin: AIOKafkaAdminClient, names: Sequence[str]) -> None:
    """Wait until the broker lists the topics: Kafka answers earlier, and a worker that joins then gets no partitions of them."""
    while names:
        # All, not by name: some brokers create one that is asked for and does not exist.
        listed = {topic["topic"]: topic["partitions"] for topic in await admin.describe_topics()}
        if all(listed.get(name) and all(partition["leader"] >= 0 for partition in listed[name]) for name in names):
            return
        await asyncio.sleep(_LOOK_SECONDS)


def _created(answers: list[tuple[object, ...]]) -> list[str]:
    created = []
    for name, code, *rest in answers:
        if code in _DENIED:
            raise BrokerError(
                f"topic {name} cannot be created: it does not exist or may not be described, and Kafka refuses to create it: "
                "create it, or grant Describe on it or Create (docs/how-to/kafka-security.md)"
            )
        if code not in (_CREATED, _EXISTS):
            raise BrokerError(f"topic {name} cannot be created: Kafka error {code} {rest[0] if rest else ''}".rstrip())
        if code == _CREATED:
            created.append(str(name))
    return created
