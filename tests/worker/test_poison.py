"""Bisection of a batch, attempts of a message alone, and the brake."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest

from streams.engine.messages import Incoming
from streams.errors import PayloadError, RedisError, StuckError
from streams.worker.poison import ATTEMPTS, BRAKE, Items, PoisonFilter


class Engine:
    """Fails where one of some messages is in the batch, and notes what it is given."""

    def __init__(self, *bad: int) -> None:
        self.bad = set(bad)
        self.batches: list[list[int]] = []
        self.handled: list[int] = []
        self.refused: list[tuple[int, PayloadError]] = []
        self.failures: Counter[int] = Counter()
        self.away = False
        self.filter = PoisonFilter(self.handle, self.refuse)

    async def handle(self, messages: Sequence[Incoming], items: Items) -> None:
        offsets = [message.offset for message in messages]
        assert len(items) == len(offsets)
        self.batches.append(offsets)
        if self.away:
            raise RedisError("away")
        if failing := self.bad.intersection(offsets):
            self.failures.update(failing)
            raise ValueError(f"no {failing}")
        self.filter.succeeded()
        self.handled += offsets

    async def refuse(self, message: Incoming, failure: PayloadError) -> None:
        self.refused.append((message.offset, failure))

    def process(self, *offsets: int) -> bool:
        messages = [Incoming("document", b"k", b"v", 0, "records.document", 0, offset) for offset in offsets]
        return asyncio.run(self.filter.process(messages, [[] for _ in messages]))


def test_a_batch_without_failure_is_handled_once() -> None:
    engine = Engine()
    assert not engine.process(*range(8))
    assert engine.batches == [list(range(8))]


def test_a_batch_is_bisected_until_the_bad_message_is_alone() -> None:
    engine = Engine(5)
    assert engine.process(*range(8))
    assert engine.batches[:6] == [list(range(8)), [0, 1, 2, 3], [4, 5, 6, 7], [4, 5], [4], [5]]
    assert engine.handled == [0, 1, 2, 3, 4, 6, 7], "all others, in their order"
    assert [offset for offset, _ in engine.refused] == [5]


def test_a_message_alone_has_a_bounded_number_of_attempts() -> None:
    engine = Engine(0)
    engine.process(0)
    assert engine.batches == [[0]] * (1 + ATTEMPTS)
    ((_, failure),) = engine.refused
    assert failure.code == "internal_error"
    assert "ValueError: no {0}" in failure.detail


def test_a_message_that_succeeds_at_an_attempt_is_not_refused() -> None:
    engine = Engine(0)

    async def handle(messages: Sequence[Incoming], items: Items) -> None:
        if engine.failures[0] == 2:
            engine.bad.clear()
        await engine.handle(messages, items)

    engine.filter = PoisonFilter(handle, engine.refuse)
    assert engine.process(0)
    assert engine.handled == [0]
    assert engine.refused == []


def test_a_server_that_is_away_is_no_fault_of_a_message() -> None:
    engine = Engine()
    engine.away = True
    with pytest.raises(RedisError):
        engine.process(0, 1)
    assert engine.batches == [[0, 1]]
    assert engine.refused == []


def test_the_brake_stops_refusals_where_nothing_but_failures_comes() -> None:
    engine = Engine(*range(BRAKE + 10))
    with pytest.raises(StuckError, match=f"{BRAKE} messages in a row failed"):
        engine.process(*range(BRAKE + 10))
    assert len(engine.refused) == BRAKE


def test_the_brake_holds_until_a_message_succeeds() -> None:
    engine = Engine(*range(BRAKE + 1))
    with pytest.raises(StuckError):
        engine.process(*range(BRAKE + 1))
    for _ in range(3):
        with pytest.raises(StuckError):
            engine.process(BRAKE)
    assert len(engine.refused) == BRAKE
    engine.process(1000)
    engine.process(BRAKE)
    assert len(engine.refused) == BRAKE + 1


def test_failures_with_successes_between_do_not_pull_the_brake() -> None:
    engine = Engine(*range(0, 4 * BRAKE, 2))
    engine.process(*range(4 * BRAKE))
    assert len(engine.refused) == 2 * BRAKE
