from __future__ import annotations

from collections.abc import Callable

import pytest

from streams.settings import Settings
from tests.brokers import AnyBroker
from tests.rebuild.lost_state import New, World


@pytest.fixture
def world(new_generation: Callable[..., Settings], new_broker: Callable[..., AnyBroker], new_connection: New) -> World:
    return World(new_generation(), new_generation(), new_broker().url, new_connection)
