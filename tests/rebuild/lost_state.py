"""A life whose topics are there and whose Redis is empty."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from random import Random

from streams.engine.engine import Engine
from streams.engine.messages import Incoming
from streams.engine.prepare import CORRECTIONS
from streams.events import CLUSTERS, EVENTS, Outgoing
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.topics import create_topics
from streams.rebuild.from_nothing import FromNothingReport, rebuild_from_nothing
from streams.settings import Settings
from streams.state.connection import Connection
from streams.verification.verifier import VerificationReport, Verifier
from tests.engine.worlds import handle, stored_partition
from tests.rebuild.test_rebuild_state import Live

New = Callable[[], Connection]


class World:
    """A life in one generation, of which the topics get what is published; and another generation, which is empty."""

    def __init__(self, generation: Settings, other: Settings, url: str, connections: New) -> None:
        self.live = Live(generation, connections())
        self.settings = other.model_copy(update={"kafka_url": url, "topic_prefix": generation.generation + "."})
        self.connection = connections()
        asyncio.run(create_topics(self.settings))

    def some(self, choices: Random) -> list[Incoming]:
        """Messages in the order of their arrival, which the broker gives them again."""
        return sorted(self.live.some(choices, 40), key=lambda m: (m.source == CORRECTIONS, m.taken, m.offset))

    def play(self, messages: Sequence[Incoming]) -> None:
        for start in range(0, len(messages), 5):
            handle(self.live.engine, messages[start : start + 5], self.live.published.extend)

    def publish(self, messages: Sequence[Outgoing], *, is_feed: bool = False) -> None:
        async def go() -> None:
            async with Publisher(
                KafkaConnection.of(self.settings), self.settings.topic_prefix, shared=is_feed
            ) as publisher:
                await publisher.publish(messages)

        asyncio.run(go())

    def feed(self, messages: Sequence[Incoming]) -> None:
        self.publish([Outgoing(m.topic, m.key or b"", m.value) for m in messages], is_feed=True)

    def make_again(self) -> FromNothingReport:
        return rebuild_from_nothing(self.settings)

    @property
    def partition(self) -> dict[str, set[str]]:
        return stored_partition(Engine(self.settings, self.connection))

    def verify(self) -> VerificationReport:
        async def soon() -> None:
            await asyncio.sleep(0.01)

        return asyncio.run(Verifier(self.settings, self.connection, soon).verify(5.0))


def of_clusters(world: World) -> list[Outgoing]:
    return [out for out in world.live.published if out.topic in (EVENTS, CLUSTERS)]
