"""Backfill: copy the records of the live generation that a replay of the topics does not bring.

A short retention, a broker that lost its topics, or a payload that this version cannot read any more thus loses no record. A
record is copied from Redis, in normal form: its features are extracted again; an abstract that was dropped is not restored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from streams.engine.deliver import discard
from streams.engine.engine import Engine
from streams.engine.messages import Incoming
from streams.engine.prepare import Intake
from streams.errors import StateError
from streams.records.chunks import chunks
from streams.records.record import Record
from streams.records.stored import Stored
from streams.records.version import RecordVersion
from streams.state.connection import Command
from streams.state.layout import Layout
from streams.state.reader import Reader
from streams.state.record_store import RecordStore

__all__ = ["Backfill", "store_again"]

_BUCKETS = 16
_CHUNK = 1000
_CHECKPOINT = "carrying"
"""Field of the new generation's `meta`: the first of the live buckets whose records are being copied."""

_NOWHERE = Incoming("", b"", None, 0, "", 0, 0)


class Backfill:
    """Compare two generations record by record, and copy what the new one lacks. No worker may be in either of them."""

    def __init__(self, live: Layout, engine: Engine) -> None:
        """Prepare to copy records from the generation with the Redis keys of `live` into the new one, that of `engine`."""
        settings = engine.settings
        self._engine = engine
        self._connection = engine.connection
        self._meta = Layout.of(settings).meta
        self._intake = Intake(settings, engine.form)
        self._store = RecordStore(live)
        self._keys = live.bucket_keys("records")

    def run(self) -> Counter[str]:
        """Copy all records and deletes that are missing.

        Returns counts: `records` that are live, `deleted` ones, and those that were `carried` over.
        """
        counts: Counter[str] = Counter()
        (begun,) = self._connection.execute([Command(self._meta, ("HGET", self._meta, _CHECKPOINT))])
        if begun is not None:
            # A rebuild was killed in these buckets: their records may be stored and in no group, so all are handled again.
            start = int(begun)
            self._backfill(start, list(self._live(start).items()), Counter())
        for start in range(0, len(self._keys), _BUCKETS):
            live = self._live(start)
            counts["records"] += (living := sum(stored.version.live for stored in live.values()))
            counts["deleted"] += len(live) - living
            reader = Reader(self._engine.store, self._connection)
            reader.load(live)
            known = reader.stored()
            self._backfill(start, [(r, stored) for r, stored in live.items() if _missing(stored, known[r])], counts)
        return counts

    def _live(self, start: int) -> dict[bytes, Stored]:
        commands = [Command(key, ("HGETALL", key)) for key in self._keys[start : start + _BUCKETS]]
        return {
            record: stored
            for reply in self._connection.execute(commands)
            for record, blob in zip(reply[::2], reply[1::2], strict=True)
            if (stored := self._store.stored(blob))
        }

    def _backfill(self, start: int, records: Sequence[tuple[bytes, Stored]], counts: Counter[str]) -> None:
        if not records:
            return
        self._connection.execute([Command(self._meta, ("HSET", self._meta, _CHECKPOINT, start))])
        for chunk in chunks(records, _CHUNK):
            self._apply(dict(chunk))
            counts["carried"] += len(chunk)
        self._connection.execute([Command(self._meta, ("HDEL", self._meta, _CHECKPOINT))])

    def _apply(self, chunk: Mapping[bytes, Stored]) -> None:
        documents = self._connection.execute([self._store.get_document(record) for record in chunk])
        lost = [record.hex() for record, document in zip(chunk, documents, strict=True) if document is None]
        if lost:
            raise StateError(
                f"{len(lost)} records of the live generation have no document, such as {lost[0]}; "
                "`streams verify` lists them, and sending them again stores their documents"
            )
        records = [self._store.record(document) for document in documents]
        versions = [stored.version for stored in chunk.values()]
        store_again(self._engine, self._intake, list(zip(records, versions, strict=True)))


def store_again(engine: Engine, intake: Intake, records: Sequence[tuple[Record, RecordVersion]]) -> None:
    """Store records with the versions they have, as those of messages, and publish nothing."""
    discard(engine.apply([_NOWHERE], [intake.restore(records)]), engine.outbox)


def _missing(live: Stored, built: Stored | None) -> bool:
    """Tell whether the new generation lacks the version of a record that is current in the live one.

    Two versions with the same broker timestamp came by the same message, so they are the same.
    """
    if built is None:
        return True
    return live.version.taken != built.version.taken and live.version.supersedes(built.version)
