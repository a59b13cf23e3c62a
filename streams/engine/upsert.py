"""Stores the newest payload of each record: the first step of a micro-batch in Redis.

Payloads are compared in the order of the batch, so how messages fall into batches does not matter. `records/version.py`
decides which payload is newer. It is written by compare-and-set; on a write conflict with another worker the payloads
are compared with what that worker wrote.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from streams.engine.decision_cache import DecisionCache
from streams.engine.prepare import Prepared
from streams.events import Singleton
from streams.records.stored import Stored
from streams.state.connection import Connection
from streams.state.reader import Reader
from streams.state.record_store import PUT_TOGETHER, Put, RecordStore

__all__ = ["Upsert", "Upserter"]


class Upsert(NamedTuple):
    """A record of the batch: what is stored of it now, and what was stored before.

    `document` is the record for documents, None where nothing new was stored; `signature` and `places` belong to
    `now`; `singleton` as in `Prepared`, None where nothing new was stored.
    """

    id: bytes
    name: str
    before: Stored | None
    now: Stored
    document: bytes | None
    signature: bytes
    places: bytes
    singleton: Singleton | None


class Upserter:
    """Stores the records of micro-batches."""

    def __init__(self, store: RecordStore, decisions: DecisionCache, connection: Connection) -> None:
        self._store = store
        self._decisions = decisions
        self._connection = connection

    def upsert(self, items: Sequence[Prepared], reader: Reader) -> list[Upsert]:
        """Store what is newer of each record.

        A record of which nothing is newer is returned as well, as it is stored, so that its keys are looked after.
        """
        by_record: dict[bytes, list[Prepared]] = {}
        for item in items:
            if item.places:
                self._decisions.cache_keys(item.stored.features, item.signature, item.places)
            by_record.setdefault(item.id, []).append(item)
        unchanged: list[Upsert] = []
        written: dict[bytes, Upsert] = {}
        todo: Mapping[bytes, Sequence[Prepared]] = by_record
        while todo:
            # Nothing is read of a record before it is first stored: most are new, and the others are refused by what is stored.
            stored = reader.stored()
            upserts = [self._merged(payloads, stored.get(record)) for record, payloads in todo.items()]
            unchanged += [upsert for upsert in upserts if upsert.now is upsert.before]
            newer = [upsert for upsert in upserts if upsert.now is not upsert.before]
            refused = self._put(newer, reader)
            written.update((upsert.id, upsert) for upsert in newer if upsert.id not in refused)
            todo = {record: by_record[record] for record in refused}
        return unchanged + [written[record] for record in by_record if record in written]

    def _merged(self, payloads: Sequence[Prepared], before: Stored | None) -> Upsert:
        """Return what is to be stored of a record with these payloads; `now` is `before` where nothing is newer."""
        if before is None and len(payloads) == 1:
            (only,) = payloads
            return _newer(only, None, only.stored)
        last = payloads[0] if before is None else None
        former, version = before.version if before else None, (before or payloads[0].stored).version
        for item in payloads:
            theirs = item.stored.version
            if theirs.supersedes(version):
                version, last = theirs.next_after(version), item
            else:
                version = version.after_rejecting(theirs)
        if last is not None:
            return _newer(last, before, Stored.of(version, last.stored.features))
        kept = before or payloads[0].stored
        now = kept if version == former else Stored.of(version, kept.features)
        signature, places = self._decisions.keys_of(now)
        return Upsert(payloads[0].id, payloads[0].name, before, now, None, signature, places, None)

    def _put(self, newer: Sequence[Upsert], reader: Reader) -> set[bytes]:
        """Store records; return those of which something else was stored than expected, which `reader` has now."""
        puts = [Put(upsert.id, upsert.before, upsert.now, upsert.document) for upsert in newer]
        chunks = list(self._connection.chunks(puts, PUT_TOGETHER))
        replies = self._connection.execute([self._store.put(chunk) for chunk in chunks])
        refused: set[bytes] = set()
        for chunk, reply in zip(chunks, replies, strict=True):
            for number, stored in self._store.refused(reply).items():
                refused.add(chunk[number].id)
                reader.cache_read(chunk[number].id, stored)
        for put in puts:
            if put.id not in refused:
                reader.cache(put.id, put.now, put.document)
        return refused


def _newer(item: Prepared, before: Stored | None, now: Stored) -> Upsert:
    return Upsert(item.id, item.name, before, now, item.document, item.signature, item.places, item.singleton)
