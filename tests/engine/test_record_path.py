"""One record, followed through the modules of the worker and the engine, takes the path that docs/architecture.md draws."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from types import FrameType
from typing import Any

from streams.engine.deliver import deliver
from streams.engine.engine import Engine
from streams.engine.messages import Incoming
from streams.events import EVENTS, Outgoing
from streams.settings import Settings
from streams.state.connection import Connection
from tests.engine.worlds import CONTENTS, message

DRAWING = Path(__file__).parents[2] / "docs" / "architecture.md"
STEP = re.compile(r"^ {1,2}(\d+)  ((?:worker|engine)/\w+)\b", re.M)
VALUES = {"streams.engine.messages", "streams.engine.statistics"}
"""Modules of the values that steps take and return."""
OTHER_MESSAGES = {"streams.engine.correct", "streams.engine.review_questions"}
"""Steps for corrections and doubtful pairs, of which this path has none."""


def drawn() -> list[str]:
    """Return the modules of the drawing, in the order of their numbers."""
    steps = STEP.findall(DRAWING.read_text())
    assert [int(number) for number, _ in steps] == list(range(1, len(steps) + 1))
    return [f"streams.{module.replace('/', '.')}" for _, module in steps]


class Trace:
    """Notes the modules of the engine in the order in which they are entered from outside of them, with none that they use."""

    def __init__(self, steps: Sequence[str]) -> None:
        self._steps = set(steps)
        self.entered: list[str] = []

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        """Note a call, unless a step is what calls it: then it is a part of that step."""
        module = frame.f_globals.get("__name__", "")
        caller = frame.f_back.f_globals.get("__name__", "") if frame.f_back else ""
        if event == "call" and module.startswith("streams.engine.") and module not in VALUES | OTHER_MESSAGES:
            inside = caller.startswith("streams.") and caller not in {"streams.engine.engine", "streams.engine.deliver"}
            if not inside and module != caller:
                self.entered.append(module)

    def path(self) -> list[str]:
        """Return the modules entered, each once for calls in a row."""
        return [module for module, _ in groupby(self.entered)]


def test_a_record_walks_through_the_modules_of_the_drawing_in_their_order(
    generation: Settings, new_connection: Callable[[], Connection]
) -> None:
    engine = Engine(generation, new_connection())
    published: list[Outgoing] = []
    first, second = message("s:a", CONTENTS[0], 1, 0), message("t:b", CONTENTS[0], 2, 1)
    walk(engine, [first], published)
    trace = Trace(drawn())
    sys.setprofile(trace)
    try:
        walk(engine, [second], published)
    finally:
        sys.setprofile(None)
    assert sum(out.topic == EVENTS for out in published) == 2, "created, then record_added"
    steps = [module for module in trace.path() if module not in {"streams.engine.engine", "streams.engine.outbox"}]
    assert steps == [
        module for module in drawn() if module.startswith("streams.engine.") if module != "streams.engine.engine"
    ]


def test_a_record_walks_through_ten_modules_at_most() -> None:
    assert len(drawn()) == len(set(drawn())) == 10


def walk(engine: Engine, messages: list[Incoming], published: list[Outgoing]) -> None:
    """Take messages from the bytes to the acknowledged event, as a worker does."""

    async def publish(outgoing: Sequence[Outgoing]) -> None:
        published.extend(outgoing)

    async def in_place(work: Callable[[], Any]) -> Any:
        return work()

    batch = engine.process(messages)
    asyncio.run(deliver(batch, engine.outbox, publish, in_place))
