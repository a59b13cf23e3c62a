"""A rebuild's hold on the live generation, renewed in the background (`state/fence.py`)."""

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

__all__ = ["Holder"]

_BEAT_SECONDS = 1.0
_MARGIN_SECONDS = 2.0
_POLL_SECONDS = 0.1
_LEAVE_SECONDS = 120.0


class Holder:
    """Holds the generation of `settings` for a rebuild to `to`. Use as `with`: at its end workers go on, whatever happened."""

    def __init__(self, settings: Settings, connection: Connection, to: str) -> None:
        """`connection` is the holder's own."""
        self._generation = settings.generation
        self._fence = Fence(settings.namespace, settings.generation, connection)
        self._to = to
        self._token = secrets.token_hex(8)
        self._lock = threading.Lock()
        self._closed = False
        self._until = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name="hold-generation", daemon=True)

    def __enter__(self) -> Holder:
        """Raises RefusedError where another rebuild holds it; the hold of one that was killed ends by itself, and is waited for."""
        left = HOLD_SECONDS * 1000
        while (found := self._hold(take=True)).state == "busy":
            if int(found.detail) > left:  # somebody renews it
                raise RefusedError(f"another rebuild of generation {self._generation} runs")
            left = int(found.detail)
            time.sleep(_POLL_SECONDS)
        self._refuse(found)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        with contextlib.suppress(RedisError):  # then the hold ends by itself
            self._fence.end(self._token, "release")

    def check(self) -> None:
        """Raise FencedError where it no longer holds the generation."""
        if time.monotonic() > self._until:
            raise FencedError(
                f"generation {self._generation} was let go since the rebuild stood still for too long; its workers go on. "
                "Run `streams rebuild` again"
            )

    def close(self, told: Callable[[int], None]) -> None:
        """Keep workers out, and return when the last one has left; `told` how many are inside, whenever that changes.

        Raises RefusedError where one does not leave in time; then nobody is kept out any more.
        """
        self._closed = True
        inside = -1
        deadline = time.monotonic() + _LEAVE_SECONDS
        while True:
            found = self._hold(take=False)
            self._refuse(found)
            if found.detail == "0":
                return
            if int(found.detail) != inside:
                inside = int(found.detail)
                told(inside)
            if time.monotonic() > deadline:
                raise RefusedError(
                    f"{inside} workers did not leave within {_LEAVE_SECONDS:.0f} s; they go on. See that they can end "
                    "their batches (Kafka, Redis), then run `streams rebuild` again"
                )
            time.sleep(_POLL_SECONDS)

    def switch(self, known: bytes) -> None:
        """The new generation takes over. Raises FencedError where it holds no more, ForgottenError as `Fence.end`."""
        self._end("switch", known)

    def abort(self) -> None:
        """Give the new generation up. Raises FencedError where it holds no more."""
        self._end("abort", b"")

    def _end(self, how: Literal["switch", "abort"], known: bytes) -> None:
        with self._lock:
            done = self._fence.end(self._token, how, known)
        if not done:
            self._until = 0.0
            self.check()

    def _go_on(self) -> None:
        while not self._stop.wait(_BEAT_SECONDS):
            try:
                if self._hold(take=False).state != "held":
                    self._until = 0.0
                    return
            except RedisError:
                continue  # it may come back in time

    def _hold(self, *, take: bool) -> Hold:
        with self._lock:
            asked = time.monotonic()
            found = self._fence.hold(self._token, self._to, take=take, closed=self._closed)
            if found.state == "held":
                self._until = asked + HOLD_SECONDS - _MARGIN_SECONDS
            return found

    def _refuse(self, found: Hold) -> None:
        if found.state == "other":
            raise RefusedError(
                f"a rebuild of generation {self._generation} to {found.detail!r} was begun; "
                "run `streams rebuild` to go on with it, or `streams rebuild --abort`"
            )
        if found.state == "successor":
            raise RefusedError(f"generation {self._generation} was replaced by {found.detail} just now")
        if found.state != "held":
            self._until = 0.0
            self.check()
