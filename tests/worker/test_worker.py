"""A worker that was not opened yet, or stops: what it says, and that it stops once. The rest: real processes in tests/system."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from types import FrameType

import pytest

from streams.errors import BrokerError, StateError
from streams.settings import Settings
from streams.worker.log import RepeatLimit
from streams.worker.worker import Worker


@pytest.fixture
def signals() -> Iterator[list[int]]:
    came: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        came.append(number)

    before = signal.signal(signal.SIGTERM, note)
    yield came
    signal.signal(signal.SIGTERM, before)


def make() -> Worker:
    return Worker(Settings(kafka_url="127.0.0.1:1", redis_url="redis://127.0.0.1:1"), "w1", RepeatLimit())


def test_before_it_is_opened_it_is_not_ready_says_why_and_can_be_closed() -> None:
    async def story() -> None:
        worker = make()
        with pytest.raises(BrokerError, match="not asked yet"):
            await worker.ping_broker()
        assert not worker.health.ready().ok
        assert worker.health.live().ok
        await worker.quiesce()
        await worker.close()

    asyncio.run(story())


def test_it_stops_once_to_begin_again_and_not_at_all_where_it_is_to_end(signals: list[int]) -> None:
    async def story() -> None:
        worker, ending = make(), make()
        for reason in ("the state is lost", "another state"):
            worker._begin_again("state_lost", StateError(reason))
            assert any(reason in check.reason for check in worker.health.ready().checks)
        await ending.quiesce()
        ending._begin_again("state_lost", StateError("the state is lost"))
        await asyncio.sleep(0)
        assert signals == [signal.SIGTERM]
        assert (worker.begins_again, ending.begins_again) == (True, False)
        for each in (worker, ending):
            await each.close()

    asyncio.run(story())
