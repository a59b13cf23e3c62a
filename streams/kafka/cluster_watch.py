"""What the broker says of topics and of the consumer group, on the connection of a publisher."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from aiokafka.client import CoordinationType
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from aiokafka.errors import KafkaError, for_code
from aiokafka.protocol.admin import DescribeGroupsRequest

from streams.errors import BrokerError

__all__ = ["assigned_partitions", "list_partitions"]

_STABLE = "Stable"


async def list_partitions(client: Any) -> Mapping[str, frozenset[int]]:
    """Return the partitions of each topic that this user may describe. Raises BrokerError."""
    try:
        metadata = await client.fetch_all_metadata()
    except KafkaError as error:
        raise BrokerError(f"Kafka does not describe its topics: {str(error) or type(error).__name__}") from error
    # aiokafka has only those partitions that were described without an error.
    return {topic: frozenset(metadata.partitions_for_topic(topic) or ()) for topic in metadata.topics()}


async def assigned_partitions(client: Any, group: str) -> Mapping[str, frozenset[int]] | None:
    """Return the partitions of each topic that the members of a group have; None where that is not known: in a rebalance.

    Raises BrokerError.
    """
    try:
        node = await client.coordinator_lookup(CoordinationType.GROUP, group)
        request = DescribeGroupsRequest(groups=[group], include_authorized_operations=False)
        answer = await client.send(node, request)
    except KafkaError as error:
        raise BrokerError(f"Kafka does not describe the group {group}: {str(error) or type(error).__name__}") from error
    code, _, state, _, _, members, *_ = answer.groups[0]
    if code:
        raise BrokerError(f"Kafka does not describe the group {group}: {for_code(code).__name__}")
    assignments = [member[4] for member in members]
    if state != _STABLE or not all(assignments):  # the embedded broker does not say who has what
        return None
    found: dict[str, set[int]] = defaultdict(set)
    for assignment in assignments:
        for topic, partition in ConsumerProtocolMemberAssignment.decode(assignment).partitions():
            found[topic].add(partition)
    return {topic: frozenset(numbers) for topic, numbers in found.items()}
