"""The record store: what is kept of every record. Keys `N:{b}:r` and `N:{b}:d` of `state/layout.py`.

`r` holds what comparison needs (features, ~110 bytes), `d` what documents need (the record itself);
they are apart because candidates are read far more often than documents are made.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from streams.matching.features import Features
from streams.records.record import Record
from streams.records.stored import Stored
from streams.records.version import RecordVersion
from streams.state.codec import Codec
from streams.state.connection import Command, Script
from streams.state.layout import Layout

__all__ = ["PUT_RECORDS", "PUT_TOGETHER", "Put", "RecordCodec", "RecordStore"]

PUT_RECORDS = Script(Path(__file__).parent / "put_records.lua")
PUT_TOGETHER = 64
"""Records that one script stores, where all keys are on one server."""
_LEAVE = b"-"
_MEMO_ENTRIES = 50_000


class RecordCodec:
    """Encodes features and records, and decodes them. Not safe for use from two threads at once."""

    def __init__(self) -> None:
        self._features = Codec(Features, "features")
        self._records = Codec(Record, "document")
        self._decoded: dict[bytes, Features] = {}

    def encode_features(self, features: Features) -> bytes:
        """Return the bytes of features; equal features give equal bytes."""
        return self._features.encode(features)

    def features(self, blob: bytes) -> Features:
        """Read stored features; those read lately come from memory."""
        features = self._decoded.get(blob)
        if features is None:
            features = self._features.decode(blob)
            if len(self._decoded) >= _MEMO_ENTRIES:
                self._decoded.clear()
            self._decoded[blob] = features
        return features

    def encode_record(self, record: Record, *, abstract: bool = True) -> bytes:
        """Return the bytes of a record for documents, with its abstract or without."""
        kept = record if abstract or not record.abstract else msgspec.structs.replace(record, abstract="")
        return self._records.encode(kept)

    def record(self, blob: bytes) -> Record:
        """Decode a record from the bytes that are stored for the documents of clusters."""
        return self._records.decode(blob)


class Put(NamedTuple):
    """A record to store unless another worker changed it since `before` was read, None for never seen.

    A `document` of None leaves the one that is stored; an empty one removes it.
    """

    id: bytes
    before: Stored | None
    now: Stored
    document: bytes | None


class RecordStore(RecordCodec):
    """Makes the commands that read and write records, and reads their replies. Does no I/O itself."""

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self._layout = layout

    def get(self, record: bytes) -> Command:
        """Read a record's version and features; the reply is for `stored`."""
        key = self._layout.records(record)
        return Command(key, ("HGET", key, record))

    @staticmethod
    def stored(reply: Any) -> Stored | None:
        """Read the reply of `get`; None where the record was never seen."""
        if reply is None:
            return None
        return Stored(*RecordVersion.read(reply))

    def put(self, puts: Sequence[Put]) -> Command:
        """Store records, one on a cluster; the reply is for `refused`."""
        keys: list[bytes] = []
        arguments: list[bytes] = []
        for record, before, now, document in puts:
            keys += (self._layout.records(record), self._layout.documents(record))
            header = before.version.pack() if before else b""
            arguments += (record, header, now.version.pack() + now.features, _LEAVE if document is None else document)
        return PUT_RECORDS.call(keys, arguments)

    def refused(self, reply: Sequence[Any]) -> dict[int, Stored | None]:
        """Read the reply of `put`: what is stored of each record that was not stored, by its index."""
        return {n - 1: self.stored(value or None) for n, value in zip(reply[::2], reply[1::2], strict=True)}

    def record_key(self, record: bytes) -> bytes:
        """Return the key of the hash that has a record's version and features."""
        return self._layout.records(record)

    def document_key(self, record: bytes) -> bytes:
        """Return the key of the hash that has a record for documents."""
        return self._layout.documents(record)

    def get_document(self, record: bytes) -> Command:
        """Read a record for documents; the reply is for `record`."""
        key = self._layout.documents(record)
        return Command(key, ("HGET", key, record))
