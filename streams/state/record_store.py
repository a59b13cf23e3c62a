"""The record store: what is kept of every record. Keys `N:{b}:r` and `N:{b}:d` of `state/layout.py`.

`r` holds what comparison needs: the record's version (`records/version.py`), then its features (~80 bytes). `d` holds what
documents need, the record itself. They are apart because candidates are read far more often than documents are made.
`state/record_codec.py` makes the bytes of both.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from streams.records.stored import Stored
from streams.records.version import RecordVersion
from streams.state.connection import Command, Script
from streams.state.formats import LATEST
from streams.state.layout import Layout
from streams.state.record_codec import RecordCodec

__all__ = ["PUT_RECORD", "RecordStore"]

PUT_RECORD = Script(Path(__file__).parent / "put_record.lua")


class RecordStore(RecordCodec):
    """Makes the commands that read and write records, and reads their replies. Does no I/O itself."""

    def __init__(self, layout: Layout, form: int = LATEST) -> None:
        super().__init__(form)
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

    def put(self, record: bytes, expected: Stored | None, new: Stored, document: bytes | None) -> Command:
        """Store a record unless another worker changed it since `expected` was read; the reply is None when stored.

        A `document` of None leaves the one that is stored; an empty one removes it.
        """
        keys = (self._layout.records(record), self._layout.documents(record))
        before = expected.version.pack() if expected else b""
        now = new.version.pack() + new.features
        return PUT_RECORD.call(keys, (record, before, now) if document is None else (record, before, now, document))

    def get_document(self, record: bytes) -> Command:
        """Read a record for documents; the reply is for `record`."""
        key = self._layout.documents(record)
        return Command(key, ("HGET", key, record))
