"""`streams rebuild` from beginning to end.

The order of the steps is what makes them safe:
1. acquire the rebuild lock of the live generation, so that no second rebuild runs; its workers continue
2. replay the topics into the new generation up to the positions of the live one, repeatedly, until few messages are missing
3. drain the live generation: its workers end their batches and leave
4. replay the rest; now both generations have handled the same messages
5. backfill the records that the topics no longer hold
6. transfer cluster ids, revisions, redirects, corrections, events not yet published, and positions
7. switch, in one Redis command: every process that opens the old generation opens the new one from now on

After a kill at any point, workers resume in the old generation within seconds. The same command then resumes step 2 from its
checkpoint and repeats steps 3 to 6, each of which may be repeated. After step 7 nothing is left to do. A Redis that fails over
meanwhile may have lost a part of the new generation: the rebuild then ends before step 7, and the same command resumes from the
positions that Redis still has (`state/progress.py`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial

import msgspec

from streams.engine.engine import Engine
from streams.errors import BrokerError, RedisError
from streams.rebuild.backfill import Backfill
from streams.rebuild.generations import live_generation, new_name, refuse_other_rules, refuse_without_room
from streams.rebuild.lock import RebuildLock
from streams.rebuild.shadow import ShadowReplay
from streams.rebuild.transfer_ids import IdTransfer
from streams.settings import Settings
from streams.state.connection import connect
from streams.state.layout import Layout
from streams.state.progress import Progress

__all__ = ["OnStep", "RebuildReport", "rebuild"]

_CLOSE_ENOUGH = 2000
"""Messages the new generation may be behind when the live one is drained: workers wait for their replay."""
_MOST_ROUNDS = 20
OnStep = Callable[[str, int], None]
"""Called with the step that a rebuild is at, and a number that grows or shrinks within it."""


class RebuildReport(msgspec.Struct):
    """The outcome of one run of a rebuild, as `streams rebuild --json` prints it.

    `refused` counts items that could not be read, by reason code; `lost_messages` the messages that the live generation had handled
    and the topics no longer have, as far as known. `changes` counts changes of clusters by type. `pause_seconds` is the time
    between the start of step 3 and the switch, during which no worker handled messages.
    """

    old: str
    generation: str
    messages: int = 0
    refused: dict[str, int] = {}
    lost_messages: int = 0
    records: int = 0
    deleted: int = 0
    carried_over: int = 0
    groups: int = 0
    changes: dict[str, int] = {}
    seconds: float = 0.0
    pause_seconds: float = 0.0


def rebuild(given: Settings, to: str = "", on_step: OnStep = lambda *_: None) -> RebuildReport:
    """Rebuild the generation in force under the settings given, and switch to the new one, called `to` or the next number.

    Resumes a rebuild that was begun. Calls `on_step` as the steps advance. Raises RefusedError where another rebuild runs
    or was begun to another name, ForgottenError where Redis failed over meanwhile, other ServiceErrors where Kafka or Redis is
    away; the old generation stays in force then.
    """
    began = time.monotonic()
    with closing(connect(given)) as connection, closing(connect(given)) as holding:
        live = live_generation(given, connection)
        name = to or new_name(live, connection)
        refuse_other_rules(given, live, name, connection)
        refuse_without_room(live, connection)
        with RebuildLock(live, holding, name) as lock:
            connection.permit = lock.check
            engine = Engine(given.model_copy(update={"generation": name}), connection)
            report = RebuildReport(live.generation, name)
            try:
                _Rebuild(live, engine, lock, report, on_step).run()
            except (RedisError, BrokerError) as error:
                raise type(error)(
                    f"{error}. Workers continue with generation {live.generation}. Run `streams rebuild` again: it resumes "
                    "from the positions that Redis has stored"
                ) from error
    report.seconds = round(time.monotonic() - began, 3)
    return report


class _Rebuild:
    """Steps 2 to 7 of a rebuild, once its lock is acquired."""

    def __init__(
        self, live: Settings, engine: Engine, lock: RebuildLock, report: RebuildReport, on_step: OnStep
    ) -> None:
        self._layout = Layout.of(live)
        self._progress = Progress(self._layout, engine.connection)
        self._engine = engine
        self._lock = lock
        self._report = report
        self._say = on_step
        self._shadow = ShadowReplay(engine, self._count)

    def run(self) -> None:
        drained = asyncio.run(self._replay())
        self._say("backfill", 0)
        copied = Backfill(self._layout, self._engine).run()
        self._say("transfer ids", copied["records"])
        transferred = IdTransfer(self._layout, self._engine).run()
        self._shadow.refuse_failover()
        self._lock.switch(self._engine.groups.known)
        report = self._report
        report.pause_seconds = round(time.monotonic() - drained, 3)
        report.records, report.deleted = copied["records"], copied["deleted"]
        report.carried_over, report.groups = copied["carried"], transferred.pop("groups", 0)
        report.changes = dict(sorted(transferred.items()))

    async def _replay(self) -> float:
        """Run steps 2 to 4; returns when the drain began, by the monotonic clock."""
        report = self._report
        async with self._shadow as shadow:
            for _ in range(_MOST_ROUNDS):
                targets = self._progress.positions()
                self._say("replay", shadow.behind(targets))
                await shadow.replay(targets)
                if shadow.behind(self._progress.positions()) <= _CLOSE_ENOUGH:
                    break
            drained = time.monotonic()
            await asyncio.to_thread(self._lock.drain, partial(self._say, "wait for workers"))
            targets = self._progress.positions()
            self._say("replay the rest", shadow.behind(targets))
            await shadow.replay(targets)
            report.refused, report.lost_messages = dict(sorted(shadow.refused.items())), shadow.lost
        return drained

    def _count(self, messages: int) -> None:
        self._report.messages += messages
        self._say("replayed", self._report.messages)
