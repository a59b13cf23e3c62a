"""A harvester that publishes in transactions: what it takes back was never said."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiokafka import AIOKafkaProducer

from streams.kafka.topics import create_topics, record_topic
from streams.local.run import read_cluster_states
from streams.local.services import Services
from streams.local.worker import WorkerProcess
from streams.settings import Settings
from tests.system.processes import wait_for

pytestmark = pytest.mark.system


def test_only_what_was_committed_is_read(
    broker_settings: Callable[[], dict[str, Any]], broker_kind: str, tmp_path: Path
) -> None:
    if broker_kind == "tansu":
        pytest.skip("the embedded broker has no transactions")
    with Services(Settings(**broker_settings())) as services:
        own = services.settings.model_copy(update={"http_port": 0})
        asyncio.run(create_topics(own))

        async def send() -> None:
            topic = record_topic(own, "document")
            async with AIOKafkaProducer(bootstrap_servers=own.kafka_url, transactional_id=own.app_id) as producer:
                for number in range(30):
                    await producer.begin_transaction()
                    value = orjson.dumps({"source": "s", "id": str(number), "title": f"Stars of the number {number}"})
                    await producer.send_and_wait(topic, value, f"s:{number}".encode(), 0)
                    await (producer.commit_transaction() if number % 2 else producer.abort_transaction())

        def clustered() -> list[str]:
            return sorted(record for _, records, _ in asyncio.run(read_cluster_states(own)) for record in records)

        with WorkerProcess(own, tmp_path / "worker.log") as worker:
            worker.wait_ready()  # so that what was taken back leaves gaps between two fetches
            asyncio.run(send())
            wait_for(lambda: "s:29" in clustered(), "the last one was handled")
            assert clustered() == sorted(f"s:{number}" for number in range(1, 30, 2))
