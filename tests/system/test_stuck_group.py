"""Groups of workers that get stuck at the broker: a worker that waits in one restarts, and none leaves one behind."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer

from streams.kafka.topics import create_topics, record_topic
from streams.local.services import Services
from streams.local.worker import WorkerProcess
from streams.settings import Settings
from tests.brokers import AnyBroker
from tests.system.processes import wait_for

pytestmark = pytest.mark.system

_SESSION_SECONDS = 1.0


def test_a_worker_that_is_told_no_partitions_begins_anew(
    new_broker: Callable[..., AnyBroker], broker_kind: str, tmp_path: Path
) -> None:
    if broker_kind == "tansu":
        pytest.skip("the embedded broker holds a group to the protocol of members that have left")
    broker = new_broker(group_min_session_timeout_ms=500)
    with Services(Settings(http_port=0, kafka_url=broker.url, session_timeout=_SESSION_SECONDS)) as services:
        own = services.settings
        asyncio.run(create_topics(own))
        log = tmp_path / "worker.log"
        loop = asyncio.new_event_loop()

        async def join() -> AIOKafkaConsumer:
            consumer = AIOKafkaConsumer(
                record_topic(own, "document"),
                bootstrap_servers=own.kafka_url,
                group_id=own.app_id,
                session_timeout_ms=120_000,
                rebalance_timeout_ms=120_000,
                request_timeout_ms=130_000,
                heartbeat_interval_ms=1000,
            )
            await consumer.start()
            await consumer.getmany(timeout_ms=3000)
            assert consumer.assignment()
            return consumer

        # A member that speaks another protocol: Kafka refuses the worker, for good as its client takes it.
        member = loop.run_until_complete(join())
        with WorkerProcess(own, log) as worker:
            pid = worker.child.pid
            wait_for(
                lambda: "this worker restarts" in log.read_text(), "the worker restarts", 14 * _SESSION_SECONDS + 30
            )
            loop.run_until_complete(member.stop())
            wait_for(worker.ready, "it has its partitions when nobody stands in the way")
            assert worker.child.poll() is None, "it is the same process"
            assert worker.child.pid == pid
        loop.close()


@pytest.mark.long
@pytest.mark.any_broker
def test_workers_told_to_stop_in_the_same_moment_can_be_started_again(
    new_broker: Callable[..., AnyBroker], session_seconds: float, tmp_path: Path
) -> None:
    broker = new_broker()
    with Services(Settings(http_port=0, kafka_url=broker.url, session_timeout=session_seconds)) as services:
        leader, other = workers = [WorkerProcess(services.settings, tmp_path / f"{name}.log") for name in ("1", "2")]
        for _ in range(3):
            for worker in workers:
                worker.child.start()
                wait_for(leader.ready, "the first has its partitions")
            wait_for(lambda: all(worker.ready() for worker in workers), "both have theirs")
            # The leader of the group leaves it before it hears that the other has.
            os.kill(other.child.pid, signal.SIGTERM)
            time.sleep(0.1)
            os.kill(leader.child.pid, signal.SIGTERM)
            for worker in workers:
                worker.child.stop()
