"""The state published to new topics; tests/local has `streams up`, which does it at each start."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from streams.engine.engine import Engine
from streams.errors import ForeignStateError, RefusedError
from streams.kafka.topics import create_topics
from streams.rebuild.restore_topics import restore_topics
from streams.settings import Settings
from streams.state.connection import Connection
from streams.verification.verifier import Verifier
from streams.worker.identity import establish_identity
from tests.brokers import AnyBroker
from tests.engine.worlds import CONTENTS, handle, message


def test_lost_topics_get_the_clusters_and_the_id_of_the_state(
    generation: Settings, new_broker: Callable[..., AnyBroker], connection: Connection
) -> None:
    first, second = (generation.model_copy(update={"kafka_url": new_broker().url}) for _ in range(2))
    for settings in (first, second):
        asyncio.run(create_topics(settings))
    engine = Engine(first, connection)
    handle(engine, [message("s:1", CONTENTS[0], 10), message("s:2", CONTENTS[5], 20)], lambda _: None)
    engine.progress.put({("records.document", 0): 2})
    state = asyncio.run(establish_identity(first, connection))
    with pytest.raises(ForeignStateError, match="rebuild --topics"):
        asyncio.run(establish_identity(second, connection))
    assert restore_topics(second) == 2
    assert asyncio.run(establish_identity(second, connection)) == state
    assert engine.progress.positions() == {}
    assert asyncio.run(Verifier(second, connection).verify(5.0)).differences == []
    with pytest.raises(RefusedError, match="not empty"):
        restore_topics(second)
