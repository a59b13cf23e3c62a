"""Decisions as people watch them fall: a sample on a real broker, and nothing read where nobody watches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.events import Evidence, decision_message, review_message
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.topics import create_topics
from streams.local.services import Services
from streams.matching.decision import Decision
from streams.settings import Settings
from streams.subscriptions.decision_tail import DecisionTail, picked


@given(st.integers(0, 500), st.integers(1, 30))
def test_a_pick_is_spread_evenly_and_counts_what_it_leaves_out(came: int, most: int) -> None:
    pick = picked(range(came), most)
    assert len(pick.messages) + pick.left_out == came
    assert len(pick.messages) == min(came, most)
    assert list(pick.messages) == sorted(set(pick.messages))
    assert not came or pick.messages[-1] == came - 1


@pytest.fixture(scope="module")
def settings(broker_settings: Callable[[], dict[str, Any]]) -> Iterator[Settings]:
    with Services(Settings(**broker_settings())) as services:
        asyncio.run(create_topics(services.settings))
        yield services.settings


def decision(number: int, verdict: str = "duplicate") -> Evidence:
    return Evidence(f"mine:{number}", f"other:{number}", Decision(verdict, 0.5, ("title",), "1"))


async def titles(records: Sequence[str]) -> Mapping[str, str]:
    return {record: f"Title of {record}" for record in records if record != "mine:1"}


def test_what_was_there_is_shown_first_and_then_a_sample_of_what_falls(settings: Settings) -> None:
    async def story() -> None:
        tail = DecisionTail(settings, titles)
        async with Publisher(KafkaConnection.of(settings), settings.topic_prefix) as publisher:
            await publisher.publish([decision_message(decision(number)) for number in range(3)])
            await publisher.publish([review_message(decision(99))])
            assert tail.after(0) == [], "nothing is read before somebody watches"
            with tail.watch():
                await until(tail, lambda: tail.shown == 3)
                assert {(row.a, row.title) for row in tail.rows} == {
                    ("mine:0", "Title of mine:0"),
                    ("mine:1", ""),
                    ("mine:2", "Title of mine:2"),
                }
                assert (tail.left_out, tail.problem, tail.watchers) == (0, "", 1)
                await publisher.publish([decision_message(decision(number)) for number in range(100, 400)])
                await until(tail, lambda: tail.shown + tail.left_out == 303)
                assert tail.left_out > 200, "at most ten rows every half second"
                assert [row.number for row in tail.after(3)] == list(range(4, tail.shown + 1))
            assert tail.watchers == 0
        await tail.close()

    asyncio.run(story())


def test_a_broker_that_is_away_is_named_and_waited_for() -> None:
    async def story() -> None:
        tail = DecisionTail(Settings(kafka_url="127.0.0.1:1", redis_url="redis://127.0.0.1:1"), titles)
        with tail.watch():
            await until(tail, lambda: "127.0.0.1:1" in tail.problem)
        await tail.close()

    asyncio.run(story())


async def until(tail: DecisionTail, holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(40):
        while not holds():
            await tail.changed(0.2)
