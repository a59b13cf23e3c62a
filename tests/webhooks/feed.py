"""Events on a real topic, and a dispatcher that sends them to a real receiver."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import orjson
from prometheus_client import CollectorRegistry

from streams.events import EVENTS, Outgoing
from streams.settings import Settings
from streams.state.connection import connect
from streams.webhooks.configuration import read_webhooks
from streams.webhooks.dispatcher import Dispatcher
from streams.webhooks.metrics import WebhookMetrics
from streams.webhooks.schedule import Schedule
from streams.webhooks.states import EndpointState, StateStore
from tests.client.topics import messages

__all__ = ["WAITS", "Hooks", "dispatching", "event", "events_of", "run", "until"]

WAITS = (0.2, 0.3, 0.4)
"""Seconds between the attempts of tests, in place of 5 s to 12 h."""


def event(cluster: str, revision: int = 1, **fields: Any) -> Outgoing:
    """An event of a cluster with one record."""
    made = {
        "event_id": f"{cluster}:{revision}", "type": "created", "cluster_id": cluster, "revision": revision,
        "before": [], "after": [f"m:{cluster}"], "causes": [f"m:{cluster}"], "evidence": [],
        "document": {"title": cluster}, **fields,
    }  # fmt: skip
    return Outgoing(EVENTS, cluster.encode(), orjson.dumps(made))


def events_of(works: int, seed: int) -> list[Outgoing]:
    """The events that a worker publishes for a made-up feed."""
    return [each for batch in messages(works, seed) for each in batch if each.topic == EVENTS and each.value]


def run(story: Callable[[], Awaitable[None]], seconds: float = 90) -> None:
    async def in_time() -> None:
        async with asyncio.timeout(seconds):
            await story()

    asyncio.run(in_time())


async def until(condition: Callable[[], Any], what: str, seconds: float = 40) -> None:
    try:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"did not happen within {seconds:.0f} s: {what}") from None


class Hooks:
    """A dispatcher of a test, and what it wrote."""

    def __init__(
        self, settings: Settings, file: Path, waits: tuple[float, ...], off_after: float, lease_seconds: float
    ) -> None:
        self.registry = CollectorRegistry()
        self.settings = settings
        schedule = Schedule(waits, off_after, Random(1))  # noqa: S311 - not for secrets
        self.dispatcher = Dispatcher(
            settings, read_webhooks(str(file)), WebhookMetrics(self.registry), schedule, lease_seconds
        )
        self.connection = connect(settings)
        self.store = StateStore(settings.namespace, self.connection)

    def state(self, name: str = "a") -> EndpointState:
        """The state of an endpoint in Redis; one that says nothing where there is none yet."""
        return self.store.read().get(name) or EndpointState(name, status="")

    def counted(self, outcome: str, name: str = "a") -> float:
        labels = {"name": name, "outcome": outcome}
        return self.registry.get_sample_value("streams_webhook_deliveries_total", labels) or 0.0

    def gauge(self, metric: str, name: str = "a") -> float | None:
        return self.registry.get_sample_value(metric, {"name": name})


@asynccontextmanager
async def dispatching(
    settings: Settings,
    file: Path,
    waits: tuple[float, ...] = WAITS,
    off_after: float = 3600,
    lease_seconds: float = 10,
) -> AsyncIterator[Hooks]:
    """Send to the endpoints of a file."""
    hooks = Hooks(settings, file, waits, off_after, lease_seconds)
    try:
        async with hooks.dispatcher:
            yield hooks
    finally:
        hooks.connection.close()
