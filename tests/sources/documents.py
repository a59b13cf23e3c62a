"""A payload of the source `document`, and what becomes of such payloads."""

from __future__ import annotations

from typing import Any

import orjson

from streams.records.record import Record
from streams.sources import parse

__all__ = ["DOCUMENT", "item", "one"]

DOCUMENT: dict[str, Any] = {
    "source": "semantic_scholar",
    "id": "demo-1",
    "title": "Attention Is All You Need",
    "authors": ["Vaswani, Ashish", "Noam Shazeer", "Parmar N."],
    "publication_date": "2017-06-12 00:00:00",
    "year": 2017,
    "journal": "ArXiv",
    "volume": "abs/1706.03762",
    "urls": ["https://www.semanticscholar.org/paper/204e3073870fae3d05bcbc2f6a8e263d9b72e776"],
}


def item(value: Any) -> Any:
    """Return the one item of a payload: a record, a deletion or an error."""
    (found,) = parse("document", orjson.dumps(value))
    return found


def one(value: Any) -> Record:
    """Return the one record of a payload."""
    found = item(value)
    assert isinstance(found, Record), found
    return found
