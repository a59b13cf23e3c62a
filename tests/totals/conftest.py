"""Topics on the broker under test, and a Redis, for the tests that need both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from streams.local.services import Services
from streams.settings import Settings


@pytest.fixture
def with_topics(
    new_generation: Callable[..., Settings], broker_settings: Callable[[], dict[str, Any]]
) -> Iterator[Callable[[int], Settings]]:
    """Make settings with so many partitions, and a namespace, topics and a generation that no other test has."""
    with ExitStack() as stack:

        def make(partitions: int) -> Settings:
            given = new_generation(http_port=0, partitions=partitions, **broker_settings())
            services = stack.enter_context(Services(given.model_copy(update={"namespace": f"n{given.generation}"})))
            return services.settings

        yield make
