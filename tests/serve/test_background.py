"""What runs beside the requests keeps on while Redis is away, and ends when it is cancelled."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

from streams.errors import RedisError
from streams.query.index_reader import IndexReader
from streams.serve.background import Background
from streams.settings import Settings

T = TypeVar("T")


def test_it_keeps_asking_while_redis_is_away_and_ends_at_once(generation: Settings) -> None:
    asked = 0

    async def ask(question: Callable[[IndexReader], T]) -> T:
        nonlocal asked
        asked += "read_workers" in question.__code__.co_names
        raise RedisError("away")

    async def story() -> float:
        away = generation.model_copy(update={"redis_url": "redis://127.0.0.1:1"})
        async with Background(away, ask) as background:
            await asyncio.sleep(1.3)
            assert background.reading == (0.0, "away")
            began = time.monotonic()
        return time.monotonic() - began

    assert asyncio.run(story()) < 3
    assert asked == 2
