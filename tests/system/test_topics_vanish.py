"""Topics that are deleted, take less than Streams sends or get partitions, under a running worker: it says so while it lasts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from streams import events
from streams.kafka.connection import KafkaConnection
from streams.kafka.reader import reported_extents
from streams.local.valkey import Valkey
from streams.settings import Settings
from tests.brokers import AnyBroker
from tests.system.agreement import check_agreement
from tests.system.fault_scenario import FaultScenario
from tests.system.feeds import make_feed
from tests.system.probed_worker import ProbedWorker
from tests.system.processes import metric, wait_for
from tests.system.scenario_report import Report
from tests.system.test_brokers import admin

pytestmark = pytest.mark.system

Change = Callable[[Any], Awaitable[Any]]
REFUSAL = "8 partitions, but this state was begun with 4"


def change(own_broker: AnyBroker, work: Change) -> None:
    async def go() -> None:
        async with admin(own_broker.url) as client:
            await work(client)

    asyncio.run(go())


def send(own_broker: AnyBroker, topic: str, values: list[bytes]) -> None:
    async def go() -> None:
        async with AIOKafkaProducer(bootstrap_servers=own_broker.url) as producer:
            for number, value in enumerate(values):
                await producer.send(topic, value, key=b"%d" % number)

    asyncio.run(go())


def papers(begin: int, count: int) -> list[bytes]:
    return [
        orjson.dumps(
            {"id": str(n), "title": f"Tides of bay {n} in winter {n * 7}", "authors": ["A Reef"], "year": 2020}
        )
        for n in range(begin, begin + count)
    ]


def check(broker: AnyBroker, redis: Valkey, records: int, *others: str) -> None:
    """Nothing of `papers` is lost, and subscribers have it."""
    found = {f"document:{number}" for number in range(records)} | set(others)
    check_agreement(Settings(kafka_url=broker.url, redis_url=redis.url), found)


def of_worker(probed: ProbedWorker, name: str) -> float:
    return metric(probed.read("/metrics"), name)


@pytest.fixture
def running(probed: ProbedWorker) -> Iterator[ProbedWorker]:
    with probed.streams.start("worker"):
        probed.wait_ready()
        yield probed


def test_the_topic_of_dead_letters_is_deleted(
    running: ProbedWorker, own_broker: AnyBroker, own_redis: Valkey, broker_kind: str
) -> None:
    change(own_broker, lambda client: client.delete_topics(["dedup.dead-letter"]))
    send(own_broker, "records.document", [b"garbage"] * 200 + papers(0, 20))
    wait_for(lambda: has_said_why(running, "dedup.dead-letter"), "it says that it is not ready, and why")
    running.wait_ready()
    wait_for(lambda: of_worker(running, "streams_batch_records_total") == 220, "everything is handled")
    assert of_worker(running, "streams_rejected_records_total") == 200
    assert "topic_created_again" in running.events()
    if broker_kind != "tansu":  # which reads no topic that was made again
        check(own_broker, own_redis, 20)


def has_said_why(running: ProbedWorker, reason: str) -> bool:
    """Tell whether the worker was not ready for this reason, be it for a moment."""
    return any(line.get("event") == "worker_unready" and reason in str(line) for line in running.log())


def test_a_topic_takes_less_than_an_event(
    running: ProbedWorker, own_broker: AnyBroker, own_redis: Valkey, broker_kind: str
) -> None:
    if broker_kind == "tansu":
        pytest.skip("the embedded broker takes what it is sent")

    def limit(most: str) -> Change:
        configs = {"max.message.bytes": most}
        return lambda client: client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, "dedup.events", configs)])

    change(own_broker, limit("1500"))
    large = orjson.loads(papers(0, 1)[0]) | {"abstract": "The sea is deep and wide. " * 200}
    send(own_broker, "records.document", [orjson.dumps(large), *papers(1, 20)])
    running.wait_unready("topic dedup.events does not take a message of")
    assert "--add-config max.message.bytes=" in running.ask("/readyz")[1]
    change(own_broker, limit("16777216"))
    running.wait_ready()
    wait_for(lambda: of_worker(running, "streams_batch_records_total") == 21, "everything is handled")
    check(own_broker, own_redis, 21)


def test_the_topic_of_a_feed_is_deleted(
    probed: ProbedWorker, own_broker: AnyBroker, own_redis: Valkey, broker_kind: str
) -> None:
    """Records that were read stay; what was not read is gone with the topic, and a worker says that it reads a new one."""
    known = (
        0 if broker_kind == "tansu" else 6
    )  # the embedded broker gives nothing of a topic that was read and made again
    with probed.streams.start("worker"):
        probed.wait_ready()
        send(own_broker, "records.core", currents(0, known))
        wait_for(lambda: of_worker(probed, "streams_batch_records_total") == known, "the feed is read")
        change(own_broker, lambda client: client.delete_topics(["records.core"]))
        probed.wait_unready("topics: missing: records.core")
        send(own_broker, "records.document", papers(0, 20))
        wait_for(lambda: of_worker(probed, "streams_batch_records_total") == known + 20, "other feeds are read")
        change(own_broker, lambda client: client.create_topics([NewTopic("records.core", 4, 1)]))
        probed.wait_ready()
        send(own_broker, "records.core", currents(known, 3))
        wait_for(lambda: of_worker(probed, "streams_batch_records_total") == known + 23, "the new topic is read")
    read = [*range(known + 3)]
    if known:
        assert read_anew(probed) > 0
        read += the_topic_is_deleted_unread(probed, own_broker)
    check(own_broker, own_redis, 20, *(f"core:{number + 1}" for number in read))


def the_topic_is_deleted_unread(probed: ProbedWorker, own_broker: AnyBroker) -> list[int]:
    """Delete messages that nobody has read with their topic, while no worker runs; return which come again and are read."""
    send(own_broker, "records.core", currents(9, 4))
    change(own_broker, lambda client: client.delete_topics(["records.core"]))
    before = read_anew(probed)
    with probed.streams.start("worker"):
        probed.wait_ready()
        wait_for(lambda: read_anew(probed) > before, "it says so", 10)
        send(own_broker, "records.core", currents(11, 4))
        wait_for(lambda: of_worker(probed, "streams_batch_records_total") == 4, "what is sent again is read")
    return [*range(11, 15)]


def currents(begin: int, count: int) -> list[bytes]:
    """Papers of another feed, whose ids begin at 1."""
    return [
        orjson.dumps(
            {"id": n + 1, "title": f"Currents of strait {n} in spring {n * 11}", "authors": [{"name": "B Shoal"}]}
        )
        for n in range(begin, begin + count)
    ]


def read_anew(probed: ProbedWorker) -> int:
    """How many partitions of the feed were said to be read from their beginning, though more of them was known."""
    return sum(line["event"] == "partition_new" and line["topic"] == "records.core" for line in probed.log())


def test_partitions_that_are_added_are_read_soon(
    running: ProbedWorker, own_broker: AnyBroker, own_redis: Valkey, broker_kind: str
) -> None:
    if broker_kind == "tansu":
        pytest.skip("the embedded broker adds no partitions")
    change(own_broker, lambda client: client.create_partitions({"records.document": NewPartitions(8)}))
    wait_for(lambda: "45 partitions assigned" in str(running.log()), "a worker has them", 30)
    running.wait_ready()
    send(own_broker, "records.document", papers(0, 40))
    wait_for(lambda: of_worker(running, "streams_batch_records_total") == 40, "they are read")
    check(own_broker, own_redis, 40)


def test_topics_of_clusters_get_more_partitions(
    tmp_path: Path,
    own_broker: AnyBroker,
    own_redis: Valkey,
    broker_kind: str,
    session_seconds: float,
    tell: Callable[[str, Report], None],
) -> None:
    """Workers refuse them; what the refusal names leads to as many partitions, with nothing lost."""
    if broker_kind == "tansu":
        pytest.skip("the embedded broker adds no partitions")
    with FaultScenario(
        tmp_path, own_broker, own_redis, workers=2, batch_records=16, session_timeout=session_seconds
    ) as scenario:
        prefix = scenario.settings.topic_prefix
        more = {prefix + name: NewPartitions(8) for name in (events.EVENTS, events.CLUSTERS)}
        scenario.begin(make_feed(44, 100), rate=25)  # long enough for workers to hear of the partitions
        scenario.reach(0.1)
        change(own_broker, lambda client: client.create_partitions(more))
        for number in range(2):  # the scenario starts it again, so the line may be in the log of a run before
            logs = f"worker-{number}.log*"
            wait_for(lambda: any(REFUSAL in log.read_text() for log in tmp_path.glob(logs)), "it ends and says why", 90)  # noqa: B023
        doctor = scenario.command()("doctor")
        assert doctor.returncode == 1
        assert "was begun with 4" in doctor.stdout
        ends = asyncio.run(reported_extents(KafkaConnection.of(scenario.settings), list(more)))
        assert {place.partition for place in ends} == {0, 1, 2, 3}, (
            "meanwhile they published to the partitions that there were"
        )
        wider = {"namespace": "wider", "topic_prefix": "wider.", "app_id": "wider", "partitions": 8}
        scenario.begin_beside(**wider)
        tell("begun again with 8 partitions", scenario.finish())
        ends = asyncio.run(reported_extents(KafkaConnection.of(scenario.settings), ["wider." + events.EVENTS]))
        assert len(ends) == 8
