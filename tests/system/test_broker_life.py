"""What the brokers remember, what they forget by themselves, and how fast a group gets over a change; see docs/brokers.md."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.local.broker import SESSION_SECONDS
from tests.brokers import KAFKA_SESSION_SECONDS, AnyBroker
from tests.system.processes import wait_for
from tests.system.test_brokers import admin, committed_group, make_topic, read, send, told

pytestmark = pytest.mark.system

_CLEANING_SECONDS = {"tansu": 5.0, "kafka": 40.0}
"""How long one that drops nothing is watched, and the other may take."""
QUICK = {
    "log_cleaner_backoff_ms": 100,
    "log_retention_check_interval_ms": 100,
    "log_initial_task_delay_ms": 100,
    "log_segment_delete_delay_ms": 100,
}
"""Kafka looks for what it may drop every 15 s and every 5 minutes otherwise."""


async def committed(url: str, group: str, place: TopicPartition) -> int | None:
    async with AIOKafkaConsumer(bootstrap_servers=url, group_id=group, enable_auto_commit=False) as consumer:
        consumer.assign([place])
        found: int | None = await consumer.committed(place)
        return found


async def topics(url: str) -> list[str]:
    async with admin(url) as client:
        return list(await client.list_topics())


@pytest.mark.parametrize("how", ["a restart", "kill -9 and a restart"])
def test_what_is_there_after_a_restart(new_broker: Callable[[], AnyBroker], broker_kind: str, how: str) -> None:
    broker = new_broker()
    group, place = asyncio.run(committed_group(broker.url))
    asyncio.run(send(broker.url, place.topic, b"last"))
    (broker.stop if how == "a restart" else broker.kill)()
    broker.start()
    kept = told(broker_kind)[f"keeps topics and offsets over {how}"]
    assert (place.topic in asyncio.run(topics(broker.url))) == kept
    if kept:
        assert asyncio.run(read(broker.url, place.topic, b"last")) == [b"1", b"2", b"last"]
        # A group's coordinator may say that it knows nothing while it still reads what it knew.
        wait_for(lambda: asyncio.run(committed(broker.url, group, place)) == 1, "the group's offset is there")


async def first_goes(url: str, seconds: float, **configs: Any) -> bool:
    """Whether the first message of such a topic is dropped while new ones of its key come."""
    topic = await make_topic(url, segment_ms=100, **configs)
    await send(url, topic, b"first")
    deadline = time.monotonic() + seconds
    place = TopicPartition(topic, 0)
    async with AIOKafkaConsumer(bootstrap_servers=url, auto_offset_reset="earliest") as consumer:
        consumer.assign([place])
        while time.monotonic() < deadline:
            await send(url, topic, b"more")
            consumer.seek(place, 0)
            if (await consumer.getone()).offset > 0:
                return True
            await asyncio.sleep(0.2)
    return False


def test_what_goes_by_itself(new_broker: Callable[..., AnyBroker], broker_kind: str) -> None:
    url = new_broker(**QUICK).url
    cleaned: dict[str, dict[str, object]] = {
        "compacts": {"cleanup_policy": "compact", "min_cleanable_dirty_ratio": 0.01},
        "deletes messages older than `retention.ms`": {"retention_ms": 1000},
    }

    async def play() -> list[bool]:
        return await asyncio.gather(
            *(first_goes(url, _CLEANING_SECONDS[broker_kind], **configs) for configs in cleaned.values())
        )

    expected = told(broker_kind)
    assert dict(zip(cleaned, asyncio.run(play()), strict=True)) == {name: expected[name] for name in cleaned}


_MEMBER = """
import asyncio, sys
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
class Show(ConsumerRebalanceListener):
    async def on_partitions_revoked(self, revoked): pass
    async def on_partitions_assigned(self, assigned): print(len(assigned), flush=True)
async def main(url, topic, session):
    consumer = AIOKafkaConsumer(
        bootstrap_servers=url, group_id=topic, session_timeout_ms=int(session), heartbeat_interval_ms=int(session) // 3
    )
    consumer.subscribe([topic], listener=Show())
    async with consumer:
        await asyncio.to_thread(sys.stdin.read)
asyncio.run(main(*sys.argv[1:]))
"""


class Member:
    """A plain consumer in a process of its own; writes how many partitions it has into `output`."""

    def __init__(self, url: str, topic: str, session: float, output: Path) -> None:
        self._output = output
        arguments = [url, topic, str(int(session * 1000))]
        with output.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _MEMBER, *arguments],
                stdin=subprocess.PIPE,
                stdout=file,
                stderr=subprocess.DEVNULL,
            )

    def wait_for(self, partitions: int) -> None:
        def has() -> bool:
            return self._output.read_text().split()[-1:] == [str(partitions)]

        wait_for(has, f"it has {partitions} partitions")

    def leave(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(20)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def new_member(new_broker: Callable[[], AnyBroker], broker_kind: str, tmp_path: Path) -> Iterator[Callable[[], Member]]:
    """Members of one group, for the two partitions of one topic; their sessions are the shortest that workers may have."""
    url = new_broker().url
    session = {"tansu": SESSION_SECONDS, "kafka": KAFKA_SESSION_SECONDS}[broker_kind]
    topic = asyncio.run(make_topic(url, partitions=2))
    made: list[Member] = []

    def make() -> Member:
        made.append(Member(url, topic, session, tmp_path / f"member{len(made)}.txt"))
        return made[-1]

    yield make
    for member in made:
        member.kill()


@pytest.mark.parametrize("how", ["leave", "kill"])
def test_a_group_gets_over_a_change(new_member: Callable[[], Member], how: str) -> None:
    """The times are in docs/brokers.md: `pytest tests/system/test_broker_life.py -k group -s`."""
    first = new_member()
    first.wait_for(2)
    began = time.monotonic()
    second = new_member()
    first.wait_for(1)
    second.wait_for(1)
    joined = time.monotonic()
    getattr(second, how)()
    first.wait_for(2)
    print(f"\njoin {joined - began:.1f} s, {how} {time.monotonic() - joined:.1f} s")


async def _takes_over(url: str, session: float) -> bool:
    """Whether a third member gets the partition when the second has left, and the first before it heard of that."""
    topic = await make_topic(url)
    times = {"session_timeout_ms": round(session * 1000), "heartbeat_interval_ms": round(session * 1000) // 3}
    first, second, third = [AIOKafkaConsumer(topic, bootstrap_servers=url, group_id=topic, **times) for _ in range(3)]
    await first.start()  # it returns when the group has told it its partitions
    await second.start()
    await asyncio.sleep(session)
    await second.stop()
    await first.stop()
    try:
        async with asyncio.timeout(3 * session):
            await third.start()
    except TimeoutError:
        return False
    finally:
        await third.stop()
    return True


def test_the_leader_leaves_in_a_rebalance(new_broker: Callable[[], AnyBroker], broker_kind: str) -> None:
    url = new_broker().url
    session = {"tansu": SESSION_SECONDS, "kafka": KAFKA_SESSION_SECONDS}[broker_kind]

    async def groups() -> list[bool]:  # in some of them the first may have heard of it in time
        return await asyncio.gather(*(_takes_over(url, session) for _ in range(4)))

    assert all(asyncio.run(groups())) == told(broker_kind)["lets the leader of a group leave in a rebalance"]
