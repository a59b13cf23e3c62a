from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from streams.kafka.topics import create_topics
from streams.local.services import Services
from streams.settings import Settings

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="package")
def services(broker_settings: Callable[[], dict[str, Any]]) -> Iterator[Services]:
    """A broker and a Redis for all tests of webhooks."""
    with Services(Settings(**broker_settings())) as running:
        yield running


@pytest.fixture
def topics(services: Services) -> Settings:
    """Settings of topics and states that no other test uses, with three partitions."""
    name = f"hooks{next(_NUMBERS)}"
    given = services.settings
    update = {
        "topic_prefix": f"{given.topic_prefix}{name}.",
        "app_id": f"{given.app_id}-{name}",
        "namespace": name,
        "partitions": 3,
    }
    own = given.model_copy(update=update)
    asyncio.run(create_topics(own))
    return own
