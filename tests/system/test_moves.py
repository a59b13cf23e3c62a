"""A group that was on its way into another when its worker died, and of which no message tells: a worker takes it home."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from streams.engine.engine import Engine
from streams.kafka.topics import create_topics
from streams.local.services import Services
from streams.local.worker import WorkerProcess
from streams.records.stored import id_of
from streams.settings import Settings
from streams.state.connection import connect
from streams.state.group_store import Commit
from tests.engine.worlds import CONTENTS, message
from tests.system.processes import Streams, wait_for

pytestmark = pytest.mark.system


@pytest.mark.long
def test_a_move_that_a_dead_worker_began_is_ended_by_the_next(
    streams: Callable[..., Streams], tmp_path: Path, broker_settings: Callable[[], dict[str, Any]]
) -> None:
    with Services(Settings(http_port=0, **broker_settings())) as services:
        own = services.settings
        asyncio.run(create_topics(own))
        connection = connect(own)
        try:
            engine = Engine(own, connection)
            engine.process([message("s:a", CONTENTS[0], 1000), message("t:b", CONTENTS[6], 1001)])
            target, moving = sorted(engine.groups.resolve(map(id_of, ("s:a", "t:b"))).values())
            engine.groups.commit([Commit(moving.id, moving.raw, engine.groups.frozen(moving.raw, target.id))])
            assert engine.groups.begun() == {moving.id}
            with WorkerProcess(own, tmp_path / "worker.log"):
                wait_for(lambda: not engine.groups.begun(), "somebody ends the move")
            assert engine.groups.resolve([moving.id])[moving.id].id == target.id
        finally:
            connection.close()
        streams(kafka_url=own.kafka_url, redis_url=own.redis_url, topic_prefix=own.topic_prefix).ok("verify")
