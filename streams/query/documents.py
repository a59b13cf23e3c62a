"""Reads documents that are to be matched: payloads of a source, or dictionaries of the `document` form. Pure.

A document needs no id: one that has none gets `UNSTORED`, so that it counts as a record that is not stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from streams.errors import PayloadError
from streams.records.record import Delete, Record
from streams.sources import Item, parse
from streams.sources import document as documents
from streams.sources.payloads import Json, Member, collect, load_json

__all__ = ["UNSTORED", "read_document", "read_payload"]

UNSTORED = "unstored"
"""The source and the id of a document without them."""


def read_document(document: Mapping[str, Any], where: str = "") -> Record:
    """Return the record of a document.

    Raises:
        PayloadError: where it cannot be read, or is a delete.

    """
    named: Json = dict(document)
    if not named.get("id"):
        named |= {"id": UNSTORED, "source": named.get("source") or UNSTORED}
    return _record(collect([Member(where, named)], documents.read)[0])


def read_payload(source: str, payload: bytes) -> list[Record | PayloadError]:
    """Return the records of one payload; in place of what cannot be matched, the error that says why."""
    if source != documents.NAME:
        return [_kept(item) for item in parse(source, payload)]
    try:
        value = load_json(payload)
    except PayloadError as error:
        return [error]
    members = value if isinstance(value, list) else [value]
    return [_read(member, f"/{number}" if isinstance(value, list) else "") for number, member in enumerate(members)]


def _read(member: object, where: str) -> Record | PayloadError:
    if not isinstance(member, Mapping):
        return PayloadError("not_a_paper", "a document is a JSON object", where)
    try:
        return read_document(member, where)
    except PayloadError as error:
        return error


def _kept(item: Item) -> Record | PayloadError:
    try:
        return _record(item)
    except PayloadError as error:
        return error


def _record(item: Item) -> Record:
    if isinstance(item, Record):
        return item
    if isinstance(item, Delete):
        raise PayloadError("not_a_paper", "a delete matches nothing")
    raise item
