"""Checkpoints and states on a real broker."""

from __future__ import annotations

import asyncio

from streams.events import Outgoing
from streams.harvest.checkpoints import Checkpoint, CheckpointStore, State, read_states
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.topics import CHECKPOINTS, create_topics, harvest_topics
from streams.settings import Settings


def test_the_last_of_each_feed_is_read_and_others_are_left_alone(settings: Settings) -> None:
    async def story() -> None:
        assert await read_states(settings) == []
        assert await CheckpointStore(settings, "arxiv", None).read() == State(
            "arxiv", "ended", checkpoint=Checkpoint("arxiv")
        )
        await create_topics(settings, specs=harvest_topics(settings, "arxiv"))
        async with Publisher(KafkaConnection.of(settings), settings.topic_prefix, shared=True) as publisher:
            store = CheckpointStore(settings, "arxiv", publisher)
            for day in ("2026-11-01", "2026-11-02"):
                await store.write(Checkpoint("arxiv", "2026-11-01", day))
            await store.write_state(State("arxiv", "waiting", success=1.5))
            await CheckpointStore(settings, "arxiv:cs", publisher).write(
                Checkpoint("arxiv:cs", "2020-01-01", "2020-01-01")
            )
            await publisher.publish([Outgoing(CHECKPOINTS, b"other#state", b"no JSON")])
        done = Checkpoint("arxiv", "2026-11-01", "2026-11-02")
        assert await CheckpointStore(settings, "arxiv", None).read() == State(
            "arxiv", "waiting", success=1.5, checkpoint=done
        )
        assert await read_states(settings) == [State("arxiv", "waiting", success=1.5, checkpoint=done)]

    asyncio.run(story())
