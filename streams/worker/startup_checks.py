"""Check what must hold before a worker starts; where it does not, the worker ends and says what to change."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from streams import events
from streams.errors import RedisError, RedisSetupError, SettingsError, StateError
from streams.event_log import EventLog
from streams.kafka.connection import KafkaConnection
from streams.ops import diagnosis
from streams.ops.probes import ask_kafka
from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.layout import meta_key

__all__ = ["check_eviction", "check_partitions", "check_session"]

log = EventLog(__name__)


async def check_session(settings: Settings) -> None:
    """Raise SettingsError where Kafka would refuse the worker: aiokafka logs that, and then waits without partitions."""
    facts = await ask_kafka(KafkaConnection.of(settings), [])
    for refused in diagnosis.check_session(facts, settings.session_timeout):
        raise SettingsError(refused.check, refused.found, refused.advice)


async def check_partitions(settings: Settings, connection: Connection) -> None:
    """Raise StateError where topics keyed by cluster no longer have as many partitions as when this state was begun.

    The first worker stores the numbers in the `meta` of the index version that the settings name. With another number the
    messages of one cluster are in two partitions: out of order, and old states stay.
    """
    names = [settings.topic_prefix + name for name in (events.EVENTS, events.CLUSTERS)]
    facts = await ask_kafka(KafkaConnection.of(settings), names)
    await asyncio.to_thread(
        _compare_partitions, settings, connection, {n: t.partitions for n, t in facts.topics.items()}
    )


def _compare_partitions(settings: Settings, connection: Connection, found: Mapping[str, int]) -> None:
    key = meta_key(settings.namespace, settings.generation)
    for name, number in found.items():
        connection.call("HSETNX", key, f"partitions:{name}", number)
        begun = int(connection.call("HGET", key, f"partitions:{name}"))
        if begun != number:
            raise StateError(
                f"topic {name} has {number} partitions, but this state was begun with {begun}, which is fixed: events of one "
                "cluster would be out of order; see docs/operations.md#partitions-are-fixed"
            )


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
