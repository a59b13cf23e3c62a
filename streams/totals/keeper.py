"""Keep the totals: one process of all that run a keeper follows `dedup.events` and writes what it counted every five seconds.

The counters and the offsets that they include are one value in Redis (`streams/totals/snapshot.py`). A keeper that takes the lease
reads that value and the events from its offsets on; it has nothing else to resume from. So a kill at any moment costs the events of
the last seconds, which the next keeper reads again.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from streams import events
from streams.errors import StreamsError
from streams.event_log import EventLog
from streams.kafka.cancellation import cancelled_only_by_caller
from streams.kafka.topics import is_embedded_broker
from streams.settings import Settings
from streams.state.connection import connect_to_read
from streams.state.generation import current_generation, facts
from streams.totals.count import count_totals
from streams.totals.fold import Counters
from streams.totals.follower import Follower
from streams.totals.snapshot import LEASE_SECONDS, ReviewQueue, Snapshot, TotalsStore

__all__ = ["WRITE_SECONDS", "Keeper"]

log = EventLog(__name__)
T = TypeVar("T")

CountReview = Callable[[], Awaitable[ReviewQueue | None]]

WRITE_SECONDS = 5.0
_ASK_SECONDS = 2.0
"""How often a keeper without the lease asks for it, and one whose server does not answer tries again."""


class Keeper:
    """A background task of a process that serves: `run` keeps the totals while this process has the lease."""

    def __init__(
        self,
        settings: Settings,
        write_seconds: float = WRITE_SECONDS,
        lease_seconds: float = LEASE_SECONDS,
        *,
        count_review: CountReview | None = None,
    ) -> None:
        """Prepare a keeper that writes every `write_seconds`, and has the lease for `lease_seconds` unless it writes.

        `count_review` returns the open pairs of the review queue, None where they are not known. Asks no server for anything.
        """
        self._count_review = count_review
        self._settings = settings
        self._write_seconds = write_seconds
        self._token = secrets.token_hex(8)
        # Without WAIT: a value that a failover loses is counted again from the one before.
        self._connection = connect_to_read(settings)
        self._store = TotalsStore(settings.namespace, self._connection, lease_seconds)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="totals")
        self._failure = ""
        self.is_keeping = False
        """Whether this process has the lease, and counts."""

    async def run(self) -> None:
        """Keep the totals until this task is cancelled; servers that are away are waited for."""
        try:
            while True:
                try:
                    await cancelled_only_by_caller(self._try_to_keep())
                except (
                    StreamsError
                ) as error:  # also where the totals are of another version: they may be replaced meanwhile
                    self._report(error)
                self.is_keeping = False
                await asyncio.sleep(_ASK_SECONDS)
        finally:
            self.is_keeping = False
            self._thread.shutdown(wait=True)
            self._connection.close()

    async def _try_to_keep(self) -> None:
        lease = await self._call(lambda: self._store.take(self._token))
        if not lease.held:
            return
        snapshot = await self._begin(lease.snapshot)
        async with Follower(self._settings, snapshot) as follower:
            log.info(
                "totals_kept", "this process keeps the totals; {events} events are included", events=_events(snapshot)
            )
            self._failure, self.is_keeping = "", True
            try:
                await self._follow(follower)
            except asyncio.CancelledError:
                with contextlib.suppress(StreamsError):  # then the next keeper counts the last seconds again
                    await asyncio.shield(self._write(follower, release=True))
                raise

    async def _follow(self, follower: Follower) -> None:
        """Count until another process has the lease."""
        due = time.monotonic()
        while True:
            await follower.step()
            if follower.problem:  # what was written before keeps its time, and the lease may end
                self._report(follower.problem)
            elif time.monotonic() >= due:
                self._failure = ""
                due = time.monotonic() + self._write_seconds
                if not await self._write(follower):
                    log.info("totals_passed", "another process keeps the totals, or they were counted anew")
                    return

    async def _write(self, follower: Follower, *, release: bool = False) -> bool:
        snapshot = follower.finish()
        snapshot.review = await self._count_review() if self._count_review and not release else None
        return await self._call(lambda: self._store.write(self._token, snapshot, release=release))

    async def _begin(self, stored: Snapshot | None) -> Snapshot:
        """Return the snapshot to begin with: the stored one where the topics are those that it counted."""
        topic = self._settings.topic_prefix + events.EVENTS
        since = await self._call(self._topics_since)
        if stored is not None and stored.topic == topic and stored.topics_since == since:
            return stored
        if since and await is_embedded_broker(self._settings):
            # It loses its topics when it stops, and `dedup.clusters` was published again from the state.
            return await count_totals(self._settings, self._connection, since)
        if stored is None or stored.topic != topic:
            return Snapshot(Counters(), topic, topics_since=since, complete=not since)
        stored.topics_since, stored.complete = since, False
        return stored

    def _topics_since(self) -> int:
        current = current_generation(self._settings, self._connection)
        return int(facts(current.namespace, current.generation, self._connection).get("topics_since", 0))

    async def _call(self, work: Callable[[], T]) -> T:
        """Call `work` in the thread of this keeper: the connection is not safe for several threads."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _report(self, error: StreamsError | str) -> None:
        """Log an error, once as long as it stays the same."""
        if str(error) != self._failure:
            self._failure = str(error)
            log.warning("totals_wait", "the totals are not kept: {error}; trying again", error=error)


def _events(snapshot: Snapshot) -> int:
    return sum(snapshot.counters.events.values())
