"""The rebuild lock of the live generation: one rebuild at a time, renewed by a thread every second (`state/fence.py`)."""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from collections.abc import Callable
from typing import Literal

from streams.errors import FencedError, RedisError, RefusedError
from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.fence import HOLD_SECONDS, Fence, Hold

__all__ = ["RebuildLock"]

_RENEW_SECONDS = 1.0
_MARGIN_SECONDS = 2.0
"""The rebuild takes its lock for expired this long before Redis does, so that clocks of different speed do no harm."""
_POLL_SECONDS = 0.1
_LEAVE_SECONDS = 120.0
"""How long `drain` waits for the workers to end their batches."""


class RebuildLock:
    """The lock that a rebuild of the generation of `settings` to generation `to` holds. Use as `with`.

    The end of the `with` block releases the lock, also after an error: workers then resume in the old generation, or start in
    the new one after `switch`.
    """

    def __init__(self, settings: Settings, connection: Connection, to: str) -> None:
        """Prepare the lock; `connection` is for its use alone, as its thread runs beside the rebuild."""
        self._generation = settings.generation
        self._fence = Fence(settings.namespace, settings.generation, connection)
        self._to = to
        self._token = secrets.token_hex(8)
        self._lock = threading.Lock()
        self._draining = False
        self._until = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._keep_renewing, name="rebuild-lock", daemon=True)

    def __enter__(self) -> RebuildLock:
        """Acquire the lock. Raises RefusedError where another rebuild holds it.

        The lock of a rebuild that was killed expires after `HOLD_SECONDS`; this one waits for that.
        """
        left = HOLD_SECONDS * 1000
        while (found := self._acquire(take=True)).state == "busy":
            if int(found.detail) > left:  # the other rebuild renews it, so it is running
                raise RefusedError(f"another rebuild of generation {self._generation} runs")
            left = int(found.detail)
            time.sleep(_POLL_SECONDS)
        self._refuse(found)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        with contextlib.suppress(RedisError):  # then the lock expires
            self._fence.end(self._token, "release")

    def check(self) -> None:
        """Raise FencedError where the lock has expired."""
        if time.monotonic() > self._until:
            raise FencedError(
                f"the rebuild lock of generation {self._generation} was let go: the rebuild stood still for too long, and "
                "workers resumed. Run `streams rebuild` again"
            )

    def drain(self, on_progress: Callable[[int], None]) -> None:
        """Refuse workers that want to start, and wait until the last one has left the generation.

        Calls `on_progress` with the number of workers that are left, whenever it changes. Raises RefusedError where a worker does
        not leave within `_LEAVE_SECONDS`; the end of the `with` block then admits workers again.
        """
        self._draining = True
        inside = -1
        deadline = time.monotonic() + _LEAVE_SECONDS
        while True:
            found = self._acquire(take=False)
            self._refuse(found)
            if found.detail == "0":
                return
            if int(found.detail) != inside:
                inside = int(found.detail)
                on_progress(inside)
            if time.monotonic() > deadline:
                raise RefusedError(
                    f"{inside} workers did not leave within {_LEAVE_SECONDS:.0f} s; they continue. Check that they can "
                    "end their batches (Kafka, Redis), then run `streams rebuild` again"
                )
            time.sleep(_POLL_SECONDS)

    def switch(self, known: bytes) -> None:
        """Put the new generation in force and release the lock.

        `known` is the replication ids of the Redis servers that the new generation was built on. Raises FencedError where the lock
        has expired, ForgottenError where Redis has failed over since.
        """
        self._end("switch", known)

    def abort(self) -> None:
        """Give up the rebuild that was begun and release the lock. Raises FencedError where the lock has expired."""
        self._end("abort", b"")

    def _end(self, how: Literal["switch", "abort"], known: bytes) -> None:
        with self._lock:
            done = self._fence.end(self._token, how, known)
        if not done:
            self._until = 0.0
            self.check()

    def _keep_renewing(self) -> None:
        while not self._stop.wait(_RENEW_SECONDS):
            try:
                if self._acquire(take=False).state != "held":
                    self._until = 0.0
                    return
            except RedisError:
                continue  # Redis may answer again before the lock expires

    def _acquire(self, *, take: bool) -> Hold:
        """Acquire the lock (`take`) or renew the one that this rebuild has."""
        with self._lock:
            asked = time.monotonic()
            found = self._fence.hold(self._token, self._to, take=take, closed=self._draining)
            if found.state == "held":
                self._until = asked + HOLD_SECONDS - _MARGIN_SECONDS
            return found

    def _refuse(self, found: Hold) -> None:
        """Raise the error that says why the lock was refused; return if it was not."""
        if found.state == "other":
            raise RefusedError(
                f"a rebuild of generation {self._generation} to {found.detail!r} was begun; "
                "run `streams rebuild` to resume it, or `streams rebuild --abort` to give it up"
            )
        if found.state == "successor":
            raise RefusedError(f"generation {self._generation} was replaced by {found.detail} just now")
        if found.state != "held":
            self._until = 0.0
            self.check()
