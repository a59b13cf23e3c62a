"""When a consumer group is taken for stuck."""

from __future__ import annotations

import asyncio

import pytest

from streams.errors import BrokerError
from streams.ops.health import Health
from streams.worker import group_watch
from streams.worker.group_watch import wait_until_stuck

_SESSION = 0.02


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_watch, "_LOOK_SECONDS", 0.005)


async def _is_stuck(health: Health, *, answers: bool = True) -> bool:
    async def ping() -> None:
        if not answers:
            raise BrokerError("away")

    try:
        async with asyncio.timeout(1):
            return await wait_until_stuck(health, ping, _SESSION) > 12 * _SESSION
    except TimeoutError:
        return False


def test_a_group_is_stuck_that_gives_no_partitions_though_the_broker_answers() -> None:
    assert asyncio.run(_is_stuck(Health()))


def test_a_worker_that_stands_by_is_not_stuck() -> None:
    health = Health()
    health.assigned(0)
    assert not asyncio.run(_is_stuck(health))


def test_a_broker_that_is_away_says_nothing_of_the_group() -> None:
    assert not asyncio.run(_is_stuck(Health(), answers=False))
