"""Sends a feed as a harvester does, whatever becomes of the broker meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from streams import events
from streams.errors import BrokerError
from streams.events import Outgoing
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.reader import read_to_now
from streams.kafka.topics import RECORDS
from streams.settings import Settings
from tests.system.feeds import Feed
from tests.system.scenario_report import Place

__all__ = ["LAST", "copy_feed", "harvest", "mark_ends"]

LAST = b"the end"
"""Key and value of the last message of every partition; no record, so it becomes a dead letter."""

_LOT = 100
_PAUSE_SECONDS = 0.2
_TOPICS = (*(RECORDS + source for source in ("document", "crossref", "openalex", "arxiv")), events.CORRECTIONS)


async def harvest(
    settings: Settings, feed: Feed, rate: float, over: Callable[[], bool], share: Callable[[], float] = lambda: 1.0
) -> dict[Place, int]:
    """Send messages and corrections in their order: `rate` a second, or (0) as fast as the broker takes them.

    No more than `share` of the feed is sent so far; it is asked again and again. What the broker has not acknowledged is sent
    again, until `over` says that nobody waits for it. Returns the offset at which every partition ends.
    """
    began, sent = time.monotonic(), 0
    size = max(1, round(rate / 4)) if rate else _LOT
    lots = [feed.messages[start : start + size] for start in range(0, len(feed.messages), size)]
    for lot, corrections in zip(lots, _spread(feed.corrections, len(lots)), strict=True):
        while sent >= share() * len(feed.messages) and not over():
            await asyncio.sleep(_PAUSE_SECONDS)
        messages = [Outgoing(RECORDS + m.source, m.key, m.value or None) for m in lot]
        messages += [Outgoing(events.CORRECTIONS, b"", c.value) for c in corrections]
        await _patiently(lambda messages=messages: _publish(settings, messages), over)  # type: ignore[misc]
        sent += len(lot)
        if rate:
            await asyncio.sleep(began + sent / rate - time.monotonic())
    ends: dict[Place, int] = {}

    async def mark() -> None:
        ends.update(await mark_ends(settings))

    await _patiently(mark, over)
    return ends


async def copy_feed(old: Settings, new: Settings) -> None:
    """Send what the topics of feeds and of corrections have to those of other settings, each partition in its order."""
    names = {old.topic_prefix + name: name for name in _TOPICS}
    async with Publisher(KafkaConnection.of(new), new.topic_prefix, shared=True) as publisher:
        async for message in read_to_now(KafkaConnection.of(old), list(names)):
            if message.key != LAST:
                await publisher.publish([Outgoing(names[message.topic], message.key or b"", message.value)])


async def _patiently(work: Callable[[], Coroutine[Any, Any, None]], over: Callable[[], bool]) -> None:
    while not over():
        try:
            return await work()
        except (BrokerError, KafkaError):
            await asyncio.sleep(_PAUSE_SECONDS)
    return None


async def _publish(settings: Settings, messages: Iterable[Outgoing]) -> None:
    async with Publisher(KafkaConnection.of(settings), settings.topic_prefix, shared=True) as publisher:
        await publisher.publish(list(messages))


async def mark_ends(settings: Settings) -> dict[Place, int]:
    """When the last message of every partition that the feed uses is handled, so is all before it; return where each ends."""
    ends: dict[Place, int] = {}
    async with AIOKafkaProducer(bootstrap_servers=settings.kafka_url, acks="all") as producer:
        for topic in (settings.topic_prefix + name for name in _TOPICS):
            for partition in sorted(await producer.partitions_for(topic)):
                taken = await producer.send_and_wait(topic, LAST, key=LAST, partition=partition)
                ends[topic, partition] = taken.offset + 1
    return ends


def _spread(items: list[Any], lots: int) -> Iterator[list[Any]]:
    """Items in order, about evenly over so many lots."""
    for number in range(lots):
        yield items[len(items) * number // lots : len(items) * (number + 1) // lots]
