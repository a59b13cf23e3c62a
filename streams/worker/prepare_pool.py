"""Read payloads in a process of its own, so that reading them and deciding about them use two cores.

The child is spawned (no fork of a process with threads), ends when the worker ends, however that
happens, and is replaced when it dies. Where it cannot be used the payloads are read in the calling thread.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from streams.engine.prepare import Intake, Items, Raw, pack, pack_messages, unpack, unpack_messages
from streams.event_log import EventLog
from streams.settings import Settings
from streams.state.formats import LATEST

__all__ = ["Preparer", "calm_collector"]

log = EventLog(__name__)

_PR_SET_PDEATHSIG = 1
_WATCH_SECONDS = 1.0

_intake: Intake | None = None


class Preparer:
    """Prepares batches in a child process. Use from one event loop."""

    def __init__(self, settings: Settings, form: int = LATEST) -> None:
        """Prepare values of a format of the state (`state/formats.py`)."""
        self._settings = settings
        self._form = form
        self._pool: ProcessPoolExecutor | None = None

    async def start(self) -> None:
        """Start the child and wait until it answers, so that the first batch does not wait for it."""
        await self.prepare([])

    async def prepare(self, messages: Sequence[Raw]) -> list[Items]:
        """Return the items of each message, see `Intake.prepare`. A child that dies is replaced, once a call."""
        packed = pack_messages(messages)
        for attempt in (1, 2):
            try:
                loop = asyncio.get_running_loop()
                return unpack(await loop.run_in_executor(self._children(), _prepare, packed))
            except BrokenProcessPool:
                log.warning("intake_died", "the intake process died; attempt {attempt}", attempt=attempt)
                self.close()
        # One of these messages may be what kills it; in this process it would at least be seen.
        return Intake(self._settings, self._form).prepare(messages)

    def close(self) -> None:
        """End the child."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None

    def _children(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(1, context, _begin, (self._settings, self._form, os.getpid()))
        return self._pool


def _begin(settings: Settings, form: int, parent: int) -> None:
    global _intake  # noqa: PLW0603 - the state of this process, made once
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _end_with(parent)
    _intake = Intake(settings, form)
    calm_collector()


def calm_collector() -> None:
    """Run the garbage collector less often, and never over the objects that exist until the end.

    A batch is tens of thousands of small values without cycles, which reference counts free; looking for
    cycles among them took a seventh of a worker's time. Types of which very many are kept (features, index slots, decisions)
    are left out of the search by `gc=False`, which is right for values that nothing they refer to can refer to.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def _end_with(parent: int) -> None:
    """End this process when the worker ends, also by `kill -9`."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_WATCH_SECONDS)
        os._exit(1)

    # Where the kernel sends no signal, and for a parent that died before it was asked to.
    threading.Thread(target=watch, daemon=True, name="end-with-worker").start()


def _prepare(packed: bytes) -> bytes:
    if _intake is None:
        raise RuntimeError("the intake process was not begun")
    return pack(_intake.prepare(unpack_messages(packed)))
