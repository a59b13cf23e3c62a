"""What a worker does when Redis is another one than it knows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest

from streams.errors import BrokerError, ForgottenError, OlderCopyError
from streams.state.progress import Histories, Look, Place, Step
from streams.worker import failover
from streams.worker.engine_thread import EngineThread
from streams.worker.failover import FailoverGuard

BEFORE, AFTER = (b"a",), (b"b",)


class Redis:
    """The parts of an engine and of a reconciler that a guard asks, and what it asked of them in order."""

    def __init__(self) -> None:
        self.progress = self
        self.settings = None
        self.now: Histories = BEFORE
        self.marked: dict[bytes, int] = {b"a": 1000}
        self.back: dict[Place, int] = {}
        self.done: list[str] = []
        self.broker_is_away = False

    def claim(self, _settings: None) -> None:
        self.done.append("claim")

    def look(self) -> Look:
        return Look({}, self.now, (self.marked,))

    def check(self, _steps: Sequence[Step], _known: Histories) -> tuple[dict[Place, int], Histories]:
        return self.back, self.now

    def trust(self, histories: Histories) -> None:
        self.done.append(f"trust {b' '.join(histories).decode()}")

    async def reconcile(self, since: int) -> int:
        if self.broker_is_away:
            raise BrokerError("away")
        self.done.append(f"reconcile {since}")
        return 0


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    async def is_taken_up(_settings: None, _positions: object) -> None:
        pass

    monkeypatch.setattr(failover, "_GRACE_SECONDS", 0.0)
    monkeypatch.setattr(failover, "refuse_older_copy", is_taken_up)


def play(go: Callable[[Redis, EngineThread, FailoverGuard], Coroutine[Any, Any, None]]) -> None:
    async def all_of_it() -> None:
        redis, thread = Redis(), EngineThread(None, None, None)  # type: ignore[arg-type]
        await go(redis, thread, FailoverGuard(redis, redis, thread))  # type: ignore[arg-type]
        thread.close()

    asyncio.run(all_of_it())


def test_a_redis_that_has_the_last_positions_needs_no_reconciliation() -> None:
    async def go(redis: Redis, thread: EngineThread, guard: FailoverGuard) -> None:
        redis.back = {("records.document", 0): 7}
        assert not guard.is_unknown(BEFORE), "nothing is known yet, so nothing is unknown"
        assert await guard.check(()) == redis.back
        assert redis.done == ["trust a", "trust a"]
        assert not thread.interrupted
        assert not guard.is_unknown(BEFORE)
        assert guard.is_unknown(AFTER)
        await guard.ensure_unchanged()

    play(go)


def test_after_a_failover_subscribers_are_reconciled_before_anything_is_processed() -> None:
    async def go(redis: Redis, thread: EngineThread, guard: FailoverGuard) -> None:
        await guard.check(())
        redis.now = AFTER
        redis.done.clear()
        with pytest.raises(ForgottenError):
            await guard.ensure_unchanged()
        assert redis.done == [], "what is under way is not published, and not reconciled either"
        await guard.check(())
        assert redis.done == ["trust b", "claim", "reconcile 1000", "trust b"]
        assert thread.interrupted, "events of before may be unpublished"
        await guard.ensure_unchanged()

    play(go)


def test_a_reconciliation_that_failed_is_done_again() -> None:
    async def go(redis: Redis, _thread: EngineThread, guard: FailoverGuard) -> None:
        await guard.check(())
        redis.now, redis.broker_is_away = AFTER, True
        for _ in range(2):
            with pytest.raises(BrokerError):
                await guard.check(())
            assert guard.histories == BEFORE
        redis.broker_is_away = False
        await guard.check(())
        assert guard.histories == AFTER
        assert redis.done.count("reconcile 1000") == 1

    play(go)


def test_an_older_copy_is_neither_trusted_nor_reconciled(monkeypatch: pytest.MonkeyPatch) -> None:
    async def is_refused(_settings: None, _positions: object) -> None:
        raise OlderCopyError("older")

    async def go(redis: Redis, thread: EngineThread, guard: FailoverGuard) -> None:
        said: list[OlderCopyError] = []
        guard.on_older_copy = said.append
        await guard.check(())
        redis.done.clear()
        redis.now = AFTER
        monkeypatch.setattr(failover, "refuse_older_copy", is_refused)
        with pytest.raises(OlderCopyError):
            await guard.check(())
        assert len(said) == 1
        assert redis.done == []
        assert guard.is_unknown(AFTER)

    play(go)
