"""The records that one micro-batch has read, so that none is fetched twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from streams.records.record import Record
from streams.records.stored import Stored
from streams.state.connection import Connection
from streams.state.record_store import RecordStore

__all__ = ["Reader"]


class Reader:
    """A cache of stored features and records by 8-byte record id, made for one batch.

    The features or record of an id is read from Redis the first time it is asked for; `load` and `load_records` read many at once.

    More than ten methods, for features, records, documents and versions are read, returned and dropped apart.
    """

    def __init__(self, store: RecordStore, connection: Connection) -> None:
        self.store = store
        self._connection = connection
        self._stored: dict[bytes, Stored | None] = {}
        self._documents: dict[bytes, bytes] = {}
        self._records: dict[bytes, Record] = {}

    def load(self, records: Iterable[bytes]) -> None:
        """Read the features of those not read yet."""
        wanted = [record for record in dict.fromkeys(records) if record not in self._stored]
        for record, reply in zip(wanted, self._read(wanted), strict=True):
            self._stored[record] = self.store.stored(reply)

    def load_records(self, records: Iterable[bytes]) -> None:
        """Read the records themselves, for documents, of those not read yet."""
        wanted = [record for record in dict.fromkeys(records) if record not in self._documents]
        replies = self._connection.read_fields(list(map(self.store.document_key, wanted)), wanted)
        for record, reply in zip(wanted, replies, strict=True):
            self._documents[record] = reply or b""

    def changed(self, records: Iterable[bytes]) -> list[bytes]:
        """Return the records that are no longer as they were read."""
        asked = list(records)
        return [
            record for record, reply in zip(asked, self._read(asked), strict=True) if self._has_changed(record, reply)
        ]

    def cache(self, record: bytes, stored: Stored, document: bytes | None) -> None:
        """Remember what was just written; a document of None is as it was."""
        self._stored[record] = stored
        if document is None:
            return
        self._documents[record] = document
        self._records.pop(record, None)

    def cache_read(self, record: bytes, stored: Stored | None) -> None:
        """Remember what another worker has stored, as the server said; its document is read when next wanted."""
        self.forget((record,))
        self._stored[record] = stored

    def cache_document(self, record: bytes, document: bytes) -> None:
        """Remember a document that was read beside other values, `b""` where there is none."""
        self._documents[record] = document

    def forget(self, records: Iterable[bytes]) -> None:
        """Read these again when next wanted: another worker may have changed them."""
        for record in records:
            self._stored.pop(record, None)
            self._documents.pop(record, None)
            self._records.pop(record, None)

    def features(self, record: bytes) -> bytes:
        """Return the encoded features, `b""` where the record is not there or was deleted."""
        stored = self._stored.get(record)
        return stored.features if stored else b""

    def record(self, record: bytes) -> Record | None:
        """Return the record for documents, None where it is not there."""
        known = self._records.get(record)
        if known is None and (document := self._documents.get(record)):
            known = self._records[record] = self.store.record(document)
        return known

    def is_live(self, record: bytes) -> bool:
        """Return whether the record is there and was not deleted."""
        return bool(self.features(record))

    def _read(self, records: Sequence[bytes]) -> list[bytes | None]:
        return self._connection.read_fields(list(map(self.store.record_key, records)), records)

    def stored(self) -> Mapping[bytes, Stored | None]:
        """Return all versions and features that were read."""
        return self._stored

    def _has_changed(self, record: bytes, reply: bytes | None) -> bool:
        stored = self._stored.get(record)
        return reply is not None if stored is None else not (reply and reply.startswith(stored.header))
