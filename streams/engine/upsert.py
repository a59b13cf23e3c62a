"""Stores the newest payload of each record: the first step of a micro-batch in Redis.

Payloads are compared in the order of the batch, so how messages fall into batches does not matter. `records/version.py`
decides which payload is newer. It is written by compare-and-set; on a write conflict with another worker the payloads
are compared with what that worker wrote.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from streams.clusters.committed import Described
from streams.engine.decision_cache import DecisionCache
from streams.engine.prepare import Prepared
from streams.records.stored import Stored
from streams.state.connection import Connection
from streams.state.key_index import Place
from streams.state.reader import Reader
from streams.state.record_store import RecordStore

__all__ = ["Upsert", "Upserter"]


class Upsert(NamedTuple):
    """A record of the batch: what is stored of it now, and what was stored before.

    `document` is the record for documents, None where nothing new was stored; `signature` and `places` belong to
    `now`; `birth` as in `Prepared`, None where nothing new was stored.
    """

    id: bytes
    name: str
    before: Stored | None
    now: Stored
    document: bytes | None
    signature: bytes
    places: tuple[Place, ...]
    birth: Described | None


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
        done: list[Upsert] = []
        while by_record:
            reader.load(by_record)
            stored = reader.stored()
            upserts = [self._merged(payloads, stored[record]) for record, payloads in by_record.items()]
            done += [upsert for upsert in upserts if upsert.now is upsert.before]
            written, conflicting = self._put([upsert for upsert in upserts if upsert.now is not upsert.before], reader)
            done += written
            by_record = {upsert.id: by_record[upsert.id] for upsert in conflicting}
        return done

    def _merged(self, payloads: Sequence[Prepared], before: Stored | None) -> Upsert:
        """Return what is to be stored of a record with these payloads; `now` is `before` where nothing is newer."""
        last: Prepared | None = None
        if before is None:
            last = payloads[0]
        now = before or payloads[0].stored
        for item in payloads:
            if item.stored.version.supersedes(now.version):
                now, last = item.stored._replace(version=item.stored.version.following(now.version)), item
            elif (heard := now.version.hearing(item.stored.version)) != now.version:
                now = now._replace(version=heard)
        if last is None:
            signature, places = self._decisions.keys_of(now)
            return Upsert(payloads[0].id, payloads[0].name, before, now, None, signature, places, None)
        return Upsert(last.id, last.name, before, now, last.document, last.signature, last.places, last.birth)

    def _put(self, newer: Sequence[Upsert], reader: Reader) -> tuple[list[Upsert], list[Upsert]]:
        """Write; return the upserts that were written, and those of records that another worker has changed meanwhile."""
        replies = self._connection.execute([self._store.put(a.id, a.before, a.now, a.document) for a in newer])
        written: list[Upsert] = []
        conflicting: list[Upsert] = []
        for upsert, reply in zip(newer, replies, strict=True):
            if reply is None:
                reader.know(upsert.id, upsert.now, upsert.document)
                written.append(upsert)
            else:
                conflicting.append(upsert)
        reader.forget(upsert.id for upsert in conflicting)
        return written, conflicting
