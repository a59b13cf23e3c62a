"""Topics with the messages that a worker publishes, made in memory, on a real broker."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Any

import orjson

from streams.api.event import ClusterState
from streams.events import CLUSTERS, EVENTS, Outgoing
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.reader import read_to_now
from streams.settings import Settings
from streams.testing import FakeStreams, generated_feed

__all__ = ["clusters_now", "messages", "plain", "publish", "run"]


def run(story: Awaitable[None], seconds: float = 60) -> None:
    """Run a coroutine to its end."""

    async def in_time() -> None:
        async with asyncio.timeout(seconds):
            await story

    asyncio.run(in_time())


def messages(works: int, seed: int, batch: int = 5) -> list[list[Outgoing]]:
    """Batches of what a worker publishes for a made-up feed: events and states."""
    fake, records = FakeStreams(), [item.record for item in generated_feed(works, seed, noise=2.0)]
    return [
        [
            Outgoing(each.topic, each.key, each.value)
            for each in fake.send(records[start : start + batch])
            if each.topic in (EVENTS, CLUSTERS)
        ]
        for start in range(0, len(records), batch)
    ]


async def publish(settings: Settings, *batches: Iterable[Outgoing]) -> None:
    """Publish each batch as a worker does, and wait until the broker has it."""
    async with Publisher(KafkaConnection.of(settings), settings.topic_prefix) as publisher:
        for batch in batches:
            await publisher.publish(list(batch))


async def clusters_now(settings: Settings) -> dict[str, Any]:
    """The last message of every key of `dedup.clusters`, decoded, without the tombstones."""
    found: dict[str, Any] = {}
    async for message in read_to_now(KafkaConnection.of(settings), [settings.topic_prefix + CLUSTERS]):
        found[message.key.decode()] = orjson.loads(message.value) if message.value else None
    return {name: state for name, state in found.items() if state}


def plain(view: Iterable[ClusterState]) -> dict[str, Any]:
    """The clusters of a view as `clusters_now` has them."""
    found = {}
    for state in view:
        fields = {"cluster_id": state.id, "revision": state.revision, "records": list(state.records)}
        relations = {"relations": [each._asdict() for each in state.relations]} if state.relations else {}
        found[state.id] = fields | relations | {"document": state.document}
    return found
