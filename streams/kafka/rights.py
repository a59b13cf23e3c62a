"""What the user of a connection may do with topics and a consumer group, as Kafka says it, and what a worker has to.

aiokafka has no request for the rights on topics: version 8 of Kafka's request for metadata is described here. It reads the answer
about a group, in version 3 of that request, as the version before it, which ends before the rights.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupAuthorizationFailedError, KafkaError
from aiokafka.protocol.admin import DescribeGroupsRequest_v3, DescribeGroupsResponse_v3
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Boolean, Int16, Int32, Schema, String

from streams import events
from streams.errors import BrokerError
from streams.kafka.connection import KafkaConnection, started
from streams.kafka.refusal import principal, quiet
from streams.kafka.topics import fixed_topics, input_topics
from streams.settings import Settings

__all__ = ["Rights", "ask_rights", "missing_rights", "refuse_missing_rights"]

_SECONDS = 10.0
_CODES = {"Read": 3, "Write": 4}
_DENIED = 30


class Rights(NamedTuple):
    """The operations of `Read` and `Write` that are allowed on each topic, and on the group; None: the broker does not say."""

    topics: Mapping[str, frozenset[str]]
    group: frozenset[str] | None


class _MetadataResponse(Response):  # type: ignore[misc]  # aiokafka has no types there
    API_KEY = 3
    API_VERSION = 8
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "brokers",
            Array(("node_id", Int32), ("host", String("utf-8")), ("port", Int32), ("rack", String("utf-8"))),
        ),
        ("cluster_id", String("utf-8")),
        ("controller_id", Int32),
        (
            "topics",
            Array(
                ("error_code", Int16),
                ("name", String("utf-8")),
                ("is_internal", Boolean),
                (
                    "partitions",
                    Array(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", Array(Int32)),
                        ("isr", Array(Int32)),
                        ("offline", Array(Int32)),
                    ),
                ),
                ("operations", Int32),
            ),
        ),
        ("operations", Int32),
    )


class _MetadataStruct(RequestStruct):  # type: ignore[misc]
    API_KEY = 3
    API_VERSION = 8
    RESPONSE_TYPE = _MetadataResponse
    SCHEMA = Schema(
        ("topics", Array(String("utf-8"))), ("create", Boolean), ("of_cluster", Boolean), ("of_topics", Boolean)
    )


class _MetadataRequest(Request[_MetadataStruct]):  # type: ignore[misc]
    """Ask for all topics: some brokers create one that is asked for by name and does not exist."""

    API_KEY = 3

    def build(self, request_struct_class: type[_MetadataStruct]) -> _MetadataStruct:
        return request_struct_class(None, False, False, True)


class _GroupStruct(DescribeGroupsRequest_v3):  # type: ignore[misc]
    RESPONSE_TYPE = DescribeGroupsResponse_v3


class _GroupRequest(Request[_GroupStruct]):  # type: ignore[misc]
    API_KEY = 15

    def __init__(self, group: str) -> None:
        self._group = group

    def build(self, request_struct_class: type[_GroupStruct]) -> _GroupStruct:
        return request_struct_class([self._group], True)


async def ask_rights(settings: Settings, seconds: float = _SECONDS) -> Rights:
    """Ask for the rights on all topics that may be described, and on the group of the settings. Raises BrokerError."""
    kafka = KafkaConnection.of(settings)
    admin = AIOKafkaAdminClient(request_timeout_ms=int(seconds * 1000), **kafka.client("rights"))
    try:
        with quiet():
            async with asyncio.timeout(seconds), started(admin, kafka):
                return Rights(await _of_topics(admin), await _of_group(admin, settings.app_id))
    except (TimeoutError, OSError) as error:
        raise BrokerError(
            f"Kafka at {kafka.shown} does not say what {principal(kafka)} may do: {error or type(error).__name__}"
        ) from error


async def _of_topics(admin: Any) -> dict[str, frozenset[str]]:
    try:
        answer = await admin._send_request(_MetadataRequest())
    except KafkaError:  # a broker without this version: the embedded one
        return {}
    named = ((topic["name"], _named(topic["operations"])) for topic in answer.to_object()["topics"])
    return {name: allowed for name, allowed in named if allowed is not None}


async def _of_group(admin: Any, group: str) -> frozenset[str] | None:
    try:
        answer = await admin._send_request_to_node(await admin.find_coordinator(group), _GroupRequest(group))
    except GroupAuthorizationFailedError:
        return frozenset()
    except KafkaError:
        return None
    code, *_, operations = answer.groups[0]
    if code == _DENIED:
        return frozenset()
    return (
        _named(operations) if isinstance(operations, int) else None
    )  # an old version of the answer ends with the members


def _named(operations: int) -> frozenset[str] | None:
    """Return the operations in a bit field; None where a broker does not fill it in: what is described has one right at least."""
    return frozenset(name for name, code in _CODES.items() if operations >> code & 1) if operations > 0 else None


def missing_rights(settings: Settings, rights: Rights) -> Iterator[str]:
    """Yield what a worker has to be granted: each right with the topics, or the group, that it lacks."""
    own = [settings.topic_prefix + name for name in (events.EVENTS, events.CLUSTERS, events.CONTROL)]
    needed = {"Read": [*input_topics(settings), *own], "Write": [*fixed_topics(settings), own[-1]]}
    for right, topics in needed.items():
        lacking = [name for name in topics if right not in rights.topics.get(name, frozenset((right,)))]
        if lacking:
            yield f"{right} on the topics {', '.join(lacking)}"
    if rights.group is not None and "Read" not in rights.group:
        yield f"Read on the group {settings.app_id}"


async def refuse_missing_rights(settings: Settings) -> None:
    """Raise BrokerError where the user of the settings lacks a right that a worker needs."""
    if missing := "; ".join(missing_rights(settings, await ask_rights(settings))):
        user = principal(KafkaConnection.of(settings))
        raise BrokerError(f"{user} lacks {missing}: grant it (docs/how-to/kafka-security.md)")
