"""Harvest what is due of one source: window by window, published and acknowledged before the checkpoint moves.

A pass: read the checkpoint; for each window that is due ask for its payloads, publish them in batches, and write the checkpoint. A
process that is killed asks again for the window it was in, and for the overlap; a record that comes twice is harmless, as workers
compare versions.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import UTC, date, datetime
from typing import NamedTuple

import msgspec

from streams.errors import BrokerError, FeedError, SupersededError
from streams.event_log import EventLog
from streams.events import Outgoing
from streams.harvest.checkpoints import Checkpoint, CheckpointStore, State
from streams.harvest.claim import ClaimedError, FeedClaim
from streams.harvest.client import FeedClient, RefusedRequestError
from streams.harvest.metrics import HarvestMetrics
from streams.harvest.source import Batch, Source, Window
from streams.kafka.producer import Publisher
from streams.kafka.topics import RECORDS

__all__ = ["Harvester", "Progress"]

log = EventLog(__name__)

_STATE_SECONDS, _STOP_SECONDS = 30.0, 5.0
_MOST_FAILURES = 3
"""Windows that fail one after the other before a pass ends: the source is down, and each costs all its attempts."""
_AGAIN_SECONDS = 900.0


class Progress(NamedTuple):
    """How far a harvester is, for people: its window, and what it has published since it started."""

    window: str
    records: int
    deletes: int


class Harvester:
    """Harvests one source with one client and one publisher, while it has its claim.

    `publisher` None publishes nothing and writes no checkpoint, and needs no `claim`. `fenced`, if given, makes a publisher of the
    payloads each time that the claim was taken: Kafka takes messages of the last one alone, so that none of an earlier holder comes
    after one of this harvester, however long that holder was paused.
    """

    def __init__(
        self,
        source: Source,
        client: FeedClient,
        store: CheckpointStore,
        publisher: Publisher | None,
        metrics: HarvestMetrics,
        claim: FeedClaim | None = None,
        fenced: Callable[[], Publisher] | None = None,
        *,
        follows: bool = False,
        on_progress: Callable[[Progress], None] = lambda _progress: None,
        today: Callable[[], date] = lambda: datetime.now(UTC).date(),
    ) -> None:
        self._source = source
        self._client = client
        self._store = store
        self._publisher = publisher
        self._metrics = metrics
        self._claim = claim
        self._check_claim: Callable[[], None] = (lambda: None) if claim is None else claim.check
        self._fenced = fenced
        self._payloads = publisher
        self._follows = follows
        self._on_progress = on_progress
        self._today = today
        self._checkpoint = Checkpoint(source.feed)
        self._success = 0.0
        self._newest = ""
        self._records = self._deletes = 0
        self._state_written = 0.0

    async def once(self) -> Progress:
        """Harvest what is due; return what was published.

        Raises FeedError where windows remain that failed, ClaimedError where another harvester has the feed, and BrokerError.
        """
        if self._claim is not None:
            await self._claim.take(waits=self._follows)
        opened: AbstractAsyncContextManager[Publisher | None] = (
            self._fenced() if self._fenced is not None else nullcontext(self._publisher)
        )
        async with opened as self._payloads:
            return await self._everything_due()

    async def _everything_due(self) -> Progress:
        stored = await self._store.read()
        self._checkpoint = stored.checkpoint or Checkpoint(self._source.feed)
        self._success = self._success or stored.success
        self._newest = self._checkpoint.newest
        self._expose()
        try:
            await self._pass()
        except (FeedError, BrokerError) as error:
            await self._tell("failed", str(error))
            raise
        self._success = time.time()
        self._expose()
        await self._tell("waiting" if self._follows else "ended", f"harvested until {self._checkpoint.done}")
        return Progress("", self._records, self._deletes)

    async def follow(self, interval: float) -> None:
        """Harvest what is due every `interval` seconds, until cancelled; a pass that failed is repeated after a quarter of an hour.

        Raises RefusedRequestError where the first pass is refused, so that a wrong key ends the program at its start.
        """
        succeeded = False
        while True:
            wait = interval
            try:
                done = await self.once()
                succeeded = True
                log.info(
                    "feed_harvested",
                    "{feed}: {records} records and {deletes} deletes so far; next pass in {wait:.0f} s",
                    feed=self._source.feed,
                    records=done.records,
                    deletes=done.deletes,
                    wait=wait,
                )
            except ClaimedError as error:
                log.warning("claim_lost", "{reason}", reason=str(error))
                continue  # the next pass begins when the feed is free
            except (FeedError, BrokerError) as error:
                if isinstance(error, RefusedRequestError) and not succeeded:
                    raise
                wait = min(interval, _AGAIN_SECONDS)
                log.error("pass_failed", "{reason}; next pass in {wait:.0f} s", reason=str(error), wait=wait)
            await asyncio.sleep(wait)

    async def stop(self) -> None:
        """Write that this harvester has ended, if Kafka takes it within seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_STOP_SECONDS):
                await self._tell("ended", "stopped")

    async def _pass(self) -> None:
        failures: list[FeedError] = []
        in_a_row = 0
        async for due in self._source.windows(self._client, self._checkpoint, self._today()):
            queue = [due]
            while queue:
                window = queue.pop(0)
                try:
                    await self._harvest(window)
                except (RefusedRequestError, ClaimedError):
                    raise
                except FeedError as error:
                    if parts := self._source.split(window):
                        log.warning(
                            "window_split",
                            "{window} is asked for in parts: {reason}",
                            window=window.name,
                            reason=str(error),
                        )
                        queue = [*parts, *queue]
                        continue
                    in_a_row += 1
                    if self._source.in_order or in_a_row >= _MOST_FAILURES:
                        raise
                    failures.append(error)
                    await self._move(self._source.failed(self._checkpoint, window))
                    log.warning(
                        "window_failed",
                        "{window} failed, and is asked for again later: {reason}",
                        window=window.name,
                        reason=str(error),
                    )
                else:
                    in_a_row = 0
                    await self._move(self._source.finished(self._checkpoint, window))
        if failures:
            raise FeedError(f"{len(failures)} windows failed and are pending; the last: {failures[-1]}")

    async def _harvest(self, window: Window) -> None:
        await self._tell("working", window.name, sparingly=True)
        self._on_progress(Progress(window.name, self._records, self._deletes))
        async for batch in self._source.batches(self._client, window):
            await self._publish(batch)
            self._newest = max(self._newest, batch.newest)
            self._on_progress(Progress(window.name, self._records, self._deletes))
            await self._tell("working", window.name, sparingly=True)

    async def _publish(self, batch: Batch) -> None:
        self._check_claim()
        topic = RECORDS + self._source.adapter
        if self._payloads is not None:
            try:
                await self._payloads.publish([Outgoing(topic, key, value) for key, value in batch.messages])
            except SupersededError as error:
                raise ClaimedError(f"another harvester has {self._source.feed} now: {error}") from error
        deletes = sum(value is None for _, value in batch.messages)
        self._records += len(batch.messages) - deletes
        self._deletes += deletes
        self._metrics.published(len(batch.messages) - deletes, deletes)

    async def _move(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint: every record before it was acknowledged."""
        self._check_claim()
        self._checkpoint = msgspec.structs.replace(checkpoint, newest=self._newest, time=time.time())
        await self._store.write(self._checkpoint)
        self._expose()

    async def _tell(self, state: str, detail: str, *, sparingly: bool = False) -> None:
        """Write the state, `sparingly` not more often than each 30 s; one that cannot be written is left out.

        So is that of a harvester without its claim: the state is the other one's.
        """
        if self._claim is not None and not self._claim.is_held:
            return
        if sparingly and time.monotonic() - self._state_written < _STATE_SECONDS:
            return
        self._state_written = time.monotonic()
        value = State(
            self._source.feed,
            state,  # type: ignore[arg-type]
            detail[:500],
            self._follows,
            self._success,
            time.time(),
            self._records + self._deletes,
        )
        try:
            await self._store.write_state(value)
        except BrokerError as error:
            log.warning(
                "state_not_written",
                "the state of {feed} was not written: {reason}",
                feed=self._source.feed,
                reason=str(error),
            )

    def _expose(self) -> None:
        self._metrics.progressed(self._newest, self._success, len(self._checkpoint.pending))
