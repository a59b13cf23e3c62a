"""The identity of the state: the table of what a worker finds, and the same on a real broker and a real Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from streams.engine.engine import Engine
from streams.errors import ForeignStateError
from streams.events import CONTROL, EVENTS, Outgoing
from streams.kafka.connection import KafkaConnection, started
from streams.kafka.control import name_state, named_state
from streams.kafka.producer import Publisher
from streams.kafka.topics import create_topics
from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.identity import IdentityStore, StoredIdentity
from streams.worker import identity
from streams.worker.identity import (
    accept_empty,
    check_still_named,
    compare_identity,
    establish_identity,
    inspect_identity,
    name_copy,
    watch_identity,
)
from tests.brokers import AnyBroker

NOTHING = StoredIdentity("", False, False, False, False)
LEFTOVERS = NOTHING._replace(is_filled=True)
OLD = LEFTOVERS._replace(is_handled=True)
OURS = StoredIdentity("a", True, True, True, True)
CHOSEN = NOTHING._replace(state="a")


@pytest.mark.parametrize(
    ("stored", "topics", "is_lived", "reason", "state"),
    [
        (OURS, "a", False, "", "a"),
        (NOTHING, "", False, "", ""),
        (CHOSEN, "", False, "", "a"),
        (CHOSEN, "a", True, "", "a"),
        (OLD, "", True, "", ""),
        (NOTHING, "a", False, "Redis is empty", ""),
        (LEFTOVERS, "a", False, "Redis is empty", ""),
        (NOTHING, "", True, "Redis is empty", ""),
        (CHOSEN, "", True, "Redis is empty", ""),
        (CHOSEN, "b", False, "Redis is empty", ""),
        (OURS, "b", False, "Redis has the state a, the topics belong to b", ""),
        (OURS._replace(is_whole=False), "a", False, "a part of Redis was emptied", "a"),
        (OLD, "a", False, "Redis has a state without an id", ""),
        (OURS, "", False, "the topics do not know the state a", ""),
        (OURS, "", True, "the topics do not know the state a", ""),
    ],
)
def test_what_a_worker_may_do(stored: StoredIdentity, topics: str, is_lived: bool, reason: str, state: str) -> None:
    verdict = compare_identity(stored, topics, is_lived=is_lived)
    assert verdict.reason.startswith(reason)
    assert bool(verdict.reason) == bool(reason)
    assert verdict.state == state
    assert verdict.is_lost == (reason.startswith(("Redis is empty", "a part")))


@pytest.fixture
def settings(generation: Settings, new_broker: Callable[..., AnyBroker]) -> Settings:
    own = generation.model_copy(update={"kafka_url": new_broker().url})
    asyncio.run(create_topics(own))
    return own


async def publish_an_event(settings: Settings) -> None:
    async with Publisher(KafkaConnection.of(settings)) as publisher:
        await publisher.publish([Outgoing(EVENTS, b"c", b"{}")])


def test_a_new_state_is_named_once_and_a_second_redis_is_refused(
    settings: Settings, connection: Connection, new_generation: Callable[..., Settings]
) -> None:
    other = new_generation().model_copy(update={"kafka_url": settings.kafka_url})

    async def story() -> None:
        first, second = await asyncio.gather(
            establish_identity(settings, connection), establish_identity(settings, connection)
        )
        assert first == second == await named_state(settings) == await establish_identity(settings, connection)
        with pytest.raises(ForeignStateError, match="Redis is empty"):
            await establish_identity(other, connection)
        assert IdentityStore(other, connection).read() == NOTHING, "nothing was written there"
        again = await accept_empty(other, connection)
        assert again == await named_state(settings) != first
        with pytest.raises(ForeignStateError, match=f"Redis has the state {first}, the topics belong to {again}"):
            await establish_identity(settings, connection)

    asyncio.run(story())


def test_a_worker_that_runs_sees_that_the_topics_name_another_state_or_none(
    settings: Settings, connection: Connection
) -> None:
    async def story() -> None:
        state = await establish_identity(settings, connection)
        await check_still_named(settings, state)
        await publish_an_event(settings)
        kafka = KafkaConnection.of(settings)
        async with started(AIOKafkaAdminClient(**kafka.client("test")), kafka) as admin:
            await admin.delete_topics([CONTROL])
            while CONTROL in await admin.list_topics():
                await asyncio.sleep(0.1)
        await create_topics(settings, [CONTROL])
        assert await named_state(settings) == ""
        await check_still_named(settings, state)
        assert await named_state(settings) == state == await establish_identity(settings, connection)
        await name_state(settings, "another", state)
        found: list[ForeignStateError] = []
        watch = asyncio.create_task(watch_identity(settings, state, found.append))
        while not found:
            await asyncio.sleep(0.05)
        watch.cancel()
        assert f"Redis has the state {state}, the topics belong to another" in str(found[0])
        assert await named_state(settings) == "another"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(identity, "_LOOK_SECONDS", 0.1)
        asyncio.run(story())


def test_a_worker_that_runs_does_not_name_topics_that_are_empty(settings: Settings, connection: Connection) -> None:
    with pytest.raises(ForeignStateError, match="rebuild --topics"):
        asyncio.run(check_still_named(settings, "lost"))
    assert asyncio.run(named_state(settings)) == ""


def test_the_state_of_an_older_release_is_given_an_id(settings: Settings, connection: Connection) -> None:
    engine = Engine(settings, connection)
    engine.progress.put({("records.document", 0): 7})

    async def story() -> None:
        await publish_an_event(settings)
        state = await establish_identity(settings, connection)
        assert (state, await named_state(settings)) == (state, state)
        engine.progress.state = state
        assert engine.progress.look().positions == {("records.document", 0): 7}

    asyncio.run(story())


def test_an_empty_redis_beside_events_of_an_older_release_is_refused(
    settings: Settings, connection: Connection
) -> None:
    asyncio.run(publish_an_event(settings))
    verdict = asyncio.run(inspect_identity(settings, connection))
    assert verdict.is_lost
    assert "--from-nothing" in verdict.reason


def test_a_copy_from_before_the_state_had_an_id_can_be_named(
    settings: Settings, connection: Connection, new_generation: Callable[..., Settings]
) -> None:
    copy = new_generation().model_copy(update={"kafka_url": settings.kafka_url})
    Engine(copy, connection).progress.put({("records.document", 0): 7})

    async def story() -> None:
        state = await establish_identity(settings, connection)
        with pytest.raises(ForeignStateError, match="--name-copy"):
            await establish_identity(copy, connection)
        with pytest.raises(ForeignStateError, match="not empty"):
            await accept_empty(copy, connection)
        assert await name_copy(copy, connection) == state == await establish_identity(copy, connection)
        with pytest.raises(ForeignStateError):
            await name_copy(copy, connection)

    asyncio.run(story())


def test_topics_that_are_lost_are_no_new_installation(
    settings: Settings, connection: Connection, new_broker: Callable[..., AnyBroker]
) -> None:
    asyncio.run(establish_identity(settings, connection))
    elsewhere = settings.model_copy(update={"kafka_url": new_broker().url})
    asyncio.run(create_topics(elsewhere))
    with pytest.raises(ForeignStateError, match="rebuild --topics"):
        asyncio.run(establish_identity(elsewhere, connection))
