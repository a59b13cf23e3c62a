"""The file follows real topics: from their beginning, from where it was, and from the beginning of other ones."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import orjson
import pytest

from streams import events
from streams.curation import dead_letter_book, follower, review_queue, sent_corrections
from streams.curation.corrections import make_correction
from streams.curation.database import Database, positions
from streams.curation.dead_letter_book import Selection
from streams.curation.follower import Follower
from streams.curation.review_queue import Filters
from streams.errors import PayloadError
from streams.events import Outgoing
from streams.kafka import topic_follower
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.reader import read_to_now
from streams.kafka.topics import create_topics
from streams.settings import Settings
from tests.brokers import AnyBroker


def question(number: int) -> Outgoing:
    a, b = f"s:{number}", f"t:{number}"
    fields = {"a": a, "b": b, "decision": "review", "score": 0.5, "reasons": ["title_same"], "ruleset": "r"}
    return Outgoing(events.REVIEWS, f"{a}|{b}".encode(), orjson.dumps(fields))


def letter(number: int) -> Outgoing:
    return events.dead_letter(PayloadError("not_json", "no"), b"{", f"r:0:{number}", "document", b"k")


def correction(number: int) -> Outgoing:
    made = make_correction("same", "ada", identifier=f"k{number}", a="s:1", b="s:2")
    return Outgoing(
        events.CORRECTIONS,
        b"s:1|s:2",
        orjson.dumps({n: getattr(made, n) for n in ("id", "action", "author", "time", "a", "b")}),
    )


async def publish(settings: Settings, messages: Sequence[Outgoing]) -> None:
    await create_topics(settings)
    async with Publisher(KafkaConnection.of(settings), settings.topic_prefix) as publisher:
        await publisher.publish(messages)


class Reading:
    """The file of a directory while it follows the topics."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def pairs(self) -> list[str]:
        rows = await self.database.run(
            lambda file: review_queue.ordered(file, "new", Filters(), None, 1000, person="", now=0)
        )
        return sorted(asked.a for asked, _ in rows)

    async def letters(self) -> list[str]:
        return sorted(
            letter.id
            for letter in await self.database.run(lambda file: dead_letter_book.newest(file, Selection(), None, 999))
        )

    async def corrections(self) -> list[str]:
        return sorted(
            each.id for _, each in await self.database.run(lambda file: sent_corrections.latest(file, (1 << 62, ""), 9))
        )

    async def until(self, pairs: int, letters: int) -> None:
        found = (-1, -1)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(60):
                while found != (pairs, letters):
                    await asyncio.sleep(0.02)
                    found = len(await self.pairs()), len(await self.letters())
        assert found == (pairs, letters)


@contextlib.asynccontextmanager
async def reading(settings: Settings, directory: Path) -> AsyncIterator[Reading]:
    database = Database(str(directory), "x")
    await database.open()
    followed = Follower(settings, database)
    followed.start()
    try:
        async with asyncio.timeout(40):
            await followed.is_current.wait()
        yield Reading(database)
    finally:
        await followed.stop()
        await database.close()


@pytest.fixture
def broker(new_broker: Callable[..., AnyBroker], monkeypatch: pytest.MonkeyPatch) -> AnyBroker:
    monkeypatch.setattr(follower, "_SESSION_SECONDS", 0.5)
    return new_broker()


def test_it_follows_and_resumes(broker: AnyBroker, tmp_path: Path) -> None:
    settings = Settings(kafka_url=broker.url, topic_prefix="p.", partitions=3)
    asyncio.run(follow_and_resume(settings, tmp_path / "data"))


async def follow_and_resume(settings: Settings, directory: Path) -> None:
    await publish(settings, [*map(question, range(20)), *map(letter, range(9)), correction(1)])
    async with reading(settings, directory) as found:
        assert len(await found.pairs()) == 20
        assert await found.letters() == sorted(f"r:0:{n}" for n in range(9))
        assert await found.corrections() == ["k1"]
        await publish(settings, [question(20), letter(9)])
        await found.until(21, 10)
    at = await _positions(directory)
    await publish(settings, [question(21), letter(10)])
    async for _ in read_to_now(KafkaConnection.of(settings), ["p.dedup.review"]):
        pass  # its end markers are messages too, on the embedded broker
    async with reading(settings, directory) as found:
        await found.until(22, 11)
    after = await _positions(directory)
    assert all(after[place] >= at[place] for place in at)


@pytest.mark.long
def test_topics_that_begin_again_are_noticed(broker: AnyBroker, broker_kind: str, tmp_path: Path) -> None:
    """The embedded broker has none of its messages when it comes back; Apache Kafka has all."""
    settings = Settings(kafka_url=broker.url, topic_prefix="p.", partitions=3)
    directory = tmp_path / "data"
    kept = broker_kind == "kafka"

    async def later() -> None:
        await publish(settings, [question(100), letter(100)])
        async with reading(settings, directory) as found:
            await found.until(23, 12 if kept else 1)
            assert "s:5" in await found.pairs(), "a pair that was not answered is open still"
            assert await found.corrections() == (["k1"] if kept else [])
            await asyncio.to_thread(broker.kill)
            await asyncio.to_thread(broker.start)
            await publish(settings, [question(101), letter(101), letter(102)])
            await found.until(24, 14 if kept else 2)

    asyncio.run(follow_and_resume(settings, directory))
    broker.stop()
    broker.start()
    asyncio.run(later())


async def _positions(directory: Path) -> dict[tuple[str, int], int]:
    database = Database(str(directory), "x")
    await database.open()
    try:
        return {place: at.next for place, at in (await database.run(positions)).items()}
    finally:
        await database.close()


def test_without_a_broker_it_waits_and_says_so_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topic_follower, "_BACKOFF_SECONDS", (0.05, 0.05))

    async def follow() -> None:
        database = Database("", "x")
        await database.open()
        waiting = Follower(Settings(kafka_url="127.0.0.1:1"), database)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await waiting.run()
        assert not waiting.is_current.is_set()
        await database.close()

    asyncio.run(follow())
    said = [record.getMessage() for record in caplog.records if "not current" in record.getMessage()]
    assert len(said) == 1
    assert "127.0.0.1:1" in said[0]
