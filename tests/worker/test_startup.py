"""What a start waits for, and what ends it."""

from __future__ import annotations

import asyncio

import pytest

from streams.errors import BrokerError, RedisError, RedisSetupError, SettingsError
from streams.worker import startup
from streams.worker.startup import until_possible


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(startup, "_FIRST_PAUSE_SECONDS", 0.001)


def test_it_tries_again_until_the_server_can_be_used(caplog: pytest.LogCaptureFixture) -> None:
    errors = [RedisError("away"), RedisError("away"), BrokerError("full")]
    reported: list[str] = []

    async def work() -> int:
        if errors:
            raise errors.pop(0)
        return 7

    assert asyncio.run(until_possible("Redis", work, reported.append)) == 7
    assert reported == ["away", "away", "full", ""]
    assert [line.getMessage() for line in caplog.records] == [
        "this worker waits for Redis since 0 s: away",
        "this worker waits for Redis since 0 s: full",
    ], "the same reason is written once a minute"


@pytest.mark.parametrize("error", [RedisSetupError("wrong password"), SettingsError("STREAMS_X", "is 1", "2")])
def test_a_wrong_setting_ends_it(error: Exception) -> None:
    async def work() -> None:
        raise error

    with pytest.raises(type(error)):
        asyncio.run(until_possible("Redis", work, lambda _reason: None))
