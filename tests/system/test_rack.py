"""A worker with `STREAMS_KAFKA_RACK` reads from the replica of its rack, on two nodes of Apache Kafka with a replica selector."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from streams.events import Outgoing
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.topics import create_topics
from streams.local.broker import free_port
from streams.local.valkey import Valkey
from streams.local.worker import WorkerProcess
from streams.settings import Settings
from tests.brokers import KAFKA_SESSION_SECONDS, Kafka
from tests.system.processes import metric, wait_for
from tests.system.test_brokers import admin

pytestmark = pytest.mark.system

_SELECTOR = "org.apache.kafka.common.replica.RackAwareReplicaSelector"
_REQUESTS = "-Dorg.slf4j.simpleLogger.log.kafka.request.logger=debug"
_FETCH = "FETCH"


class Node(Kafka):
    """A node in a rack, which writes every request into its log; it is the controller where no other one is given."""

    def __init__(self, directory: Path, rack: str, number: int = 1, controller: str = "") -> None:
        own: dict[str, Any] = {"broker_rack": rack, "replica_selector_class": _SELECTOR, "node_id": number}
        super().__init__(directory, **own)
        self._number, self._controller = number, controller
        self.child.command.insert(1, _REQUESTS)

    @property
    def properties(self) -> dict[str, str]:
        lines = (self._directory / "kafka.properties").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if line)

    @property
    def controller(self) -> str:
        """The `id@host:port` of the controller."""
        return self.properties["controller.quorum.voters"]

    def _format(self, port: int) -> None:
        super()._format(port)
        if not self._controller:
            return
        given = self.properties | {"process.roles": "broker", "controller.quorum.voters": self._controller}
        given["listeners"] = given["listeners"].partition(",CONTROLLER")[0]
        given["listener.security.protocol.map"] += ",CONTROLLER:PLAINTEXT"
        (self._directory / "kafka.properties").write_text("".join(f"{k}={v}\n" for k, v in given.items()))
        meta = self._directory / "data" / "meta.properties"
        lines = [line for line in meta.read_text().splitlines() if not line.startswith(("node.id", "directory.id"))]
        meta.write_text("\n".join([*lines, f"node.id={self._number}", "directory.id=Rk9MTE9XRVJTLURJUi0wMg"]) + "\n")

    def fetches(self) -> Iterator[dict[str, Any]]:
        """Yield the requests for messages of consumers, with the partitions and the rack that they name."""
        for line in self.child.log.read_text(errors="replace").splitlines():
            _, found, rest = line.partition("Completed request:")
            if found and f'"requestApiKeyName":"{_FETCH}"' in rest:
                with suppress(json.JSONDecodeError):  # the last line may be half written
                    request = json.loads(rest)["request"]
                    if request.get("replicaId") == -1:  # as consumers say it; nodes say theirs elsewhere
                        yield request


@pytest.fixture
def nodes(tmp_path: Path, broker_kind: str) -> Iterator[tuple[Node, Node]]:
    if broker_kind != "kafka":
        pytest.skip("the embedded broker is one node")
    first = Node(tmp_path / "first", "west-1")
    first.start()
    second = Node(tmp_path / "second", "west-2", 2, first.controller)
    try:
        second.start()
        yield first, second
    finally:
        second.stop()
        first.stop()


@pytest.mark.usefixtures("new_broker")  # what makes it one of the tests that run on Kafka
def test_a_worker_reads_from_the_replica_of_its_rack(nodes: tuple[Node, Node], valkey: Valkey, tmp_path: Path) -> None:
    first, second = nodes
    settings = Settings(
        kafka_url=first.url, kafka_rack="west-2", redis_url=valkey.url, namespace=f"rack{free_port()}", partitions=4,
        replication=2, http_port=0, session_timeout=KAFKA_SESSION_SECONDS,
    )  # fmt: skip
    asyncio.run(create_topics(settings))
    led = asyncio.run(led_by_first(settings))
    assert led, "the first node leads none"

    def read_there() -> set[int]:
        """Partitions that the first node leads, and that the worker reads from the second one."""
        asked = [part for request in second.fetches() if request["rackId"] == "west-2" for part in request["topics"]]
        return led & {
            place["partition"] for part in asked if part["topic"] == "records.document" for place in part["partitions"]
        }

    with WorkerProcess(settings, tmp_path / "worker.log") as worker:
        worker.wait_ready()
        asyncio.run(send(settings, 40))
        wait_for(lambda: metric(worker.read("/metrics"), "streams_batch_records_total") == 40, "all is handled")
        wait_for(lambda: read_there() == led, f"{led} are read from the replica in the rack of the worker")
    assert {request["rackId"] for request in first.fetches()} >= {"west-2"}, "its leader heard of the rack"


async def led_by_first(settings: Settings) -> set[int]:
    """Return the partitions of a feed that the first node leads, once both nodes have all of them."""
    async with admin(settings.kafka_url) as client:
        while True:
            (found,) = await client.describe_topics(["records.document"])
            if all(len(place["isr"]) == 2 for place in found["partitions"]):
                return {place["partition"] for place in found["partitions"] if place["leader"] == 1}
            await asyncio.sleep(0.2)


async def send(settings: Settings, count: int) -> None:
    papers = [b'{"source":"m","id":"%d","title":"Coral growth in warm sea %d"}' % (n, n) for n in range(count)]
    async with Publisher(KafkaConnection.of(settings), shared=True) as publisher:
        await publisher.publish([Outgoing("records.document", b"m:%d" % n, paper) for n, paper in enumerate(papers)])
