"""Histories of clusters on the topics of a real broker."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

import orjson

from streams.events import CLUSTERS, EVENTS, Outgoing
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.settings import Settings
from streams.totals.fold import Change, Counters
from streams.totals.snapshot import Snapshot
from tests.totals.oracle import Clusters

__all__ = ["Topic", "event_message", "nothing", "state_message"]


class Topic:
    """Changes clusters at random and publishes what a worker would, with repeats, on topics that exist."""

    def __init__(self, settings: Settings, seed: int) -> None:
        self.settings = settings
        self.random = Random(seed)  # noqa: S311 - a seed makes a test repeatable
        self.clusters = Clusters(self.random)
        self.events: list[Change] = []
        self.published = 0

    async def publish(self, changes: int, repeats: int = 0) -> None:
        """Publish the events and states of some changes, and some events of before again."""
        events = [event for _ in range(changes) for event in self.clusters.change()]
        self.events += events
        repeated = [self.random.choice(self.events) for _ in range(repeats)]
        await self.send([*map(event_message, events), *map(state_message, events), *map(event_message, repeated)])
        self.published += len(events) + len(repeated)

    async def send(self, messages: Iterable[Outgoing]) -> None:
        async with Publisher(KafkaConnection.of(self.settings), self.settings.topic_prefix) as publisher:
            await publisher.publish(list(messages))


def event_message(event: Change) -> Outgoing:
    fields = {"event_id": f"{event.cluster_id}:{event.revision}", "document": {"title": "T"}}
    for name in ("type", "cluster_id", "revision", "before", "after"):
        fields[name] = getattr(event, name)
    return Outgoing(EVENTS, event.cluster_id.encode(), orjson.dumps(fields))


def state_message(event: Change) -> Outgoing:
    fields = {"cluster_id": event.cluster_id, "revision": event.revision, "records": event.after, "document": {}}
    return Outgoing(CLUSTERS, event.cluster_id.encode(), orjson.dumps(fields) if event.after else None)


def nothing(settings: Settings) -> Snapshot:
    """Totals from which counting begins with the first event."""
    return Snapshot(Counters(), settings.topic_prefix + EVENTS)
