"""Faust's consumer, with four changes: it hands over lots, asks the broker more often for what is new, is set back
where Redis remembers less than was committed, and leaves a broker that grants short sessions without a word.

Redis may forget writes that a worker has seen acknowledged (`state/progress.py`), while Kafka keeps the offset committed
after them. So reading goes back to the position that Redis remembers: when partitions are assigned, when a mark was
refused, and when a look every second finds one behind the committed offset. It never begins later: a topic made
anew would lose its first messages.

What was fetched and never came to the stream would be lost: Faust may end the loop that waits for a fetch, in a rebalance, and
the fetch goes on in the consumer's thread. So nobody seeks while one is under way; what one finds that began before a
rebalance is thrown away and sought again; and where offsets are missing before a record they are read a second time before the
topic is believed to have none of them (retention, aborted transactions).

A partition is set back between two fetches, and everything read of it before is of a turn that is over: its lots may be
handled, which changes nothing, but are neither marked beyond the gap (the mark is a compare-and-set) nor committed.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol, cast

from aiokafka.errors import IllegalStateError
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport
from faust.types.tuples import ConsumerMessage
from mode import Service

from streams.errors import RedisError
from streams.state.progress import Place, Step

__all__ = ["Lot", "Memory", "RewindingConsumer", "RewindingTransport"]

_FETCH_WAIT_MS = 100
"""How long the broker may keep a request for new messages waiting, in ms.

Faust says 1,500. Kafka answers as soon as there is something; the embedded broker may sleep half a second or longer over
a waiting request, and a record then takes 450 ms rather than 50 (`bench/latency.py --pause 0.3`). Ten requests a second
cost under 1 % of a core.
"""

_SILENT_SECONDS = 6.0
"""A member whose session is shorter does not say that it leaves its group: it is missed soon.

Kafka grants none that is shorter (`group.min.session.timeout.ms`, by default). The embedded broker does, and a group whose leader
says that it leaves while others join or leave too keeps that leader for ever, and tells nobody his partitions any more;
a member that it misses it forgets, leader or not (docs/decisions/0019-leave-without-a-word.md).
"""

_MARKER = 1
"""Offsets that the end of a transaction takes, without a message: too common to read for a second time each."""
_FETCH_SECONDS = 5.0
"""Longest wait for a fetch under way, which takes a second at most."""
_LOOK_SECONDS = 1.0
_PAUSE_SECONDS = 0.2


class Memory(Protocol):
    """What Redis remembers of partitions, for a consumer."""

    async def positions(self) -> Mapping[Place, int]:
        """The next offset to handle of each. Raises RedisError."""

    async def begin(self, places: list[Place]) -> None:
        """These are read from their beginning, whatever is remembered. Raises RedisError."""

    def rewound(self, place: Place, position: int, before: int) -> None:
        """A partition was set back to a position from the one before."""

    def missed(self, place: Place, begins: int, ends: int) -> None:
        """No message came of these offsets; they are read again."""

    def skipped(self, place: Place, begins: int, ends: int) -> None:
        """No message came of these offsets a second time: the topic has none."""

    def failed(self, error: RedisError) -> None:
        """Partitions that were assigned wait."""


class Lot(ConsumerMessage):
    """Records of one partition, in order, as one message of Faust's.

    `begins` is where reading began: what is missing before the first record, the topic no longer has. `turn` counts how often
    the partition was set back before it was read.
    """

    __slots__ = ("begins", "records", "turn")

    def __init__(self, tp: Any, records: list[Any], begins: int, turn: int, generation_id: int) -> None:
        last = records[-1]
        super().__init__(
            last.topic, last.partition, last.offset, last.timestamp / 1000, last.timestamp_type, [], None, b"", None,
            tp=tp, generation_id=generation_id,
        )  # fmt: skip
        self.records = records
        self.begins = begins
        self.turn = turn

    @property
    def step(self) -> Step:
        """What is handled with it."""
        return Step(self.topic, self.partition, self.begins, self.offset + 1)


class _Thread(AIOKafkaConsumerThread):
    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        # Neither settings nor arguments of Faust's; aiokafka reads them when the consumer starts.
        consumer._fetch_max_wait_ms = _FETCH_WAIT_MS
        consumer._isolation_level = "read_committed"  # what a harvester takes back was never said
        return consumer

    async def on_start(self) -> None:
        """As Faust's, but for who leaves without a word."""
        await super().on_start()
        if self.app.conf.broker_session_timeout < _SILENT_SECONDS:
            coordinator = self._ensure_consumer()._coordinator

            async def forget() -> None:
                coordinator.reset_generation()

            coordinator._maybe_leave_group = forget

    async def set_back(self, tp: Any, offset: int) -> None:
        """Read a partition from there, if it is ours."""
        await self.call_thread(self._set_back, tp, offset)

    async def _set_back(self, tp: Any, offset: int) -> None:
        if tp in self.assignment():
            self._ensure_consumer().seek(tp, offset)


class RewindingConsumer(Consumer):
    """Hands over lots, and sets partitions back to what Redis remembers."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._begins: dict[Any, int] = {}  # where reading of what comes next begins
        self._turns: dict[Any, int] = defaultdict(int)
        self._wanted: dict[Any, int] = {}
        self._seeking = asyncio.Lock()
        self._fetching: asyncio.Future[Any] | None = None
        self._rebalances = 0
        self._doubted: set[Any] = set()  # the next record of these may not be the next there is
        self._missed: dict[Any, dict[int, bool]] = defaultdict(dict)  # where nothing came, and whether that was told
        super().__init__(*args, **kwargs)

    @property
    def _memory(self) -> Memory:
        return cast("RewindingTransport", self.transport).memory

    def _new_consumer_thread(self) -> _Thread:
        return _Thread(self, loop=self.loop, beacon=self.beacon)

    def want_back(self, lot: Lot, position: int) -> None:
        """A lot could not be marked, for Redis remembers only this position: read on from there."""
        if not self.is_over(lot):
            self._want(lot.tp, position)

    def is_over(self, lot: Lot) -> bool:
        """Whether its partition was set back since it was read: it comes again."""
        return bool(lot.turn != self._turns[lot.tp])

    def ack(self, message: Any) -> bool:
        """As Faust's, but what is over says nothing about what may be committed."""
        if isinstance(message, Lot) and self.is_over(message):
            message.acked = True
            self._unacked_messages.discard(message)
            return False
        return bool(super().ack(message))

    async def perform_seek(self) -> None:
        """Read on from what is committed, or from what Redis remembers where that is less."""
        async with self._seeking:
            await self._fetched()
            self._doubted.update(self.assignment())
            try:
                await super().perform_seek()
            except (IllegalStateError, AssertionError):
                # Partitions were taken away while it asked for what is committed: those assigned next are sought anew.
                return
            remembered = await self._remembered()
            anew: list[Place] = []
            for tp in self.assignment():
                self._wanted.pop(tp, None)
                committed, position = self._committed_offset.get(tp), remembered.get(tp, 0)
                if committed is None and position and tp not in self._begins:
                    # The group lost its offsets or the topic was made anew: its messages come from the first one on.
                    self._turns[tp] += 1
                    anew.append((tp.topic, tp.partition))
                if committed is not None or tp not in self._begins:
                    self._begins[tp] = committed or 0
                if position < self._begins[tp]:
                    await self._set_back(tp, position)
                elif not committed:
                    # Faust leaves such a partition where it is: what was fetched and thrown away since would be lost.
                    await cast(_Thread, self._thread).set_back(tp, self._begins[tp])
            if anew:
                await self._memory.begin(anew)

    async def on_partitions_revoked(self, revoked: Any) -> None:
        """As Faust's."""
        self._rebalances += 1
        for tp in revoked:
            for known in (self._begins, self._wanted, self._missed):
                known.pop(tp, None)
        await super().on_partitions_revoked(revoked)

    @Service.task
    async def _look_back(self) -> None:
        """Find out that Redis has forgotten what was committed, also where no message comes."""
        async for _ in self.itertimer(_LOOK_SECONDS, name="look back"):
            # What is committed now was marked before; what is read after it must not be less.
            before = {tp: self._committed_offset.get(tp) for tp in self.assignment()}
            try:
                remembered = await self._memory.positions()
            except RedisError:
                continue  # whoever works says so
            for tp, committed in before.items():
                position = remembered.get((tp.topic, tp.partition), 0)
                if committed is not None and position < committed and committed == self._committed_offset.get(tp):
                    self._want(tp, position)

    def _want(self, tp: Any, position: int) -> None:
        self._turns[tp] += 1  # from now on nothing is committed of what was read before
        self._wanted[tp] = min(position, self._wanted.get(tp, position))

    async def _go_back(self) -> None:
        """Set back what has to be; no fetch is under way."""
        async with self._seeking:
            await self._fetched()
            for tp in [tp for tp in self._wanted if tp in self.assignment()]:
                await self._set_back(tp, self._wanted.pop(tp))

    async def _set_back(self, tp: Any, position: int) -> None:
        await cast(_Thread, self._thread).set_back(tp, position)
        while self._commit_fut is not None:  # it would note the offset it commits after us
            await self.maybe_wait_for_commit_to_finish()
        self._turns[tp] += 1
        for known in (self._acked, self._acked_index, self._gap):
            known.pop(tp, None)
        # Faust's next read of this partition, and what it takes for already committed.
        self._read_offset[tp] = position or None
        self._committed_offset[tp] = position
        self._memory.rewound((tp.topic, tp.partition), position, self._begins.get(tp, position))
        self._begins[tp] = position
        self._doubted.add(tp)

    async def _remembered(self) -> Mapping[Place, int]:
        while True:
            try:
                return await self._memory.positions()
            except RedisError as error:
                self._memory.failed(error)
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _getmany(self, active_partitions: Any, timeout: float) -> Any:
        """As Faust's, but it is known to be under way also when nobody waits for it any more."""
        self._fetching = asyncio.ensure_future(super()._getmany(active_partitions, timeout))
        self._fetching.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody may ask for it
        return await asyncio.shield(self._fetching)

    async def _fetched(self) -> None:
        """Wait until no fetch is under way."""
        if self._fetching is not None:
            await asyncio.wait([self._fetching], timeout=_FETCH_SECONDS)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[Any, Any]]:
        """What was fetched, in lots, partition after partition in turn; ends when partitions are being taken away."""
        rebalances = self._rebalances
        records, _ = await self._wait_next_records(timeout)
        if records is None or self.should_stop:
            return
        if not self.flow_active or self._rebalances != rebalances:
            await self.perform_seek()
            return
        most = cast("RewindingTransport", self.transport).lot
        lots = [
            (start, tp, fetched[start : start + most])
            for tp, fetched in records.items()
            for start in range(0, len(fetched), most)
        ]
        for _, tp, lot in sorted(lots, key=lambda lot: lot[0]):
            if not self.flow_active or self._rebalances != rebalances:
                return
            if tp not in self._wanted:
                yield tp, lot

    async def _drain_messages(self, fetcher: Any) -> None:
        """Hand fetched records to the stream, a lot of one partition as one message.

        Faust's own loop makes a message, an event and two waits for every record, which takes as long as deciding about
        it. A lot is acknowledged as a whole: its message has the offset of the last record, those before are a gap.
        """
        try:
            while not (self.should_stop or fetcher.should_stop):
                async for tp, lot in self.getmany(timeout=1.0):
                    await self.wait_first(self._deliver(tp, lot), self.suspend_flow.wait())
                if self._wanted and self.flow_active:
                    await self._go_back()
                await asyncio.sleep(0)
        except self.consumer_stopped_errors:
            if not self.transport.app.should_stop:
                raise
        except asyncio.CancelledError:
            if not self.transport.app.should_stop:
                raise

    async def _deliver(self, tp: Any, lot: list[Any]) -> None:
        read = self._read_offset[tp]
        fresh = [record for record in lot if read is None or record.offset >= read]
        if not fresh:
            return
        begins = self._begins.get(tp, fresh[0].offset)
        if self._misses(tp, begins, fresh[0].offset):
            return
        if len(fresh) > 1 or (read and fresh[0].offset - read > 1):
            first = read + 1 if read and fresh[0].offset - read > 1 else fresh[0].offset
            await self._add_gap(tp, first, fresh[-1].offset - 1)
        await self.callback(Lot(tp, fresh, begins, self._turns[tp], self.app.consumer_generation_id))
        self._read_offset[tp] = fresh[-1].offset
        self._begins[tp] = fresh[-1].offset + 1

    def _misses(self, tp: Any, begins: int, first: int) -> bool:
        """Whether what is missing before a record has to be read again."""
        missing, doubted = first - begins, tp in self._doubted
        self._doubted.discard(tp)
        if missing <= 0 or (missing == _MARKER and not doubted):
            return False
        place = tp.topic, tp.partition
        if begins in self._missed[tp]:  # it was read a second time
            if not self._missed[tp][begins]:
                self._memory.skipped(place, begins, first)
            self._missed[tp][begins] = True
            return False
        committed = self._committed_offset.get(tp) or 0
        self._missed[tp] = {at: told for at, told in self._missed[tp].items() if at >= committed} | {begins: False}
        self._memory.missed(place, begins, first)
        self._want(tp, committed)  # what was handled since comes again as well, with its gaps
        return True


class RewindingTransport(Transport):
    """Faust's aiokafka transport with the consumer above. `lot` is how many records one message may stand for."""

    Consumer = RewindingConsumer

    def __init__(self, *args: Any, memory: Memory, lot: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.memory = memory
        self.lot = lot
