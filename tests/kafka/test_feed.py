"""Files are sent chunk by chunk, each noted after Kafka has it, on a real broker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from streams.errors import BrokerError, UsageError
from streams.events import Outgoing
from streams.feed_files.chunks import read_chunks
from streams.feed_files.journal import Journal
from streams.feed_files.payloads import Payload
from streams.kafka.connection import KafkaConnection
from streams.kafka.feed import send, send_chunks
from streams.kafka.producer import Publisher
from streams.kafka.reader import read_to_now
from streams.kafka.topics import create_topics, record_topic
from streams.local.services import Services
from streams.settings import Settings

COUNT = 2500


@pytest.fixture(scope="module")
def settings(broker_settings: Callable[[], dict[str, Any]]) -> Iterator[Settings]:
    with Services(Settings(**broker_settings())) as running:
        own = running.settings.model_copy(
            update={"topic_prefix": f"{running.settings.topic_prefix}feed.", "partitions": 2}
        )
        asyncio.run(create_topics(own))
        yield own


class Failing(Publisher):
    """Refuses the third chunk, once."""

    left = 2

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        self.left -= 1
        if self.left == -1:
            raise BrokerError("away")
        await super().publish(messages)


def topic(settings: Settings, source: str) -> list[str]:
    async def read() -> list[str]:
        messages = read_to_now(KafkaConnection.of(settings), [record_topic(settings, source)])
        return [message.key.decode() async for message in messages]

    return asyncio.run(read())


def test_what_was_not_acknowledged_is_sent_by_the_next_run(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "works.jsonl"
    file.write_bytes(b"\n".join(orjson.dumps({"DOI": f"10.5555/{n}"}) for n in range(COUNT)))

    async def run() -> int:
        async with Failing(KafkaConnection.of(settings), settings.topic_prefix, shared=True) as publisher:
            with Journal(tmp_path / "journal", "crossref", "records.crossref") as journal:
                chunks = read_chunks("crossref", [str(file)], journal.marks)
                return sum([len(chunk.payloads) async for chunk in send_chunks(publisher, chunks, journal.add)])

    with pytest.raises(BrokerError, match="away"):
        asyncio.run(run())
    assert asyncio.run(run()) == COUNT - 2000
    assert sorted(topic(settings, "crossref")) == sorted(f"10.5555/{n}" for n in range(COUNT))
    assert asyncio.run(run()) == 0


def test_a_file_that_cannot_be_read_on_is_an_error_after_what_came_before(settings: Settings) -> None:
    def chunks() -> Iterator[Any]:
        yield from read_chunks("core", [__file__])  # a topic that no other test reads
        raise UsageError("cut off")

    async def run() -> None:
        async with Publisher(KafkaConnection.of(settings), settings.topic_prefix, shared=True) as publisher:
            async for _ in send_chunks(publisher, chunks(), lambda _marks: None):
                pass

    with pytest.raises(UsageError, match="cut off"):
        asyncio.run(run())


def test_payloads_of_a_program_are_sent_in_chunks(settings: Settings) -> None:
    async def run() -> list[int]:
        async with Publisher(KafkaConnection.of(settings), settings.topic_prefix, shared=True) as publisher:
            payloads = (Payload("openalex", f"W{n}".encode(), b"{}") for n in range(1500))
            return [sent async for sent in send(publisher, payloads)]

    assert asyncio.run(run()) == [1000, 1500]
    assert len(topic(settings, "openalex")) == 1500
