"""What a worker finishes that dead workers left."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Sequence

from streams.engine.messages import Batch
from streams.events import Outgoing
from streams.ops.health import Health
from streams.ops.metrics import Metrics
from streams.worker.engine_thread import EngineThread
from streams.worker.reconciler import Reconciler
from streams.worker.recovery import Recovery

_DONE = Batch((), ())


class Engine:
    """Has three chunks of pending events, two of scheduled republications, and a pending merge."""

    def __init__(self) -> None:
        self.outbox = self.groups = self
        self.is_open = True
        self.checks = 0
        self.finished: list[Collection[bytes]] = []
        self.published: list[Sequence[Outgoing]] = []
        self._pending = Counter({"drain": 3, "repeat": 2})

    async def admitted(self) -> None: ...

    async def check(self, _steps: object) -> None:
        self.checks += 1

    def drain(self) -> Batch:
        return self._next("drain")

    def repeat(self) -> Batch:
        return self._next("repeat")

    def begun(self) -> frozenset[bytes]:
        return frozenset((b"moving",))

    def finish(self, pending: Collection[bytes]) -> Batch:
        self.finished.append(pending)
        return _DONE

    def acknowledge(self, _batch: Batch) -> Batch:
        return _DONE

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        self.published.append(messages)

    def _next(self, kind: str) -> Batch:
        if not self._pending[kind]:
            return _DONE
        self._pending[kind] -= 1
        return Batch([Outgoing("t", b"k", None)], (), drained={b"outbox": ["one", "two"]})


def test_each_kind_of_left_over_work_is_finished_to_its_end() -> None:
    engine = Engine()

    async def go() -> None:
        thread = EngineThread(engine, Health(), Metrics())  # type: ignore[arg-type]
        reconciler = Reconciler(engine, engine.publish, thread.run)  # type: ignore[arg-type]

        async def publish(batch: Batch) -> None:
            await engine.publish(batch.outgoing)

        recovery = Recovery(engine, thread, engine, reconciler, publish)  # type: ignore[arg-type]
        assert await recovery.drain() == 3
        assert len(engine.published) == 3, "one message each"
        await recovery.republish()
        assert len(engine.published) == 5
        await recovery.finish_merges(await recovery.pending_merges())
        assert engine.finished == [{b"moving"}]
        assert engine.checks == 3, "a failover is detected before each"
        thread.closing = True
        await recovery.republish()
        assert engine.checks == 3, "a worker that stops republishes nothing"
        thread.close()

    asyncio.run(go())
