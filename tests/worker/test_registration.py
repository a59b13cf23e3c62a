"""A worker's leave to work: it ends what it does before it leaves, goes on where it may, and moves where it must."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from streams.errors import FencedError
from streams.ops.health import Health
from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.fence import Fence
from streams.worker import registration as registration_module
from streams.worker.registration import Registration


class World:
    """A worker with a lease, and a rebuild that wants its generation."""

    def __init__(self, settings: Settings, connections: Callable[[], Connection]) -> None:
        self.fence = Fence(settings.namespace, settings.generation, connections())
        self.health = Health()
        self.health.assigned(1)
        self.turn = asyncio.Lock()
        self.moved: list[str] = []
        self.lease = Registration(settings, connections(), self.health, self.moved.append)

    def inside(self) -> str:
        return self.fence.hold("t", "two", take=False, closed=True).detail

    @asynccontextmanager
    async def started(self) -> AsyncIterator[None]:
        await self.lease.start(self.turn)
        beats = asyncio.create_task(self.lease.keep())
        try:
            yield
        finally:
            beats.cancel()
            await self.lease.stop()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registration_module, "_HEARTBEAT_SECONDS", 0.02)


@pytest.fixture
def world(generation: Settings, new_connection: Callable[[], Connection]) -> World:
    return World(generation, new_connection)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


def test_it_leaves_when_the_batch_under_way_has_ended(world: World) -> None:
    async def go() -> None:
        with pytest.raises(FencedError):
            world.lease.check()
        async with world.started():
            await world.lease.admitted()
            assert world.health.ready().ok
            async with world.turn:
                world.fence.hold("t", "two", take=True, closed=True)
                await until(lambda: not world.lease.is_open)
                world.lease.check()
                assert world.inside() == "1", "it may end what it does"
                assert not world.health.ready().ok
                assert world.health.live().ok
            await until(lambda: world.inside() == "0")
            with pytest.raises(FencedError, match="no leave to work"):
                world.lease.check()
            assert world.fence.end("t", "switch")
            await until(lambda: world.moved)
        assert world.moved == ["two"]

    asyncio.run(go())


def test_it_goes_on_when_the_rebuild_is_given_up(world: World) -> None:
    async def go() -> None:
        async with world.started():
            world.fence.hold("t", "two", take=True, closed=True)
            await until(lambda: world.inside() == "0")
            waiting = asyncio.create_task(world.lease.admitted())
            await asyncio.sleep(0.1)
            assert not waiting.done()
            world.fence.end("t", "release")
            await asyncio.wait_for(waiting, 10)
            world.lease.check()
            assert world.health.ready().ok
            assert world.moved == []

    asyncio.run(go())


def test_one_that_was_silent_for_too_long_may_not_touch_anything(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def go() -> None:
        monkeypatch.setattr(registration_module, "LEASE_SECONDS", 0.2)
        async with world.started():
            await world.lease.admitted()
            world.lease.check()
            monkeypatch.setattr(registration_module, "_HEARTBEAT_SECONDS", 100.0)  # as if the process were stopped
            await asyncio.sleep(0.5)
            with pytest.raises(FencedError):
                world.lease.check()

    asyncio.run(go())


def test_a_worker_that_stops_leaves(world: World) -> None:
    async def go() -> None:
        async with world.started():
            assert world.fence.hold("t", "two", take=True, closed=False).detail == "1"
        assert world.fence.hold("t", "two", take=False, closed=False).detail == "0"

    asyncio.run(go())
