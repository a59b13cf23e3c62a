"""A worker on which every message fails is not ready, says why, sends few dead letters, and recovers when the cause is gone."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiokafka import AIOKafkaProducer

from streams.kafka.dead_letters import standing
from streams.kafka.topics import create_topics, record_topic
from streams.local.run import read_cluster_states
from streams.local.services import Services
from streams.local.worker import WorkerProcess
from streams.records.stored import id_of
from streams.settings import Settings
from streams.state.connection import connect
from streams.state.layout import Layout
from streams.state.progress import Progress
from streams.worker.poison import BRAKE
from tests.system.processes import wait_for

pytestmark = pytest.mark.system

PAPER = {"source": "s", "title": "Deep residual learning of sparse graph representations", "year": 2015}
COPIES = [f"s:{number}" for number in range(1, BRAKE + 10)]
_STAMP_AND_A_BIT = 30
"""What is left of the damaged value: its record version and the beginning of its features."""


def test_a_damaged_value_that_every_message_meets_does_not_empty_the_feed_into_dead_letters(
    broker_settings: Callable[[], dict[str, Any]], tmp_path: Path
) -> None:
    """Every record is a copy of the first one, whose features in Redis are cut off."""
    with Services(Settings(**broker_settings())) as services:
        own = services.settings.model_copy(update={"http_port": 0})
        asyncio.run(create_topics(own))
        layout, connection = Layout(own.namespace, own.generation, own.buckets), connect(own)
        progress = Progress(layout, connection)
        first, key = id_of("s:0"), layout.records(id_of("s:0"))
        with WorkerProcess(own, tmp_path / "worker.log") as worker:
            worker.wait_ready()
            asyncio.run(_send(own, ["s:0"]))
            wait_for(lambda: sum(progress.positions().values()) == 1, "the first record is stored")
        whole = connection.call("HGET", key, first)
        assert len(whole) > _STAMP_AND_A_BIT
        connection.call("HSET", key, first, whole[:_STAMP_AND_A_BIT])

        with WorkerProcess(own, tmp_path / "worker.log") as worker:  # a new one has not decoded the value before
            worker.wait_ready()
            asyncio.run(_send(own, COPIES))
            reason = wait_for(lambda: _stuck(worker), "the worker is not ready", 60)
            assert reason.startswith(f"{BRAKE} messages in a row failed: ")
            assert b'"live":true' in worker.read("/healthz"), "a restart would not help"
            before = worker.read("/metrics")
            wait_for(lambda: worker.read("/metrics") != before and _stuck(worker), "it tries again, in vain")
            letters = asyncio.run(standing(own))
            assert len(letters) == BRAKE
            assert {letter.code for letter in letters} == {"internal_error"}

            connection.call("HSET", key, first, whole)
            wait_for(worker.ready, "it is ready when the value is whole", 60)
            wait_for(lambda: sum(progress.positions().values()) == 1 + len(COPIES), "it has processed all", 60)
            refused = {letter.origin for letter in asyncio.run(standing(own))}
            clusters = asyncio.run(read_cluster_states(own))
        connection.close()
    assert len(refused) == BRAKE, "no more of them"
    clustered = {record for _, records, _ in clusters for record in records}
    assert len(clustered) >= 1 + len(COPIES) - BRAKE, "all that are no dead letters"


async def _send(settings: Settings, records: list[str]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=settings.kafka_url) as producer:
        for record in records:
            value = orjson.dumps(PAPER | {"id": record.partition(":")[2], "authors": ["Ada Lovelace", "Alan Turing"]})
            await producer.send(record_topic(settings, "document"), value, record.encode())
        await producer.flush()


def _stuck(worker: WorkerProcess) -> str:
    """Return why every message fails, as `/readyz` says it; empty while the worker is ready, or not for that reason."""
    try:
        with urllib.request.urlopen(f"{worker.url}/readyz", timeout=5):  # noqa: S310 - on loopback
            return ""
    except urllib.error.HTTPError as error:
        checks = {check["name"]: check for check in orjson.loads(error.read())["checks"]}
        reason = str(checks["worker"]["reason"])
        return reason if "in a row failed" in reason else ""
