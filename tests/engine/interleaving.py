"""Several engines at once, switched between their round trips to Redis in an order that is given, not left to chance."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from streams.state.connection import Command, Connection

__all__ = ["Crash", "Stepped", "interleave"]

_PATIENCE_SECONDS = 20.0


class Crash(BaseException):
    """`kill -9` of one engine. Not an Exception, so that nobody recovers from it."""


class Stepped(Connection):
    """A connection that waits for its turn before each round trip and may end the engine before or after one."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection.servers, connection._scripts.values(), connection.replicas)
        self.before: Callable[[], None] = lambda: None
        self.after: Callable[[], None] = lambda: None

    def execute(self, commands: Sequence[Command]) -> list[Any]:
        if not commands:
            return []
        self.before()
        replies = super().execute(commands)
        self.after()
        return replies


class _Lane:
    """One engine's thread: it runs while it has the turn and gives it back at each step."""

    def __init__(self, work: Callable[[Callable[[], None]], None]) -> None:
        self._go, self._back = threading.Semaphore(0), threading.Semaphore(0)
        self.over = False
        self.failure: BaseException | None = None
        self.crashed = False
        self._thread = threading.Thread(target=self._run, args=(work,), daemon=True)
        self._thread.start()

    def _run(self, work: Callable[[Callable[[], None]], None]) -> None:
        self._go.acquire()
        try:
            work(self._step)
        except Crash:
            self.crashed = True
        except BaseException as error:  # given to the test, whatever it is
            self.failure = error
        self.over = True
        self._back.release()

    def _step(self) -> None:
        self._back.release()
        self._go.acquire()

    def turn(self) -> None:
        self._go.release()
        assert self._back.acquire(timeout=_PATIENCE_SECONDS), "an engine hangs"


def interleave(works: Sequence[Callable[[Callable[[], None]], None]], pick: Callable[[list[int]], int]) -> list[bool]:
    """Run `works` to their ends; each calls what it is given wherever others may come between.

    `pick` chooses whose turn is next of those that live, by their numbers. Returns which of them crashed.
    """
    lanes = [_Lane(work) for work in works]
    while living := [number for number, lane in enumerate(lanes) if not lane.over]:
        lanes[pick(living)].turn()
    for lane in lanes:
        if lane.failure is not None:
            raise lane.failure
    return [lane.crashed for lane in lanes]
