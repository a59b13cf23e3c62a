"""Finish what dead workers left: events that were committed and not published, scheduled republications, pending merges."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection

from streams.engine.engine import Engine
from streams.engine.messages import Batch
from streams.worker.engine_thread import EngineThread
from streams.worker.failover import FailoverGuard
from streams.worker.reconciler import Reconciler

__all__ = ["Recovery"]


class Recovery:
    """Work of a worker that no message asks for. Each step takes a turn of the engine's thread."""

    def __init__(
        self,
        engine: Engine,
        thread: EngineThread,
        guard: FailoverGuard,
        reconciler: Reconciler,
        publish: Callable[[Batch], Awaitable[None]],
    ) -> None:
        """Take `publish`, which publishes and acknowledges a batch."""
        self._engine = engine
        self._reconciler = reconciler
        self._thread = thread
        self._guard = guard
        self._publish = publish

    async def drain(self) -> int:
        """Publish the events that a dead worker committed and did not publish; return the number of messages."""
        return await self._thread.in_turn(self.drain_in_turn)

    async def drain_in_turn(self) -> int:
        """Do what `drain` does, once, for a caller that is admitted to the engine's thread already. Raises ServiceError."""
        await self._guard.check(())
        return await self._reconciler.publish_pending()

    async def republish(self) -> None:
        """Publish again the states that are due: a message that a dead worker sent late may have replaced them."""
        if not self._thread.closing:
            await self._thread.in_turn(self._republish)

    async def pending_merges(self) -> frozenset[bytes]:
        """Return the groups that are being merged into others, by any worker; for `finish_merges`."""
        return await self._thread.in_turn(lambda: self._thread.run(self._engine.groups.begun))

    async def finish_merges(self, pending: Collection[bytes]) -> None:
        """Finish those of the `pending` merges that no worker has finished meanwhile."""
        await self._thread.in_turn(lambda: self._finish_merges(pending))

    async def _republish(self) -> None:
        await self._guard.check(())
        await self._reconciler.publish_due()

    async def _finish_merges(self, pending: Collection[bytes]) -> None:
        await self._guard.check(())
        await self._publish(await self._thread.run(lambda: self._engine.finish(pending)))
