"""A real broker for harvesters, and what is in its topics afterwards."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from streams.kafka.connection import KafkaConnection
from streams.kafka.reader import read_to_now
from streams.kafka.topics import record_topic
from streams.local.services import Services
from streams.settings import Settings

_NUMBERS = itertools.count(1)
Folded = dict[str, bytes | None]


@pytest.fixture(scope="module")
def services(broker_settings: Callable[[], dict[str, Any]]) -> Iterator[Services]:
    with Services(Settings(**broker_settings())) as running:
        yield running


@pytest.fixture
def settings(services: Services) -> Settings:
    """Settings of a harvester with topics of its own, that waits for nothing."""
    return services.settings.model_copy(
        update={
            "topic_prefix": f"{services.settings.topic_prefix}h{next(_NUMBERS)}.",
            "partitions": 2,
            "harvest_contact": "ada@example.org",
            "harvest_pace": 0.0001,
            "harvest_wait_floor": 0.01,
            "harvest_timeout": 5.0,
            "harvest_port": 0,
        }
    )


@pytest.fixture
def messages() -> Callable[[Settings, str], list[Any]]:
    """Read the messages in the topic of a source."""

    def read(settings: Settings, source: str) -> list[Any]:
        async def all_of_them() -> list[Any]:
            topics = [record_topic(settings, source)]
            return [message async for message in read_to_now(KafkaConnection.of(settings), topics)]

        return asyncio.run(all_of_them())

    return read


@pytest.fixture
def folded(messages: Callable[[Settings, str], list[Any]]) -> Callable[[Settings, str], Folded]:
    """Fold the topic of a source: the last value under each key."""
    return lambda settings, source: {each.key.decode(): each.value for each in messages(settings, source)}
