"""Read the rows of OpenAlex's `merged_ids`: CSV files beside the works of a snapshot, of works that were merged into others."""

from __future__ import annotations

import csv

import orjson

__all__ = ["HEADING", "merged_row"]

_COLUMNS = ("merge_date", "id", "merge_into_id")
HEADING = ",".join(_COLUMNS).encode()


def merged_row(line: bytes) -> bytes:
    """Return a row as JSON, as the adapter of OpenAlex reads it; nothing for the heading. Raises ValueError for any other line."""
    row = next(csv.reader([line.decode("utf-8", "replace")]), [])
    if tuple(row) == _COLUMNS:
        return b""
    if len(row) != len(_COLUMNS):
        raise ValueError(f"a row of merged ids has {len(row)} columns")
    return orjson.dumps(dict(zip(_COLUMNS, row, strict=True)))
