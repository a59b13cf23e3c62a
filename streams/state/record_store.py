"""The record store: what is kept of every record. Keys `N:{b}:r` and `N:{b}:d` of `state/layout.py`.

`r` holds what comparison needs: the record's version (`records/version.py`), then its features (~80 bytes). `d` holds what
documents need, the record itself. They are apart because candidates are read far more often than documents are made.
`state/record_codec.py` makes the bytes of both.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from streams.records.stored import Stored
from streams.state.connection import Command, Script
from streams.state.formats import LATEST
from streams.state.layout import Layout
from streams.state.record_codec import RecordCodec

__all__ = ["PUT_RECORDS", "PUT_TOGETHER", "Put", "RecordStore"]

PUT_RECORDS = Script(Path(__file__).parent / "put_records.lua")
PUT_TOGETHER = 64
"""Records that one script stores, where all keys are on one server."""
_LEAVE = b"-"


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

    def __init__(self, layout: Layout, form: int = LATEST) -> None:
        super().__init__(form)
        self._layout = layout
        self.record_key = layout.records
        """Returns the key of the hash that has a record's version and features."""
        self.document_key = layout.documents
        """Returns the key of the hash that has a record for documents."""

    def get(self, record: bytes) -> Command:
        """Read a record's version and features; the reply is for `stored`."""
        key = self._layout.records(record)
        return Command(key, ("HGET", key, record))

    @staticmethod
    def stored(reply: Any) -> Stored | None:
        """Read the reply of `get`; None where the record was never seen."""
        if reply is None:
            return None
        return Stored.read(reply)

    def put(self, puts: Sequence[Put]) -> Command:
        """Store records, one on a cluster; the reply is for `refused`."""
        keys: list[bytes] = []
        arguments: list[bytes] = []
        for record, before, now, document in puts:
            keys += self._layout.record_pair(record)
            header = before.header if before else b""
            arguments += (record, header, now.header + now.features, _LEAVE if document is None else document)
        return PUT_RECORDS.call(keys, arguments)

    def refused(self, reply: Sequence[Any]) -> dict[int, Stored | None]:
        """Read the reply of `put`: what is stored of each record that was not stored, by its index."""
        return {n - 1: self.stored(value or None) for n, value in zip(reply[::2], reply[1::2], strict=True)}

    def get_document(self, record: bytes) -> Command:
        """Read a record for documents; the reply is for `record`."""
        key = self._layout.documents(record)
        return Command(key, ("HGET", key, record))
