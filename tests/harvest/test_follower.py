"""The states of harvesters followed on a real broker, from before their topic is there until after another state came."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from streams.harvest.checkpoints import Checkpoint, CheckpointStore, State
from streams.harvest.follower import HarvestFollower
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.topics import create_topics, harvest_topics
from streams.settings import Settings


async def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so; the caller has a limit."""
    while not is_so():
        await asyncio.sleep(0.05)


def test_states_are_followed_from_before_there_are_any(settings: Settings) -> None:
    async def story() -> None:
        follower = HarvestFollower(settings)
        assert follower.answered == 0.0
        assert follower.problem
        task = asyncio.create_task(follower.run())
        try:
            async with asyncio.timeout(60):
                await until(lambda: not follower.problem)
                assert follower.states() == []
                assert follower.answered > 0
                await create_topics(settings, specs=harvest_topics(settings, "arxiv"))
                async with Publisher(KafkaConnection.of(settings), settings.topic_prefix, shared=True) as publisher:
                    store = CheckpointStore(settings, "arxiv", publisher)
                    done = Checkpoint("arxiv", "2026-11-01", "2026-11-02")
                    await store.write(done)
                    for state in (State("arxiv", "working"), State("arxiv", "waiting", success=1.5)):
                        await store.write_state(state)
                await until(lambda: follower.states() == [State("arxiv", "waiting", success=1.5, checkpoint=done)])
        finally:
            task.cancel()
            await asyncio.wait([task])

    asyncio.run(story())


def test_while_kafka_is_away_it_says_so() -> None:
    async def story() -> None:
        follower = HarvestFollower(Settings(kafka_url="127.0.0.1:1"))
        task = asyncio.create_task(follower.run())
        async with asyncio.timeout(60):
            await until(lambda: "127.0.0.1:1" in follower.problem)
        task.cancel()
        await asyncio.wait([task])
        assert follower.states() == []

    asyncio.run(story())
