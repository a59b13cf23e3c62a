"""A worker, `streams serve` that is killed, and a receiver that fails now and then: every event arrives, signed and in order."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, Self

import orjson
import pytest

from streams.api.cluster_view import ClusterView
from streams.events import EVENTS, Outgoing
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.reader import read_to_now
from streams.kafka.topics import RECORDS, create_topics
from streams.local.serve import ServeProcess
from streams.local.services import Services
from streams.local.worker import WorkerProcess
from streams.settings import Settings
from streams.state.connection import connect
from streams.synthetic import generate
from streams.webhooks.states import EndpointState, StateStore
from tests.client.topics import clusters_now
from tests.system.processes import Streams, wait_for
from tests.webhooks.receiver import Receiver, Said

pytestmark = [pytest.mark.system, pytest.mark.long]

SHARED = ("kafka_url", "redis_url", "topic_prefix", "app_id")


class Failing(Receiver):
    """A receiver that answers with a status, and while that is a success refuses one of a hundred events once."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.status = 204
        self._random = Random(44)  # noqa: S311 - not for secrets
        self._refused: set[str] = set()

    def _answer(self, name: str) -> Said:
        if self.status == 204 and name not in self._refused and self._random.random() < 0.01:
            self._refused.add(name)
            return Said(500)
        return Said(self.status)

    @property
    def ids(self) -> set[str]:
        """The ids of the events that were taken."""
        return {each["event_id"] for each in self.taken}


class Scene:
    """A worker and an API that sends to a receiver."""

    def __init__(self, settings: Settings, directory: Path, command: Streams, webhooks: Path) -> None:
        self._settings, self._command = settings, command
        self.worker = WorkerProcess(settings, directory / "worker.log")
        own = settings.model_copy(update={"serve_port": 0, "webhooks_file": str(webhooks)})
        self.api = ServeProcess(own, directory / "serve.log")
        self._connection = connect(settings)
        self.store = StateStore(settings.namespace, self._connection)

    def __enter__(self) -> Self:
        self.worker.__enter__()
        self.api.__enter__()
        self.worker.wait_ready()
        self.api.wait_ready()
        return self

    def __exit__(self, *_: object) -> None:
        self.api.__exit__()
        self.worker.__exit__()
        self._connection.close()

    @property
    def state(self) -> EndpointState:
        return self.store.read().get("a") or EndpointState("a", status="")

    def send(self, documents: list[Any]) -> None:
        asyncio.run(_send(self._settings, documents))

    def kill(self) -> None:
        self.api.child.kill()
        self.api.keep_alive()

    def published(self) -> set[str]:
        """The ids of all events, once the worker has done everything."""
        self._command.ok("verify", "--wait", "120", seconds=150)
        return asyncio.run(_published(self._settings))


async def _send(settings: Settings, documents: list[Any]) -> None:
    messages = [
        Outgoing(RECORDS + "document", f"{each['source']}:{each['id']}".encode(), orjson.dumps(each))
        for each in documents
    ]
    async with Publisher(KafkaConnection.of(settings), settings.topic_prefix, shared=True) as publisher:
        await publisher.publish(messages)


async def _published(settings: Settings) -> set[str]:
    found = read_to_now(KafkaConnection.of(settings), [settings.topic_prefix + EVENTS])
    return {orjson.loads(message.value)["event_id"] async for message in found}


def test_nothing_is_lost_over_kills_and_failures(
    streams: Callable[..., Streams], tmp_path: Path, broker_settings: Callable[[], dict[str, Any]]
) -> None:
    documents = [m.payload or m.document | {"deleted": True} for m in islice(generate(44, 100), 200)]
    with Services(Settings(http_port=0, batch_records=32, **broker_settings())) as services, Failing() as receiver:
        own = services.settings
        asyncio.run(create_topics(own))
        command = streams(**{name: getattr(own, name) for name in SHARED})
        with Scene(own, tmp_path, command, receiver.file(tmp_path, 'start = "beginning"')) as scene:
            scene.send(documents[:100])
            wait_for(lambda: len(receiver.taken) > 5, "events are taken")
            scene.kill()
            scene.send(documents[100:150])
            receiver.status = 503
            scene.send(documents[150:])
            wait_for(lambda: scene.state.status == "retrying", "the endpoint is down", 60)
            scene.kill()
            receiver.status = 410
            scene.store.enable("a")
            wait_for(lambda: scene.state.status == "off", "it is turned off", 60)
            assert scene.state.reason == "it answered 410 Gone"
            everything = scene.published()
            assert receiver.ids < everything
            receiver.status = 204
            scene.store.enable("a")
            wait_for(lambda: receiver.ids == everything, "all events are taken", 120)
            wait_for(lambda: scene.state.status == "sending", "the state says so")
            states = asyncio.run(clusters_now(own))
    assert receiver.unverified == []
    view = ClusterView()
    arrived: dict[str, list[int]] = defaultdict(list)
    for event in receiver.taken:
        view.apply(event)
        if event["revision"] not in arrived[event["cluster_id"]]:
            arrived[event["cluster_id"]].append(event["revision"])
    assert {each.id: (each.revision, list(each.records)) for each in view} == {
        name: (each["revision"], each["records"]) for name, each in states.items()
    }
    assert all(revisions == sorted(revisions) for revisions in arrived.values()), "each cluster's events came in order"
