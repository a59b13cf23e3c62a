"""The consumer of Faust and aiokafka, adapted: the one module that touches their private members.

`tests/worker/test_private_members.py` holds each of these members to what is assumed of it here, so that an upgrade
that breaks one says which. The consumer differs from Faust's in four ways:

- it hands over the records of a partition in batches, each as one message of Faust's;
- it asks the broker more often for new messages;
- it rewinds a partition where Redis has stored less than the committed offset;
- it leaves a broker that grants short sessions without LeaveGroup.

The Redis primary may lose writes that it has acknowledged to a worker (`streams/state/progress.py`), while Kafka keeps the
offset committed after them. So this worker rewinds a partition to the position stored in Redis: when it is assigned, when
Redis refused a position, and when a heartbeat finds one before the committed offset. Reading never begins later than the
committed offset: otherwise the first messages of a topic that was deleted and created again would be lost.

Messages that were fetched and never came to the stream would be lost: in a rebalance Faust may end the loop that waits for a
fetch, while the fetch continues in the consumer's thread. So the consumer never seeks while a fetch is under way; it throws away
what a fetch returns that began before a rebalance, and seeks again; and it reads missing offsets a second time.
`streams/worker/read_positions.py` decides from where, and in which epoch, each partition is read.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, TypeVar, cast

import faust
from aiokafka.errors import IllegalStateError, KafkaError
from faust.exceptions import ConsumerNotStarted
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport
from mode import Service

from streams.errors import RedisError
from streams.state.progress import Place
from streams.worker.lag import Offsets
from streams.worker.read_positions import Gap, ReadPositions, Seek
from streams.worker.record_batch import RecordBatch
from streams.worker.stored_positions import StoredPositions

__all__ = ["RewindingConsumer", "RewindingTransport", "TablelessApp"]

_FETCH_WAIT_MS = 25
"""Longest time that the broker may keep a request for new messages waiting, in ms.

Faust's value is 1,500. Kafka answers as soon as there is a message; the embedded broker looks again after a quarter to a half of
this time. Twenty requests a second cost 3 % of a core, of which the embedded broker takes two thirds.
"""

_SILENT_SECONDS = 6.0
"""A member whose session is shorter does not send LeaveGroup: the broker misses it soon.

Kafka grants no shorter one (`group.min.session.timeout.ms`, by default). The embedded broker does; and of a group whose leader
says that it leaves, while others join or leave too, it keeps that leader permanently, and no member gets partitions any more.
It removes a member whose session ends, leader or not (docs/decisions/0019-no-leave-group.md).
"""

_FETCH_SECONDS = 5.0
"""Longest wait for a fetch under way, which takes a second at most."""
T = TypeVar("T")

_PAUSE_SECONDS = 0.2
_OFFSETS_SECONDS, _OFFSETS_WAIT_SECONDS = 5.0, 10.0
"""How often the broker is asked for the offsets of the partitions, which takes two requests a broker, and for how long."""


class TablelessApp(faust.App):
    """Faust's application without the directory of its tables, which it would leave behind in the temporary directory."""

    def _create_directories(self) -> None:
        """Override Faust's method, and create no directory."""


class _Thread(AIOKafkaConsumerThread):
    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        # Neither settings nor arguments of Faust's; aiokafka reads them when the consumer starts.
        consumer._fetch_max_wait_ms = _FETCH_WAIT_MS
        consumer._isolation_level = "read_committed"  # a message of an aborted transaction is none
        consumer._client_rack = transport.rack or None
        return consumer

    async def on_start(self) -> None:
        """Start as Faust does; with a short session, replace LeaveGroup by no message."""
        await super().on_start()
        if self.app.conf.broker_session_timeout < _SILENT_SECONDS:
            coordinator = self._ensure_consumer()._coordinator

            async def leave_silently() -> None:
                coordinator.reset_generation()

            coordinator._maybe_leave_group = leave_silently

    async def rewind(self, tp: Any, offset: int) -> None:
        """Read a partition from an offset, if it is assigned to this worker."""
        await self.call_thread(self._rewind, tp, offset)

    async def _rewind(self, tp: Any, offset: int) -> None:
        if tp in self.assignment():
            self._ensure_consumer().seek(tp, offset)

    async def offsets(self, tps: list[Any]) -> dict[Place, Offsets]:
        """Return the offsets of partitions by the broker. Raises KafkaError or TimeoutError.

        It does not wait for its turn with the calls of the thread, nor do they wait for it.
        """
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._offsets(tps), self.thread_loop))

    async def _offsets(self, tps: list[Any]) -> dict[Place, Offsets]:
        consumer = self._ensure_consumer()
        async with asyncio.timeout(_OFFSETS_WAIT_SECONDS):
            begins = await consumer.beginning_offsets(tps)
            ends = await consumer.end_offsets(tps)
            return {(tp.topic, tp.partition): Offsets(begins[tp], ends[tp], await consumer.position(tp)) for tp in tps}


class RewindingConsumer(Consumer):
    """Hands over record batches, and rewinds partitions to the positions stored in Redis.

    More than ten methods, for half of them replace or extend one of Faust's of the same name.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._reading = ReadPositions()
        self._seeking = asyncio.Lock()
        self._fetching: asyncio.Future[Any] | None = None
        self._rebalances = 0
        super().__init__(*args, **kwargs)

    @property
    def _source(self) -> StoredPositions:
        return cast("RewindingTransport", self.transport).source

    def _new_consumer_thread(self) -> _Thread:
        return _Thread(self, loop=self.loop, beacon=self.beacon)

    def request_rewind(self, batch: RecordBatch, position: int) -> None:
        """Read the partition of a batch again from `position`: Redis has stored no more, so the batch could not be."""
        if not self.is_stale(batch):
            self._reading.request_rewind(batch.tp, position)

    def is_stale(self, batch: RecordBatch) -> bool:
        """Return whether the partition of a batch was rewound since it was read: its records come again."""
        return batch.epoch != self._reading.epoch(batch.tp)

    def ack(self, message: Any) -> bool:
        """Acknowledge a message as Faust does; a stale one has no effect on what may be committed."""
        if isinstance(message, RecordBatch) and self.is_stale(message):
            message.acked = True
            self._unacked_messages.discard(message)
            return False
        return bool(super().ack(message))

    async def perform_seek(self) -> None:
        """Continue to read at the committed offset, or at the position stored in Redis if it is lower."""
        async with self._seeking:
            await self._fetched()
            self._reading.suspect(self.assignment())
            try:
                await super().perform_seek()
            except (IllegalStateError, AssertionError):
                # Partitions were taken away while it asked for what is committed: the next assignment seeks again.
                return
            stored = await self._answered(self._source.positions)
            restarted: dict[Place, int] = {}
            for tp in self.assignment():
                place = tp.topic, tp.partition
                start = self._reading.start(tp, self._committed_offset.get(tp), stored.get(place, 0))
                if start.seek is Seek.RESTART:
                    restarted[place] = stored[place]
                if start.seek is Seek.REWIND:
                    await self._rewind(tp, start.position)
                elif start.seek is not Seek.STAY:
                    # Faust leaves such a partition where it is: what was fetched and thrown away since would be lost.
                    await cast(_Thread, self._thread).rewind(tp, start.position)
            if restarted:
                await self._answered(lambda: self._source.begin(restarted))

    async def on_partitions_revoked(self, revoked: Any) -> None:
        """Drop the reading state of partitions that the broker takes away."""
        self._rebalances += 1
        self._reading.revoke(revoked)
        await super().on_partitions_revoked(revoked)

    @Service.task
    async def _check_positions(self) -> None:
        """Request rewinds where Redis lost positions that were committed, also where no message comes."""
        before: dict[Any, int | None] = {}
        while not self.should_stop:
            waited = await self.wait(self._source.next_positions())
            if waited.stopped:
                return
            stored = cast("Mapping[Place, int]", waited.result)
            for tp, committed in before.items():
                position = stored.get((tp.topic, tp.partition), 0)
                if committed is not None and position < committed and committed == self._committed_offset.get(tp):
                    self._reading.request_rewind(tp, position)
            with contextlib.suppress(ConsumerNotStarted):  # then none is assigned yet
                # What is committed now was stored before; a position that is read after it must not be less.
                before = {tp: self._committed_offset.get(tp) for tp in self.assignment()}

    @Service.task
    async def _ask_offsets(self) -> None:
        """Report the offsets of the partitions by the broker, where it reports them right."""
        while not self.should_stop:
            await self.sleep(_OFFSETS_SECONDS)
            with contextlib.suppress(KafkaError, TimeoutError, ConsumerNotStarted, AssertionError, KeyError):
                if self._source.wants_offsets and (tps := list(self.assignment())):
                    waited = await self.wait(cast(_Thread, self._thread).offsets(tps))
                    if not waited.stopped:
                        self._source.reported(cast("dict[Place, Offsets]", waited.result))

    async def _take_requests(self) -> None:
        """Rewind the partitions of which that was requested; no fetch is under way."""
        async with self._seeking:
            await self._fetched()
            for tp in self.assignment():
                if (position := self._reading.requests.pop(tp, None)) is not None:
                    await self._rewind(tp, position)

    async def _rewind(self, tp: Any, position: int) -> None:
        await cast(_Thread, self._thread).rewind(tp, position)
        while self._commit_fut is not None:  # a commit under way would note its offset after this
            await self.maybe_wait_for_commit_to_finish()
        for known in (self._acked, self._acked_index, self._gap):
            known.pop(tp, None)
        # Where Faust reads this partition next, and what it takes for committed already.
        self._read_offset[tp] = position or None
        self._committed_offset[tp] = position
        self._source.rewound((tp.topic, tp.partition), position, self._reading.rewound(tp, position))

    async def _answered(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Return what Redis answers, however long it is away, full or refusing: an error here would end the worker."""
        while True:
            try:
                return await ask()
            except RedisError as error:
                self._source.failed(error)
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _getmany(self, active_partitions: Any, timeout: float) -> Any:
        """Fetch as Faust does, and keep the fetch in view also when the loop that waited for it has ended."""
        self._fetching = asyncio.ensure_future(super()._getmany(active_partitions, timeout))
        self._fetching.add_done_callback(
            lambda done: done.cancelled() or done.exception()
        )  # it may be asked for by no task
        return await asyncio.shield(self._fetching)

    async def _fetched(self) -> None:
        """Wait until no fetch is under way."""
        if self._fetching is not None:
            await asyncio.wait([self._fetching], timeout=_FETCH_SECONDS)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[Any, Any]]:
        """Yield what was fetched, as (partition, records), partition after partition in turn.

        Ends when partitions are being taken away.
        """
        rebalances = self._rebalances
        records, _ = await self._wait_next_records(timeout)
        if records is None or self.should_stop:
            return
        if not self.flow_active or self._rebalances != rebalances:
            await self.perform_seek()
            return
        most = cast("RewindingTransport", self.transport).batch_records
        batches = [
            (start, tp, fetched[start : start + most])
            for tp, fetched in records.items()
            for start in range(0, len(fetched), most)
        ]
        for _, tp, batch in sorted(batches, key=lambda batch: batch[0]):
            if not self.flow_active or self._rebalances != rebalances:
                return
            if tp not in self._reading.requests:
                yield tp, batch

    async def _drain_messages(self, fetcher: Any) -> None:
        """Hand fetched records to the stream, a batch of one partition as one message.

        Faust's own loop makes a message, an event and two waits for every record, which takes as long as deciding about
        it. A batch is acknowledged as a whole: its message has the offset of the last record, those before are a gap.
        """
        try:
            while not (self.should_stop or fetcher.should_stop):
                async for tp, batch in self.getmany(timeout=1.0):
                    await self.wait_first(self._deliver(tp, batch), self.suspend_flow.wait())
                if self._reading.requests and self.flow_active:
                    await self._take_requests()
                await asyncio.sleep(0)
        except self.consumer_stopped_errors:
            if not self.transport.app.should_stop:
                raise
        except asyncio.CancelledError:
            if not self.transport.app.should_stop:
                raise

    async def _deliver(self, tp: Any, batch: list[Any]) -> None:
        read = self._read_offset[tp]
        fresh = [record for record in batch if read is None or record.offset >= read]
        if not fresh:
            return
        first, last = fresh[0].offset, fresh[-1].offset
        begins = self._reading.next_offset(tp, first)
        gap = self._reading.find_gap(tp, first, self._committed_offset.get(tp) or 0)
        if gap is Gap.REREAD:
            self._source.missed((tp.topic, tp.partition), begins, first)
            return
        if gap is Gap.ABSENT:
            self._source.skipped((tp.topic, tp.partition), begins, first)
        if len(fresh) > 1 or (read and first - read > 1):
            await self._add_gap(tp, read + 1 if read and first - read > 1 else first, last - 1)
        self._source.fetched((tp.topic, tp.partition), last + 1, len(fresh), fresh[0].timestamp)
        await self.callback(RecordBatch(tp, fresh, begins, self._reading.epoch(tp), self.app.consumer_generation_id))
        self._read_offset[tp] = last
        self._reading.read(tp, last)


class RewindingTransport(Transport):
    """Faust's aiokafka transport with the consumer above.

    `batch_records` is the most records of one message, `rack` where this worker runs.
    """

    Consumer = RewindingConsumer

    def __init__(self, *args: Any, source: StoredPositions, batch_records: int, rack: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.source = source
        self.batch_records = batch_records
        self.rack = rack
