"""Finds the payload that a stored record was made of, as its source sent it. Nothing is written.

A record keeps when its message arrived: the broker's timestamp and the low bits of the offset. So the message is found by its time
in the topic of its source, without a search.
"""

from __future__ import annotations

from contextlib import aclosing
from typing import NamedTuple

from streams.kafka.connection import KafkaConnection
from streams.kafka.reader import read_at_time
from streams.kafka.topics import record_topic
from streams.query.index_reader import IndexReader
from streams.records.record import Record
from streams.records.stored import id_of
from streams.records.version import arrival
from streams.settings import Settings
from streams.sources import SOURCES, parse
from streams.sources.document import NAME as DOCUMENT

__all__ = ["ARRIVAL_BITS", "Payload", "arrival_of", "read_payload"]

ARRIVAL_BITS = 20


class Payload(NamedTuple):
    """A payload, the topic, partition and offset of its message, and the broker's time in ms. `records` is their number in it."""

    value: bytes
    topic: str
    partition: int
    offset: int
    time: int
    records: int


def arrival_of(index: IndexReader, record: str) -> int | None:
    """Return the arrival of the payload that is stored of a record (`records.version.arrival`); None where none is stored."""
    key = id_of(record)
    reader = index.reader()
    reader.load([key])
    stored = reader.stored()[key]
    return stored.version.taken if stored is not None and stored.version.live else None


async def read_payload(settings: Settings, record: str, arrived: int) -> Payload | None:
    """Return the payload of a record that arrived so; None where the topic no longer has it.

    A dead letter that was sent again keeps its first arrival, so its payload is found where it was first sent. Raises BrokerError.
    """
    source = record.partition(":")[0]
    source = source if source in SOURCES else DOCUMENT
    topic = record_topic(settings, source)
    messages = read_at_time(KafkaConnection.of(settings), topic, arrived >> ARRIVAL_BITS)
    async with aclosing(messages) as found:  # type: ignore[type-var]
        async for message in found:
            if message.value is None or arrival(message.timestamp, message.offset) != arrived:
                continue
            records = [item for item in parse(source, message.value, message.key) if isinstance(item, Record)]
            if any(item.id == record for item in records):
                return Payload(message.value, topic, message.partition, message.offset, message.timestamp, len(records))
    return None
