"""`streams dead-letter` beside a worker that runs: poison is listed and shown, sent again after a fix, dropped, and counted."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from base64 import b64decode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from processes import Streams, wait_for
from test_poison import BAD, MENDED

from streams.agents.dead_letters import contents, standing
from streams.agents.feed import Payload, send
from streams.agents.publisher import Publisher
from streams.agents.topics import create_topics
from streams.index.connection import Connection, connect
from streams.index.layout import Layout, id_of
from streams.index.progress import Progress
from streams.local.run import own_generation, read_cluster_states
from streams.local.services import Services
from streams.local.worker import WorkerProcess
from streams.settings import Settings
from streams.testing import generate

pytestmark = pytest.mark.system

GOOD = [
    Payload("document", item.record_id.encode(), item.value)
    for item in generate(41, 40)
    if item.event == "new" and item.live
]
DELETED = [Payload("document", payload.key, b"") for payload in GOOD[:5]]
PAGE = b'[{"title":"One without an id"},{"source":"p","id":"1","title":"One of a page that is good"},null]'
MISSENT = Payload("crossref", b"m:9", b'{"source":"m","id":"9","title":"A document among the works of Crossref"}')
UNLUCKY = Payload("document", b"m:5", b'{"source":"m","id":"5","title":"A record whose state is broken"}')


class World:
    """A running worker, what was sent to it, and the command line beside it."""

    def __init__(self, streams: Streams, settings: Settings, connection: Connection) -> None:
        self.streams, self.settings, self.connection = streams, settings, connection
        self.layout = Layout(settings.namespace, settings.generation, settings.buckets)
        self.progress = Progress(self.layout, connection)
        self.sent = 0

    def send(self, payloads: list[Payload]) -> None:
        async def publish() -> None:
            async with Publisher(self.settings.kafka_url, self.settings.topic_prefix, shared=True) as publisher:
                async for _ in send(publisher, payloads):
                    pass

        asyncio.run(publish())
        self.expect(len(payloads))

    def expect(self, more: int) -> None:
        """Wait until so many more messages are handled."""
        self.sent += more
        wait_for(lambda: sum(self.progress.positions().values()) >= self.sent, f"{self.sent} messages handled")
        assert sum(self.progress.positions().values()) == self.sent

    def letters(self, *filters: str) -> Any:
        return orjson.loads(self.streams.ok("dead-letter", "list", "--json", *filters))

    def origin(self, payload: bytes) -> str:
        """The origin of the newest letter with this payload."""

        async def find() -> str:
            letters = await standing(self.settings)
            found = [letter async for letter, content in contents(self.settings, letters) if content.payload == payload]
            return max(found, key=lambda letter: letter.time).origin

        return asyncio.run(find())

    def clustered(self) -> list[str]:
        states = asyncio.run(read_cluster_states(self.settings))
        return sorted(record for _, records, _ in states for record in records)


def raw_of(shown: dict[str, Any]) -> bytes:
    return b64decode(shown["payload_base64"]) if "payload_base64" in shown else shown["payload"].encode()


@pytest.fixture
def world(streams: Callable[..., Streams], tmp_path: Path) -> Iterator[World]:
    with Services(Settings()) as services:
        own = own_generation(services.settings)
        asyncio.run(create_topics(own))
        connection = connect(own)
        with WorkerProcess(own, tmp_path / "worker.log") as worker:
            worker.wait_ready()
            given = {name: getattr(own, name) for name in ("kafka_url", "redis_url", "generation", "topic_prefix")}
            yield World(streams(**given), own, connection)
            assert worker.restarts == 0
        connection.close()


def test_poison_is_counted_shown_sent_again_and_dropped(world: World) -> None:
    poison = [Payload(source, key, value) for source, key, value, _ in BAD.values()]
    mended = [Payload("document", key, value) for key, value in MENDED.values()]
    # A state that no worker can read, as a fault of the disk would leave it.
    broken = id_of("m:5")
    world.connection.call("HSET", world.layout.records(broken), broken, b"\x01not a stamp")
    world.send([*GOOD, *poison, MISSENT, Payload("document", b"", PAGE), UNLUCKY, *mended, *DELETED])

    listed = world.letters()
    expected = sorted(
        [code for *_, code in BAD.values()] + ["no_identity", "no_identity", "null_member", "internal_error"]
    )
    assert sorted(letter["code"] for letter in listed["letters"]) == expected
    assert listed["standing"] == sum(listed["counts"].values()) == len(expected)
    assert [letter["time"] for letter in listed["letters"]] == sorted(letter["time"] for letter in listed["letters"])
    assert {letter["code"] for letter in world.letters("--source", "arxiv")["letters"]} == {"not_json", "xml_doctype"}
    table = world.streams.ok("dead-letter", "list", "--limit", "2")
    assert f"and {len(expected) - 2} older" in table
    counted = world.streams.ok("dead-letter", "list", "--counts")
    assert {line.split()[1]: int(line.split()[0]) for line in counted.splitlines()[:-1]} == listed["counts"]

    # Shown: the bytes as they came, and for people.
    binary = BAD["binary"][2]
    (origin,) = {e["origin"] for e in world.letters("--source", "arxiv", "--reason", "not_json")["letters"]}
    raw = subprocess.run(
        [sys.executable, "-m", "streams", "dead-letter", "show", origin, "--raw"],
        env=world.streams.environment, capture_output=True, check=True, timeout=30,
    )  # fmt: skip
    assert raw.stdout == binary
    shown = world.streams.ok("dead-letter", "show", origin)
    assert "\x00" not in shown
    assert "(--raw gives all of it)" in shown
    (fields,) = orjson.loads(world.streams.ok("dead-letter", "show", origin, "--json"))
    assert raw_of(fields) == binary

    # Sent again to where it belongs; both letters of a page with one message; what is still bad is a letter anew.
    missent, page = world.origin(MISSENT.value), world.origin(PAGE)
    truncated = world.origin(BAD["truncated JSON"][2])
    told = world.streams.ok("dead-letter", "retry", missent, "--to", "document")
    assert "1 payloads sent again, 0 not" in told
    again = orjson.loads(world.streams.ok("dead-letter", "retry", truncated, f"{page}#/0", "--json"))
    assert sorted(len(sent["letters"]) for sent in again["sent"]) == [1, 2]
    world.expect(3)
    now = {letter["id"]: letter for letter in world.letters()["letters"]}
    assert not {missent, truncated, f"{page}#/0", f"{page}#/2"} & now.keys()
    assert sorted(letter["retry_of"] for letter in now.values() if letter["retry_of"]) == sorted(
        [truncated, page, page]
    )
    assert "m:9" in world.clustered()

    # The state is mended: what failed inside is a record now.
    world.connection.call("HDEL", world.layout.records(broken), broken)
    world.streams.ok("dead-letter", "retry", "--reason", "internal_error")
    world.expect(1)
    assert "m:5" in world.clustered()

    # Dropped, and counted: every record sent is in a cluster, deleted, a letter, or was dropped by a person.
    gone = world.streams.ok("dead-letter", "drop", "--reason", "xml_doctype")
    assert gone.startswith("1 dead letters dropped")
    standing = {letter["origin"] for letter in world.letters()["letters"]}
    records = world.clustered()
    assert len(GOOD) + len(BAD) + len(MENDED) + 2 + 2 == len(records) + len(DELETED) + len(standing) + 1
    refused = world.streams("dead-letter", "drop", "--all")
    assert refused.returncode == 2
    assert "--yes" in refused.stderr
    world.streams.ok("dead-letter", "drop", "--all", "--yes")
    assert world.letters() == {"standing": 0, "counts": {}, "letters": []}
    assert world.streams("dead-letter", "show", origin).returncode == 2
