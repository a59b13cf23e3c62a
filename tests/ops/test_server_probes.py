"""How often servers are asked, whatever comes over HTTP."""

from __future__ import annotations

import asyncio

import pytest

from streams.errors import BrokerError
from streams.ops import server_probes
from streams.ops.health import Health
from streams.ops.server_probes import Probes


def test_a_server_is_asked_once_for_all_who_ask_at_a_time() -> None:
    asked = [0]

    async def ping() -> None:
        asked[0] += 1
        await asyncio.sleep(0.01)

    async def story() -> None:
        probes = Probes(Health(), redis=ping)
        await asyncio.gather(*(probes.ask() for _ in range(100)))
        await probes.ask()

    asyncio.run(story())
    assert asked == [1]


def test_the_answer_is_reported_in_the_words_of_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_probes, "_INTERVAL_SECONDS", 0.005)
    monkeypatch.setattr(server_probes, "_FRESH_SECONDS", 0.0)
    health, away = Health(), [True]
    health.assigned(1)

    async def broker() -> None:
        if away[0]:
            raise BrokerError("Kafka is away")

    async def redis() -> None: ...

    async def story() -> None:
        keeping = asyncio.create_task(Probes(health, redis=redis, broker=broker).keep())
        await asyncio.sleep(0.05)
        assert [check.reason for check in health.ready().checks if not check.ok] == ["Kafka is away"]
        away[0] = False
        await asyncio.sleep(0.05)
        assert health.ready().ok
        keeping.cancel()

    asyncio.run(story())
