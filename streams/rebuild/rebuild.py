"""`streams rebuild` from beginning to end.

Numbered, for the order is what makes it safe:
1. hold the live generation, so that no second rebuild runs; its workers go on
2. replay the topics into the new generation up to where the live one is, again and again until little is missing
3. close the live generation: its workers end their batches and leave
4. replay the rest; now both generations know the same messages
5. carry over the records that the topics no longer hold
6. let the clusters live on: ids, revisions, redirects, corrections, events not yet published, positions
7. switch, one command: from now on whoever opens the old generation opens the new one

Killed anywhere, workers go on with the old generation within seconds, and the same command goes on with 2 and does 3 to 6
again, each of which may be repeated. After 7 there is nothing left to do. A Redis that fails over meanwhile may have forgotten
a part of the new generation: then it ends, before 7, and the same command goes on from what is remembered (`state/progress.py`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from streams.engine.engine import Engine
from streams.errors import BrokerError, ForgottenError, RedisError
from streams.rebuild.backfill import Carrier
from streams.rebuild.generations import live_generation, new_name, refuse_other_rules, refuse_without_room
from streams.rebuild.lock import Holder
from streams.rebuild.shadow import Shadow
from streams.rebuild.transfer_ids import Adopter
from streams.settings import Settings
from streams.state.connection import connect
from streams.state.layout import Layout
from streams.state.progress import Progress

__all__ = ["Report", "Said", "rebuild"]

_CLOSE_ENOUGH = 2000
"""Messages the new generation may be behind when the live one is closed: the time they take is added to the pause."""
_MOST_ROUNDS = 20


class Said(NamedTuple):
    """How far it is: the step, and a number that grows or shrinks within it."""

    step: str
    number: int


class Report(msgspec.Struct):
    """What this run of a rebuild has done.

    `refused` are items that could not be read, by reason code; `lost_messages` those that the live generation had handled and the
    topics no longer have, as far as known. `changes` of clusters are by type; `pause_seconds` is how long workers were kept out.
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


def rebuild(given: Settings, to: str = "", said: Callable[[Said], None] = lambda _: None) -> Report:
    """Rebuild the generation in force under the settings given, and switch to the new one, called `to` or the next number.

    Goes on with one that was begun. `said` is told how far it is. Raises RefusedError where another one runs or was begun
    to another name, ForgottenError where Redis failed over meanwhile, and whatever a server that is away raises; the old
    generation is in force then.
    """
    began = time.monotonic()
    connection, holding = connect(given), connect(given)
    try:
        live = live_generation(given, connection)
        name = to or new_name(live, connection)
        refuse_other_rules(given, live, name, connection)
        refuse_without_room(live, connection)
        with Holder(live, holding, name) as holder:
            connection.permit = holder.check
            engine = Engine(given.model_copy(update={"generation": name}), connection)
            report = Report(live.generation, name)
            try:
                _Rebuild(live, engine, holder, report, said).run()
            except (RedisError, BrokerError) as error:
                raise type(error)(
                    f"{error}. Workers go on with generation {live.generation}. Run `streams rebuild` again: it goes on "
                    "from what Redis remembers"
                ) from error
    finally:
        connection.close()
        holding.close()
    report.seconds = round(time.monotonic() - began, 3)
    return report


class _Rebuild:
    """One run, once the live generation is held."""

    def __init__(
        self, live: Settings, engine: Engine, holder: Holder, report: Report, said: Callable[[Said], None]
    ) -> None:
        self._layout = Layout(live.namespace, live.generation, live.buckets)
        self._progress = Progress(self._layout, engine.connection)
        self._engine = engine
        self._holder = holder
        self._report = report
        self._said = said
        self._histories = engine.progress.look().histories
        engine.trust(self._histories)

    def run(self) -> None:
        closed = asyncio.run(self._replay())
        self._say("carry over", 0)
        carried = Carrier(self._layout, self._engine).run()
        self._say("adopt", carried["records"])
        adopted = Adopter(self._layout, self._engine).run()
        if self._engine.progress.look().histories != self._histories:
            raise ForgottenError
        self._holder.switch(self._engine.groups.known)
        report = self._report
        report.pause_seconds = round(time.monotonic() - closed, 3)
        report.records, report.deleted = carried["records"], carried["deleted"]
        report.carried_over, report.groups = carried["carried"], adopted.pop("groups", 0)
        report.changes = dict(sorted(adopted.items()))

    async def _replay(self) -> float:
        """Steps 2 to 4; returns when the live generation was closed."""
        report = self._report
        async with Shadow(self._engine, self._histories, self._count) as shadow:
            for _ in range(_MOST_ROUNDS):
                targets = self._progress.positions()
                self._say("replay", shadow.behind(targets))
                await shadow.replay(targets)
                if shadow.behind(self._progress.positions()) <= _CLOSE_ENOUGH:
                    break
            closed = time.monotonic()
            await asyncio.to_thread(self._holder.close, lambda inside: self._say("wait for workers", inside))
            targets = self._progress.positions()
            self._say("replay the rest", shadow.behind(targets))
            await shadow.replay(targets)
            report.refused, report.lost_messages = dict(sorted(shadow.refused.items())), shadow.lost
        return closed

    def _count(self, messages: int) -> None:
        self._report.messages += messages
        self._say("replayed", self._report.messages)

    def _say(self, step: str, number: int) -> None:
        self._said(Said(step, number))
