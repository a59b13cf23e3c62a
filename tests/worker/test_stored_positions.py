"""The positions that a consumer is given, and when they were read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from streams.errors import LostStateError, RedisError
from streams.ops.health import Health
from streams.ops.metrics import Metrics
from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.layout import Layout
from streams.state.progress import Histories, Progress
from streams.worker.registration import Registration
from streams.worker.stored_positions import StoredPositions

_PLACE = ("records.document", 0)


class World:
    """A registration of which the test makes the heartbeats, and the positions that another worker stores."""

    def __init__(self, settings: Settings, connections: Callable[[], Connection]) -> None:
        self.registration = Registration(settings, connections(), Health(), print)
        self.histories: list[Histories] = []
        self.lost: list[LostStateError] = []
        self.positions = StoredPositions(
            settings, self.registration, Metrics(), self.histories.append, self.lost.append
        )
        self.progress = Progress(Layout(settings.namespace, settings.generation, settings.buckets), connections())

    async def beat(self) -> None:
        assert self.registration.on_heartbeat is not None
        await self.registration.on_heartbeat()


def test_positions_are_read_at_once_and_at_a_heartbeat(
    generation: Settings, new_connection: Callable[[], Connection]
) -> None:
    async def go() -> None:
        world = World(generation, new_connection)
        world.progress.put({_PLACE: 5})
        assert await world.positions.positions() == {_PLACE: 5}
        waiting = asyncio.create_task(world.positions.next_positions())
        await asyncio.sleep(0)
        world.progress.put({_PLACE: 7})
        await world.beat()
        assert await waiting == {_PLACE: 7}
        assert world.histories == [(await world.registration.run(world.progress.look)).histories] * 2
        await world.registration.stop()

    asyncio.run(go())


def test_a_read_that_began_before_does_not_count(
    generation: Settings, new_connection: Callable[[], Connection]
) -> None:
    async def go() -> None:
        world = World(generation, new_connection)
        world.progress.put({_PLACE: 5})
        late: list[asyncio.Task[Any]] = []
        look = world.positions._progress.look
        loop = asyncio.get_running_loop()

        def slow() -> Any:
            found = look()

            def ask() -> None:
                late.append(loop.create_task(world.positions.next_positions()))

            if not late:
                loop.call_soon_threadsafe(ask)
            return found

        world.positions._progress.look = slow  # type: ignore[method-assign]
        await world.beat()
        await asyncio.sleep(0)
        world.progress.put({_PLACE: 9})
        assert not late[0].done()
        await world.beat()
        assert await late[0] == {_PLACE: 9}
        await world.registration.stop()

    asyncio.run(go())


def test_a_redis_that_is_away_is_asked_again_at_the_next_heartbeat(
    generation: Settings, new_connection: Callable[[], Connection]
) -> None:
    async def go() -> None:
        world = World(generation, new_connection)
        look, world.positions._progress.look = world.positions._progress.look, _away  # type: ignore[method-assign]
        waiting = asyncio.create_task(world.positions.next_positions())
        await asyncio.sleep(0)
        await world.beat()
        assert not waiting.done()
        world.positions._progress.look = look  # type: ignore[method-assign]
        await world.beat()
        assert await waiting == {}
        await world.registration.stop()

    asyncio.run(go())


def test_a_state_that_is_not_there_is_reported_at_each_read(
    generation: Settings, new_connection: Callable[[], Connection]
) -> None:
    async def go() -> None:
        world = World(generation, new_connection)
        world.progress.put({_PLACE: 5})
        world.progress.name_state("abc")
        world.positions.expect("abc")
        assert await world.positions.positions() == {_PLACE: 5}
        assert not world.lost
        new_connection().call("DEL", f"{generation.namespace}:{generation.generation}:p")
        with pytest.raises(LostStateError, match="state abc"):
            await world.positions.positions()
        await world.beat()
        assert len(world.lost) == 2, "also at a heartbeat, which raises nothing"
        await world.registration.stop()

    asyncio.run(go())


def _away() -> Any:
    raise RedisError("away")
