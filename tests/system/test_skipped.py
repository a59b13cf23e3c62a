"""Messages that their topic loses before they are read are seen also where no later message comes, and are no lag."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from streams.events import Outgoing
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.reader import describe
from streams.kafka.topics import input_topics
from streams.local.services import Services
from streams.local.worker import WorkerProcess
from streams.settings import Settings
from tests.system.agreement import check_agreement
from tests.system.processes import metric, wait_for

pytestmark = pytest.mark.system


def test_unread_messages_that_retention_deletes_are_counted_without_a_later_one(
    tmp_path: Path, broker_settings: Callable[[], dict[str, Any]]
) -> None:
    given = broker_settings()
    if not given:
        pytest.skip("the embedded broker deletes no messages")
    with Services(Settings(partitions=1, **given)) as services:
        with WorkerProcess(services.settings, tmp_path / "first.log") as worker:
            worker.wait_ready()
            asyncio.run(send(services.settings, range(5)))
            wait_for(lambda: handled(worker) == 5 and lag(worker) == 0, "the first ones are finished")
        asyncio.run(send(services.settings, range(5, 42)))
        asyncio.run(delete_all(services.settings))
        with WorkerProcess(services.settings, tmp_path / "second.log") as worker:
            worker.wait_ready()
            wait_for(lambda: metric(worker.read("/metrics"), "streams_skipped_offsets_total") == 37, "they are counted")
            assert handled(worker) == 0
            assert lag(worker) == 0
            asyncio.run(send(services.settings, range(42, 45)))
            wait_for(lambda: handled(worker) == 3 and lag(worker) == 0, "the next ones are finished")
            assert metric(worker.read("/metrics"), "streams_skipped_offsets_total") == 37, "and counted once"
            check_agreement(services.settings, {f"m:{number}" for number in (*range(5), *range(42, 45))})


def test_what_waits_for_a_worker_that_was_away_is_its_lag(
    tmp_path: Path, broker_settings: Callable[[], dict[str, Any]]
) -> None:
    with Services(Settings(partitions=1, **broker_settings()), unix_socket=False) as services:
        assert services.redis is not None
        with WorkerProcess(services.settings, tmp_path / "worker.log") as worker:
            worker.wait_ready()
            asyncio.run(send(services.settings, range(5)))
            wait_for(lambda: handled(worker) == 5 and lag(worker) == 0, "the first ones are finished")
            services.redis.kill()
            asyncio.run(send(services.settings, range(5, 9)))
            wait_for(lambda: lag(worker) == 4, "four messages wait")
            wait_for(lambda: metric(worker.read("/metrics"), "streams_lag_seconds") > 2, "they age")
            services.redis.start()
            wait_for(lambda: handled(worker) == 9 and lag(worker) == 0, "nothing waits any more", 60)
            assert metric(worker.read("/metrics"), "streams_lag_seconds") == 0


def lag(worker: WorkerProcess) -> float:
    return metric(worker.read("/metrics"), "streams_lag_messages")


def handled(worker: WorkerProcess) -> float:
    return metric(worker.read("/metrics"), "streams_batch_records_total")


async def send(settings: Settings, numbers: Sequence[int]) -> None:
    async with Publisher(KafkaConnection.of(settings), settings.topic_prefix, shared=True) as publisher:
        await publisher.publish([Outgoing("records.document", b"m:%d" % n, paper(n)) for n in numbers])


def paper(number: int) -> bytes:
    return orjson.dumps({"source": "m", "id": str(number), "title": f"Coral growth in warm sea {number}"})


async def delete_all(settings: Settings) -> None:
    """Delete every message of the feeds, as retention does."""
    places = (await describe(KafkaConnection.of(settings), input_topics(settings))).places
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka_url)
    await admin.start()
    try:
        await admin.delete_records({place: RecordsToDelete(before_offset=-1) for place in places})
    finally:
        await admin.close()
