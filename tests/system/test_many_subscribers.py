"""Many subscribers over HTTP to one `streams serve`: each receives every event, in one order.

The clients are those of bench/subscribers.py, which measures 500 of them.
"""

from __future__ import annotations

import asyncio
import sys
import urllib.request
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from streams.kafka.topics import create_topics
from streams.local.serve import ServeProcess
from streams.local.services import Services
from streams.settings import Settings
from tests.system.processes import metric, wait_for

sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))

import subscribers
from event_clients import EventClients

pytestmark = [pytest.mark.system, pytest.mark.long]


@pytest.fixture
def api(tmp_path: Path, broker_settings: Callable[[], dict[str, Any]]) -> Iterator[ServeProcess]:
    """The service over servers of its own, with topics and no worker: the test publishes events itself."""
    with Services(Settings(http_port=0, **broker_settings())) as services:
        own = services.settings.model_copy(update={"serve_port": 0, "serve_requests_per_second": 0})
        asyncio.run(create_topics(own))
        with ServeProcess(own, tmp_path / "serve.log") as running:
            running.wait_ready()
            yield running


def read(api: ServeProcess, name: str) -> float:
    with urllib.request.urlopen(f"{api.url}/metrics", timeout=20) as answer:  # noqa: S310 - on loopback
        return metric(answer.read(), name)


def test_sixty_subscribers_receive_every_event_in_one_order(api: ServeProcess) -> None:
    paths = [subscribers.PATHS[number % 2] for number in range(60)]
    numbers, published = count(), 0
    with EventClients((api.settings.serve_host, api.settings.serve_port), paths) as clients:
        wait_for(lambda: clients.received().connected == 60, "all are connected")
        assert read(api, "streams_subscribers") == 60
        for rate in (300.0, 0.0, 300.0):
            asyncio.run(subscribers.publish(api.settings, numbers, 1_000, rate))
            published += 1_000
        assert subscribers.faults(subscribers.wait_for(clients, published), published) == []
    wait_for(lambda: read(api, "streams_subscribers") == 0, "all have gone")
    assert read(api, "streams_subscribers_dropped_total") == 0
