"""Curators over HTTP on real processes: a worker is killed, the service is killed, and the queue is right all the same."""
# ruff: noqa: S310 - addresses on loopback

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import orjson
import pytest

from streams.curation.database import Database
from streams.curation.follower import Follower
from streams.feed_files.payloads import Payload
from streams.kafka.connection import KafkaConnection
from streams.kafka.feed import send
from streams.kafka.producer import Publisher
from streams.kafka.topics import create_topics
from streams.local.services import Services
from streams.local.worker import WorkerProcess
from streams.serve.tokens import TokenFile
from streams.settings import Settings
from tests.curation.test_folding import content
from tests.serve.desk import CHAPTER, OTHER
from tests.system.processes import Streams, wait_for

pytestmark = [pytest.mark.system, pytest.mark.long]

API = "/api/v1"
FOLDED = {"doubt": 12, "correction": 8, "refusal": 1, "letter": 13, "position": 4}
"""Tables, and how many of their columns come from the topics; those after them are what was found when pairs were looked at."""


class Answer(NamedTuple):
    """A response of the service; 0 where none came."""

    status: int
    body: Any
    headers: Any


class Service:
    """A process `streams serve`, which is started, killed, and started again beside the same servers."""

    def __init__(self, streams: Streams, token: str) -> None:
        self.streams = streams
        self._token = {"Authorization": f"Bearer {token}"}
        self._open = contextlib.ExitStack()
        self._url = ""
        self._pid = 0

    def start(self) -> None:
        said = (
            len(re.findall("API on ", self.streams.output())) if (self.streams.directory / "output.txt").exists() else 0
        )
        process = self._open.enter_context(self.streams.start("serve"))
        self._pid = process.pid
        found = wait_for(
            lambda: len(urls := re.findall(r"API on (http://\S+)/api/v1", self.streams.output())) > said and urls[-1],
            "the service says where it is",
        )
        self._url = found
        wait_for(lambda: self.get("/corrections").status == 200, "the service answers")

    def kill(self) -> None:
        os.kill(self._pid, signal.SIGKILL)
        self._open.close()

    def close(self) -> None:
        self._open.close()

    def get(self, path: str) -> Answer:
        return self._ask(urllib.request.Request(self._url + API + path, headers=self._token))

    def post(self, path: str, body: object = None) -> Answer:
        data = orjson.dumps(body) if body is not None else b""
        return self._ask(
            urllib.request.Request(
                self._url + API + path, data, {"Content-Type": "application/json", **self._token}, method="POST"
            )
        )

    @staticmethod
    def _ask(request: urllib.request.Request) -> Answer:
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return Answer(answer.status, orjson.loads(answer.read()), answer.headers)
        except urllib.error.HTTPError as error:
            return Answer(error.code, orjson.loads(error.read()), error.headers)
        except OSError:
            return Answer(0, None, None)


class World:
    """Servers, a feed, and the service over them."""

    def __init__(self, settings: Settings, service: Service, data: Path) -> None:
        self.settings, self.service, self.data = settings, service, data

    def send(self, *documents: dict[str, object] | bytes) -> None:
        payloads = [
            Payload("document", b"k", each if isinstance(each, bytes) else orjson.dumps({"source": "mine", **each}))
            for each in documents
        ]

        async def publish() -> None:
            kafka = KafkaConnection.of(self.settings)
            async with Publisher(kafka, self.settings.topic_prefix, shared=True) as publisher:
                async for _ in send(publisher, payloads):
                    pass

        asyncio.run(publish())

    def cluster(self, record: str) -> list[str]:
        """The records of the cluster that a record is in."""
        found = self.service.get(f"/lookup?record={record}").body
        if not found.get("clusters"):
            return []
        return list(self.service.get(f"/clusters/{found['clusters'][0]}").body["records"])


@pytest.fixture
def world(
    streams: Callable[..., Streams], tmp_path: Path, broker_settings: Callable[[], dict[str, Any]]
) -> Iterator[World]:
    with Services(Settings(http_port=0, **broker_settings())) as services:
        own = services.settings
        asyncio.run(create_topics(own))
        data = tmp_path / "serve"
        given = {name: getattr(own, name) for name in ("kafka_url", "redis_url", "topic_prefix", "app_id")}
        file = TokenFile(tmp_path / "tokens")
        secret = file.create("curator", "operate")
        service = Service(streams(serve_port=0, serve_data=data, serve_tokens_file=file.path, **given), secret)
        try:
            yield World(own, service, data)
        finally:
            service.close()


def test_a_correction_is_followed_also_by_a_worker_that_comes_later(world: World, tmp_path: Path) -> None:
    service = world.service
    service.start()
    with WorkerProcess(world.settings, tmp_path / "one.log") as worker:
        worker.wait_ready()
        world.send({"id": "1", **CHAPTER}, {"id": "2", **OTHER})
        (pair,) = wait_for(lambda: service.get("/review").body["items"], "a person is asked about the pair")
        wait_for(lambda: open_pairs(service) == 1, "it is counted")
        assert (pair["a"]["record"], pair["b"]["record"]) == ("mine:1", "mine:2")
        assert service.post(f"/review/{pair['id']}/claim").body["claimed_by"] == "curator"
        made = service.post("/corrections", {"action": "same", "a": "mine:1", "b": "mine:2", "reason": "one book"})
        assert (made.status, made.body["status"]) == (200, "active")
        assert world.cluster("mine:2") == ["mine:1", "mine:2"]
        assert service.get("/review").body["items"] == []
        wait_for(lambda: open_pairs(service) == 0, "it is counted no more")
        refused = service.post("/corrections", {"action": "different", "a": "mine:1", "b": "mine:2"})
        assert (refused.status, refused.body["code"]) == (409, "correction_conflict")
        assert refused.body["conflicts"] == [made.body["id"]]
        os.kill(worker.child.pid, signal.SIGKILL)
    sent = service.post("/corrections", {"action": "undo", "undoes": made.body["id"], "id": "by-client"})
    assert (sent.status, sent.body["status"]) == (202, "sent")
    again = service.post("/corrections", {"action": "undo", "undoes": made.body["id"], "id": "by-client"})
    assert (again.status, again.body) == (202, sent.body)
    assert sent.headers["Location"] == f"{API}/corrections/by-client"
    with WorkerProcess(world.settings, tmp_path / "two.log"):
        wait_for(lambda: service.get("/corrections/by-client").body["status"] == "done", "it is decided", 60)
        wait_for(lambda: world.cluster("mine:2") == ["mine:2"], "the clusters follow")
        wait_for(lambda: service.get("/review").body["items"], "the question is open again")
    assert len([c for c in service.get("/corrections").body["items"] if c["id"] == "by-client"]) == 1


def test_a_killed_service_has_the_queue_of_a_fold_from_nothing(world: World, tmp_path: Path) -> None:
    """Questions, corrections and dead letters come in while the service is killed again and again."""
    random = Random(7)  # noqa: S311 - a seed makes a test repeatable
    service = world.service
    stop = threading.Event()

    def feed() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            doi = {"doi": f"10.5555/book.{number}"}
            world.send({"id": f"{number}-a", **CHAPTER, **doi}, {"id": f"{number}-b", **OTHER, **doi}, b"{", b"[null]")

    with WorkerProcess(world.settings, tmp_path / "worker.log") as worker:
        worker.wait_ready()
        feeding = threading.Thread(target=feed)
        feeding.start()
        try:
            for number in range(6):
                service.start()
                wait_for(lambda: service.get("/review").body["items"], "pairs to review")
                pair = service.get("/review").body["items"][0]
                said = {
                    "action": random.choice(("same", "different")),
                    "a": pair["a"]["record"],
                    "b": pair["b"]["record"],
                }
                assert service.post("/corrections", said | {"id": f"k{number}"}).status in (200, 202)
                letters = wait_for(lambda: service.get("/dead-letters").body["items"], "dead letters")
                action = random.choice(("drop", "retry"))
                outcome = service.post(f"/dead-letters/{action}", {"origins": [letters[0]["origin"]]})
                assert (outcome.status, len(outcome.body["items"])) == (200, 1)
                stop.wait(random.random() / 2)
                service.kill()
        finally:
            stop.set()
            feeding.join()
    kept, fresh = (
        asyncio.run(folded(world.settings, world.data)),
        asyncio.run(folded(world.settings, tmp_path / "fresh")),
    )
    assert kept == fresh
    assert len(kept["doubt"]) > 5
    assert len(kept["letter"]) > 5
    assert {f"k{number}" for number in range(6)} == {row[0] for row in kept["correction"]}


def open_pairs(service: Service) -> int | None:
    """How many pairs are open for review, by the totals."""
    totals = service.get("/stats").body["totals"]
    return totals["review"]["open"] if totals and totals["review"] else None


async def folded(settings: Settings, directory: Path) -> dict[str, list[tuple[Any, ...]]]:
    """The file of a directory once it has all that is in the topics, by what comes from them."""
    database = Database(str(directory), f"{settings.namespace} {settings.topic_prefix}")
    await database.open()
    follower = Follower(settings, database)
    follower.start()
    try:
        async with asyncio.timeout(60):
            await follower.is_current.wait()
            await asyncio.sleep(1.5)  # the embedded broker does not say where its topics end
        found = await database.run(content)
    finally:
        await follower.stop()
        await database.close()
    return {table: sorted(row[:columns] for row in found[table]) for table, columns in FOLDED.items()}
