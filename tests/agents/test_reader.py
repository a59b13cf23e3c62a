"""Reading topics to an end that is known, on a real broker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from brokers import AnyBroker

from streams.agents.publisher import Publisher
from streams.agents.reader import read_to_now
from streams.agents.topics import create_topics
from streams.events import EVENTS, Outgoing
from streams.settings import Settings


def test_what_is_older_may_be_left_out_and_what_is_not_never_is(new_broker: Callable[..., AnyBroker]) -> None:
    settings = Settings(kafka_url=new_broker().url, partitions=3)

    async def publish(name: str) -> None:
        async with Publisher(settings.kafka_url) as publisher:
            await publisher.publish([Outgoing(EVENTS, f"{name}{number}".encode(), b"{}") for number in range(20)])

    async def read(since: int) -> set[bytes]:
        return {message.key async for message in read_to_now(settings.kafka_url, [EVENTS], None, since)}

    async def story() -> None:
        await create_topics(settings)
        await publish("a")
        await asyncio.sleep(0.05)
        since = round(time.time() * 1000)
        await asyncio.sleep(0.05)
        await publish("b")
        old, new = ({f"{name}{number}".encode() for number in range(20)} for name in "ab")
        assert await read(0) == old | new
        assert await read(since) >= new
        assert await read(since + 3_600_000) <= old | new, "nothing so young: whatever comes, it ends"

    asyncio.run(story())
