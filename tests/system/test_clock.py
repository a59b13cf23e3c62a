"""What was said last of a record stands, whatever the clock of who said it shows."""

from __future__ import annotations

import asyncio
import time
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
from streams.state.connection import connect
from streams.state.layout import Layout
from streams.state.progress import Progress
from tests.system.processes import wait_for

pytestmark = pytest.mark.system

_HOUR_MS = 3_600_000


def test_a_harvester_whose_clock_is_fast_does_not_win(
    broker_settings: Callable[[], dict[str, Any]], broker_kind: str, tmp_path: Path
) -> None:
    if broker_kind == "tansu":
        pytest.skip("the embedded broker leaves the sender's time on messages")
    with Services(Settings(**broker_settings())) as services:
        own = services.settings.model_copy(update={"http_port": 0})
        asyncio.run(create_topics(own))

        async def send() -> None:
            async with AIOKafkaProducer(bootstrap_servers=own.kafka_url) as producer:
                for title, fast in (("A title with an error", _HOUR_MS), ("A title without", 0)):
                    value = orjson.dumps({"source": "s", "id": "1", "title": title})
                    now = int(time.time() * 1000) + fast
                    await producer.send_and_wait(record_topic(own, "document"), value, b"s:1", 0, now)

        connection = connect(own)
        progress = Progress(Layout(own.namespace, own.generation, own.buckets), connection)
        with WorkerProcess(own, tmp_path / "worker.log"):
            asyncio.run(send())
            wait_for(lambda: sum(progress.positions().values()) == 2, "both were handled")
            ((_, _, state),) = asyncio.run(read_cluster_states(own))
        connection.close()
    assert orjson.loads(state)["document"]["title"] == "A title without"
