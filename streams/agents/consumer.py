"""Faust's consumer, with three changes: it hands over lots, asks the broker more often for what is new, and is set back
where Redis remembers less than was committed.

Redis replicates asynchronously: a failover may forget writes that a worker has seen acknowledged, while
Kafka keeps the offset committed after them. So when partitions are assigned, the position that Redis itself
remembers is compared with the committed offset, and reading begins at the smaller one. It never
begins later: a topic made anew would lose its first messages.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, cast

from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport
from faust.types.tuples import ConsumerMessage

__all__ = ["Lot", "RewindingTransport"]

log = logging.getLogger(__name__)

_FETCH_WAIT_MS = 100
"""How long the broker may keep a request for new messages waiting, in ms.

Faust says 1,500. Kafka answers as soon as there is something; the embedded broker may sleep half a second or longer over
a waiting request, and a record then takes 450 ms rather than 50 (`bench/latency.py --pause 0.3`). Ten requests a second
cost under 1 % of a core.
"""

Positions = Callable[[], Mapping[tuple[str, int], int]]


class Lot(ConsumerMessage):
    """Records of one partition, in order, as one message of Faust's."""

    __slots__ = ("records",)

    def __init__(self, tp: Any, records: list[Any], generation_id: int) -> None:
        last = records[-1]
        super().__init__(
            last.topic, last.partition, last.offset, last.timestamp / 1000, last.timestamp_type, [], None, b"", None,
            tp=tp, generation_id=generation_id,
        )  # fmt: skip
        self.records = records


class _Thread(AIOKafkaConsumerThread):
    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        # Neither settings nor arguments of Faust's; aiokafka reads them when the consumer starts.
        consumer._fetch_max_wait_ms = _FETCH_WAIT_MS
        consumer._isolation_level = "read_committed"  # what a harvester takes back was never said
        return consumer


class _RewindingConsumer(Consumer):
    def _new_consumer_thread(self) -> _Thread:
        return _Thread(self, loop=self.loop, beacon=self.beacon)

    async def perform_seek(self) -> None:
        await super().perform_seek()
        transport = cast("RewindingTransport", self.transport)
        remembered = await asyncio.get_running_loop().run_in_executor(None, transport.positions)
        for tp in self.assignment():
            committed = self._committed_offset.get(tp)
            position = remembered.get((tp.topic, tp.partition), 0)
            if committed is None or position >= committed:
                continue
            log.warning("%s:%d: Redis remembers %d, %d is committed; rewinding", *tp, position, committed)
            await self.seek(tp, position)
            # Faust's next read of this partition, and what it takes for already committed.
            self._read_offset[tp] = position or None
            self._committed_offset[tp] = position
            transport.rewound()

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[Any, Any]]:
        """What was fetched, in lots, partition after partition in turn; ends when partitions are being taken away."""
        records, active = await self._wait_next_records(timeout)
        if records is None or self.should_stop:
            return
        if not self.flow_active:
            await self.perform_seek()
            return
        generation = self.app.consumer_generation_id
        most = cast("RewindingTransport", self.transport).lot
        lots = [
            (start, tp, fetched[start : start + most])
            for tp, fetched in records.items()
            if active is None or tp in active or tp in self._buffered_partitions
            for start in range(0, len(fetched), most)
        ]
        for _, tp, lot in sorted(lots, key=lambda lot: lot[0]):
            if not self.flow_active or self.app.consumer_generation_id != generation:
                return
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
        if len(fresh) > 1 or (read and fresh[0].offset - read > 1):
            first = read + 1 if read and fresh[0].offset - read > 1 else fresh[0].offset
            await self._add_gap(tp, first, fresh[-1].offset - 1)
        await self.callback(Lot(tp, fresh, self.app.consumer_generation_id))
        self._read_offset[tp] = fresh[-1].offset


class RewindingTransport(Transport):
    """Faust's aiokafka transport with the consumer above.

    `positions` reads what Redis remembers, `rewound` is told of each partition set back, `lot` is how many records one
    message may stand for.
    """

    Consumer = _RewindingConsumer

    def __init__(self, *args: Any, positions: Positions, rewound: Callable[[], None], lot: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.positions = positions
        self.rewound = rewound
        self.lot = lot
