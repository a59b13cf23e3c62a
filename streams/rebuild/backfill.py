"""Records of the live generation that the topics no longer tell of: carried over from what is stored of them.

So nothing is lost to a short retention, a broker that lost its topics, or a payload that this version cannot read any more. A
record is carried as it stands in Redis, in normal form: its features are made anew, an abstract that was dropped stays away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice

from streams.engine.engine import Engine
from streams.engine.messages import Incoming
from streams.engine.prepare import Intake
from streams.errors import StateError
from streams.records.stored import Stored
from streams.state.connection import Command
from streams.state.layout import Layout
from streams.state.reader import Reader
from streams.state.record_store import RecordStore

__all__ = ["Carrier"]

_BUCKETS = 16
_LOT = 1000
_MARK = "carrying"
"""Field of the new generation's `meta`: the first of the live buckets whose records are being carried over."""

_NOWHERE = Incoming("", b"", None, 0, "", 0, 0)


class Carrier:
    """Compares two generations record by record, and carries over. Workers are in neither."""

    def __init__(self, live: Layout, engine: Engine) -> None:
        """`engine` is that of the new generation."""
        settings = engine.settings
        self._engine = engine
        self._connection = engine.connection
        self._meta = Layout(settings.namespace, settings.generation, settings.buckets).meta
        self._intake = Intake(settings)
        self._store = RecordStore(live)
        self._keys = live.bucket_keys("records")

    def run(self) -> Counter[str]:
        """Returns how many `records` live, how many are `deleted`, and how many were `carried` over."""
        counts: Counter[str] = Counter()
        (begun,) = self._connection.execute([Command(self._meta, ("HGET", self._meta, _MARK))])
        if begun is not None:
            # Whoever did this was killed: its records may be stored and in no group, so they are all handled again.
            start = int(begun)
            self._carry(start, list(self._live(start).items()), Counter())
        for start in range(0, len(self._keys), _BUCKETS):
            live = self._live(start)
            counts["records"] += (living := sum(stored.stamp.live for stored in live.values()))
            counts["deleted"] += len(live) - living
            reader = Reader(self._engine.store, self._connection)
            reader.load(live)
            known = reader.stored()
            self._carry(start, [(r, stored) for r, stored in live.items() if _missing(stored, known[r])], counts)
        return counts

    def _live(self, start: int) -> dict[bytes, Stored]:
        commands = [Command(key, ("HGETALL", key)) for key in self._keys[start : start + _BUCKETS]]
        return {
            record: stored
            for reply in self._connection.execute(commands)
            for record, blob in zip(reply[::2], reply[1::2], strict=True)
            if (stored := self._store.stored(blob))
        }

    def _carry(self, start: int, records: Sequence[tuple[bytes, Stored]], counts: Counter[str]) -> None:
        if not records:
            return
        self._connection.execute([Command(self._meta, ("HSET", self._meta, _MARK, start))])
        remaining = iter(records)
        while lot := list(islice(remaining, _LOT)):
            self._apply(dict(lot))
            counts["carried"] += len(lot)
        self._connection.execute([Command(self._meta, ("HDEL", self._meta, _MARK))])

    def _apply(self, lot: Mapping[bytes, Stored]) -> None:
        documents = self._connection.execute([self._store.get_document(record) for record in lot])
        lost = [record.hex() for record, document in zip(lot, documents, strict=True) if document is None]
        if lost:
            raise StateError(f"{len(lost)} records of the live generation have no document, such as {lost[0]}")
        records = [self._store.record(document) for document in documents]
        prepared = self._intake.restore([(r, s.stamp) for r, s in zip(records, lot.values(), strict=True)])
        batch = self._engine.apply([_NOWHERE], [prepared])
        while batch.committed or batch.drained:
            batch = self._engine.outbox.confirm(batch)


def _missing(live: Stored, built: Stored | None) -> bool:
    """Whether the new generation does not know what stands in the live one. What came by the same message is the same."""
    if built is None:
        return True
    return live.stamp.taken != built.stamp.taken and live.stamp.supersedes(built.stamp)
