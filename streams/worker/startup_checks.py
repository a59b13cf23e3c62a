"""Check what must hold before a worker starts; where it does not, the worker ends and says what to change."""

from __future__ import annotations

from collections.abc import Mapping

from streams.errors import RedisError, RedisSetupError, SettingsError, StateError
from streams.event_log import EventLog
from streams.kafka.connection import KafkaConnection
from streams.kafka.rights import refuse_missing_rights
from streams.kafka.topics import create_topics, fixed_topics
from streams.ops import diagnosis
from streams.ops.probes import ask_kafka, ask_partitions
from streams.settings import Settings
from streams.state.connection import Connection

__all__ = ["check_eviction", "check_session", "compare_partitions", "ready_topics"]

log = EventLog(__name__)


async def check_session(settings: Settings) -> None:
    """Raise SettingsError where Kafka would refuse the worker: aiokafka logs that, and then waits without partitions."""
    facts = await ask_kafka(KafkaConnection.of(settings), [])
    for refused in diagnosis.check_session(facts, settings.session_timeout):
        raise SettingsError(refused.check, refused.found, refused.advice)


async def ready_topics(settings: Settings, begun: Mapping[str, int]) -> dict[str, int]:
    """Create the topics that are missing, with the numbers of partitions that the state was `begun` with.

    Returns how many partitions the topics have whose number is fixed. Raises BrokerError, also where a right is missing.
    """
    await create_topics(settings, fixed=begun)
    await refuse_missing_rights(settings)
    return await ask_partitions(KafkaConnection.of(settings), fixed_topics(settings))


def compare_partitions(found: Mapping[str, int], begun: Mapping[str, int]) -> None:
    """Raise StateError where topics have another number of partitions than when this state was begun.

    With another number the messages of one key are in two partitions: out of order, and old states stay.
    """
    for wrong in diagnosis.check_fixed_partitions(found, begun):
        raise StateError(f"{wrong.found}: {wrong.advice}")


def check_eviction(connection: Connection) -> None:
    """Raise RedisSetupError where a server would evict keys when its memory is full; one that does not report it passes."""
    try:
        connection.everywhere("INFO", "replication")
    except RedisError as error:
        log.warning(
            "failover_unseen", "a failover of Redis that loses writes will not be noticed: {error}", error=error
        )
    try:
        answers = connection.everywhere("CONFIG", "GET", "maxmemory-policy")
    except RedisError as error:
        log.warning(
            "eviction_unknown",
            "whether Redis evicts keys is not known, so make sure that maxmemory-policy is noeviction: {error}",
            error=error,
        )
        return
    for policy in (answer[1].decode() for answer in answers if len(answer) > 1):
        if policy != "noeviction":
            raise RedisSetupError(
                f"Redis has maxmemory-policy {policy}: it would lose records silently; set noeviction"
            )
