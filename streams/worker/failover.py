"""Detect that Redis failed over or was restarted, and reconcile subscribers before anything else is written.

The replication ids of the servers say which ones this worker knows (`streams/state/progress.py`). The engine changes
groups only on servers that it trusts, and trusts a server only after subscribers and Redis agree again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from streams.engine.engine import Engine
from streams.errors import ForgottenError, OlderCopyError
from streams.event_log import EventLog
from streams.state.progress import Histories, Place, Step
from streams.worker.engine_thread import EngineThread
from streams.worker.older_copy import refuse_older_copy
from streams.worker.reconciler import Reconciler

__all__ = ["FailoverGuard"]

log = EventLog(__name__)

_GRACE_SECONDS = 0.5
"""How long after a failover Kafka may take for what another worker published just before it."""


class FailoverGuard:
    """Knows the Redis servers that this worker works on. Use from one task at a time."""

    def __init__(self, engine: Engine, reconciler: Reconciler, thread: EngineThread) -> None:
        self._engine = engine
        self._reconciler = reconciler
        self._thread = thread
        self._in_thread = thread.run
        self.histories: Histories = ()
        """The replication ids known, `()` before the first check."""
        self.on_older_copy: Callable[[OlderCopyError], None] = lambda _error: None
        """Called where Redis has an older copy of the state that may not be taken up."""

    def is_unknown(self, histories: Histories) -> bool:
        """Return whether these are the replication ids of other servers than the ones known."""
        return bool(self.histories) and histories != self.histories

    async def check(self, steps: Sequence[Step]) -> dict[Place, int]:
        """Return the partitions of which Redis lost what comes before `steps`, with the position to rewind them to.

        To be called before anything is read or written. Reconciles first where Redis is not the one known. Raises
        ServiceError.
        """
        while True:
            known = self.histories
            if known:
                back, now = await self._in_thread(lambda: self._engine.progress.check(steps, known))  # noqa: B023
                if now == known:
                    # A reconciliation that failed trusts servers that are gone again, as with slots that moved there and back.
                    self._engine.trust(known)
                    return back
            await self._adopt()

    async def ensure_unchanged(self) -> None:
        """Raise ForgottenError where Redis may have lost the state that is about to be published."""
        known = self.histories
        if (await self._in_thread(lambda: self._engine.progress.check((), known)))[1] != known:
            raise ForgottenError

    async def _adopt(self) -> None:
        """Trust the servers that answer now, and reconcile subscribers if these lost what was published.

        Raises OlderCopyError where what they lost cannot be read again.
        """
        progress = self._engine.progress
        look = await self._in_thread(progress.look)
        since = look.forgotten_since(self.histories)
        if since is not None:
            await self._refuse_older_copy(look.positions)
        self._engine.trust(look.histories)
        if since is not None:
            log.warning(
                "redis_failed_over", "Redis failed over or was restarted; what it acknowledged last may be lost"
            )
            await self._in_thread(lambda: progress.claim(self._engine.settings))
            await asyncio.sleep(_GRACE_SECONDS)
            await self._reconciler.reconcile(since)
            self._thread.interrupted = True
        self.histories = look.histories

    async def _refuse_older_copy(self, positions: Mapping[Place, int]) -> None:
        try:
            await refuse_older_copy(self._engine.settings, positions)
        except OlderCopyError as error:
            self.on_older_copy(error)
            raise
