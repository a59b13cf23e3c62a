"""Turn Kafka's records into the messages that the engine processes."""

from __future__ import annotations

from typing import Any

from streams.engine.messages import Incoming
from streams.kafka.redrive import retried

__all__ = ["incoming"]


def incoming(source: str, record: Any) -> Incoming:
    """Return the message of one record (aiokafka's ConsumerRecord) from the topic of `source`."""
    return Incoming(
        source,
        record.key or b"",
        record.value,
        record.timestamp,
        record.topic,
        record.partition,
        record.offset,
        *(retried(record.headers) if record.headers else ()),
    )
