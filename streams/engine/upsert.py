"""Of all payloads about a record the one that stands, stored: the first step of a micro-batch in Redis.

Payloads are taken one after the other in the order of the batch, so it does not matter how messages fall into batches.
What stands is decided by `records/version.py`; it is written by compare-and-set, and where another worker was faster the
payloads are held against what that one wrote.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from streams.clusters.committed import Described
from streams.engine.decision_cache import Judge
from streams.engine.prepare import Prepared
from streams.records.stored import Stored
from streams.state.connection import Connection
from streams.state.key_index import Place
from streams.state.reader import Reader
from streams.state.record_store import RecordStore

__all__ = ["Arrival", "Arrivals"]


class Arrival(NamedTuple):
    """What stands of one record after the batch, against what was stored before.

    `document` is the record for documents, None where what is stored stays; `signature` and `places` are those of what
    stands; `birth` as in `Prepared`, None where nothing new was stored.
    """

    id: bytes
    name: str
    before: Stored | None
    now: Stored
    document: bytes | None
    signature: bytes
    places: tuple[Place, ...]
    birth: Described | None


class Arrivals:
    """Stores the payloads of micro-batches."""

    def __init__(self, store: RecordStore, judge: Judge, connection: Connection) -> None:
        self._store = store
        self._judge = judge
        self._connection = connection

    def settle(self, items: Sequence[Prepared], reader: Reader, counts: Counter[tuple[str, str]]) -> list[Arrival]:
        """Store what is newer of each record; of the others what stands has arrived, so that its keys are looked after."""
        by_record: dict[bytes, list[Prepared]] = {}
        for item in items:
            if item.places:
                self._judge.know(item.stored.features, item.signature, item.places)
            by_record.setdefault(item.id, []).append(item)
        settled: list[Arrival] = []
        while by_record:
            reader.load(by_record)
            stored = reader.stored()
            arrivals = [self._arrival(payloads, stored[record]) for record, payloads in by_record.items()]
            newer = [arrival for arrival in arrivals if arrival.now is not arrival.before]
            counts["unchanged", ""] += len(arrivals) - len(newer)
            settled += (arrival for arrival in arrivals if arrival.now is arrival.before)
            by_record = {arrival.id: by_record[arrival.id] for arrival in self._put(newer, reader, settled)}
        return settled

    def places(self, stored: Stored) -> tuple[bytes, tuple[Place, ...]]:
        """The signature of a stored record and where its keys are kept."""
        return self._judge.whereabouts(stored.features) if stored.features else (b"", ())

    def _arrival(self, payloads: Sequence[Prepared], before: Stored | None) -> Arrival:
        last: Prepared | None = None
        if before is None:
            last = payloads[0]
        now = before or payloads[0].stored
        for item in payloads:
            if item.stored.stamp.supersedes(now.stamp):
                now, last = item.stored._replace(stamp=item.stored.stamp.following(now.stamp)), item
            elif (heard := now.stamp.hearing(item.stored.stamp)) != now.stamp:
                now = now._replace(stamp=heard)
        if last is None:
            signature, places = self.places(now)
            return Arrival(payloads[0].id, payloads[0].name, before, now, None, signature, places, None)
        return Arrival(last.id, last.name, before, now, last.document, last.signature, last.places, last.birth)

    def _put(self, newer: Sequence[Arrival], reader: Reader, settled: list[Arrival]) -> list[Arrival]:
        """Write; returns those of which another worker (of before a rebalance) wrote something meanwhile."""
        replies = self._connection.execute([self._store.put(a.id, a.before, a.now, a.document) for a in newer])
        overtaken = []
        for arrival, reply in zip(newer, replies, strict=True):
            if reply is None:
                reader.know(arrival.id, arrival.now, arrival.document)
                settled.append(arrival)
            else:
                overtaken.append(arrival)
        reader.forget(arrival.id for arrival in overtaken)
        return overtaken
