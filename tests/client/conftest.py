from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from streams.kafka.topics import create_topics
from streams.local.broker import Broker
from streams.settings import Settings


@pytest.fixture(scope="session")
def broker_url(
    broker_settings: Callable[[], dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """One broker for all tests of the client, of the kind that `--broker` names."""
    if url := broker_settings().get("kafka_url"):
        yield url
        return
    broker = Broker(Path(tmp_path_factory.mktemp("broker")))
    broker.start()
    yield broker.url
    broker.stop()


@pytest.fixture
def topics(broker_url: str) -> Settings:
    """Settings of topics that no other test uses, with three partitions."""
    settings = Settings(kafka_url=broker_url, topic_prefix=f"t{uuid.uuid4().hex[:10]}.", partitions=3)
    asyncio.run(create_topics(settings))
    return settings
