"""Events over HTTP: parameters, refusals, and a stream from a real broker."""

from __future__ import annotations

import asyncio
import http.client
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import orjson
import pytest

from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.topics import create_topics
from streams.local.serve import ServeProcess
from streams.local.services import Services
from streams.serve.routes.events import EventType
from streams.settings import Settings
from streams.subscriptions import hub
from streams.subscriptions.filters import TYPES
from tests.serve.conftest import Client
from tests.subscriptions.client import Client as EventClient
from tests.subscriptions.test_hub import some_events

PATH = "/api/v1/events"


def test_the_types_are_those_of_events() -> None:
    assert get_args(EventType) == TYPES


@pytest.mark.parametrize(
    ("params", "status", "code"),
    [
        ({"type": "born"}, 400, "invalid"),
        ({"since": "yesterday"}, 400, "invalid"),
        ({"from": "then"}, 400, "invalid"),
        ({"cluster": "x"}, 422, "malformed"),
        ({"doi": "no doi"}, 422, "malformed"),
    ],
)
def test_filters_that_are_none_are_refused(client: Client, params: dict[str, str], status: int, code: str) -> None:
    answer = client.get(PATH, params=params)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_without_a_broker_it_says_when_to_come_back(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "_START_SECONDS", 0.1)
    answer = client.get(PATH)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.system
def test_a_stream_goes_on_after_the_last_id(broker_settings: Callable[[], dict[str, Any]], tmp_path: Path) -> None:
    with Services(Settings(partitions=1, **broker_settings())) as services:
        asyncio.run(create_topics(services.settings))
        asyncio.run(publish(services.settings, 6))
        with ServeProcess(services.settings, tmp_path / "serve.log") as api:
            api.wait_ready()
            first = take(api, 3, "?from=beginning")
            rest = take(api, 3, "?document=true", {"Last-Event-ID": first.last_event_id})
            assert clusters(first) + clusters(rest) == [f"paper{number}" for number in range(6)]
            api.child.kill()
            api.keep_alive()
            api.wait_ready()
            assert clusters(take(api, 3, "", {"Last-Event-ID": first.last_event_id})) == clusters(rest)


async def publish(settings: Settings, count: int) -> None:
    async with Publisher(KafkaConnection.of(settings), settings.topic_prefix) as publisher:
        await publisher.publish(some_events("paper", count))


def clusters(client: EventClient) -> list[str]:
    return [orjson.loads(data)["cluster_id"] for _, kind, data in client.received if kind.startswith("cluster.")]


def take(api: ServeProcess, most: int, query: str, headers: dict[str, str] | None = None) -> EventClient:
    """Receive events until there are enough."""
    connection = http.client.HTTPConnection(api.settings.serve_host, api.settings.serve_port, timeout=30)
    connection.request("GET", PATH + query, headers=headers or {})
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("Content-Type")) == (200, "text/event-stream; charset=utf-8")
    client = EventClient()
    while len(clusters(client)) < most:
        client.feed(answer.readline())
    connection.close()
    return client
