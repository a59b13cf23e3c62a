"""`streams verify` where retention has taken the beginning of dedup.events: on Apache Kafka, for the embedded broker keeps all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from streams.events import EVENTS
from streams.kafka.topics import create_topics
from streams.local.services import Services
from streams.local.worker import WorkerProcess
from streams.settings import Settings
from streams.synthetic import generate
from tests.brokers import KAFKA_SESSION_SECONDS, AnyBroker
from tests.system.processes import Streams, wait_for

pytestmark = pytest.mark.system


def test_events_that_retention_has_taken_are_a_note(
    streams: Callable[..., Streams], new_broker: Callable[..., AnyBroker], broker_kind: str, tmp_path: Path
) -> None:
    if broker_kind == "tansu":
        pytest.skip("the embedded broker deletes nothing")
    broker = new_broker()
    own = Settings(kafka_url=broker.url, http_port=0, session_timeout=KAFKA_SESSION_SECONDS)
    with Services(own) as services:
        own = services.settings
        asyncio.run(create_topics(own))
        streams_ = streams(kafka_url=own.kafka_url, redis_url=own.redis_url, topic_prefix="")
        messages = [m for m in islice(generate(7, 200), 300) if m.event != "delete"]
        file = streams_.directory / "feed.jsonl"
        file.write_bytes(b"".join(orjson.dumps(m.document) + b"\n" for m in messages))

        def report() -> dict[str, Any]:
            found: dict[str, Any] = orjson.loads(streams_.ok("verify", "--json"))
            return found

        with WorkerProcess(own, tmp_path / "worker.log") as worker:
            worker.wait_ready()
            streams_.ok("send", "--source", "document", file)
            wait_for(lambda: report()["messages"] == len(messages), "all were handled")
            before = report()
            assert before["notes"] == {}
            asyncio.run(forget(own))
            after = report()
        assert after["ok"]
        assert 0 < after["notes"]["events_begin_late"] < before["clusters"]
        assert after["events"] < before["events"]


async def forget(settings: Settings) -> None:
    """As retention does: one partition loses its beginning, another all it has."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka_url)
    await admin.start()
    whole, part = RecordsToDelete(before_offset=-1), RecordsToDelete(before_offset=5)
    await admin.delete_records({TopicPartition(EVENTS, 0): part, TopicPartition(EVENTS, 1): whole})
    await admin.close()
