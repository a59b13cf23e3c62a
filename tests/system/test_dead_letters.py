"""`streams dead-letter` beside a worker that runs: poison is listed and shown, sent again after a fix, dropped, and counted."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import IncompatibleBrokerVersion

from streams.feed_files.payloads import Payload
from streams.kafka.connection import KafkaConnection
from streams.kafka.dead_letters import Letter, contents, standing
from streams.kafka.feed import send
from streams.kafka.producer import Publisher
from streams.kafka.topics import create_topics, record_topic
from streams.local.run import own_generation, read_cluster_states
from streams.local.services import Services
from streams.local.worker import WorkerProcess
from streams.records.stored import id_of
from streams.settings import Settings
from streams.state.connection import Connection, connect
from streams.state.layout import Layout
from streams.state.progress import Progress
from streams.synthetic import generate
from tests.system.poison import BAD, MENDED
from tests.system.processes import Streams, metric, wait_for

pytestmark = pytest.mark.system

GOOD = [
    Payload("document", item.record_id.encode(), item.value)
    for item in generate(41, 40)
    if item.event == "new" and item.live
]
DELETED = [Payload("document", payload.key, b"") for payload in GOOD[:5]]
PAGE = b'[{"title":"One without an id"},{"source":"p","id":"1","title":"One of a page that is good"},null]'
MISSENT = Payload("crossref", b"m:9", b'{"source":"m","id":"9","title":"A document among the works of Crossref"}')
HUGE = Payload("document", b"m:8", b'{"source":"m","id":"8","title":"' + b"x" * 19 * 2**20)
"""With what is said about it this is more than the topic of the dead letters takes."""
LONG = Payload(
    "document", b"m:7", b'{"source":"m","id":"7","title":"A long one","abstract":"' + b"x" * 19 * 2**20 + b'"}'
)
"""As large, and a record."""
UNLUCKY = Payload("document", b"m:5", b'{"source":"m","id":"5","title":"A record whose state is broken"}')


class World:
    """A running worker, what was sent to it, and the command line beside it."""

    def __init__(self, streams: Streams, settings: Settings, connection: Connection, worker: WorkerProcess) -> None:
        self.streams, self.settings, self.connection, self.worker = streams, settings, connection, worker
        self.layout = Layout(settings.namespace, settings.generation, settings.buckets)
        self.progress = Progress(self.layout, connection)
        self.sent = 0

    def send(self, payloads: list[Payload]) -> None:
        async def publish() -> None:
            async with Publisher(
                KafkaConnection.of(self.settings), self.settings.topic_prefix, shared=True, max_bytes=2**25
            ) as publisher:
                async for _ in send(publisher, payloads):
                    pass

        asyncio.run(publish())
        self.expect(len(payloads))

    def expect(self, more: int) -> None:
        """Wait until so many more messages are handled."""
        self.sent += more
        wait_for(lambda: sum(self.progress.positions().values()) >= self.sent, f"{self.sent} messages handled")
        assert sum(self.progress.positions().values()) == self.sent

    def cli(self, *arguments: str) -> str:
        return self.streams.ok("dead-letter", *arguments)

    def letters(self) -> list[Letter]:
        return asyncio.run(standing(self.settings))

    def origin(self, payload: bytes) -> str:
        """The origin of the newest letter with this payload."""

        async def find() -> str:
            letters = await standing(self.settings)
            found = [letter async for letter, content in contents(self.settings, letters) if content.payload == payload]
            return max(found, key=lambda letter: letter.time).origin

        return asyncio.run(find())

    def metric(self, name: str) -> float:
        """A counter of the worker, over all its labels."""
        return metric(self.worker.read("/metrics"), name)

    def clustered(self) -> list[str]:
        states = asyncio.run(read_cluster_states(self.settings))
        return sorted(record for _, records, _ in states for record in records)


@pytest.fixture
def world(
    streams: Callable[..., Streams], tmp_path: Path, broker_settings: Callable[[], dict[str, Any]]
) -> Iterator[World]:
    with Services(Settings(**broker_settings())) as services:
        own = own_generation(services.settings)
        asyncio.run(create_topics(own))
        connection = connect(own)
        with WorkerProcess(own, tmp_path / "worker.log") as worker:
            worker.wait_ready()
            given = {name: getattr(own, name) for name in ("kafka_url", "redis_url", "generation", "topic_prefix")}
            yield World(streams(**given), own, connection, worker)
            assert worker.restarts == 0
        connection.close()


def test_poison_is_listed_shown_sent_again_dropped_and_counted(world: World) -> None:
    poison = [Payload(source, key, value) for source, key, value, _ in BAD.values()]
    mended = [Payload("document", key, value) for key, value in MENDED.values()]
    # A state that no worker can read, as a fault of the disk would leave it.
    broken = id_of("m:5")
    world.connection.call("HSET", world.layout.records(broken), broken, b"\x01not a version")
    world.send([*GOOD, *poison, MISSENT, Payload("document", b"", PAGE), UNLUCKY, *mended, *DELETED])
    check_list(world)
    check_show(world, BAD["binary"][2])
    check_retry(world)

    # The state is mended: what failed inside is a record now.
    world.connection.call("HDEL", world.layout.records(broken), broken)
    world.cli("retry", "--reason", "internal_error")
    world.expect(1)
    assert "m:5" in world.clustered()

    # Every record sent is in a cluster, deleted, a letter, or was dropped by a person.
    assert world.cli("drop", "--reason", "xml_doctype") == "1 dead letters dropped\n"
    messages = {letter.origin for letter in world.letters()}
    pages = 2  # a page counts twice: its good record, and its bad ones as one message
    sent = len(GOOD) + len(BAD) + len(MENDED) + len((MISSENT, UNLUCKY)) + pages
    assert sent == len(world.clustered()) + len(DELETED) + len(messages) + len(("dropped",))

    refused = world.streams("dead-letter", "drop", "--all")
    assert refused.returncode == 2
    assert "--yes" in refused.stderr
    world.cli("drop", "--all", "--yes")
    assert world.letters() == []
    check_cut(world)


@pytest.mark.long
def test_a_record_is_as_large_as_its_topic_takes(world: World) -> None:
    allow(world.settings, record_topic(world.settings, LONG.source), 2**25)
    world.send([LONG, *GOOD[:1]])
    assert set(world.clustered()) > {"m:7"}
    assert world.letters() == []


def allow(settings: Settings, topic: str, size: int) -> None:
    """Have a topic take larger messages than ours do, as its owner may. The embedded broker takes any, and no such order."""

    async def alter() -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka_url)
        await admin.start()
        try:
            limit = ConfigResource(ConfigResourceType.TOPIC, topic, configs={"max.message.bytes": str(size)})
            with contextlib.suppress(IncompatibleBrokerVersion):
                await admin.alter_configs([limit])
        finally:
            await admin.close()

    asyncio.run(alter())


def check_list(world: World) -> None:
    expected = sorted([*(code for *_, code in BAD.values()), *["no_identity"] * 2, "null_member", "internal_error"])
    listed = orjson.loads(world.cli("list", "--json"))
    assert sorted(letter["code"] for letter in listed["letters"]) == expected
    assert listed["counts"] == Counter(expected)
    assert listed["standing"] == len(expected)
    times = [letter["time"] for letter in listed["letters"]]
    assert times == sorted(times)
    table = world.cli("list", "--limit", "1", "--source", "arxiv")
    assert "and 1 older" in table
    assert {line.split()[1] for line in table.splitlines()[-3:]} == {"not_json", "xml_doctype", "current"}


def check_show(world: World, payload: bytes) -> None:
    origin = world.origin(payload)
    raw = subprocess.run(
        [sys.executable, "-m", "streams", "dead-letter", "show", origin, "--raw"],
        env=world.streams.environment, capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    assert raw.stdout == payload
    shown = world.cli("show", origin)
    assert "\x00" not in shown
    assert "(--raw gives all of it)" in shown
    (fields,) = orjson.loads(world.cli("show", origin, "--json"))
    assert b64decode(fields["payload_base64"]) == payload
    assert fields["code"] == "not_json"


def check_retry(world: World) -> None:
    """To where it belongs; both letters of a page with one message; what is still bad is a letter anew."""
    missent, page, truncated = (world.origin(value) for value in (MISSENT.value, PAGE, BAD["truncated JSON"][2]))
    assert "1 payloads sent again, 0 not" in world.cli("retry", missent, "--to", "document")
    report = orjson.loads(world.cli("retry", truncated, f"{page}#/0", "--json"))
    assert sorted(len(sent["letters"]) for sent in report["sent"]) == [1, 2]
    world.expect(3)
    now = world.letters()
    assert not {missent, truncated, page} & {letter.origin for letter in now}
    assert sorted(letter.retry_of for letter in now if letter.retry_of) == sorted([truncated, page, page])
    assert "m:9" in world.clustered()


def check_cut(world: World) -> None:
    """Too large for a letter: cut, and sent again whole from its origin."""
    allow(world.settings, record_topic(world.settings, HUGE.source), 2**25)
    world.send([HUGE])
    (letter,) = world.letters()
    assert (letter.truncated, letter.size, letter.code) == (True, len(HUGE.value), "not_json")
    assert world.metric("streams_cut_messages_total") == 1
    world.cli("retry", letter.id)
    world.expect(1)
    (again,) = world.letters()
    assert (again.truncated, again.size, again.retry_of) == (True, len(HUGE.value), letter.origin)
