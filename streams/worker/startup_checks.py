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

__all__ = ["check_eviction", "check_partitions", "check_session", "partition_reason", "partitions_changed"]

log = EventLog(__name__)

_PARTITIONS = "partitions:"
"""Field of the `meta` of an index version, before the name of a topic: its partitions when the first worker began."""


async def check_session(settings: Settings) -> None:
    """Raise SettingsError where Kafka would refuse the worker: aiokafka logs that, and then waits without partitions."""
    facts = await ask_kafka(KafkaConnection.of(settings), [])
    for refused in diagnosis.check_session(facts, settings.session_timeout):
        raise SettingsError(refused.check, refused.found, refused.advice)


async def check_partitions(settings: Settings, connection: Connection) -> Mapping[str, int]:
    """Return how many partitions the topics keyed by cluster have, which is fixed once a state was begun.

    The first worker stores the numbers in the `meta` of the index version that the settings name. With another number the
    messages of one cluster are in two partitions: out of order, and old states stay. Raises StateError where it differs.
    """
    found = await _partitions(settings)
    key = meta_key(settings.namespace, settings.generation)
    for name, number in found.items():
        await asyncio.to_thread(connection.call, "HSETNX", key, _PARTITIONS + name, number)
    if reason := await partitions_changed(settings, connection, found):
        raise StateError(reason)
    return {name.removeprefix(settings.topic_prefix): number for name, number in found.items()}


async def partitions_changed(settings: Settings, connection: Connection, found: Mapping[str, int] | None = None) -> str:
    """Return what to report of topics keyed by cluster that have another number of partitions than at first, `""` of none.

    `found` are their numbers, where the caller has asked Kafka. Changes nothing.
    """
    key, found = meta_key(settings.namespace, settings.generation), found or await _partitions(settings)
    begun = await asyncio.to_thread(lambda: [connection.call("HGET", key, _PARTITIONS + name) for name in found])
    pairs = zip(found.items(), begun, strict=True)
    return "; ".join(filter(None, (partition_reason(name, number, int(at or number)) for (name, number), at in pairs)))


def partition_reason(name: str, number: int, begun: int) -> str:
    """Return what to report of a topic with this number of partitions, `""` where it is the one that the state was begun with."""
    if number == begun:
        return ""
    return (
        f"topic {name} has {number} partitions, but this state was begun with {begun}, which is fixed: events of one "
        "cluster would be out of order; see docs/operations.md#partitions-are-fixed"
    )


async def _partitions(settings: Settings) -> Mapping[str, int]:
    names = [settings.topic_prefix + name for name in (events.EVENTS, events.CLUSTERS)]
    facts = await ask_kafka(KafkaConnection.of(settings), names)
    return {name: topic.partitions for name, topic in facts.topics.items()}


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
